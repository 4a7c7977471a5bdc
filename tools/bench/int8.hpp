// SPDX-License-Identifier: MIT
// One int8 sample through layers of a model's sizes, with made-up weights: their speed does not
// depend on the numbers.
#pragma once
#include "tools/model/graph.hpp"

namespace nutshell::tools {

/// In nanoseconds.
struct Int8Speed {
    double encode;
    double decode;
    double reconstruct;
};

/// Each output with a scale of its own, activations by table, on the platform in use. NaN where a
/// kind of layer does not run in int8.
Int8Speed measure_int8(const Graph& graph);

}  // namespace nutshell::tools
