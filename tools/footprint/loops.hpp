// SPDX-License-Identifier: MIT
// What the instructions of a layer that is not dense are estimated from: how often each loop of the
// kernels runs for it, and what a run costs on a target.
#pragma once
#include <vector>

#include "footprint.hpp"

namespace nutshell::tools {

/// Layers of a family are computed with the same loops.
enum class Family {
    windows,  ///< convolutions, transposed ones too
    depthwise,
    max_pool,
    average_pool,
    upsampling,
    batch_norm,
    copy,  ///< what inference passes on: a reshape, a sampler's means, what only training changes
    count
};

/// What a layer's instructions depend on.
struct LayerCase {
    Row row;
    bool int8;
    bool per_output;  ///< of int8: whether each output has a scale of its own
};

/// Not of a dense layer, here and below.
Family family_of(Kind kind);

/// How often each loop of the layer's family runs, in the order of their costs.
std::vector<double> loops_of(const LayerCase& layer, const Target& target);

constexpr int kMostLoops = 40;

/// Instructions of each loop of a family.
struct LoopCosts {
    double int8[static_cast<int>(Family::count)][kMostLoops];
    double float32[static_cast<int>(Family::count)][kMostLoops];
};
const LoopCosts& loop_costs(const Target& target);

/// Instructions of a layer, without an activation that is computed after it.
double layer_instructions(const LayerCase& layer, const Target& target);

}  // namespace nutshell::tools
