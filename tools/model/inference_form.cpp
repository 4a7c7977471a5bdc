// SPDX-License-Identifier: MIT
#include "inference_form.hpp"

#include <algorithm>

#include "tools/error.hpp"

namespace nutshell::tools {
namespace {

/// The first outputs of a dense layer of more of them.
void copy_first_outputs(const Row& from, const Tensors& tensors, Graph& graph, int layer) {
    const Row& row = graph.rows()[static_cast<size_t>(layer)];
    const Spot spot = graph.spots()[static_cast<size_t>(layer)];
    float* weight = graph.parameters().data() + spot.weight;
    for (int output = 0; output < row.out.size(); output++) {
        for (int input = 0; input < row.in.size(); input++) {
            weight[DenseLayer::weight_index(row, output, input)] =
                tensors.weight[DenseLayer::weight_index(from, output, input)];
        }
    }
    std::copy_n(tensors.bias, row.out.size(), graph.parameters().data() + spot.bias);
}

}  // namespace

bool passes_on(Kind kind) {
    return kind == Kind::dropout || kind == Kind::gaussian_noise || kind == Kind::l1_penalty;
}

Graph inference_form(const Graph& graph) {
    std::vector<Row> rows;
    std::vector<int> sources;  // layers of the graph
    int code_layer = graph.code_layer();
    for (int i = 0; i < graph.layer_count(); i++) {
        const Row& row = graph.rows()[static_cast<size_t>(i)];
        const bool sampler = row.kind == Kind::gaussian_sampler;
        if (sampler && (rows.empty() || rows.back().kind != Kind::dense)) {
            throw Error("the sampler, layer " + std::to_string(i + 1) +
                        ", has no dense layer in front of it");
        }
        if (sampler) rows.back().out = row.out;
        if (sampler || passes_on(row.kind)) {
            if (i < graph.code_layer()) code_layer--;
            continue;
        }
        rows.push_back(row.kind == Kind::tied_dense ? untied(row) : row);
        sources.push_back(i);
    }
    Graph result(std::move(rows), code_layer);
    result.model_id = graph.model_id;
    result.parent_id = graph.parent_id;
    for (int i = 0; i < result.layer_count(); i++) {
        const int source = sources[static_cast<size_t>(i)];
        const Row& from = graph.rows()[static_cast<size_t>(source)];
        if (from.out == result.rows()[static_cast<size_t>(i)].out) {
            result.set_tensors(i, graph.tensors(source));
        } else {
            copy_first_outputs(from, graph.tensors(source), result, i);
        }
    }
    return result;
}

}  // namespace nutshell::tools
