// SPDX-License-Identifier: MIT
#include "rounded_weights.hpp"

#include <utility>

namespace nutshell::tools {
namespace {

/// Scales learn as logarithms, with Adam: at the usual rate of a thousandth for weights this is one
/// part in a hundred an update.
constexpr float kScaleRate = 10.0f;

}  // namespace

RoundedWeights::RoundedWeights(const Graph& graph, std::vector<int> largest_codes)
    : graph_(graph), largest_codes_(std::move(largest_codes)), rounded_(graph.parameters()) {
    scales_.resize(static_cast<size_t>(scale_count(training())));
    gradients_.resize(scales_.size());
    steps_.resize(scales_.size());
    moments_.resize(scales_.size() * static_cast<size_t>(Adam::moment_count));
    initial_scales(training(), graph.parameters().data(), scales_.data());
}

QuantizedTraining RoundedWeights::training() const {
    return {graph_.rows().data(), graph_.spots().data(), graph_.layer_count(),
            largest_codes_.data()};
}

void RoundedWeights::round(const AlignedFloats& parameters) {
    round_parameters(training(), scales_.data(), parameters.data(), rounded_.data());
}

void RoundedWeights::correct(const AlignedFloats& parameters, float* gradients) {
    straight_through(training(), scales_.data(), parameters.data(), gradients, gradients_.data());
}

void RoundedWeights::step_scales(float rate) {
    adam_.step(static_cast<int>(scales_.size()), kScaleRate * rate, 1.0f, steps_.data(),
               gradients_.data(), moments_.data());
    nutshell::step_scales(training(), steps_.data(), scales_.data());
}

}  // namespace nutshell::tools
