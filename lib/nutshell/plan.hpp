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

/// Offsets of a layer's tensors in the parameter array, in floats: those of a tensor that it does
/// not have are inside, too.
struct Spot {
    int32_t weight;
    int32_t bias;
    int32_t state;
};

/// Sizes of a chain, in floats or elements of one sample.
struct PlanTotals {
    int32_t parameters;  ///< trainable numbers, alignment padding not counted
    int32_t floats;      ///< length of the parameter array, padding (always zero) included
    int32_t trainable;  ///< of these the first ones, which an optimizer moves; then comes the state
    int32_t tape;       ///< all layer outputs of one sample
    int32_t inner;      ///< the widest layer output but the last one's
    int32_t scratch;    ///< of an inference pass, however many samples it has
    int32_t training_scratch;  ///< of a training pass
};

constexpr int32_t align_up(int32_t n, int32_t multiple) noexcept {
    return (n + multiple - 1) / multiple * multiple;
}

constexpr int32_t larger(int32_t a, int32_t b) noexcept { return a > b ? a : b; }

/// Scratch floats of a pass through rows[count].
constexpr int32_t widest_scratch(const Row* rows, int count, Mode mode) noexcept {
    int32_t widest = 0;
    for (int i = 0; i < count; i++) widest = larger(widest, scratch_floats(rows[i], mode));
    return widest;
}

/// Fills spots[count] and tape[count] (the offset of each layer's output on the tape).
constexpr PlanTotals plan_into(const Row* rows, int count, Spot* spots, int32_t* tape) noexcept {
    PlanTotals totals{};
    for (int i = 0; i < count; i++) {
        const TensorSizes sizes = tensor_sizes(rows[i]);
        const int32_t shared = shares_weights(rows[i]);
        spots[i].weight = shared > 0 && shared <= i ? spots[i - shared].weight : totals.floats;
        spots[i].bias = totals.floats + align_up(sizes.weight, kTensorFloats);
        totals.floats = spots[i].bias + align_up(sizes.bias, kTensorFloats);
        totals.parameters += sizes.weight + sizes.bias;
        tape[i] = totals.tape;
        totals.tape += rows[i].out.size();
        if (i + 1 < count) totals.inner = larger(totals.inner, rows[i].out.size());
    }
    totals.trainable = totals.floats;
    for (int i = 0; i < count; i++) {
        spots[i].state = totals.floats;
        totals.floats += align_up(tensor_sizes(rows[i]).state, kTensorFloats);
    }
    totals.scratch = widest_scratch(rows, count, Mode::inference);
    totals.training_scratch = larger(totals.scratch, widest_scratch(rows, count, Mode::batch));
    return totals;
}

constexpr Tensors tensors_at(const float* parameters, Spot spot) noexcept {
    return {parameters + spot.weight, parameters + spot.bias, parameters + spot.state};
}
constexpr Target target_at(float alpha, float* into, Spot spot) noexcept {
    return {alpha, into + spot.weight, into + spot.bias, into + spot.state};
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
