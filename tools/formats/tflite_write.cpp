// SPDX-License-Identifier: MIT
// From a graph to a .tflite file: an operator for each layer, relu fused into it where the operator
// can, other activations behind it.
#include "tflite_file.hpp"

#ifdef NUTSHELL_FLATBUFFERS
#include <cmath>

#include "export_layer.hpp"
#include "tflite_tables.hpp"
#include "tools/data/bytes.hpp"
#include "tools/model/folding.hpp"

namespace nutshell::tools {
namespace {

constexpr char kTfliteName[] = "TensorFlow Lite";

using Sides = std::vector<int32_t>;

/// The sides of a batch of one: a vector, or an image in NHWC.
Sides vector_sides(Shape shape) { return {1, shape.size()}; }
Sides image_sides(Shape shape) { return {1, shape.height, shape.width, shape.channels}; }
bool is_flat(Shape shape) { return shape == flat(shape.size()); }

/// What the first layer reads.
Sides input_sides(const Row& row) {
    const bool either = row.kind == Kind::reshape || row.kind == Kind::batch_norm;
    const bool vectors = row.kind == Kind::dense || (either && is_flat(row.in));
    return vectors ? vector_sides(row.in) : image_sides(row.in);
}

Shape shape_of(const Sides& sides) {
    return sides.size() == 2 ? flat(sides[1]) : Shape{sides[1], sides[2], sides[3]};
}

/// Two codes of 4 bits in a byte, the first in the lower half.
std::vector<int8_t> halves(const std::vector<int8_t>& codes) {
    std::vector<int8_t> bytes((codes.size() + 1) / 2);
    for (size_t i = 0; i < codes.size(); i++) {
        bytes[i / 2] = static_cast<int8_t>(bytes[i / 2] | (codes[i] & 15) << (i % 2 * 4));
    }
    return bytes;
}

/// [outputs][taps] -> [taps][outputs]
template <class Number>
std::vector<Number> outputs_last(const std::vector<Number>& weight, size_t outputs) {
    std::vector<Number> result(weight.size());
    const size_t taps = weight.size() / outputs;
    for (size_t at = 0; at < weight.size(); at++) {
        result[at % taps * outputs + at / taps] = weight[at];
    }
    return result;
}

/// TensorFlow's border rules for a window along both axes of an image.
bool is_same(const Axis& axis) {
    const int32_t missing = (axis.count - 1) * axis.stride + axis.reach() - axis.size;
    return axis.count == (axis.size + axis.stride - 1) / axis.stride &&
           axis.before == (missing > 0 ? missing / 2 : 0);
}
bool is_valid(const Axis& axis) {
    return axis.before == 0 && axis.count == (axis.size - axis.reach()) / axis.stride + 1 &&
           axis.size >= axis.reach();
}

tflite::Padding padding_of(const ExportLayer& layer, const WindowMap& map) {
    if (is_valid(map.down) && is_valid(map.across)) return tflite::Padding_VALID;
    if (is_same(map.down) && is_same(map.across)) return tflite::Padding_SAME;
    refuse(layer,
           "its border is neither TensorFlow Lite's SAME nor VALID, as that of PyTorch's padding "
           "with a stride often is; write .onnx, .nut or .hpp");
}

/// The operators of one file, a layer after the other.
class Writer {
  public:
    Writer(const Row& first, bool int8, const TfliteMeaning& meaning)
        : type_(int8 ? tflite::TensorType_INT8 : tflite::TensorType_FLOAT32),
          meaning_(meaning),
          sides_(input_sides(first)),
          input_(tables_.add_tensor("input", sides_, type_, meaning_)),
          tensor_(input_) {}

    void add(const ExportLayer& layer) {
        name_ = "layer_" + std::to_string(layer.index + 1);
        switch (layer.row.kind) {
            case Kind::dense:
                return add_dense(layer);
            case Kind::reshape:
                return;  // the next layer asks for the shape that it reads
            case Kind::conv2d:
                return add_convolution(layer);
            case Kind::depthwise_conv2d:
                return add_depthwise(layer);
            case Kind::transposed_conv2d:
                return add_transposed(layer);
            case Kind::max_pool2d:
            case Kind::average_pool2d:
                return add_pool(layer);
            case Kind::upsample2d:
                return add_resize(layer);
            case Kind::batch_norm:
                return add_batch_norm(layer);
            default:
                refuse(layer, "TensorFlow Lite has no such operator at inference");
        }
    }

    std::vector<uint8_t> finish(Shape out, const std::vector<uint8_t>& metadata) {
        name_ = "output";
        if (shape_of(sides_) != out) reach(is_flat(out) ? vector_sides(out) : image_sides(out));
        return tables_.finish(input_, tensor_, kTfliteMetadata, metadata);
    }

  private:
    bool int8() const { return type_ == tflite::TensorType_INT8; }

    int constant(const std::string& name, const Sides& values) {
        return tables_.add_constant(name_ + "/" + name, {static_cast<int32_t>(values.size())},
                                    tflite::TensorType_INT32, {}, values);
    }

    /// An operator of one sample; `inputs` may have constants around it.
    void apply(tflite::BuiltinOperator code, int version, const std::vector<int>& inputs,
               const Sides& sides, const std::string& suffix, tflite::BuiltinOptions kind,
               flatbuffers::Offset<void> options) {
        sides_ = sides;
        const int output = tables_.add_tensor(name_ + suffix, sides_, type_, meaning_);
        tables_.add_operator(code, version, inputs, output, kind, options);
        tensor_ = output;
    }
    void apply(tflite::BuiltinOperator code, int version, const std::string& suffix) {
        const int output = tables_.add_tensor(name_ + suffix, sides_, type_, meaning_);
        tables_.add_operator(code, version, {tensor_}, output);
        tensor_ = output;
    }

    /// Makes the sample one of these sides.
    void reach(const Sides& sides) {
        if (sides == sides_) return;
        const int shape = constant("shape", sides);
        apply(tflite::BuiltinOperator_RESHAPE, 1, {tensor_, shape}, sides, "/reshape",
              tflite::BuiltinOptions_ReshapeOptions,
              tflite::CreateReshapeOptionsDirect(tables_.builder(), &sides).Union());
    }

    int add_weight(const ExportLayer& layer, const Sides& sides, int dimension) {
        const std::string name = name_ + "/weight";
        const auto outputs = static_cast<size_t>(layer.row.out.channels);
        const bool last = layer.row.kind == Kind::depthwise_conv2d;
        if (!int8()) {
            return tables_.add_constant(name, sides, type_, {},
                                        last ? outputs_last(layer.weight, outputs) : layer.weight);
        }
        const TfliteMeaning meaning{layer.weight_scale, 0, dimension};
        const std::vector<int8_t> codes =
            last ? outputs_last(layer.weight_codes, outputs) : layer.weight_codes;
        if (layer.weight_bits == 8) {
            return tables_.add_constant(name, sides, type_, meaning, codes);
        }
        return tables_.add_constant(name, sides, tflite::TensorType_INT4, meaning, halves(codes));
    }

    int add_bias(const ExportLayer& layer) {
        const std::string name = name_ + "/bias";
        const Sides sides{layer.row.out.channels};
        if (!int8()) return tables_.add_constant(name, sides, type_, {}, layer.bias);
        return tables_.add_constant(name, sides, tflite::TensorType_INT32, {layer.bias_scale, 0, 0},
                                    layer.bias_codes);
    }

    /// From here on the codes are those of the layer's sums.
    void begin_sums(const ExportLayer& layer) {
        if (int8()) meaning_ = TfliteMeaning::of(layer.codes->sum);
    }

    static tflite::ActivationFunctionType fused(const Row& row) {
        return row.activation == Activation::relu ? tflite::ActivationFunctionType_RELU
                                                  : tflite::ActivationFunctionType_NONE;
    }

    /// The activation as an operator, for what none has fused.
    void add_activation(const ExportLayer& layer, bool fuses_relu) {
        if (int8()) meaning_ = TfliteMeaning::of(layer.codes->out);
        const int version = int8() ? 2 : 1;
        switch (layer.row.activation) {
            case Activation::linear:
                return;
            case Activation::relu:
                if (fuses_relu) return;
                return apply(tflite::BuiltinOperator_RELU, version, "/activation");
            case Activation::sigmoid:
                return apply(tflite::BuiltinOperator_LOGISTIC, version, "/activation");
            case Activation::tanh:
                return apply(tflite::BuiltinOperator_TANH, version, "/activation");
            case Activation::leaky_relu:
                return apply(
                    tflite::BuiltinOperator_LEAKY_RELU, version, {tensor_}, sides_, "/activation",
                    tflite::BuiltinOptions_LeakyReluOptions,
                    tflite::CreateLeakyReluOptions(tables_.builder(), layer.row.slope).Union());
        }
    }

    void add_dense(const ExportLayer& layer) {
        const Row& row = layer.row;
        reach(vector_sides(row.in));
        const int weight = add_weight(layer, {row.out.size(), row.in.size()}, 0);
        const int bias = add_bias(layer);
        begin_sums(layer);
        apply(tflite::BuiltinOperator_FULLY_CONNECTED, int8() ? 4 : 1, {tensor_, weight, bias},
              vector_sides(row.out), "", tflite::BuiltinOptions_FullyConnectedOptions,
              tflite::CreateFullyConnectedOptions(tables_.builder(), fused(row)).Union());
        add_activation(layer, true);
    }

    void add_convolution(const ExportLayer& layer) {
        const Row& row = layer.row;
        const Window& w = row.window;
        reach(image_sides(row.in));
        const auto padding = padding_of(layer, Conv2DLayer::map(row));
        const int weight =
            add_weight(layer, {row.out.channels, w.height, w.width, row.in.channels}, 0);
        const int bias = add_bias(layer);
        begin_sums(layer);
        apply(
            tflite::BuiltinOperator_CONV_2D, int8() ? 3 : 1, {tensor_, weight, bias},
            image_sides(row.out), "", tflite::BuiltinOptions_Conv2DOptions,
            tflite::CreateConv2DOptions(tables_.builder(), padding, w.stride_width, w.stride_height,
                                        fused(row), w.dilation_width, w.dilation_height)
                .Union());
        add_activation(layer, true);
    }

    void add_depthwise(const ExportLayer& layer) {
        const Row& row = layer.row;
        const Window& w = row.window;
        reach(image_sides(row.in));
        const auto padding = padding_of(layer, DepthwiseConv2DLayer::map(row));
        const int weight = add_weight(layer, {1, w.height, w.width, row.in.channels}, 3);
        const int bias = add_bias(layer);
        begin_sums(layer);
        apply(tflite::BuiltinOperator_DEPTHWISE_CONV_2D, int8() ? 3 : 2, {tensor_, weight, bias},
              image_sides(row.out), "", tflite::BuiltinOptions_DepthwiseConv2DOptions,
              tflite::CreateDepthwiseConv2DOptions(tables_.builder(), padding, w.stride_width,
                                                   w.stride_height, 1, fused(row), w.dilation_width,
                                                   w.dilation_height)
                  .Union());
        add_activation(layer, true);
    }

    /// Its relu stands behind it: kernels have fused one of late only.
    void add_transposed(const ExportLayer& layer) {
        const Row& row = layer.row;
        const Window& w = row.window;
        if (w.dilation_height != 1 || w.dilation_width != 1) {
            refuse(layer, "TRANSPOSE_CONV has no dilation; write .onnx, .nut or .hpp");
        }
        if (layer.weight_bits != 8) {
            refuse(layer, "TRANSPOSE_CONV has no weights of 4 bits; quantize it in 8");
        }
        reach(image_sides(row.in));
        const auto padding = padding_of(layer, TransposedConv2DLayer::map(row));
        const int shape = constant("shape", image_sides(row.out));
        const int weight =
            add_weight(layer, {row.out.channels, w.height, w.width, row.in.channels}, 0);
        const int bias = add_bias(layer);
        begin_sums(layer);
        apply(tflite::BuiltinOperator_TRANSPOSE_CONV, 3, {shape, weight, tensor_, bias},
              image_sides(row.out), "", tflite::BuiltinOptions_TransposeConvOptions,
              tflite::CreateTransposeConvOptions(tables_.builder(), padding, w.stride_width,
                                                 w.stride_height)
                  .Union());
        add_activation(layer, false);
    }

    void add_pool(const ExportLayer& layer) {
        const Row& row = layer.row;
        const Window& w = row.window;
        reach(image_sides(row.in));
        const auto padding = padding_of(layer, WindowMap::of(row.in, row.out, w));
        const auto code = row.kind == Kind::max_pool2d ? tflite::BuiltinOperator_MAX_POOL_2D
                                                       : tflite::BuiltinOperator_AVERAGE_POOL_2D;
        apply(code, int8() ? 2 : 1, {tensor_}, image_sides(row.out), "",
              tflite::BuiltinOptions_Pool2DOptions,
              tflite::CreatePool2DOptions(tables_.builder(), padding, w.stride_width,
                                          w.stride_height, w.width, w.height)
                  .Union());
    }

    /// Pixels' centers are aligned, which versions before 3 of the operators could not say.
    void add_resize(const ExportLayer& layer) {
        const Row& row = layer.row;
        reach(image_sides(row.in));
        const int size = constant("size", {row.out.height, row.out.width});
        const Sides sides = image_sides(row.out);
        if (row.window.parameter == static_cast<uint32_t>(Interpolation::nearest)) {
            return apply(
                tflite::BuiltinOperator_RESIZE_NEAREST_NEIGHBOR, 3, {tensor_, size}, sides, "",
                tflite::BuiltinOptions_ResizeNearestNeighborOptions,
                tflite::CreateResizeNearestNeighborOptions(tables_.builder(), false, true).Union());
        }
        apply(tflite::BuiltinOperator_RESIZE_BILINEAR, 3, {tensor_, size}, sides, "",
              tflite::BuiltinOptions_ResizeBilinearOptions,
              tflite::CreateResizeBilinearOptions(tables_.builder(), false, true).Union());
    }

    /// A factor and a term for each channel, where no layer in front could take them.
    void add_batch_norm(const ExportLayer& layer) {
        const Row& row = layer.row;
        const auto channels = static_cast<size_t>(row.in.channels);
        if (sides_.back() != row.in.channels || shape_of(sides_) != row.in) {
            reach(image_sides(row.in));
        }
        const auto epsilon = static_cast<double>(float_from_bits(row.window.parameter));
        std::vector<float> factors, terms;
        for (size_t c = 0; c < channels; c++) {
            const double factor =
                static_cast<double>(layer.weight[c]) /
                std::sqrt(static_cast<double>(layer.state[channels + c]) + epsilon);
            factors.push_back(static_cast<float>(factor));
            terms.push_back(static_cast<float>(static_cast<double>(layer.bias[c]) -
                                               static_cast<double>(layer.state[c]) * factor));
        }
        const Sides each{row.in.channels};
        const int factor = tables_.add_constant(name_ + "/factor", each, type_, {}, factors);
        const int term = tables_.add_constant(name_ + "/term", each, type_, {}, terms);
        apply(tflite::BuiltinOperator_MUL, 1, {tensor_, factor}, Sides(sides_), "/scaled",
              tflite::BuiltinOptions_MulOptions,
              tflite::CreateArithmeticOptions(tables_.builder()).Union());
        apply(tflite::BuiltinOperator_ADD, 1, {tensor_, term}, Sides(sides_), "",
              tflite::BuiltinOptions_AddOptions,
              tflite::CreateArithmeticOptions(tables_.builder(), fused(row)).Union());
        add_activation(layer, true);
    }

    TfliteTables tables_;
    tflite::TensorType type_;
    TfliteMeaning meaning_;  // of the sample's codes
    Sides sides_;            // of the sample
    std::string name_;
    int input_;
    int tensor_;  // the sample
};

/// The number of layers in front of the code that a reader counts, then the model's ids.
template <class AnyKind>
std::vector<uint8_t> metadata_of(const AnyKind& graph) {
    uint32_t layers = 0;
    for (int i = 0; i < graph.code_layer(); i++) {
        const Kind kind = graph.rows()[static_cast<size_t>(i)].kind;
        layers += kind == Kind::reshape || kind == Kind::batch_norm ? 0 : 1;
    }
    std::vector<uint8_t> bytes;
    for (const uint32_t word : {layers, graph.model_id, graph.parent_id}) {
        for (int shift = 0; shift < 32; shift += 8) {
            bytes.push_back(static_cast<uint8_t>(word >> shift));
        }
    }
    return bytes;
}

std::vector<uint8_t> file_of(const Graph& whole) {
    const Graph graph = fold_batch_norms(whole);
    const std::vector<Row>& rows = graph.rows();
    require_size(rows, sizeof(float), "a .tflite file");
    Writer writer(rows.front(), false, {});
    for (size_t i = 0; i < rows.size(); i++) writer.add(export_layer(graph, i));
    return writer.finish(rows.back().out, metadata_of(graph));
}

std::vector<uint8_t> file_of(const Int8Graph& graph) {
    const std::vector<Row>& rows = graph.rows();
    require_size(rows, 1, "a .tflite file");
    Writer writer(rows.front(), true, TfliteMeaning::of(graph.layers()[0].quantization.in));
    for (size_t i = 0; i < rows.size(); i++) writer.add(export_layer(graph, i, kTfliteName));
    return writer.finish(rows.back().out, metadata_of(graph));
}

}  // namespace

std::vector<uint8_t> tflite_bytes(const AnyGraph& graph) {
    return std::visit([](const auto& model) { return file_of(model); }, graph);
}

}  // namespace nutshell::tools
#endif
