// SPDX-License-Identifier: MIT
// Named arrays as bytes: what npz.cpp and safetensors.cpp read and write.
#pragma once
#include "formats.hpp"
#include "tools/data/bytes.hpp"

namespace nutshell::tools {

/// The arrays of a file with a layer list, or, when that is empty, with the one that the file
/// holds. Throws Error, beginning with `path`.
SourceModel npz_source(ByteView file, const std::string& layers, const std::string& path);
SourceModel safetensors_source(ByteView file, const std::string& layers, const std::string& path);

/// A float model as such a file. Throws Error for an int8 model.
Bytes npz_bytes(const Export& model);
Bytes safetensors_bytes(const Export& model);

}  // namespace nutshell::tools
