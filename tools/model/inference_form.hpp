// SPDX-License-Identifier: MIT
// A model without what only training needs: what goes to a device.
#pragma once
#include "graph.hpp"

namespace nutshell::tools {

/// True for a layer that gives back what it reads when nothing is trained: dropout, noise, penalty.
bool passes_on(Kind kind);

/// A model that computes what `graph` does at inference: without dropout, noise and penalties, with
/// copies of weights that are tied, and without the log variances of a sampler, whose means the
/// layer in front of it then gives. The ids are kept. Throws Error when a sampler has no dense
/// layer in front of it.
Graph inference_form(const Graph& graph);

}  // namespace nutshell::tools
