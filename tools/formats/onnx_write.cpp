// SPDX-License-Identifier: MIT
// From a graph to ONNX: Gemm, Conv, ConvTranspose, pools and Resize, in floats or, with
// QuantizeLinear and DequantizeLinear around each, in int8. Samples are NHWC outside; between image
// operations they are NCHW, as ONNX has them, with a Transpose at each end.
#ifdef NUTSHELL_PROTOBUF
#include <onnx.pb.h>

#include "export_layer.hpp"
#include "onnx_chain.hpp"
#include "onnx_model.hpp"
#include "tools/data/bytes.hpp"
#include "tools/error.hpp"
#include "tools/text.hpp"

namespace nutshell::tools {
namespace {

/// What readers of the last years understand.
constexpr int64_t kIrVersion = 7, kOperatorSet = 13;
constexpr char kOnnx[] = "ONNX";

bool is_flat(Shape shape) { return shape == flat(shape.size()); }

/// How samples lie between two nodes.
enum class Layout { vectors, channels_last, channels_first };

Layout layout_of_input(const Row& row) {
    const bool vectors =
        row.kind == Kind::dense || row.kind == Kind::reshape || row.kind == Kind::batch_norm;
    return vectors && is_flat(row.in) ? Layout::vectors : Layout::channels_last;
}

class Writer {
  public:
    Writer(onnx::Graph& graph, const Row& first)
        : graph_(graph), chain_(graph, "input"), shape_(first.in), layout_(layout_of_input(first)) {
        graph_.set_name("nutshell");
        set_value(*graph_.add_input(), "input");
    }

    void add(const ExportLayer& layer, const std::string& scope) {
        chain_.set_scope(scope);
        if (layer.is_int8() && layer.index == 0) begin_codes(layer.codes->in);
        add_sums(layer);
        const bool table = needs_table(layer.row.activation);
        // The codes of a layer's sums are those behind a relu, which needs none of its own.
        if (table && layer.is_int8()) chain_.quantize(layer.codes->sum);
        add_activation(layer.row);
        if (layer.is_int8() && layer.row.kind != Kind::reshape) chain_.quantize(layer.codes->out);
    }

    void end(Shape shape) {
        if (layout_ == Layout::channels_first || shape != shape_) to_last(shape);
        chain_.end("output");
        set_value(*graph_.add_output(), "output");
    }

  private:
    void set_value(onnx::Value& value, const std::string& name) const {
        value.set_name(name);
        onnx::Type::Tensor& type = *value.mutable_type()->mutable_tensor_type();
        type.set_elem_type(kOnnxFloat);
        type.mutable_shape()->add_dim()->set_dim_param("samples");
        for (const int64_t side : sides()) type.mutable_shape()->add_dim()->set_dim_value(side);
    }

    std::vector<int64_t> sides() const {
        if (layout_ == Layout::vectors) return {shape_.size()};
        if (layout_ == Layout::channels_last) return {shape_.height, shape_.width, shape_.channels};
        return {shape_.channels, shape_.height, shape_.width};
    }

    void begin_codes(Quantization codes) {
        coded_ = true;
        chain_.quantize(codes);
    }

    /// Values were moved, codes mean the same.
    void moved(Layout layout) {
        layout_ = layout;
        if (coded_) chain_.quantize_again();
    }

    void transpose(Layout layout) {
        const std::vector<int64_t> order = layout == Layout::channels_first
                                               ? std::vector<int64_t>{0, 3, 1, 2}
                                               : std::vector<int64_t>{0, 2, 3, 1};
        set(chain_.add("Transpose"), "perm", order);
        moved(layout);
    }

    /// Samples of this shape in NHWC, flat ones as vectors.
    void to_last(Shape shape) {
        if (layout_ == Layout::channels_first) transpose(Layout::channels_last);
        const Layout layout = is_flat(shape) ? Layout::vectors : Layout::channels_last;
        if (shape == shape_ && layout == layout_) return;
        reshape(shape, layout);
    }

    void reshape(Shape shape, Layout layout) {
        shape_ = shape;
        layout_ = layout;
        std::vector<int64_t> target = sides();
        target.insert(target.begin(), 0);  // as many samples as there are
        const std::string name = "shape_" + std::to_string(reshapes_++);
        onnx::Node& node = chain_.add("Reshape");
        node.add_input(
            chain_.integers(name, kOnnxInt64, {static_cast<int64_t>(target.size())}, target));
        moved(layout);
    }

    void to_first(Shape shape) {
        if (layout_ == Layout::channels_first && shape == shape_) return;
        if (layout_ == Layout::channels_first) transpose(Layout::channels_last);
        if (layout_ == Layout::vectors || shape != shape_) reshape(shape, Layout::channels_last);
        transpose(Layout::channels_first);
    }

    /// The layer up to its activation.
    void add_sums(const ExportLayer& layer) {
        switch (layer.row.kind) {
            case Kind::dense:
                return add_dense(layer);
            case Kind::reshape:
                return;  // the next layer asks for the shape that it reads
            case Kind::conv2d:
            case Kind::depthwise_conv2d:
            case Kind::transposed_conv2d:
                return add_convolution(layer);
            case Kind::max_pool2d:
            case Kind::average_pool2d:
                return add_pool(layer);
            case Kind::upsample2d:
                return add_resize(layer);
            case Kind::batch_norm:
                return add_batch_norm(layer);
            default:
                refuse(layer, "ONNX has no such operation at inference");
        }
    }

    /// A node that reads the samples, the layer's weight and its bias.
    onnx::Node& add_weighted(const ExportLayer& layer, const char* kind) {
        const Row& row = layer.row;
        const std::vector<int64_t> sides = channels_first_sides(row);
        const int64_t outputs = row.out.channels;
        std::string weight, bias;
        if (layer.is_int8()) {
            const int64_t axis = row.kind == Kind::transposed_conv2d ? 1 : 0;  // of the outputs
            weight = chain_.dequantized("weight", kOnnxInt8, sides,
                                        channels_first(row, layer.weight_codes), layer.weight_scale,
                                        axis);
            bias = chain_.dequantized("bias", kOnnxInt32, {outputs}, layer.bias_codes,
                                      layer.bias_scale, 0);
        } else {
            weight = chain_.floats("weight", sides, channels_first(row, layer.weight));
            bias = chain_.floats("bias", {outputs}, layer.bias);
        }
        onnx::Node& node = chain_.add(kind);
        node.add_input(weight);
        node.add_input(bias);
        return node;
    }

    void add_dense(const ExportLayer& layer) {
        to_last(layer.row.in);
        set(add_weighted(layer, "Gemm"), "transB", int64_t{1});
        shape_ = layer.row.out;
    }

    void set_window(const Window& window, onnx::Node& node) {
        set(node, "kernel_shape", std::vector<int64_t>{window.height, window.width});
        set(node, "strides", std::vector<int64_t>{window.stride_height, window.stride_width});
        set(node, "pads",
            std::vector<int64_t>{window.top, window.left, window.bottom, window.right});
    }

    void add_convolution(const ExportLayer& layer) {
        const Row& row = layer.row;
        const bool transposed = row.kind == Kind::transposed_conv2d;
        to_first(row.in);
        onnx::Node& node = add_weighted(layer, transposed ? "ConvTranspose" : "Conv");
        set_window(row.window, node);
        set(node, "dilations",
            std::vector<int64_t>{row.window.dilation_height, row.window.dilation_width});
        if (row.kind == Kind::depthwise_conv2d) set(node, "group", int64_t{row.in.channels});
        if (transposed) {
            const WindowMap map = TransposedConv2DLayer::map(row);
            set(node, "output_padding",
                std::vector<int64_t>{rest_of(map.down), rest_of(map.across)});
        }
        shape_ = row.out;
    }

    /// How much longer a side is than what the windows on it reach.
    static int64_t rest_of(const Axis& axis) {
        return axis.size + axis.before + axis.after - (axis.count - 1) * axis.stride - axis.reach();
    }

    void add_pool(const ExportLayer& layer) {
        const Row& row = layer.row;
        to_first(row.in);
        set_window(row.window,
                   chain_.add(row.kind == Kind::max_pool2d ? "MaxPool" : "AveragePool"));
        shape_ = row.out;
    }

    void add_resize(const ExportLayer& layer) {
        const Row& row = layer.row;
        to_first(row.in);
        onnx::Node& node = chain_.add("Resize");
        node.add_input("");  // no region of interest
        node.add_input(chain_.floats("scales", {4},
                                     {1.0f, 1.0f, static_cast<float>(row.window.height),
                                      static_cast<float>(row.window.width)}));
        const bool nearest = row.window.parameter == static_cast<uint32_t>(Interpolation::nearest);
        set(node, "mode", nearest ? "nearest" : "linear");
        set(node, "coordinate_transformation_mode", nearest ? "asymmetric" : "half_pixel");
        if (nearest) set(node, "nearest_mode", "floor");
        shape_ = row.out;
    }

    void add_batch_norm(const ExportLayer& layer) {
        const Row& row = layer.row;
        if (layout_ != Layout::vectors || row.in != shape_) to_first(row.in);
        const std::vector<int64_t> sides = channels_first_sides(row);
        const auto middle = layer.state.begin() + row.in.channels;
        onnx::Node& node = chain_.add("BatchNormalization");
        node.add_input(chain_.floats("weight", sides, layer.weight));
        node.add_input(chain_.floats("bias", sides, layer.bias));
        node.add_input(chain_.floats("running_mean", sides, {layer.state.begin(), middle}));
        node.add_input(chain_.floats("running_var", sides, {middle, layer.state.end()}));
        set(node, "epsilon", float_from_bits(row.window.parameter));
    }

    void add_activation(const Row& row) {
        switch (row.activation) {
            case Activation::linear:
                return;
            case Activation::relu:
                chain_.add("Relu");
                return;
            case Activation::sigmoid:
                chain_.add("Sigmoid");
                return;
            case Activation::tanh:
                chain_.add("Tanh");
                return;
            case Activation::leaky_relu:
                set(chain_.add("LeakyRelu"), "alpha", row.slope);
        }
    }

    onnx::Graph& graph_;
    OnnxChain chain_;
    Shape shape_;  // of a sample, in NHWC
    Layout layout_;
    bool coded_ = false;
    int reshapes_ = 0;
};

ExportLayer layer_of(const Graph& graph, size_t index) { return export_layer(graph, index); }
ExportLayer layer_of(const Int8Graph& graph, size_t index) {
    return export_layer(graph, index, kOnnx);
}

template <class AnyKind>
void write(const AnyKind& model, onnx::Model& file) {
    const std::vector<Row>& rows = model.rows();
    require_size(rows, std::is_same_v<AnyKind, Graph> ? 4 : 1, "an ONNX file");
    Writer writer(*file.mutable_graph(), rows.front());
    for (int i = 0; i < model.layer_count(); i++) {
        const bool encoder = i < model.code_layer();
        writer.add(layer_of(model, static_cast<size_t>(i)),
                   encoder ? "encoder." + std::to_string(i)
                           : "decoder." + std::to_string(i - model.code_layer()));
    }
    writer.end(rows.back().out);
    for (const auto& [key, id] :
         {std::pair(kOnnxModelId, model.model_id), std::pair(kOnnxParentId, model.parent_id)}) {
        onnx::Entry& entry = *file.add_metadata_props();
        entry.set_key(key);
        entry.set_value(hexadecimal(id));
    }
}

}  // namespace

Bytes onnx_bytes(const Export& model) {
    onnx::Model file;
    file.set_ir_version(kIrVersion);
    file.set_producer_name("nutshell");
    onnx::OperatorSet& operators = *file.add_opset_import();
    operators.set_domain("");
    operators.set_version(kOperatorSet);
    std::visit([&](const auto& graph) { write(graph, file); }, model.graph);
    Bytes bytes(file.ByteSizeLong());
    if (!file.SerializeToArray(bytes.data(), static_cast<int>(bytes.size()))) {
        throw Error("the model is too large for an ONNX file");
    }
    return bytes;
}

}  // namespace nutshell::tools

#endif  // NUTSHELL_PROTOBUF
