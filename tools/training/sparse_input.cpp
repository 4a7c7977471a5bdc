// SPDX-License-Identifier: MIT
#include "sparse_input.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

namespace nutshell::tools {
namespace {

/// body(i) for every byte that is not zero, in order, eight zeros a step.
template <class Body>
void for_each_nonzero(const uint8_t* bytes, size_t size, Body body) {
    for (size_t i = 0; i < size; i += 8) {
        const size_t end = std::min(i + 8, size);
        uint64_t eight = 1;
        if (end == i + 8) std::memcpy(&eight, bytes + i, 8);
        if (eight == 0) continue;
        for (size_t j = i; j < end; j++) {
            if (bytes[j] != 0) body(j);
        }
    }
}

void transpose(int rows, int columns, const float* from, float* to) {
    for (int i = 0; i < rows; i++) {
        for (int j = 0; j < columns; j++) to[j * rows + i] = from[i * columns + j];
    }
}

}  // namespace

bool SparseSamples::pays(const Dataset& data) {
    if (data.bytes.empty() || data.shape.size() > std::numeric_limits<uint16_t>::max())
        return false;
    const auto zeros = std::count(data.bytes.begin(), data.bytes.end(), uint8_t{0});
    return static_cast<size_t>(zeros) * 3 >= data.bytes.size() * 2;
}

SparseSamples::SparseSamples(const Dataset& data) {
    const size_t size = static_cast<size_t>(data.shape.size());
    begin_.push_back(0);
    for (size_t first = 0; first < data.bytes.size(); first += size) {
        const uint8_t* sample = data.bytes.data() + first;
        for_each_nonzero(sample, size, [&](size_t pixel) {
            column_.push_back(static_cast<uint16_t>(pixel));
            byte_.push_back(sample[pixel]);
        });
        begin_.push_back(column_.size());
    }
}

bool SparseInput::fits(const Graph& graph) {
    // A layer that is tied to the first one would read its weights in the wrong order.
    for (int i = 1; i < graph.layer_count(); i++) {
        if (shares_weights(graph.rows()[static_cast<size_t>(i)]) == i) return false;
    }
    return graph.rows()[0].kind == Kind::dense;
}

void SparseInput::forward(const float* parameters, Pass pass, const float*,
                          float* tape) const noexcept {
    const Spot spot = graph_.spots()[0];
    DenseLayer::forward(graph_.rows()[0], graph_.training_activation(0),
                        tensors_at(parameters, spot), pass, samples_, tape);
    graph_.forward_from(1, parameters, pass, tape, tape);
}

void SparseInput::backward(const float* parameters, Pass pass, const float*, const float* tape,
                           float* dy, float* dx, float* spare, float alpha,
                           float* into) const noexcept {
    dy = graph_.backward_to(1, parameters, pass, tape, tape, dy, dx, spare, alpha, into);
    const Spot spot = graph_.spots()[0];
    DenseLayer::backward(graph_.rows()[0], graph_.training_activation(0), pass, samples_, tape, dy,
                         target_at(alpha, into, spot));
}

void SparseInput::from_canonical(const Graph& graph, const float* canonical, float* ours) {
    const Row& row = graph.rows()[0];
    std::copy_n(canonical, graph.parameters().size(), ours);
    if (!DenseLayer::rows_are_outputs(row)) return;
    const int at = graph.spots()[0].weight;
    transpose(row.out.size(), row.in.size(), canonical + at, ours + at);
}

void SparseInput::to_canonical(const Graph& graph, const float* ours, float* canonical) {
    const Row& row = graph.rows()[0];
    std::copy_n(ours, graph.parameters().size(), canonical);
    if (!DenseLayer::rows_are_outputs(row)) return;
    const int at = graph.spots()[0].weight;
    transpose(row.in.size(), row.out.size(), ours + at, canonical + at);
}

}  // namespace nutshell::tools
