// SPDX-License-Identifier: MIT
// The weights of a network that trains to be quantized: nutshell/quantization_aware.hpp on a Graph.
#pragma once
#include <vector>

#include "nutshell/optimizer.hpp"
#include "nutshell/quantization_aware.hpp"
#include "tools/model/graph.hpp"

namespace nutshell::tools {

/// Rounded copies of a graph's parameters, and the scales that they are learned with. Each update
/// is round, the passes with rounded(), correct, the optimizer's step, step_scales.
class RoundedWeights {
  public:
    /// largest_codes: one a layer, as QuantizedTraining says. The graph must outlive this.
    RoundedWeights(const Graph& graph, std::vector<int> largest_codes);
    RoundedWeights(const RoundedWeights&) = delete;
    RoundedWeights& operator=(const RoundedWeights&) = delete;

    /// Parameters rounded to their codes, from now on.
    void round(const AlignedFloats& parameters);
    const AlignedFloats& rounded() const { return rounded_; }

    /// Gradients by the rounded parameters become those by the parameters.
    void correct(const AlignedFloats& parameters, float* gradients);

    /// A step of the scales, where the weights' learning rate is `rate`.
    void step_scales(float rate);

    /// One for each output, layer after layer.
    const std::vector<float>& scales() const { return scales_; }

  private:
    QuantizedTraining training() const;

    const Graph& graph_;
    std::vector<int> largest_codes_;
    AlignedFloats rounded_;
    std::vector<float> scales_, gradients_, steps_, moments_;
    Adam adam_;
};

}  // namespace nutshell::tools
