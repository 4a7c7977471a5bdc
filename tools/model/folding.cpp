// SPDX-License-Identifier: MIT
#include "folding.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace nutshell::tools {
namespace {

bool folds(const Row& row, const Row& next) {
    return next.kind == Kind::batch_norm && row.activation == Activation::linear &&
           weight_matrix(row).outputs == next.in.channels && row.out.channels == next.in.channels;
}

/// Multiplies a layer's outputs by what a normalization does to them, and adds its terms.
void fold_into(const Row& row, float* weight, float* bias, const Row& norm, Tensors tensors) {
    const auto [inputs, outputs] = weight_matrix(row);
    float epsilon = 0;
    std::memcpy(&epsilon, &norm.window.parameter, sizeof epsilon);
    for (int32_t o = 0; o < outputs; o++) {
        const double variance = static_cast<double>(tensors.state[outputs + o]);
        const double factor = static_cast<double>(tensors.weight[o]) /
                              std::sqrt(std::max(variance, 0.0) + static_cast<double>(epsilon));
        for (int32_t i = 0; i < inputs; i++) {
            float& number = weight[weight_index(row, o, i)];
            number = static_cast<float>(static_cast<double>(number) * factor);
        }
        const double centered =
            static_cast<double>(bias[o]) - static_cast<double>(tensors.state[o]);
        bias[o] = static_cast<float>(centered * factor + static_cast<double>(tensors.bias[o]));
    }
}

}  // namespace

Graph fold_batch_norms(const Graph& graph) {
    std::vector<Row> rows;
    std::vector<int> from;  // the layer of the graph that each row is, or begins with
    int code_layer = graph.code_layer();
    for (int i = 0; i < graph.layer_count(); i++) {
        const Row& row = graph.rows()[static_cast<size_t>(i)];
        if (!rows.empty() && folds(rows.back(), row)) {
            rows.back().activation = row.activation;
            rows.back().slope = row.slope;
            if (i < graph.code_layer()) code_layer--;
            continue;
        }
        rows.push_back(row);
        from.push_back(i);
    }
    if (rows.size() == graph.rows().size()) return graph;
    Graph result(rows, code_layer);
    result.model_id = graph.model_id;
    result.parent_id = graph.parent_id;
    from.push_back(graph.layer_count());
    for (size_t i = 0; i < rows.size(); i++) {
        const int layer = static_cast<int>(i), first = from[i];
        result.set_tensors(layer, graph.tensors(first));
        if (from[i + 1] == first + 1) continue;
        const Spot spot = result.spots()[i];
        float* parameters = result.parameters().data();
        fold_into(rows[i], parameters + spot.weight, parameters + spot.bias,
                  graph.rows()[static_cast<size_t>(first) + 1], graph.tensors(first + 1));
    }
    return result;
}

}  // namespace nutshell::tools
