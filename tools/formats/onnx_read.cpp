// SPDX-License-Identifier: MIT
#ifdef NUTSHELL_PROTOBUF
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <algorithm>
#include <climits>
#include <cmath>
#include <cstdlib>

#include "onnx_model.hpp"
#include "onnx_operations.hpp"
#include "tools/error.hpp"

namespace nutshell::tools {
namespace {

constexpr int kMaxDepth = 16;
constexpr int kMaxNodes = 1 << 16;

onnx::Model parse(ByteView file, const std::string& path) {
    if (file.size > INT_MAX) throw Error(path + ": is larger than 2 GB; an ONNX file is not");
    const int size = static_cast<int>(file.size);
    google::protobuf::io::ArrayInputStream bytes(file.data, size);
    google::protobuf::io::CodedInputStream stream(&bytes);
    stream.SetRecursionLimit(kMaxDepth);
    stream.SetTotalBytesLimit(size);
    onnx::Model model;
    const bool whole = model.ParseFromCodedStream(&stream) && stream.ConsumedEntireMessage();
    if (!whole || !model.has_graph()) {
        throw Error(path + ": is no ONNX model, or is damaged near byte " +
                    std::to_string(stream.CurrentPosition()) + "; export it again");
    }
    if (model.graph().node_size() > kMaxNodes) {
        throw Error(path + ": has more than 65536 operations");
    }
    return model;
}

/// The first part of "/encoder/encoder.0/Gemm" or "encoder.0.weight"; empty when a name has fewer
/// than three parts, and so tells of no model inside the model.
std::string scope_of(const std::string& name, char separator) {
    const size_t begin = name.find_first_not_of(separator);
    if (begin == std::string::npos) return {};
    const size_t end = name.find(separator, begin);
    if (end == std::string::npos || name.find(separator, end + 1) == std::string::npos) return {};
    return name.substr(begin, end - begin);
}

class Reader {
  public:
    Reader(const onnx::Graph& graph, const std::string& path) : graph_(graph), path_(path) {}

    SourceModel read() {
        for (const onnx::Tensor& tensor : graph_.initializer()) {
            constants_[tensor.name()] =
                read_constant(tensor, path_ + ": initializer " + in_quotes(tensor.name()));
        }
        take_input();
        for (int i = 0; i < graph_.node_size(); i++) read_node(graph_.node(i), i);
        take_outputs();
        layout_.end();
        find_scopes();
        return std::move(source_);
    }

  private:
    [[noreturn]] void fail(const std::string& why) const { throw Error(path_ + ": " + why); }

    void take_input() {
        for (const onnx::Value& input : graph_.input()) {
            if (constants_.count(input.name()) > 0) continue;
            if (!current_.empty()) {
                fail("has inputs " + in_quotes(current_) + " and " + in_quotes(input.name()) +
                     "; a chain from one input can be converted");
            }
            current_ = input.name();
            take_shape(input.type().tensor_type().shape());
        }
        if (current_.empty()) fail("has no input; export the model again");
        sides_of_[current_] = layout_.sides();
    }

    void take_shape(const onnx::Shape& shape) {
        std::vector<int64_t> sides;
        int64_t size = 1;
        for (int i = 1; i < shape.dim_size(); i++) {
            const int64_t side = shape.dim(i).dim_value();
            if (side < 1 || side > kMaxSize / size) return;
            sides.push_back(side);
            size *= side;
        }
        if (sides.empty() || sides.size() > 3) return;
        source_.input = flat(static_cast<int32_t>(size));
        layout_.start(sides);
    }

    SourceLayer head(const onnx::Node& node, int index) const {
        SourceLayer layer;
        layer.name = !node.name().empty()     ? node.name()
                     : node.output_size() > 0 ? node.output(0)
                                              : std::string();
        layer.kind = node.op_type();
        layer.place = "node " + std::to_string(index);
        return layer;
    }

    void read_node(const onnx::Node& node, int index) {
        SourceLayer layer = head(node, index);
        if (node.output_size() == 0) refuse(layer, "it has no output; export the model again");
        if (!node.domain().empty() && node.domain() != "ai.onnx") {
            refuse(layer, "it is an operation of " + in_quotes(node.domain()) +
                              ", not ONNX's own; export the model with standard operations alone");
        }
        if (node.op_type() == "Shape") return keep_shape(node);
        int data = -1, shapes = 0;
        for (int i = 0; i < node.input_size(); i++) {
            const std::string& input = node.input(i);
            if (input.empty() || constants_.count(input) > 0) continue;
            if (shapes_.count(input) > 0) {
                shapes++;
            } else if (input != current_) {
                refuse(layer, "it reads " + in_quotes(input) +
                                  ", which is not the output of the operation in front of it; a "
                                  "chain without branches can be converted");
            } else if (data >= 0) {
                refuse(layer, "it reads the sample twice, which no layer here does");
            } else {
                data = i;
            }
        }
        const OnnxOperation operation{node, constants_, shapes_, layout_, data};
        if (data < 0 && shapes == 0) return keep_constant(operation, layer);
        if (data < 0) return keep_sides(operation);
        if (node.op_type() == "QuantizeLinear" || node.op_type() == "DequantizeLinear") {
            take_codes(operation, layer);
        } else {
            take_layer(operation, layer);
        }
        current_ = node.output(0);
        place_of_[current_] = source_.layers.size();
        sides_of_[current_] = layout_.sides();
    }

    void keep_constant(const OnnxOperation& operation, const SourceLayer& layer) {
        std::optional<OnnxConstant> value = fold_constant(operation, path_ + ": " + named(layer));
        if (!value) return keep_sides(operation);  // of use for sides alone
        constants_[operation.node.output(0)] = std::move(*value);
    }

    /// Of any tensor of the chain so far.
    void keep_shape(const onnx::Node& node) {
        std::vector<int64_t> shape{kSamples};
        const auto known = sides_of_.find(node.input_size() > 0 ? node.input(0) : std::string());
        const bool any = known != sides_of_.end() && !known->second.empty();
        if (any) shape.insert(shape.end(), known->second.begin(), known->second.end());
        shapes_[node.output(0)] = any ? std::optional(shape) : std::nullopt;
    }

    void keep_sides(const OnnxOperation& operation) {
        const std::optional<std::vector<int64_t>> sides = fold_sides(operation);
        for (const std::string& output : operation.node.output()) shapes_[output] = sides;
    }

    void take_layer(const OnnxOperation& operation, SourceLayer& layer) {
        const onnx::Node& node = operation.node;
        const int other = operation.data_input == 0 ? 1 : 0;
        const OnnxConstant* constant = operation.constant(other);
        SourceLayer* last = source_.layers.empty() ? nullptr : &source_.layers.back();
        if (node.op_type() == "Add" && constant != nullptr && last != nullptr &&
            last->kind == "MatMul" && last->bias.empty() && !last->out_codes &&
            add_bias(*constant, *last)) {
            last->kind = "MatMul+Add";
            return;
        }
        convert_operation(operation, layer);
        if (layer.op == SourceLayer::Op::dense) {
            layout_.set_vector(static_cast<size_t>(layer.out.size()));
            if (node.input_size() > 1) weight_names_[source_.layers.size()] = node.input(1);
        }
        source_.add(std::move(layer));
    }

    /// Codes begin with QuantizeLinear; the DequantizeLinear behind it says the same again.
    void take_codes(const OnnxOperation& operation, const SourceLayer& layer) {
        const Quantization codes = codes_of(operation, layer);
        if (operation.node.op_type() == "DequantizeLinear") {
            if (codes_ && same(*codes_, codes)) return;
            refuse(layer, "its scale is not that of the QuantizeLinear in front of it");
        }
        codes_ = codes;
        if (source_.layers.empty()) {
            source_.codes = codes;
            return;
        }
        SourceLayer& last = source_.layers.back();
        SourceLayer* sums = source_.layers.size() > 1 ? &last - 1 : nullptr;
        if (!source_.codes) {
            refuse(layer, "the layers in front of it are not quantized; quantize the input too");
        }
        const bool relu = last.op == SourceLayer::Op::activation &&
                          last.activation == Activation::relu && sums != nullptr &&
                          !sums->weight.empty() && !sums->out_codes;
        if (relu) {
            // The codes behind a relu are those of the layer's sums, as in TensorFlow Lite.
            sums->activation = Activation::relu;
            sums->out_codes = codes;
            source_.layers.pop_back();
        } else {
            last.out_codes = codes;
        }
    }

    void take_outputs() {
        const auto& outputs = graph_.output();
        const bool ends = std::any_of(outputs.begin(), outputs.end(), [&](const auto& output) {
            return output.name() == current_;
        });
        if (!ends) fail("its last operation is not its output; export the model again");
        for (const onnx::Value& output : outputs) {
            if (output.name() == current_) continue;
            const auto place = place_of_.find(output.name());
            if (place == place_of_.end() || source_.code_boundary >= 0) {
                fail("has an output " + in_quotes(output.name()) +
                     " beside the chain; export the model with one output");
            }
            source_.code_boundary = static_cast<int>(place->second);
            source_.code_name = output.name();
        }
    }

    std::string scope_at(size_t layer) const {
        const std::string scope = scope_of(source_.layers[layer].name, '/');
        const auto weight = weight_names_.find(layer);
        if (!scope.empty() || weight == weight_names_.end()) return scope;
        return scope_of(weight->second, '.');
    }

    /// A module inside the model is in the names of its nodes or, in older files, its weights. The
    /// code is where the first one ends; one that is all there is can be called encoder or decoder.
    void find_scopes() {
        if (source_.code_boundary >= 0) return;
        std::string scope;
        const size_t count = source_.layers.size();
        for (size_t i = 0; i < count; i++) {
            const std::string here = scope_at(i);
            if (here.empty() || here == scope) continue;
            if (!scope.empty()) return set_boundary(i, scope);
            scope = here;
        }
        if (scope == "encoder") set_boundary(count, scope);
        if (scope == "decoder") set_boundary(0, scope);
    }

    void set_boundary(size_t layers, const std::string& scope) {
        source_.code_boundary = static_cast<int>(layers);
        source_.code_name = scope;
    }

    const onnx::Graph& graph_;
    std::string path_;
    SourceModel source_;
    OnnxConstants constants_;
    OnnxSides shapes_;
    OnnxLayout layout_{source_};
    std::string current_;  ///< the tensor that is the sample
    std::optional<Quantization> codes_;
    std::map<std::string, size_t> place_of_;  ///< layers in front of a tensor of the chain
    std::map<std::string, std::vector<int64_t>> sides_of_;  ///< of a sample of such a tensor
    std::map<size_t, std::string> weight_names_;            ///< of dense layers
};

/// The bias in units of the sums, which exporters store as such or leave as floats.
void settle_bias(SourceLayer& layer, float in_scale, std::vector<std::string>& notes) {
    const bool stored = !layer.bias_codes.empty();
    layer.bias_codes.resize(layer.bias.size());
    for (size_t o = 0; o < layer.bias.size(); o++) {
        const float weight_scale = layer.weight_scale[layer.weight_scale.size() == 1 ? 0 : o];
        const double unit = double{in_scale} * double{weight_scale};
        const double code = std::round(static_cast<double>(layer.bias[o]) / unit);
        if (!(std::abs(code) <= INT_MAX)) refuse(layer, "its bias is too large for 32 bits");
        if (stored && std::abs(code - layer.bias_codes[o]) > 1 + 1e-4 * std::abs(code)) {
            refuse(layer, "its bias is not in units of input scale times weight scale");
        }
        if (!stored) layer.bias_codes[o] = static_cast<int32_t>(code);
    }
    if (!stored && !layer.bias.empty()) {
        notes.push_back(named(layer) + ": the bias, stored as floats, was rounded to 32 bits");
    }
}

/// What is left to say of a layer's codes once those of its input are known.
void settle_codes(SourceLayer& layer, const std::optional<Quantization>& in,
                  std::vector<std::string>& notes) {
    if (in && layer.weight_codes.empty()) {
        refuse(layer, "its weight is not quantized, but its input is; quantize all layers");
    }
    if (in) {
        settle_bias(layer, in->scale, notes);
    } else if (!layer.weight_codes.empty()) {
        notes.push_back(named(layer) + ": int8 weights of a float model are read as floats");
    }
}

/// The identity that our own writer leaves, 0 without it.
uint32_t id_of(const onnx::Model& model, const std::string& key) {
    for (const onnx::Entry& entry : model.metadata_props()) {
        if (entry.key() != key) continue;
        return static_cast<uint32_t>(std::strtoul(entry.value().c_str(), nullptr, 16));
    }
    return 0;
}

}  // namespace

SourceModel onnx_source(ByteView file, const std::string& path) {
    const onnx::Model model = parse(file, path);
    SourceModel source = Reader(model.graph(), path).read();
    source.format = "ONNX";
    source.producer = printable(model.producer_name() + " " + model.producer_version());
    source.model_id = id_of(model, kOnnxModelId);
    source.parent_id = id_of(model, kOnnxParentId);
    std::optional<Quantization> codes = source.codes;
    if (codes) {
        source.notes.emplace_back(
            "the int8 layers round as TensorFlow Lite Micro does; a runtime "
            "of ONNX may differ by one code");
    }
    for (SourceLayer& layer : source.layers) {
        if (!layer.weight.empty()) settle_codes(layer, codes, source.notes);
        if (codes && layer.out_codes) codes = layer.out_codes;
    }
    return source;
}

}  // namespace nutshell::tools

#endif  // NUTSHELL_PROTOBUF
