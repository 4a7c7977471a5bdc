// SPDX-License-Identifier: MIT
// Dropout: in training each value is zero with some probability and else grown to make up for it;
// at inference nothing happens.
#pragma once
#include "../latent.hpp"
#include "same_shape.hpp"

namespace nutshell {

/// The row's parameter is the probability, as IEEE 754 bits.
struct DropoutLayer : SameShapeLayer {
    static constexpr bool valid(const Row& row) noexcept {
        return is_same_shape(row) && row.window.parameter >= float_bits(1e-6f) &&
               row.window.parameter < float_bits(1.0f);
    }

    /// x[rows][n] -> y[rows][n].
    static void forward(const Row& row, Activation, Tensors, Pass pass, const float* x,
                        float* y) noexcept {
        if (pass.mode == Mode::inference) return pass_on(row, pass, x, y);
        drop(pass, row.in.size(), parameter_of(row), x, y);
    }

    static void backward(const Row& row, Activation, Tensors, Pass pass, const float*, const float*,
                         float* dy, float* dx, Target) noexcept {
        if (dx) drop(pass, row.in.size(), parameter_of(row), dy, dx);
    }
};

/// Dropout<128, 30>: 128 values, each dropped with a probability of 30 percent.
template <int Size, int Percent>
struct Dropout : DropoutLayer {
    static_assert(Percent > 0 && Percent < 100,
                  "nutshell: dropout drops between 1 and 99 percent of the values");
    static constexpr Row row = same_shape_row(Kind::dropout, Size, Percent / 100.0f);
    static_assert(valid(row), "nutshell: a layer's sizes must be between 1 and 2^20");
};

}  // namespace nutshell
