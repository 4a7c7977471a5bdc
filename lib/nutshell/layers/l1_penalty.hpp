// SPDX-License-Identifier: MIT
// L1 activity penalty: values pass unchanged, and the sum of their magnitudes is added to the loss,
// so that codes become sparse.
#pragma once
#include "../latent.hpp"
#include "same_shape.hpp"

namespace nutshell {

/// The row's parameter is the weight of the sum beside the sample's loss, as IEEE 754 bits.
struct L1PenaltyLayer : SameShapeLayer {
    static constexpr bool valid(const Row& row) noexcept {
        return is_same_shape(row) && row.window.parameter >= float_bits(1e-12f) &&
               row.window.parameter <= float_bits(1e6f);
    }

    /// x[rows][n] -> y[rows][n].
    static void forward(const Row& row, Activation, Tensors, Pass pass, const float* x,
                        float* y) noexcept {
        pass_on(row, pass, x, y);
        if (!pass.penalty) return;
        const double sum = absolute_sum(pass.rows * row.in.size(), x);
        *pass.penalty += static_cast<double>(parameter_of(row)) * sum;
    }

    static void backward(const Row& row, Activation, Tensors, Pass pass, const float* x,
                         const float*, float* dy, float* dx, Target) noexcept {
        if (!dx) return;
        absolute_gradient(pass.rows * row.in.size(), parameter_of(row) * pass.scale, x, dy, dx);
    }
};

/// L1Penalty<64, 100>: the magnitudes of 64 values, times 100 millionths.
template <int Size, int WeightMillionths>
struct L1Penalty : L1PenaltyLayer {
    static constexpr Row row = same_shape_row(Kind::l1_penalty, Size, WeightMillionths / 1e6f);
    static_assert(valid(row), "nutshell: a penalty has a size between 1 and 2^20 and a weight");
};

}  // namespace nutshell
