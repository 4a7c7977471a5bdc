// SPDX-License-Identifier: MIT
#include "fit_pairs.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "nutshell/trainer.hpp"
#include "tools/error.hpp"

namespace nutshell::tools {
namespace {

constexpr int kBatch = 256, kSlice = 64;

/// Gradients and moments of a training, and what a slice of samples needs.
struct Training {
    AlignedFloats gradients, moments, tape, inner, scratch, x, y;
    Training(const Graph& graph, size_t in, size_t out)
        : gradients(graph.parameters().size()),
          moments(2 * graph.parameters().size()),
          tape(kSlice * static_cast<size_t>(graph.totals().tape)),
          inner(2 * kSlice * static_cast<size_t>(graph.totals().inner)),
          scratch(static_cast<size_t>(graph.totals().training_scratch)),
          x(kSlice * in),
          y(kSlice * out) {}
};

}  // namespace

void fit_pairs(Graph& graph, const Dataset& inputs, const Dataset& targets, int epochs, float rate,
               uint32_t seed, const std::function<void(int, double)>& epoch_done) {
    const Graph::Range whole = graph.range(Part::whole);
    const size_t in = static_cast<size_t>(inputs.shape.size());
    const size_t out = static_cast<size_t>(targets.shape.size());
    if (graph.input_size(whole) != inputs.shape.size() ||
        graph.output_size(whole) != targets.shape.size()) {
        throw Error("--layers must begin with " + std::to_string(in) + " and end with " +
                    std::to_string(out));
    }
    if (!BinaryCrossEntropy::accepts(graph.last().activation)) {
        throw Error("--layers must end in a sigmoid: pixels are between 0 and 1");
    }
    Training memory(graph, in, out);
    Adam adam;
    std::vector<uint32_t> order(static_cast<size_t>(inputs.count));
    std::iota(order.begin(), order.end(), 0u);
    uint32_t update = 0;
    for (int epoch = 1; epoch <= epochs; epoch++) {
        nutshell::shuffle(order.data(), static_cast<uint32_t>(order.size()), seed,
                          static_cast<uint32_t>(epoch));
        double sum = 0;
        for (int at = 0; at < inputs.count; at += kBatch) {
            const int batch = std::min(kBatch, inputs.count - at);
            for (int first = 0; first < batch; first += kSlice) {
                Pass pass{std::min(kSlice, batch - first), Mode::batch};
                pass.scratch = memory.scratch.data();
                pass.seed = seed;
                pass.step = update;
                pass.first = static_cast<uint32_t>(first);
                const uint32_t* chosen = order.data() + at + first;
                inputs.copy_samples(chosen, pass.rows, memory.x.data());
                targets.copy_samples(chosen, pass.rows, memory.y.data());
                const float* wanted = memory.y.data();
                sum += accumulate<BinaryCrossEntropy>(
                    graph, graph.parameters().data(), pass, memory.x.data(), wanted,
                    1.0f / static_cast<float>(batch), 1.0f, memory.tape.data(), memory.inner.data(),
                    memory.gradients.data());
            }
            if (!std::isfinite(sum)) throw Error("training diverged; choose a smaller --lr");
            adam.step(graph.totals().trainable, rate, 1.0f, graph.parameters().data(),
                      memory.gradients.data(), memory.moments.data());
            update++;
        }
        epoch_done(epoch, sum / inputs.count);
    }
}

}  // namespace nutshell::tools
