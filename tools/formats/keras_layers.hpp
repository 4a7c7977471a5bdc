// SPDX-License-Identifier: MIT
// What the layers of Keras mean.
#pragma once
#include "keras_model.hpp"

namespace nutshell::tools {

/// Throws Error, beginning with `where`, for a kind of layer that cannot be converted.
void require_known_layer(const KerasNode& layer, const std::string& where);

/// The operation of a layer with its weights. Throws Error naming the layer.
SourceLayer keras_layer(const KerasNode& layer);

/// One to three sides as a shape; zeros when there are none, or more than a shape has.
Shape keras_shape(const std::vector<uint64_t>& sides);

}  // namespace nutshell::tools
