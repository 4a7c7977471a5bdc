// SPDX-License-Identifier: MIT
#ifdef NUTSHELL_PROTOBUF
#include "onnx_chain.hpp"

#include <algorithm>

#include "tensor.hpp"

namespace nutshell::tools {
namespace {

/// ONNX's numbers for the type of an attribute.
enum : int32_t {
    kAttributeFloat = 1,
    kAttributeInteger = 2,
    kAttributeString = 3,
    kAttributeIntegers = 7
};

onnx::Attribute& attribute(onnx::Node& node, const std::string& name, int32_t type) {
    onnx::Attribute& added = *node.add_attribute();
    added.set_name(name);
    added.set_type(type);
    return added;
}

size_t bytes_of(OnnxType type) {
    switch (type) {
        case kOnnxInt8:
            return 1;
        case kOnnxInt32:
            return 4;
        default:
            return 8;
    }
}

}  // namespace

void OnnxChain::set_scope(const std::string& scope) { scope_ = scope; }

/// "/encoder/0/Gemm", and "/encoder/0/Gemm_1" for the next one.
std::string OnnxChain::unique(const std::string& kind) {
    std::string path = "/" + scope_ + "/" + kind;
    std::replace(path.begin(), path.end(), '.', '/');
    const int earlier = names_[path]++;
    return earlier == 0 ? path : path + "_" + std::to_string(earlier);
}

onnx::Node& OnnxChain::add(const std::string& kind) {
    onnx::Node& node = *graph_.add_node();
    node.set_name(unique(kind));
    node.set_op_type(kind);
    node.add_input(tensor_);
    tensor_ = node.name() + "_output";
    node.add_output(tensor_);
    return node;
}

void OnnxChain::end(const std::string& output) {
    graph_.mutable_node(graph_.node_size() - 1)->set_output(0, output);
}

onnx::Tensor& OnnxChain::initializer(const std::string& name, OnnxType type,
                                     const std::vector<int64_t>& sides) {
    onnx::Tensor& tensor = *graph_.add_initializer();
    tensor.set_name(scope_ + "." + name);
    tensor.set_data_type(type);
    for (const int64_t side : sides) tensor.add_dims(side);
    return tensor;
}

std::string OnnxChain::floats(const std::string& name, const std::vector<int64_t>& sides,
                              const std::vector<float>& values) {
    onnx::Tensor& tensor = initializer(name, kOnnxFloat, sides);
    const Bytes bytes = to_bytes(values);
    tensor.set_raw_data(bytes.data(), bytes.size());
    return tensor.name();
}

std::string OnnxChain::integers(const std::string& name, OnnxType type,
                                const std::vector<int64_t>& sides,
                                const std::vector<int64_t>& values) {
    onnx::Tensor& tensor = initializer(name, type, sides);
    std::string& bytes = *tensor.mutable_raw_data();
    for (const int64_t value : values) {
        for (size_t i = 0; i < bytes_of(type); i++) {
            bytes += static_cast<char>(static_cast<uint64_t>(value) >> 8 * i);
        }
    }
    return tensor.name();
}

std::string OnnxChain::dequantized(const std::string& name, OnnxType type, const std::string& codes,
                                   const std::vector<float>& scale, int64_t axis) {
    const std::vector<int64_t> sides =
        scale.size() == 1 ? std::vector<int64_t>{}
                          : std::vector<int64_t>{static_cast<int64_t>(scale.size())};
    const std::string scales = floats(name + "_scale", sides, scale);
    const std::string zeros =
        integers(name + "_zero_point", type, sides, std::vector<int64_t>(scale.size()));
    onnx::Node& node = *graph_.add_node();
    node.set_name(unique(name + "/DequantizeLinear"));
    node.set_op_type("DequantizeLinear");
    for (const std::string& input : {codes, scales, zeros}) node.add_input(input);
    node.add_output(node.name() + "_output");
    if (scale.size() > 1) set(node, "axis", axis);
    return node.output(0);
}

void OnnxChain::quantize(Quantization codes) {
    codes_ = codes;
    const std::string name = "codes_" + std::to_string(names_[scope_ + ".codes"]++);
    const std::string scale = floats(name + "_scale", {}, {codes.scale});
    const std::string zero =
        integers(name + "_zero_point", kOnnxInt8, {}, std::vector<int64_t>{codes.zero_point});
    for (const char* kind : {"QuantizeLinear", "DequantizeLinear"}) {
        onnx::Node& node = add(kind);
        node.add_input(scale);
        node.add_input(zero);
    }
}

void set(onnx::Node& node, const std::string& name, int64_t value) {
    attribute(node, name, kAttributeInteger).set_i(value);
}

void set(onnx::Node& node, const std::string& name, float value) {
    attribute(node, name, kAttributeFloat).set_f(value);
}

void set(onnx::Node& node, const std::string& name, const std::string& value) {
    attribute(node, name, kAttributeString).set_s(value);
}

void set(onnx::Node& node, const std::string& name, const std::vector<int64_t>& values) {
    onnx::Attribute& added = attribute(node, name, kAttributeIntegers);
    for (const int64_t value : values) added.add_ints(value);
}

}  // namespace nutshell::tools

#endif  // NUTSHELL_PROTOBUF
