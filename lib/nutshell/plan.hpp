// SPDX-License-Identifier: MIT
// Where everything of a chain of layers lies: offsets in the flat parameter array, on the training
// tape, and the sizes of the work buffers. Computed once, by the compiler for a type and at run
// time for the tools' Graph.
#pragma once
#include "layers/layers.hpp"

namespace nutshell {

/// Every tensor begins on a multiple of this many floats (64 bytes) in a parameter array.
constexpr int kTensorFloats = 16;
constexpr int kAlignment = kTensorFloats * static_cast<int>(sizeof(float));

/// Offsets of a layer's tensors in the parameter array, in floats.
struct Spot {
    int32_t weight;
    int32_t bias;
};

/// Sizes of a chain, in floats or elements of one sample.
struct PlanTotals {
    int32_t parameters;  ///< trainable numbers, alignment padding not counted
    int32_t floats;      ///< length of the parameter array, padding (always zero) included
    int32_t tape;        ///< all layer outputs of one sample
    int32_t inner;       ///< the widest layer output but the last one's
};

constexpr int32_t align_up(int32_t n, int32_t multiple) noexcept {
    return (n + multiple - 1) / multiple * multiple;
}

/// Fills spots[count] and tape[count] (the offset of each layer's output on the tape).
constexpr PlanTotals plan_into(const Row* rows, int count, Spot* spots, int32_t* tape) noexcept {
    PlanTotals totals{};
    for (int i = 0; i < count; i++) {
        const TensorSizes sizes = tensor_sizes(rows[i]);
        spots[i].weight = totals.floats;
        spots[i].bias = totals.floats + align_up(sizes.weight, kTensorFloats);
        totals.floats = spots[i].bias + align_up(sizes.bias, kTensorFloats);
        totals.parameters += sizes.weight + sizes.bias;
        tape[i] = totals.tape;
        totals.tape += rows[i].out.size();
        if (i + 1 < count && rows[i].out.size() > totals.inner) totals.inner = rows[i].out.size();
    }
    return totals;
}

/// How many buffers of the widest inner activation a pass needs: it reads one and writes another.
constexpr int inner_buffers(int layer_count) noexcept {
    return layer_count - 1 < 2 ? layer_count - 1 : 2;
}

template <int Count>
struct Plan {
    Spot spots[Count];
    int32_t tape[Count];
    PlanTotals totals;
};

template <int Count>
constexpr Plan<Count> make_plan(const Row (&rows)[Count]) noexcept {
    Plan<Count> plan{};
    plan.totals = plan_into(rows, Count, plan.spots, plan.tape);
    return plan;
}

}  // namespace nutshell
