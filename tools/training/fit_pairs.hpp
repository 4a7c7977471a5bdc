// SPDX-License-Identifier: MIT
// Training a model to make one thing of another, of which there are pairs.
#pragma once
#include <functional>

#include "tools/data/dataset.hpp"
#include "tools/model/graph.hpp"

namespace nutshell::tools {

/// Trains a graph to give back `targets` from `inputs`, in batches of 256 by Adam, to the least
/// mean binary cross-entropy; calls epoch_done(epoch, mean loss). Throws Error when sizes differ.
void fit_pairs(Graph& graph, const Dataset& inputs, const Dataset& targets, int epochs, float rate,
               uint32_t seed, const std::function<void(int, double)>& epoch_done);

}  // namespace nutshell::tools
