// SPDX-License-Identifier: MIT
// What the operations of ONNX mean for a chain of layers.
#pragma once
#include <onnx.pb.h>

#include <map>
#include <string>

#include "onnx_constant.hpp"
#include "source_model.hpp"

namespace nutshell::tools {

using OnnxConstants = std::map<std::string, OnnxConstant>;

/// A node with what its inputs are.
struct OnnxOperation {
    const onnx::Node& node;
    const OnnxConstants& constants;
    int data_input;  ///< index of the input that is the sample
    int values;      ///< of a sample in front of it, 0: not known

    /// The constant at an input; null when there is none.
    const OnnxConstant* constant(int input) const;
    double number(const char* attribute, double otherwise) const;
    int64_t integer(const char* attribute, int64_t otherwise) const;
};

/// Fills op, shapes and weights of a layer whose name, kind and place are there. Throws Error
/// naming it when the operation cannot be converted.
void convert_operation(const OnnxOperation& operation, SourceLayer& layer);

/// Adds a constant to the sums of a dense layer, as the Add behind a MatMul does; false when it is
/// no bias.
bool add_bias(const OnnxConstant& constant, SourceLayer& dense);

/// Scale and zero point of QuantizeLinear or DequantizeLinear as int8 codes. Throws Error.
Quantization codes_of(const OnnxOperation& operation, const SourceLayer& layer);

/// The value of a node whose inputs are constants, when it can be computed.
std::optional<OnnxConstant> fold_constant(const OnnxOperation& operation, const std::string& where);

}  // namespace nutshell::tools
