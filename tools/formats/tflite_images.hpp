// SPDX-License-Identifier: MIT
// The operators of a .tflite file that go over images.
#pragma once
#include "tflite_tensors.hpp"

namespace nutshell::tools {

/// CONV_2D, DEPTHWISE_CONV_2D, TRANSPOSE_CONV, the pools and RESIZE_*.
bool is_image_operator(tflite::BuiltinOperator code);

/// The operand that is the sample.
uint32_t sample_operand(tflite::BuiltinOperator code);

/// Fills the operation of a layer whose names, shapes and output codes are there; returns the
/// activation that the operator ends in. Throws Error naming the layer.
tflite::ActivationFunctionType read_image_operator(const TfliteTensors& tensors,
                                                   const tflite::Operator& op,
                                                   tflite::BuiltinOperator code, SourceLayer& layer,
                                                   std::vector<std::string>& notes);

}  // namespace nutshell::tools
