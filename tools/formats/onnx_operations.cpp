// SPDX-License-Identifier: MIT
#ifdef NUTSHELL_PROTOBUF
#include "onnx_operations.hpp"

#include <cmath>
#include <limits>

#include "tools/error.hpp"

namespace nutshell::tools {
namespace {

using Op = SourceLayer::Op;

const onnx::Attribute* find(const onnx::Node& node, const char* name) {
    for (const onnx::Attribute& attribute : node.attribute()) {
        if (attribute.name() == name) return &attribute;
    }
    return nullptr;
}

/// Inputs in the order in which the values lie here.
void read_in_order(const OnnxOperation& operation, SourceLayer& layer) {
    const auto inputs = static_cast<size_t>(layer.in.size());
    const size_t values = operation.layout.size();
    if (operation.layout.sides().size() > 1 && values != inputs) {
        refuse(layer, "it multiplies the last side of a sample of several; flatten in front of it");
    }
    const std::vector<size_t> order = operation.layout.order();
    if (order.size() != inputs) return;
    const auto reorder = [&](auto& weights) {
        const auto from = weights;
        for (size_t at = 0; at < weights.size(); at++) {
            weights[at] = from[at / inputs * inputs + order[at % inputs]];
        }
    };
    reorder(layer.weight);
    reorder(layer.weight_codes);
}

/// The weight [out][in] of a matrix [in][out], or as it stands.
void set_weight(const OnnxOperation& operation, SourceLayer& layer, const OnnxConstant& matrix,
                bool turn) {
    if (!matrix.is_matrix()) {
        refuse(layer, "its weight has the shape " + text_of(matrix.shape) + ", not two sides");
    }
    const OnnxConstant weight = turn ? turned(matrix) : matrix;
    layer.op = Op::dense;
    const uint64_t most = static_cast<uint64_t>(kMaxSize);
    if (weight.shape[0] < 1 || weight.shape[1] < 1 || weight.shape[0] > most ||
        weight.shape[1] > most) {
        refuse(layer, "its weight has the shape " + text_of(weight.shape) +
                          "; sides from 1 to 2^20 can be");
    }
    layer.out = flat(static_cast<int32_t>(weight.shape[0]));
    layer.in = flat(static_cast<int32_t>(weight.shape[1]));
    layer.weight = weight.values;
    take_weight_codes(weight, 0, layer);
    read_in_order(operation, layer);
}

void convert_gemm(const OnnxOperation& operation, SourceLayer& layer) {
    if (operation.data_input != 0) {
        refuse(layer, "the sample is not its first input; export it as x times weight");
    }
    if (operation.integer("transA", 0) != 0) {
        refuse(layer, "it transposes the samples; export it without transA");
    }
    set_weight(operation, layer, require_constant(operation, layer, 1),
               operation.integer("transB", 0) == 0);
    const auto alpha = static_cast<float>(operation.number("alpha", 1));
    const auto beta = static_cast<float>(operation.number("beta", 1));
    if ((alpha != 1 || beta != 1) && !layer.weight_scale.empty()) {
        refuse(layer, "an int8 model cannot have alpha or beta");
    }
    for (float& weight : layer.weight) weight *= alpha;
    if (operation.node.input_size() < 3 || operation.node.input(2).empty()) return;
    const OnnxConstant& bias = require_constant(operation, layer, 2);
    if (!add_bias(bias, layer)) {
        refuse(layer, "its bias has the shape " + text_of(bias.shape) + ", not [" +
                          std::to_string(layer.out.size()) + "]");
    }
    for (float& value : layer.bias) value *= beta;
}

void convert_mat_mul(const OnnxOperation& operation, SourceLayer& layer) {
    if (operation.data_input != 0) {
        refuse(layer, "the sample is not its first input; export it as x times weight");
    }
    set_weight(operation, layer, require_constant(operation, layer, 1), true);
}

/// A number for each value of a sample in the order in which the values lie here.
std::vector<float> in_order(const OnnxOperation& operation, const std::vector<float>& values) {
    const std::vector<size_t> order = operation.layout.order();
    if (order.size() != values.size()) return values;
    std::vector<float> result;
    result.reserve(values.size());
    for (const size_t index : order) result.push_back(values[index]);
    return result;
}

void convert_batch_norm(const OnnxOperation& operation, SourceLayer& layer) {
    layer.op = Op::batch_norm;
    if (operation.integer("training_mode", 0) != 0) {
        refuse(layer, "it is in training mode; export the model after eval()");
    }
    layer.epsilon = static_cast<float>(operation.number("epsilon", 1e-5));
    if (operation.layout.sides().size() > 1) layer.in = operation.layout.image(layer);
    layer.gamma = require_constant(operation, layer, 1).values;
    layer.beta = require_constant(operation, layer, 2).values;
    layer.mean = require_constant(operation, layer, 3).values;
    layer.variance = require_constant(operation, layer, 4).values;
    for (std::vector<float>* values : {&layer.gamma, &layer.beta, &layer.mean, &layer.variance}) {
        *values = in_order(operation, *values);
    }
}

/// One number, one for each channel or one for each value of a sample, as they lie here.
std::vector<float> broadcast(const OnnxOperation& operation, SourceLayer& layer,
                             const OnnxConstant& constant) {
    const std::vector<int64_t>& sides = operation.layout.sides();
    const size_t n = operation.layout.size();
    if (constant.values.size() == 1 && n > 0) {
        layer.in = {1, static_cast<int32_t>(n), 1};
        return constant.values;
    }
    std::vector<uint64_t> shape = constant.shape;
    while (shape.size() > sides.size() && shape[0] == 1) shape.erase(shape.begin());
    const bool channels = sides.size() > 1 && shape.size() == sides.size() &&
                          shape[0] == static_cast<uint64_t>(sides[0]) &&
                          constant.values.size() == shape[0];
    if (channels) {
        layer.in = operation.layout.image(layer);
        return constant.values;
    }
    if (constant.values.size() == n) return in_order(operation, constant.values);
    refuse(layer, "its constant of shape " + text_of(constant.shape) + " does not fit " +
                      std::to_string(n) + " values of a sample");
}

/// Add, Sub, Mul, Div of a constant: a scale and a shift, as a batch normalization has them.
void convert_arithmetic(const OnnxOperation& operation, SourceLayer& layer) {
    const std::string& kind = operation.node.op_type();
    layer.op = Op::batch_norm;
    const bool first = operation.data_input == 0;
    std::vector<float> numbers =
        broadcast(operation, layer, require_constant(operation, layer, first ? 1 : 0));
    if (!first && (kind == "Sub" || kind == "Div")) {
        refuse(layer, "a constant minus, or over, the sample has no layer here");
    }
    layer.mean.assign(numbers.size(), 0.0f);
    layer.variance.assign(numbers.size(), 1.0f);
    if (kind == "Div") {
        for (float& number : numbers) number = 1.0f / number;
    }
    std::vector<float>& part = kind == "Add"   ? layer.beta
                               : kind == "Sub" ? layer.mean
                                               : layer.gamma;  // of Mul and Div
    part = std::move(numbers);
}

void convert_prelu(const OnnxOperation& operation, SourceLayer& layer) {
    const OnnxConstant& slope = require_constant(operation, layer, 1);
    for (const float value : slope.values) {
        if (value != slope.values[0]) {
            refuse(layer, "it has a slope for each channel; one for all can be");
        }
    }
    layer.op = Op::activation;
    layer.activation = Activation::leaky_relu;
    layer.slope = slope.values.empty() ? 0.0f : slope.values[0];
}

void convert_clip(const OnnxOperation& operation, SourceLayer& layer) {
    const OnnxConstant* low = operation.constant(1);
    const OnnxConstant* high = operation.constant(2);
    const double from = low != nullptr && low->values.size() == 1
                            ? static_cast<double>(low->values[0])
                            : operation.number("min", -INFINITY);
    const double to = high != nullptr && high->values.size() == 1
                          ? static_cast<double>(high->values[0])
                          : operation.number("max", INFINITY);
    const auto most = static_cast<double>(std::numeric_limits<float>::max());
    if (from != 0 || to < most) refuse(layer, "only a Clip to 0 and more, a relu, can be");
    layer.op = Op::activation;
    layer.activation = Activation::relu;
}

void convert_activation(const OnnxOperation& operation, SourceLayer& layer) {
    const std::string& kind = operation.node.op_type();
    layer.op = Op::activation;
    layer.activation = kind == "Relu"      ? Activation::relu
                       : kind == "Sigmoid" ? Activation::sigmoid
                       : kind == "Tanh"    ? Activation::tanh
                                           : Activation::leaky_relu;
    if (kind == "LeakyRelu") layer.slope = static_cast<float>(operation.number("alpha", 0.01));
}

void convert_cast(const OnnxOperation& operation, SourceLayer& layer) {
    if (operation.integer("to", kOnnxFloat) != kOnnxFloat) {
        refuse(layer, "it changes the sample's type; export a float32 model");
    }
    layer.op = Op::nothing;
}

void convert_nothing(const OnnxOperation&, SourceLayer& layer) { layer.op = Op::nothing; }

struct OperationKind {
    const char* name;
    void (*convert)(const OnnxOperation& operation, SourceLayer& layer);
};

constexpr OperationKind kKinds[] = {
    {"Gemm", convert_gemm},
    {"MatMul", convert_mat_mul},
    {"BatchNormalization", convert_batch_norm},
    {"Add", convert_arithmetic},
    {"Sub", convert_arithmetic},
    {"Mul", convert_arithmetic},
    {"Div", convert_arithmetic},
    {"Relu", convert_activation},
    {"LeakyRelu", convert_activation},
    {"PRelu", convert_prelu},
    {"Clip", convert_clip},
    {"Sigmoid", convert_activation},
    {"Tanh", convert_activation},
    {"Conv", convert_onnx_conv},
    {"ConvTranspose", convert_onnx_conv_transpose},
    {"MaxPool", convert_onnx_pool},
    {"AveragePool", convert_onnx_pool},
    {"GlobalMaxPool", convert_onnx_pool},
    {"GlobalAveragePool", convert_onnx_pool},
    {"Pad", convert_onnx_pad},
    {"Resize", convert_onnx_resize},
    {"Upsample", convert_onnx_resize},
    {"Flatten", convert_onnx_flatten},
    {"Reshape", convert_onnx_reshape},
    {"Squeeze", convert_onnx_squeeze},
    {"Unsqueeze", convert_onnx_squeeze},
    {"Transpose", convert_onnx_transpose},
    {"Cast", convert_cast},
    {"Identity", convert_nothing},
    {"Dropout", convert_nothing},
};

std::string kind_list() {
    std::string text;
    for (const OperationKind& kind : kKinds)
        text += (text.empty() ? "" : ", ") + std::string(kind.name);
    return text;
}

}  // namespace

const OnnxConstant* OnnxOperation::constant(int input) const {
    if (input >= node.input_size()) return nullptr;
    const auto found = constants.find(node.input(input));
    return found == constants.end() ? nullptr : &found->second;
}

double OnnxOperation::number(const char* attribute, double otherwise) const {
    const onnx::Attribute* found = find(node, attribute);
    return found == nullptr ? otherwise : static_cast<double>(found->f());
}

int64_t OnnxOperation::integer(const char* attribute, int64_t otherwise) const {
    const onnx::Attribute* found = find(node, attribute);
    return found == nullptr ? otherwise : found->i();
}

std::string OnnxOperation::text(const char* attribute, const char* otherwise) const {
    const onnx::Attribute* found = find(node, attribute);
    return found == nullptr ? otherwise : found->s();
}

std::vector<int64_t> OnnxOperation::integers(const char* attribute) const {
    const onnx::Attribute* found = find(node, attribute);
    if (found == nullptr) return {};
    return {found->ints().begin(), found->ints().end()};
}

std::optional<std::vector<int64_t>> OnnxOperation::integers_at(int input) const {
    if (const OnnxConstant* known = constant(input)) {
        constexpr size_t most = 64;  // sides, axes, pads: a weight is none of them
        if (known->integers.size() > most) return std::nullopt;
        return known->integers;
    }
    if (input >= node.input_size()) return std::nullopt;
    const auto found = shapes.find(node.input(input));
    return found == shapes.end() ? std::nullopt : found->second;
}

const OnnxConstant& require_constant(const OnnxOperation& operation, const SourceLayer& layer,
                                     int input) {
    const OnnxConstant* constant = operation.constant(input);
    if (constant == nullptr) {
        refuse(layer, "its input " + std::to_string(input) +
                          " is no constant; export the model with its weights");
    }
    return *constant;
}

void take_weight_codes(const OnnxConstant& weight, int64_t output_axis, SourceLayer& layer) {
    if (weight.scale.empty()) return;
    if (weight.scale.size() > 1 && weight.axis != output_axis) {
        refuse(layer,
               "its weight has a scale for each input; only one for each output, or one "
               "for all, can be");
    }
    layer.weight_scale = weight.scale;
    size_t inner = 1;  // values from one index of the axis to the next
    for (size_t i = static_cast<size_t>(output_axis) + 1; i < weight.shape.size(); i++) {
        inner *= static_cast<size_t>(weight.shape[i]);
    }
    for (size_t i = 0; i < weight.integers.size(); i++) {
        const int64_t code =
            weight.integers[i] - weight.zero_point[i / inner % weight.scale.size()];
        if (code < -127 || code > 127) {
            refuse(layer, "a weight's code is " + std::to_string(code) +
                              " from zero; quantize the weights symmetrically, in -127..127");
        }
        layer.weight_codes.push_back(static_cast<int8_t>(code));
    }
}

void convert_operation(const OnnxOperation& operation, SourceLayer& layer) {
    for (const OperationKind& kind : kKinds) {
        if (operation.node.op_type() != kind.name) continue;
        const bool padded = operation.layout.has_zeros();
        kind.convert(operation, layer);
        if (!padded || !operation.layout.has_zeros()) return;
        refuse(layer, "it reads what a Pad made larger; only Conv and AveragePool can");
    }
    refuse(layer, "there is no such operation here; operations are " + kind_list());
}

bool add_bias(const OnnxConstant& constant, SourceLayer& layer) {
    const bool image = layer.op == Op::image;
    const auto outputs = static_cast<size_t>(image ? layer.kernel_out : layer.out.size());
    if (constant.values.size() != outputs && constant.values.size() != 1) return false;
    if (!constant.shape.empty() && constant.values.size() != constant.shape.back()) return false;
    const auto spread = [&](const auto& from, auto& to) {
        to.assign(from.begin(), from.end());
        if (from.size() == 1) to.assign(outputs, from[0]);
    };
    spread(constant.values, layer.bias);
    if (constant.scale.empty()) return true;
    std::vector<int64_t> codes;
    spread(constant.integers, codes);
    layer.bias_codes.clear();
    for (const int64_t code : codes) {
        if (code < INT32_MIN || code > INT32_MAX) return false;
        layer.bias_codes.push_back(static_cast<int32_t>(code));
    }
    return true;
}

Quantization codes_of(const OnnxOperation& operation, const SourceLayer& layer) {
    const OnnxConstant& scale = require_constant(operation, layer, 1);
    const OnnxConstant* zero_point = operation.constant(2);
    // Without a zero point the codes are unsigned, from 0.
    const bool is_signed = zero_point != nullptr && zero_point->type == kOnnxInt8;
    if (zero_point != nullptr && !is_signed && zero_point->type != kOnnxUint8) {
        refuse(layer, "its codes are neither int8 nor uint8");
    }
    if (scale.values.size() != 1 || (zero_point != nullptr && zero_point->integers.size() != 1)) {
        refuse(layer, "its activations have a scale for each channel; one for all can be");
    }
    const int64_t zero = zero_point == nullptr ? 0 : zero_point->integers[0];
    const int64_t shifted = is_signed ? zero : zero - 128;
    if (!(scale.values[0] > 0) || !std::isfinite(scale.values[0]) || shifted < -128 ||
        shifted > 127) {
        refuse(layer, "its scale or zero point makes no sense");
    }
    return {scale.values[0], static_cast<int8_t>(shifted)};
}

std::optional<OnnxConstant> fold_constant(const OnnxOperation& operation,
                                          const std::string& where) {
    const std::string& kind = operation.node.op_type();
    if (kind == "Constant") {
        const onnx::Attribute* value = find(operation.node, "value");
        if (value == nullptr || !value->has_t()) return std::nullopt;
        return read_constant(value->t(), where);
    }
    const OnnxConstant* first = operation.constant(0);
    if (first == nullptr) return std::nullopt;
    if (kind == "Identity") return *first;
    if (kind == "Transpose" && first->is_matrix()) {
        const onnx::Attribute* order = find(operation.node, "perm");
        const bool kept = order != nullptr && order->ints_size() == 2 && order->ints(0) == 0;
        return kept ? *first : turned(*first);
    }
    const OnnxConstant* scale = operation.constant(1);
    if (kind == "DequantizeLinear" && scale != nullptr) {
        return dequantized(*first, *scale, operation.constant(2), operation.integer("axis", 1),
                           where);
    }
    return std::nullopt;
}

}  // namespace nutshell::tools

#endif  // NUTSHELL_PROTOBUF
