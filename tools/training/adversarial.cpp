// SPDX-License-Identifier: MIT
#include "adversarial.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

#include "tools/error.hpp"
#include "tools/evaluation/evaluate.hpp"

namespace nutshell::tools {
namespace {

/// Samples computed together.
constexpr int kSlice = 64;

/// A pair for adversarial_batch(): the twin of detail::TypePair.
class GraphPair {
  public:
    explicit GraphPair(const Graph& graph) : graph_(graph), first_(graph.code_layer()) {}

    /// The layers of the discriminator, on samples as they are.
    struct Judge {
        const Graph& graph;
        int first;
        const Row& last() const noexcept { return graph.last(); }
        int last_tape() const noexcept { return graph.last_tape(); }
        int inner() const noexcept { return graph.inner(); }
        void forward(const float* parameters, Pass pass, const float* x,
                     float* tape) const noexcept {
            graph.forward_from(first, parameters, pass, x, tape);
        }
        void backward(const float* parameters, Pass pass, const float* x, const float* tape,
                      float* dy, float* dx, float* spare, float alpha, float* into) const noexcept {
            graph.backward_to(first, parameters, pass, x, tape, dy, dx, spare, alpha, into);
        }
    };

    /// The same on what the generator makes.
    struct JudgeMade : Judge {
        void forward(const float* parameters, Pass pass, const float* x,
                     float* tape) const noexcept {
            graph.forward(parameters, pass, x, tape);
        }
        void backward(const float* parameters, Pass pass, const float*, const float* tape,
                      float* dy, float* dx, float* spare, float alpha, float* into) const noexcept {
            // What a layer wrote lies on the tape behind all that the layers before it wrote.
            const float* made = tape;
            for (int i = 0; i + 1 < first; i++) {
                made += static_cast<ptrdiff_t>(graph.rows()[static_cast<size_t>(i)].out.size()) *
                        pass.rows;
            }
            graph.backward_to(first, parameters, pass, made, tape, dy, dx, spare, alpha, into);
        }
    };

    const Graph& whole() const noexcept { return graph_; }
    Judge judge() const noexcept { return {graph_, first_}; }
    JudgeMade judge_made() const noexcept { return {{graph_, first_}}; }
    int code_size() const noexcept { return graph_.rows().front().in.size(); }
    int generator_floats() const noexcept {
        return graph_.spots()[static_cast<size_t>(first_)].weight;
    }
    int floats() const noexcept { return graph_.totals().floats; }

  private:
    const Graph& graph_;
    int first_;
};

void require_pair(const Graph& pair, const Dataset& data) {
    if (data.count < 1) throw Error(data.name + ": holds no samples to train on");
    const LayerRange generator = pair.range(Part::encoder);
    if (pair.output_size(generator) != data.shape.size()) {
        throw Error(data.name + ": a sample has " + std::to_string(data.shape.size()) +
                    " values, the generator makes " + std::to_string(pair.output_size(generator)));
    }
    if (!within_unit_range(data)) {
        throw Error(data.name +
                    ": holds values outside of 0..1, which the generator cannot make; "
                    "scale them first");
    }
}

/// The memory of training, and one step.
class Steps {
  public:
    Steps(Graph& pair, const Dataset& data, const FitSettings& settings)
        : graph_(pair),
          data_(data),
          settings_(settings),
          gradients_(pair.parameters().size()),
          moments_(2 * pair.parameters().size()),
          codes_(kSlice * static_cast<size_t>(GraphPair(pair).code_size())),
          target_(kSlice),
          tape_(kSlice * static_cast<size_t>(pair.totals().tape)),
          inner_(2 * kSlice * static_cast<size_t>(pair.totals().inner)),
          samples_(kSlice * static_cast<size_t>(data.shape.size())),
          scratch_(static_cast<size_t>(pair.totals().training_scratch)) {}

    /// One update of both from the samples that `indices` name, unless it would leave the finite
    /// numbers.
    AdversarialLosses step(const uint32_t* indices, int count) {
        const GraphPair pair(graph_);
        float* parameters = graph_.parameters().data();
        Pass pass{count, Mode::batch};
        pass.scratch = scratch_.data();
        pass.seed = settings_.seed;
        pass.step = update_++;
        const auto real = [&](int at, int rows) {
            data_.copy_samples(indices + at, rows, samples_.data());
            return static_cast<const float*>(samples_.data());
        };
        AdversarialLosses losses =
            adversarial_batch(pair, parameters, pass, real, kRealTarget,
                              {kSlice, codes_.data(), target_.data(), tape_.data(), inner_.data()},
                              gradients_.data());
        const float squares = kernels::sum_of_squares(pair.floats(), gradients_.data());
        if (!std::isfinite(losses.generator + losses.discriminator + squares)) {
            losses.generator = std::nanf("");
        } else {
            optimizers_.step(pair.generator_floats(), pair.floats(), settings_.rate, parameters,
                             gradients_.data(), moments_.data());
        }
        return losses;
    }

  private:
    Graph& graph_;
    const Dataset& data_;
    const FitSettings& settings_;
    AdversarialOptimizers optimizers_;
    AlignedFloats gradients_, moments_, codes_, target_, tape_, inner_, samples_, scratch_;
    uint32_t update_ = 0;
};

}  // namespace

AdversarialResult fit_adversarial(Graph& pair, const Dataset& data, const FitSettings& settings,
                                  const AdversarialObserver& observer) {
    require_pair(pair, data);
    pair.model_id = 0;
    const auto start = std::chrono::steady_clock::now();
    std::vector<uint32_t> order(static_cast<size_t>(data.count));
    std::iota(order.begin(), order.end(), 0u);
    Steps steps(pair, data, settings);
    AlignedFloats last_whole_epoch = pair.parameters();
    AdversarialResult result;
    for (int epoch = 1; epoch <= settings.epochs && result.end == FitEnd::finished; epoch++) {
        shuffle(order.data(), static_cast<uint32_t>(order.size()), settings.seed,
                static_cast<uint32_t>(epoch));
        AdversarialLosses mean{0, 0};
        for (int at = 0; at < data.count && result.end == FitEnd::finished; at += settings.batch) {
            const int rows = std::min(settings.batch, data.count - at);
            const float part = static_cast<float>(rows) / static_cast<float>(data.count);
            const AdversarialLosses losses = steps.step(order.data() + at, rows);
            mean.generator += part * losses.generator;
            mean.discriminator += part * losses.discriminator;
            if (!std::isfinite(losses.generator)) result.end = FitEnd::diverged;
            if (observer.stop && observer.stop->load()) result.end = FitEnd::interrupted;
            if (observer.progress) observer.progress(epoch, at + rows, losses);
        }
        if (result.end != FitEnd::finished) break;
        result.epochs.push_back({epoch, mean});
        last_whole_epoch = pair.parameters();
    }
    pair.parameters() = last_whole_epoch;
    result.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return result;
}

Graph generator_of(const Graph& pair) {
    const LayerRange layers = pair.range(Part::encoder);
    Graph generator({pair.rows().begin(), pair.rows().begin() + layers.last}, 0);
    for (int i = 0; i < layers.last; i++) generator.set_tensors(i, pair.tensors(i));
    return generator;
}

}  // namespace nutshell::tools
