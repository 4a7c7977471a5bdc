// SPDX-License-Identifier: MIT
// Keras models as bytes: what keras_h5.cpp and keras_zip.cpp read.
#pragma once
#include "hdf5_tree.hpp"
#include "source_model.hpp"

namespace nutshell::tools {

/// What Keras saved as .h5, once its container is read. Throws Error, beginning with `path` or
/// naming the layer.
SourceModel keras_h5_source(const Hdf5Tree& tree, const std::string& path);

/// The groups at the root of such a file that hold the model.
const std::vector<std::string>& keras_h5_roots();

/// What Keras saved as .keras.
SourceModel keras_zip_source(ByteView file, const std::string& path);

}  // namespace nutshell::tools
