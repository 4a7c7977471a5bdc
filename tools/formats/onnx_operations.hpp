// SPDX-License-Identifier: MIT
// What the operations of ONNX mean for a chain of layers.
#pragma once
#include <onnx.pb.h>

#include <map>
#include <string>

#include "onnx_constant.hpp"
#include "onnx_layout.hpp"
#include "source_model.hpp"

namespace nutshell::tools {

using OnnxConstants = std::map<std::string, OnnxConstant>;

/// What is computed from the sides of samples: numbers, when they are known.
using OnnxSides = std::map<std::string, std::optional<std::vector<int64_t>>>;

/// In the place of the number of samples, which is not known.
constexpr int64_t kSamples = INT64_MIN;

/// A node with what its inputs are.
struct OnnxOperation {
    const onnx::Node& node;
    const OnnxConstants& constants;
    const OnnxSides& shapes;
    OnnxLayout& layout;  ///< of the sample in front of it, then behind it
    int data_input;      ///< index of the input that is the sample

    /// The constant at an input; null when there is none.
    const OnnxConstant* constant(int input) const;
    double number(const char* attribute, double otherwise) const;
    int64_t integer(const char* attribute, int64_t otherwise) const;
    std::string text(const char* attribute, const char* otherwise) const;
    /// Empty when there is none.
    std::vector<int64_t> integers(const char* attribute) const;
    /// The whole numbers at an input, constant or computed from sides.
    std::optional<std::vector<int64_t>> integers_at(int input) const;
};

/// The constant at an input. Throws Error naming the layer when there is none.
const OnnxConstant& require_constant(const OnnxOperation& operation, const SourceLayer& layer,
                                     int input);

/// The codes of a weight with scales, into weight_codes and weight_scale. Throws Error.
void take_weight_codes(const OnnxConstant& weight, int64_t output_axis, SourceLayer& layer);

/// Fills op, shapes and weights of a layer whose name, kind and place are there. Throws Error
/// naming it when the operation cannot be converted.
void convert_operation(const OnnxOperation& operation, SourceLayer& layer);

// The operations on images, in onnx_images.cpp, and those that change sides alone, in
// onnx_shapes.cpp: as convert_operation.
void convert_onnx_conv(const OnnxOperation& operation, SourceLayer& layer);
void convert_onnx_conv_transpose(const OnnxOperation& operation, SourceLayer& layer);
void convert_onnx_pool(const OnnxOperation& operation, SourceLayer& layer);
void convert_onnx_resize(const OnnxOperation& operation, SourceLayer& layer);
void convert_onnx_pad(const OnnxOperation& operation, SourceLayer& layer);
void convert_onnx_flatten(const OnnxOperation& operation, SourceLayer& layer);
void convert_onnx_reshape(const OnnxOperation& operation, SourceLayer& layer);
void convert_onnx_squeeze(const OnnxOperation& operation, SourceLayer& layer);
void convert_onnx_transpose(const OnnxOperation& operation, SourceLayer& layer);

/// What a node makes of sides; none when that is not known.
std::optional<std::vector<int64_t>> fold_sides(const OnnxOperation& operation);

/// Adds a constant to the sums of a dense layer or a convolution, as the Add behind a MatMul does;
/// false when it is no bias.
bool add_bias(const OnnxConstant& constant, SourceLayer& layer);

/// Scale and zero point of QuantizeLinear or DequantizeLinear as int8 codes. Throws Error.
Quantization codes_of(const OnnxOperation& operation, const SourceLayer& layer);

/// The value of a node whose inputs are constants, when it can be computed.
std::optional<OnnxConstant> fold_constant(const OnnxOperation& operation, const std::string& where);

}  // namespace nutshell::tools
