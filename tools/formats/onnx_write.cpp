// SPDX-License-Identifier: MIT
#ifdef NUTSHELL_PROTOBUF
#include <onnx.pb.h>

#include "nutshell/layers/layers.hpp"
#include "onnx_constant.hpp"
#include "onnx_model.hpp"
#include "tools/error.hpp"

namespace nutshell::tools {
namespace {

/// What readers of the last years understand.
constexpr int64_t kIrVersion = 7, kOperatorSet = 13;
/// ONNX's numbers for the type of an attribute.
enum : int32_t { kAttributeFloat = 1, kAttributeInt = 2 };

class Writer {
  public:
    explicit Writer(onnx::Graph& graph) : graph_(graph) {}

    void write(const Graph& model) {
        graph_.set_name("nutshell");
        set_value(*graph_.add_input(), "input", model.rows().front().in);
        tensor_ = "input";
        for (int i = 0; i < model.layer_count(); i++) {
            const bool encoder = i < model.code_layer();
            scope_ = encoder ? "encoder." + std::to_string(i)
                             : "decoder." + std::to_string(i - model.code_layer());
            add_dense(model.rows()[static_cast<size_t>(i)], model.tensors(i));
        }
        set_value(*graph_.add_output(), "output", model.rows().back().out);
        graph_.mutable_node(graph_.node_size() - 1)->set_output(0, "output");
    }

  private:
    static void set_value(onnx::Value& value, const std::string& name, Shape shape) {
        value.set_name(name);
        onnx::Type::Tensor& type = *value.mutable_type()->mutable_tensor_type();
        type.set_elem_type(kOnnxFloat);
        type.mutable_shape()->add_dim()->set_dim_param("samples");
        type.mutable_shape()->add_dim()->set_dim_value(shape.size());
    }

    std::string add_floats(const std::string& name, const std::vector<int64_t>& sides,
                           const std::vector<float>& values) {
        onnx::Tensor& tensor = *graph_.add_initializer();
        tensor.set_name(scope_ + "." + name);
        tensor.set_data_type(kOnnxFloat);
        for (const int64_t side : sides) tensor.add_dims(side);
        const Bytes bytes = to_bytes(values);
        tensor.set_raw_data(bytes.data(), bytes.size());
        return tensor.name();
    }

    onnx::Node& add_node(const std::string& kind) {
        onnx::Node& node = *graph_.add_node();
        std::string path = "/" + scope_ + "/" + kind;
        path[path.find('.')] = '/';
        node.set_name(path);
        node.set_op_type(kind);
        node.add_input(tensor_);
        tensor_ = path + "_output";
        node.add_output(tensor_);
        return node;
    }

    void add_dense(const Row& row, const Tensors& tensors) {
        const int32_t in = row.in.size(), out = row.out.size();
        std::vector<float> weight;
        weight.reserve(static_cast<size_t>(in) * static_cast<size_t>(out));
        for (int32_t o = 0; o < out; o++) {
            for (int32_t i = 0; i < in; i++) {
                weight.push_back(tensors.weight[DenseLayer::weight_index(row, o, i)]);
            }
        }
        onnx::Node& gemm = add_node("Gemm");
        gemm.add_input(add_floats("weight", {out, in}, weight));
        gemm.add_input(add_floats("bias", {out}, {tensors.bias, tensors.bias + out}));
        onnx::Attribute& turned = *gemm.add_attribute();
        turned.set_name("transB");
        turned.set_i(1);
        turned.set_type(kAttributeInt);
        add_activation(row);
    }

    void add_activation(const Row& row) {
        switch (row.activation) {
            case Activation::linear:
                return;
            case Activation::relu:
                add_node("Relu");
                return;
            case Activation::sigmoid:
                add_node("Sigmoid");
                return;
            case Activation::tanh:
                add_node("Tanh");
                return;
            case Activation::leaky_relu:
                break;
        }
        onnx::Attribute& slope = *add_node("LeakyRelu").add_attribute();
        slope.set_name("alpha");
        slope.set_f(row.slope);
        slope.set_type(kAttributeFloat);
    }

    onnx::Graph& graph_;
    std::string scope_;   ///< "encoder.0"
    std::string tensor_;  ///< the output of the last node
};

}  // namespace

Bytes onnx_bytes(const Export& model) {
    const Graph* graph = std::get_if<Graph>(&model.graph);
    if (graph == nullptr) {
        throw Error(
            "an int8 model is not written as ONNX; write .tflite, or convert the float "
            "model that it was made from");
    }
    require_dense(graph->rows(), "the ONNX file");
    onnx::Model file;
    file.set_ir_version(kIrVersion);
    file.set_producer_name("nutshell");
    onnx::OperatorSet& operators = *file.add_opset_import();
    operators.set_domain("");
    operators.set_version(kOperatorSet);
    Writer(*file.mutable_graph()).write(*graph);
    Bytes bytes(file.ByteSizeLong());
    if (!file.SerializeToArray(bytes.data(), static_cast<int>(bytes.size()))) {
        throw Error("the model is too large for an ONNX file");
    }
    return bytes;
}

}  // namespace nutshell::tools

#endif  // NUTSHELL_PROTOBUF
