// SPDX-License-Identifier: MIT
// Batch normalization folded away: at inference it is a factor and a term for each channel, which
// the layer in front of it can have in its weights and its bias.
#pragma once
#include "graph.hpp"

namespace nutshell::tools {

/// The graph without each batch normalization that follows a linear layer with weights. What the
/// layers compute stays the same but for rounding; one that follows anything else stays where it
/// is.
Graph fold_batch_norms(const Graph& graph);

}  // namespace nutshell::tools
