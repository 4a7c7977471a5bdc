// SPDX-License-Identifier: MIT
// Models as named arrays and a layer list: what .npz and .safetensors files hold.
#pragma once
#include "formats.hpp"
#include "tensor.hpp"

namespace nutshell::tools {

/// The layers of a list as users type it ("784,24:relu,784:sigmoid") with the arrays that belong to
/// them. Arrays are taken in the order of their names, numbers by value, the encoder's first. An
/// array called weight is as PyTorch has it, [out][in] or [out][in][height][width], one called
/// kernel as Keras has it, [in][out] or [height][width][in][out]; others as they fit. Throws Error,
/// beginning with `path`.
SourceModel tensor_source(std::vector<Tensor> tensors, const std::string& layers,
                          const std::string& path);

/// PyTorch's count of a normalization's batches, which is no parameter: it is left away.
bool is_batch_count(const std::string& name);

/// Where the values of an image in NHWC order are in PyTorch's, channel after channel; empty where
/// that is the same.
std::vector<size_t> channels_first_places(Shape image);

/// The image whose values a dense layer reads as a vector, and that which its outputs become; a
/// vector's shape where there is none.
Shape image_in_front(const std::vector<Row>& rows, size_t index);
Shape image_behind(const std::vector<Row>& rows, size_t index);

/// encoder.0.weight, encoder.0.bias, ..., running_mean and running_var of normalizations, all in
/// PyTorch's order: a layer between vectors and images counts values channel after channel. Throws
/// Error for an int8 model.
std::vector<Tensor> tensors_of(const Export& model);

/// The layer list of the same model.
std::string layers_of(const Export& model);

}  // namespace nutshell::tools
