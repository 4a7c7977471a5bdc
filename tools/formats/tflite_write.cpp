// SPDX-License-Identifier: MIT
// From a graph to a .tflite file: FULLY_CONNECTED with its activation fused when it is relu, else
// an operator behind it. An int8 file holds weight scales where a .nut file holds multipliers: the
// scale is sought from which TensorFlow Lite computes the same multiplier.
#include "tflite_file.hpp"

#ifdef NUTSHELL_FLATBUFFERS
#include <tflite_generated.h>

#include <cmath>
#include <cstring>
#include <iterator>
#include <map>

#include "tools/error.hpp"

namespace nutshell::tools {
namespace {

using flatbuffers::Offset;

/// How the parameters or the codes of a tensor are to be understood.
struct Meaning {
    std::vector<float> scales;
    int64_t zero_point = 0;
};

Meaning meaning_of(Quantization codes) { return {{codes.scale}, codes.zero_point}; }

/// The tables of one file, numbered as they are added.
class Writer {
  public:
    Writer() {
        buffers_.push_back(tflite::CreateBuffer(builder_));  // number 0 is none
    }

    int add_tensor(const std::string& name, const std::vector<int32_t>& sides,
                   tflite::TensorType type, const Meaning& meaning, const void* data = nullptr,
                   size_t bytes = 0) {
        uint32_t buffer = 0;
        if (data != nullptr) {
            const auto* begin = static_cast<const uint8_t*>(data);
            buffer = add_buffer({begin, begin + bytes});
        }
        Offset<tflite::QuantizationParameters> quantization = 0;
        if (!meaning.scales.empty()) {
            const std::vector<int64_t> zero_points(meaning.scales.size(), meaning.zero_point);
            quantization = tflite::CreateQuantizationParametersDirect(
                builder_, nullptr, nullptr, &meaning.scales, &zero_points);
        }
        tensors_.push_back(
            tflite::CreateTensorDirect(builder_, &sides, type, buffer, name.c_str(), quantization));
        return static_cast<int>(tensors_.size()) - 1;
    }

    void add_operator(tflite::BuiltinOperator code, int version, const std::vector<int>& inputs,
                      int output, tflite::BuiltinOptions type = tflite::BuiltinOptions_NONE,
                      Offset<void> options = 0) {
        const std::vector<int> outputs{output};
        operators_.push_back(tflite::CreateOperatorDirect(builder_, code_number(code, version),
                                                          &inputs, &outputs, type, options));
    }

    flatbuffers::FlatBufferBuilder& builder() { return builder_; }

    std::vector<uint8_t> finish(int input, int output, const std::vector<uint8_t>& metadata) {
        const std::vector<int> inputs{input}, outputs{output};
        const std::vector entries{
            tflite::CreateMetadataDirect(builder_, kTfliteMetadata, add_buffer(metadata))};
        const std::vector subgraphs{tflite::CreateSubGraphDirect(builder_, &tensors_, &inputs,
                                                                 &outputs, &operators_, "main")};
        builder_.Finish(tflite::CreateModelDirect(builder_, 3, &codes_, &subgraphs, "Nutshell",
                                                  &buffers_, nullptr, &entries),
                        tflite::ModelIdentifier());
        const uint8_t* begin = builder_.GetBufferPointer();
        flatbuffers::Verifier verifier(begin, builder_.GetSize());
        if (!tflite::VerifyModelBuffer(verifier)) throw Error("the .tflite file came out damaged");
        return {begin, begin + builder_.GetSize()};
    }

  private:
    uint32_t add_buffer(const std::vector<uint8_t>& data) {
        buffers_.push_back(tflite::CreateBufferDirect(builder_, &data));
        return static_cast<uint32_t>(buffers_.size()) - 1;
    }

    uint32_t code_number(tflite::BuiltinOperator code, int version) {
        const auto [at, added] = numbers_.try_emplace(code, static_cast<uint32_t>(codes_.size()));
        if (added) {
            codes_.push_back(
                tflite::CreateOperatorCode(builder_, static_cast<int8_t>(code), 0, version, code));
        }
        return at->second;
    }

    flatbuffers::FlatBufferBuilder builder_;
    std::vector<Offset<tflite::Buffer>> buffers_;
    std::vector<Offset<tflite::Tensor>> tensors_;
    std::vector<Offset<tflite::OperatorCode>> codes_;
    std::vector<Offset<tflite::Operator>> operators_;
    std::map<tflite::BuiltinOperator, uint32_t> numbers_;
};

std::string layer_name(size_t index) { return "layer_" + std::to_string(index + 1); }

/// FULLY_CONNECTED; relu is fused.
void add_dense(Writer& writer, const Row& row, const std::vector<int>& inputs, int output,
               int version) {
    const auto fused = row.activation == Activation::relu ? tflite::ActivationFunctionType_RELU
                                                          : tflite::ActivationFunctionType_NONE;
    writer.add_operator(tflite::BuiltinOperator_FULLY_CONNECTED, version, inputs, output,
                        tflite::BuiltinOptions_FullyConnectedOptions,
                        tflite::CreateFullyConnectedOptions(writer.builder(), fused).Union());
}

/// The operator of an activation that is none of FULLY_CONNECTED's.
void add_activation(Writer& writer, const Row& row, int input, int output, int version) {
    switch (row.activation) {
        case Activation::linear:
        case Activation::relu:
            return;
        case Activation::sigmoid:
            return writer.add_operator(tflite::BuiltinOperator_LOGISTIC, version, {input}, output);
        case Activation::tanh:
            return writer.add_operator(tflite::BuiltinOperator_TANH, version, {input}, output);
        case Activation::leaky_relu:
            return writer.add_operator(
                tflite::BuiltinOperator_LEAKY_RELU, version, {input}, output,
                tflite::BuiltinOptions_LeakyReluOptions,
                tflite::CreateLeakyReluOptions(writer.builder(), row.slope).Union());
    }
}

template <class AnyKind>
std::vector<uint8_t> metadata_of(const AnyKind& graph) {
    std::vector<uint8_t> bytes;
    for (const uint32_t word :
         {static_cast<uint32_t>(graph.code_layer()), graph.model_id, graph.parent_id}) {
        for (int shift = 0; shift < 32; shift += 8) {
            bytes.push_back(static_cast<uint8_t>(word >> shift));
        }
    }
    return bytes;
}

int add_float_layer(Writer& writer, const Graph& graph, size_t index, int input) {
    constexpr auto type = tflite::TensorType_FLOAT32;
    const Row& row = graph.rows()[index];
    if (row.kind != Kind::dense) {
        throw Error("layer " + std::to_string(index + 1) +
                    " is not dense: only dense layers can be written as TensorFlow Lite yet");
    }
    const int32_t in = row.in.size(), out = row.out.size();
    const Tensors tensors = graph.tensors(static_cast<int>(index));
    std::vector<float> weight;
    for (int32_t o = 0; o < out; o++) {
        for (int32_t i = 0; i < in; i++) {
            weight.push_back(tensors.weight[DenseLayer::weight_index(row, o, i)]);
        }
    }
    const std::string name = layer_name(index);
    const int w = writer.add_tensor(name + "/weight", {out, in}, type, {}, weight.data(),
                                    weight.size() * sizeof(float));
    const int b = writer.add_tensor(name + "/bias", {out}, type, {}, tensors.bias,
                                    static_cast<size_t>(out) * sizeof(float));
    const int y = writer.add_tensor(name, {1, out}, type, {});
    add_dense(writer, row, {input, w, b}, y, 1);
    if (row.activation == Activation::linear || row.activation == Activation::relu) return y;
    const int z = writer.add_tensor(name + "/activation", {1, out}, type, {});
    add_activation(writer, row, y, z, 1);
    return z;
}

/// The weight scale from which TensorFlow Lite computes this multiplier.
float weight_scale(const Int8Layer& layer, size_t channel, size_t index) {
    const double in = double{layer.quantization.in.scale},
                 out = double{layer.quantization.sum.scale};
    const FixedPoint wanted{layer.multiplier[channel], layer.shift[channel]};
    // A multiplier of zero stands for factors below 2^-32.
    const double factor =
        wanted.multiplier == 0
            ? std::ldexp(1.0, -34)
            : std::ldexp(static_cast<double>(wanted.multiplier), wanted.shift - 31);
    float scale = static_cast<float>(factor * out / in);
    for (int step = 0; step < 8; step++) scale = std::nextafter(scale, 0.0f);
    for (int step = 0; step < 17; step++, scale = std::nextafter(scale, INFINITY)) {
        const double product =
            layer.per_output ? in * double{scale} : double{layer.quantization.in.scale * scale};
        FixedPoint found;
        if (std::isnormal(scale) && fixed_point_of(product / out, found) == Status::ok &&
            found.multiplier == wanted.multiplier && found.shift == wanted.shift) {
            return scale;
        }
    }
    throw Error("layer " + std::to_string(index + 1) + ", output " + std::to_string(channel) +
                ": no weight scale gives TensorFlow Lite this multiplier; quantize the float model "
                "again");
}

/// What the layer holds is what TensorFlow Lite computes: no other table, no codes of fewer bits.
void require_expressible(const Row& row, const Int8Layer& layer, size_t index) {
    const std::string name = "layer " + std::to_string(index + 1);
    const LayerQuantization& meaning = layer.quantization;
    if ((meaning.in.unused_bits | meaning.sum.unused_bits | meaning.out.unused_bits) != 0) {
        throw Error(name +
                    " has codes of fewer than 8 bits, for which TensorFlow Lite has no "
                    "form; quantize with --code-bits 8");
    }
    if (!needs_table(row.activation)) return;
    std::vector<int8_t> table(256);
    if (activation_table(row.activation, row.slope, meaning, table.data()) == Status::ok &&
        table == layer.table) {
        return;
    }
    throw Error(name +
                "'s activation is a table that TensorFlow Lite does not compute; quantize "
                "the float model again");
}

/// The biases without the input's zero point, which TensorFlow Lite adds as it runs.
std::vector<int32_t> unfolded_biases(const Row& row, const Int8Layer& layer, size_t index) {
    const auto in = static_cast<size_t>(row.in.size());
    std::vector<int32_t> biases;
    for (size_t o = 0; o < layer.bias.size(); o++) {
        int64_t sum = 0;
        for (size_t i = 0; i < in; i++) sum += layer.weight[o * in + i];
        const int64_t bias = layer.bias[o] + layer.quantization.in.zero_point * sum;
        if (bias != static_cast<int32_t>(bias)) {
            throw Error("layer " + std::to_string(index + 1) + ", output " + std::to_string(o) +
                        ": its bias does not fit TensorFlow Lite's 32 bits");
        }
        biases.push_back(static_cast<int32_t>(bias));
    }
    return biases;
}

/// Two codes of 4 bits in a byte, the first in the lower half.
std::vector<int8_t> halves(const std::vector<int8_t>& codes) {
    std::vector<int8_t> bytes((codes.size() + 1) / 2);
    for (size_t i = 0; i < codes.size(); i++) {
        bytes[i / 2] = static_cast<int8_t>(bytes[i / 2] | (codes[i] & 15) << (i % 2 * 4));
    }
    return bytes;
}

int add_int8_layer(Writer& writer, const Int8Graph& graph, size_t index, int input) {
    const Row& row = graph.rows()[index];
    const Int8Layer& layer = graph.layers()[index];
    require_expressible(row, layer, index);
    const int32_t in = row.in.size(), out = row.out.size();
    Meaning weight_meaning, bias_meaning;
    for (size_t channel = 0; channel < layer.multiplier.size(); channel++) {
        weight_meaning.scales.push_back(weight_scale(layer, channel, index));
        bias_meaning.scales.push_back(layer.quantization.in.scale * weight_meaning.scales.back());
    }
    const bool int4 = layer.weight_bits == 4;
    const std::vector<int8_t> weight = int4 ? halves(layer.weight) : layer.weight;
    const std::vector<int32_t> bias = unfolded_biases(row, layer, index);
    const std::string name = layer_name(index);
    constexpr auto int8 = tflite::TensorType_INT8;
    const int w =
        writer.add_tensor(name + "/weight", {out, in}, int4 ? tflite::TensorType_INT4 : int8,
                          weight_meaning, weight.data(), weight.size());
    const int b = writer.add_tensor(name + "/bias", {out}, tflite::TensorType_INT32, bias_meaning,
                                    bias.data(), bias.size() * sizeof(int32_t));
    const int y = writer.add_tensor(name, {1, out}, int8, meaning_of(layer.quantization.sum));
    add_dense(writer, row, {input, w, b}, y, 4);
    if (!needs_table(row.activation)) return y;
    const int z =
        writer.add_tensor(name + "/activation", {1, out}, int8, meaning_of(layer.quantization.out));
    add_activation(writer, row, y, z, 2);
    return z;
}

std::vector<uint8_t> file_of(const Graph& graph) {
    Writer writer;
    const int input =
        writer.add_tensor("input", {1, graph.rows()[0].in.size()}, tflite::TensorType_FLOAT32, {});
    int output = input;
    for (size_t i = 0; i < graph.rows().size(); i++) {
        output = add_float_layer(writer, graph, i, output);
    }
    return writer.finish(input, output, metadata_of(graph));
}

std::vector<uint8_t> file_of(const Int8Graph& graph) {
    Writer writer;
    const int input =
        writer.add_tensor("input", {1, graph.rows()[0].in.size()}, tflite::TensorType_INT8,
                          meaning_of(graph.layers()[0].quantization.in));
    int output = input;
    for (size_t i = 0; i < graph.rows().size(); i++) {
        output = add_int8_layer(writer, graph, i, output);
    }
    return writer.finish(input, output, metadata_of(graph));
}

}  // namespace

std::vector<uint8_t> tflite_bytes(const AnyGraph& graph) {
    return std::visit([](const auto& model) { return file_of(model); }, graph);
}

}  // namespace nutshell::tools
#endif
