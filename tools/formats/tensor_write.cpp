// SPDX-License-Identifier: MIT
// From a graph to named arrays and their layer list.
#include <algorithm>

#include "export_layer.hpp"
#include "tensor_model.hpp"
#include "tools/error.hpp"
#include "tools/model/layer_list.hpp"

namespace nutshell::tools {
namespace {

const Graph& float_graph(const Export& model) {
    const Graph* graph = std::get_if<Graph>(&model.graph);
    if (graph != nullptr) return *graph;
    throw Error(
        "an int8 model is not written as named arrays; write .nut, .tflite or .onnx, or convert "
        "the float model that it was made from");
}

/// Our order of an image's values becomes PyTorch's on both sides of a dense layer.
void reorder(const std::vector<Row>& rows, ExportLayer& layer) {
    const std::vector<size_t> in = channels_first_places(image_in_front(rows, layer.index));
    const std::vector<size_t> out = channels_first_places(image_behind(rows, layer.index));
    const std::vector<float> weight = layer.weight, bias = layer.bias;
    const auto n = static_cast<size_t>(layer.row.in.size());
    for (size_t at = 0; at < weight.size(); at++) {
        const size_t o = at / n, i = at % n;
        layer.weight[(out.empty() ? o : out[o]) * n + (in.empty() ? i : in[i])] = weight[at];
    }
    for (size_t o = 0; o < bias.size() && !out.empty(); o++) layer.bias[out[o]] = bias[o];
}

void add_arrays(const std::string& name, const ExportLayer& layer, std::vector<Tensor>& list) {
    const std::vector<int64_t> sides = channels_first_sides(layer.row);
    const auto outputs = static_cast<uint64_t>(layer.row.out.channels);
    list.push_back(
        {name + ".weight", {sides.begin(), sides.end()}, channels_first(layer.row, layer.weight)});
    list.push_back({name + ".bias", {outputs}, layer.bias});
    if (layer.state.empty()) return;
    const auto middle = layer.state.begin() + layer.row.out.channels;
    list.push_back({name + ".running_mean", {outputs}, {layer.state.begin(), middle}});
    list.push_back({name + ".running_var", {outputs}, {middle, layer.state.end()}});
}

}  // namespace

std::vector<Tensor> tensors_of(const Export& model) {
    const Graph& graph = float_graph(model);
    const std::vector<Row>& rows = graph.rows();
    std::vector<Tensor> list;
    for (int i = 0; i < graph.layer_count(); i++) {
        ExportLayer layer = export_layer(graph, static_cast<size_t>(i));
        if (layer.weight.empty()) continue;
        if (layer.row.kind == Kind::dense) reorder(rows, layer);
        const int code = graph.code_layer();
        add_arrays(
            i < code ? "encoder." + std::to_string(i) : "decoder." + std::to_string(i - code),
            layer, list);
    }
    return list;
}

std::string layers_of(const Export& model) { return layer_text(float_graph(model).rows()); }

}  // namespace nutshell::tools
