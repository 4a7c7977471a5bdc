// SPDX-License-Identifier: MIT
// A dense layer that reads an earlier dense layer's weights the other way round, with a bias of its
// own: weights and gradients have one place. (Per-sample training moves them twice a step, first by
// this layer's gradient.)
#pragma once
#include "dense.hpp"

namespace nutshell {

/// The row's parameter says how many layers in front of this one the other one is. The order of
/// dense weights, the longer side contiguous, is the same for both.
struct TiedDenseLayer : DenseLayer {
    static constexpr bool has_int8 = false;

    static constexpr TensorSizes tensor_sizes(const Row& row) noexcept {
        return {0, row.out.size()};
    }
    static constexpr Fans fans(const Row&) noexcept { return {0, 0}; }
    static constexpr int32_t shares_weights(const Row& row) noexcept {
        return static_cast<int32_t>(row.window.parameter);
    }

    /// True when a row can lend this one its weights.
    static constexpr bool can_share(const Row& row, const Row& owner) noexcept {
        return owner.kind == Kind::dense && owner.in == row.out && owner.out == row.in &&
               row.in.size() != row.out.size();
    }

    static constexpr bool valid(const Row& row) noexcept {
        Row plain = row;
        plain.window.parameter = 0;
        return DenseLayer::valid(plain) && row.window.parameter >= 1 && row.window.parameter < 256;
    }
};

/// TiedDense<24, 784, Sigmoid>: reads the weights of the Dense<784, 24> that is `Back` layers in
/// front of it.
template <int In, int Out, class ActivationType = Linear, int Back = 1>
struct TiedDense : TiedDenseLayer {
    static constexpr Row tied_row() noexcept {
        Window window{};
        window.parameter = Back;
        return {Kind::tied_dense, ActivationType::kind,  flat(In),
                flat(Out),        ActivationType::slope, window};
    }
    static constexpr Row row = tied_row();
    static_assert(row.in.valid() && row.out.valid() && valid(row),
                  "nutshell: a tied layer has at most 2^24 weights and lies behind their owner");
};

}  // namespace nutshell
