// SPDX-License-Identifier: MIT
// An ONNX graph that is a chain, built node after node. For onnx_write.cpp.
#pragma once
#include <onnx.pb.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "nutshell/int8.hpp"
#include "onnx_constant.hpp"

namespace nutshell::tools {

class OnnxChain {
  public:
    OnnxChain(onnx::Graph& graph, const std::string& input) : graph_(graph), tensor_(input) {}

    /// Where the names of what follows begin: "encoder.0".
    void set_scope(const std::string& scope);

    /// A node that reads the last one's output.
    onnx::Node& add(const std::string& kind);
    /// The last node's output is the graph's.
    void end(const std::string& output);

    /// Initializers, named after the scope; what they give is the tensor's name.
    std::string floats(const std::string& name, const std::vector<int64_t>& sides,
                       const std::vector<float>& values);
    template <class Number>
    std::string integers(const std::string& name, OnnxType type, const std::vector<int64_t>& sides,
                         const std::vector<Number>& values) {
        return integers(name, type, sides, std::vector<int64_t>(values.begin(), values.end()));
    }
    std::string integers(const std::string& name, OnnxType type, const std::vector<int64_t>& sides,
                         const std::vector<int64_t>& values);

    /// Codes of a weight or a bias through DequantizeLinear: one scale, or one for each index of
    /// the axis; zero points are 0.
    template <class Number>
    std::string dequantized(const std::string& name, OnnxType type,
                            const std::vector<int64_t>& sides, const std::vector<Number>& codes,
                            const std::vector<float>& scale, int64_t axis) {
        return dequantized(name, type, integers(name, type, sides, codes), scale, axis);
    }

    /// QuantizeLinear and DequantizeLinear: from here on the chain's values are those of codes.
    void quantize(Quantization codes);
    /// The same again, behind what has not changed the codes' meaning.
    void quantize_again() { quantize(*codes_); }

  private:
    std::string unique(const std::string& kind);
    std::string dequantized(const std::string& name, OnnxType type, const std::string& codes,
                            const std::vector<float>& scale, int64_t axis);
    onnx::Tensor& initializer(const std::string& name, OnnxType type,
                              const std::vector<int64_t>& sides);

    onnx::Graph& graph_;
    std::string scope_;
    std::string tensor_;  // the last node's output
    std::optional<Quantization> codes_;
    std::map<std::string, int> names_;
};

/// Attributes.
void set(onnx::Node& node, const std::string& name, int64_t value);
void set(onnx::Node& node, const std::string& name, float value);
void set(onnx::Node& node, const std::string& name, const std::string& value);
void set(onnx::Node& node, const std::string& name, const std::vector<int64_t>& values);

}  // namespace nutshell::tools
