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

const OnnxConstant& require(const OnnxOperation& operation, const SourceLayer& layer, int input) {
    const OnnxConstant* constant = operation.constant(input);
    if (constant == nullptr) {
        refuse(layer, "its input " + std::to_string(input) +
                          " is no constant; export the model with its weights");
    }
    return *constant;
}

/// The weight [out][in] of a matrix [in][out], or as it stands.
void set_weight(SourceLayer& layer, const OnnxConstant& matrix, bool turn) {
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
    if (weight.scale.empty()) return;
    if (weight.scale.size() > 1 && weight.axis != 0) {
        refuse(layer,
               "its weight has a scale for each input; only one for each output, or one "
               "for all, can be");
    }
    layer.weight_scale = weight.scale;
    for (size_t i = 0; i < weight.integers.size(); i++) {
        const size_t channel =
            weight.scale.size() == 1 ? 0 : i / static_cast<size_t>(weight.shape[1]);
        const int64_t code = weight.integers[i] - weight.zero_point[channel];
        if (code < -127 || code > 127) {
            refuse(layer, "a weight's code is " + std::to_string(code) +
                              " from zero; quantize the weights symmetrically, in -127..127");
        }
        layer.weight_codes.push_back(static_cast<int8_t>(code));
    }
}

void convert_gemm(const OnnxOperation& operation, SourceLayer& layer) {
    if (operation.data_input != 0) {
        refuse(layer, "the sample is not its first input; export it as x times weight");
    }
    if (operation.integer("transA", 0) != 0) {
        refuse(layer, "it transposes the samples; export it without transA");
    }
    set_weight(layer, require(operation, layer, 1), operation.integer("transB", 0) == 0);
    const auto alpha = static_cast<float>(operation.number("alpha", 1));
    const auto beta = static_cast<float>(operation.number("beta", 1));
    if ((alpha != 1 || beta != 1) && !layer.weight_scale.empty()) {
        refuse(layer, "an int8 model cannot have alpha or beta");
    }
    for (float& weight : layer.weight) weight *= alpha;
    if (operation.node.input_size() < 3 || operation.node.input(2).empty()) return;
    const OnnxConstant& bias = require(operation, layer, 2);
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
    set_weight(layer, require(operation, layer, 1), true);
}

void convert_batch_norm(const OnnxOperation& operation, SourceLayer& layer) {
    layer.op = Op::batch_norm;
    if (operation.integer("training_mode", 0) != 0) {
        refuse(layer, "it is in training mode; export the model after eval()");
    }
    layer.epsilon = static_cast<float>(operation.number("epsilon", 1e-5));
    layer.gamma = require(operation, layer, 1).values;
    layer.beta = require(operation, layer, 2).values;
    layer.mean = require(operation, layer, 3).values;
    layer.variance = require(operation, layer, 4).values;
}

/// One number for each value of a sample, from one or as many.
std::vector<float> for_each_value(const OnnxOperation& operation, const SourceLayer& layer,
                                  const OnnxConstant& constant) {
    const auto n = static_cast<size_t>(operation.values);
    if (constant.values.size() == 1 && n > 0) return std::vector<float>(n, constant.values[0]);
    if (constant.values.size() == n) return constant.values;
    refuse(layer, "its constant of shape " + text_of(constant.shape) + " does not fit " +
                      std::to_string(n) + " values of a sample");
}

/// Add, Sub, Mul, Div of a constant: a scale and a shift, as a batch normalization has them.
void convert_arithmetic(const OnnxOperation& operation, SourceLayer& layer) {
    const std::string& kind = operation.node.op_type();
    layer.op = Op::batch_norm;
    const bool first = operation.data_input == 0;
    std::vector<float> numbers =
        for_each_value(operation, layer, require(operation, layer, first ? 1 : 0));
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
    const OnnxConstant& slope = require(operation, layer, 1);
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

void convert_flatten(const OnnxOperation& operation, SourceLayer& layer) {
    if (operation.integer("axis", 1) != 1) refuse(layer, "it merges samples; use axis 1");
    layer.op = Op::reshape;
}

/// The sides behind the batch, when the target is constant and states all of them.
void convert_reshape(const OnnxOperation& operation, SourceLayer& layer) {
    layer.op = Op::reshape;
    const OnnxConstant* target = operation.constant(1);
    if (target == nullptr || target->integers.size() < 2 || target->integers.size() > 4) return;
    int32_t sides[3] = {1, 1, 1};
    const size_t rank = target->integers.size() - 1;
    for (size_t i = 0; i < rank; i++) {
        const int64_t side = target->integers[i + 1];
        if (side < 1 || side > kMaxSize) return;  // as many as there are
        // One side is channels, two are an image of one channel.
        sides[rank == 1 ? 2 : i] = static_cast<int32_t>(side);
    }
    const Shape shape{sides[0], sides[1], sides[2]};
    if (shape.valid()) layer.out = shape;
}

void convert_transpose(const OnnxOperation& operation, SourceLayer& layer) {
    const onnx::Attribute* order = find(operation.node, "perm");
    bool moves = order == nullptr;
    for (int i = 0; order != nullptr && i < order->ints_size(); i++) moves |= order->ints(i) != i;
    if (moves) refuse(layer, "it moves the values of a sample; flatten before, not behind it");
    layer.op = Op::nothing;
}

void convert_cast(const OnnxOperation& operation, SourceLayer& layer) {
    if (operation.integer("to", kOnnxFloat) != kOnnxFloat) {
        refuse(layer, "it changes the sample's type; export a float32 model");
    }
    layer.op = Op::nothing;
}

void convert_nothing(const OnnxOperation&, SourceLayer& layer) { layer.op = Op::nothing; }

void convert_moving_nothing(const OnnxOperation&, SourceLayer& layer) { layer.op = Op::reshape; }

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
    {"Flatten", convert_flatten},
    {"Reshape", convert_reshape},
    {"Squeeze", convert_moving_nothing},
    {"Unsqueeze", convert_moving_nothing},
    {"Transpose", convert_transpose},
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

void convert_operation(const OnnxOperation& operation, SourceLayer& layer) {
    for (const OperationKind& kind : kKinds) {
        if (operation.node.op_type() != kind.name) continue;
        return kind.convert(operation, layer);
    }
    refuse(layer, "there is no such operation here; operations are " + kind_list());
}

bool add_bias(const OnnxConstant& constant, SourceLayer& dense) {
    const auto outputs = static_cast<size_t>(dense.out.size());
    if (constant.values.size() != outputs && constant.values.size() != 1) return false;
    if (!constant.shape.empty() && constant.values.size() != constant.shape.back()) return false;
    const auto spread = [&](const auto& from, auto& to) {
        to.assign(from.begin(), from.end());
        if (from.size() == 1) to.assign(outputs, from[0]);
    };
    spread(constant.values, dense.bias);
    if (constant.scale.empty()) return true;
    std::vector<int64_t> codes;
    spread(constant.integers, codes);
    dense.bias_codes.clear();
    for (const int64_t code : codes) {
        if (code < INT32_MIN || code > INT32_MAX) return false;
        dense.bias_codes.push_back(static_cast<int32_t>(code));
    }
    return true;
}

Quantization codes_of(const OnnxOperation& operation, const SourceLayer& layer) {
    const OnnxConstant& scale = require(operation, layer, 1);
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
