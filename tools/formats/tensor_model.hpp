// SPDX-License-Identifier: MIT
// Models as named arrays and a layer list: what .npz and .safetensors files hold.
#pragma once
#include "formats.hpp"
#include "tensor.hpp"

namespace nutshell::tools {

/// The layers of a list as users type it ("784,24:relu,784:sigmoid") with the arrays that belong to
/// them. Arrays are taken in the order of their names, numbers by value, the encoder's first. An
/// array called weight is [out][in], as PyTorch has it, one called kernel [in][out], as Keras has
/// it; others as they fit. Throws Error, beginning with `path`.
SourceModel tensor_source(std::vector<Tensor> tensors, const std::string& layers,
                          const std::string& path);

/// encoder.0.weight [out][in], encoder.0.bias, ... Throws Error for an int8 model.
std::vector<Tensor> tensors_of(const Export& model);

/// The layer list of the same model.
std::string layers_of(const Export& model);

}  // namespace nutshell::tools
