// SPDX-License-Identifier: MIT
// What the layers of Keras mean.
#pragma once
#include "keras_model.hpp"

namespace nutshell::tools {

/// Throws Error, beginning with `where`, for a kind of layer that cannot be converted.
void require_known_layer(const KerasNode& layer, const std::string& where);

/// The operation of a layer with its weights. Throws Error naming the layer.
SourceLayer keras_layer(const KerasNode& layer);

// The layers that go over images, in keras_images.cpp: each fills the operation of a layer whose
// name, kind and place are there. Throws Error naming it.
void convert_keras_convolution(const KerasNode& node, SourceLayer& layer);
void convert_keras_depthwise(const KerasNode& node, SourceLayer& layer);
void convert_keras_transposed(const KerasNode& node, SourceLayer& layer);
void convert_keras_pool(const KerasNode& node, SourceLayer& layer);
void convert_keras_upsampling(const KerasNode& node, SourceLayer& layer);

// What they have in common with the others; each throws Error naming the layer.

/// The array at `index`, which must have this shape.
const std::vector<float>& keras_array(const KerasNode& node, const SourceLayer& layer, size_t index,
                                      const char* what, const std::vector<uint64_t>& shape);
void require_arrays(const KerasNode& node, const SourceLayer& layer, size_t count);
void require_channels_last(const KerasNode& node, const SourceLayer& layer);
/// The value is a name, an object around a name (Keras 3), or a layer.
void set_keras_activation(SourceLayer& layer, const Json& value);

/// One to three sides as a shape, the last one its channels; zeros when there are none, or more
/// than a shape has.
Shape keras_shape(const std::vector<uint64_t>& sides);

}  // namespace nutshell::tools
