// SPDX-License-Identifier: MIT
// Gaussian noise: in training a normal number is added to each value; at inference nothing happens.
#pragma once
#include "../latent.hpp"
#include "same_shape.hpp"

namespace nutshell {

/// The row's parameter is the deviation, as IEEE 754 bits.
struct GaussianNoiseLayer : SameShapeLayer {
    static constexpr bool valid(const Row& row) noexcept {
        return is_same_shape(row) && row.window.parameter >= float_bits(1e-6f) &&
               row.window.parameter <= float_bits(1e6f);
    }

    /// x[rows][n] -> y[rows][n].
    static void forward(const Row& row, Activation, Tensors, Pass pass, const float* x,
                        float* y) noexcept {
        if (pass.mode == Mode::inference) return pass_on(row, pass, x, y);
        add_noise(pass, row.in.size(), parameter_of(row), x, y);
    }

    static void backward(const Row& row, Activation, Tensors, Pass pass, const float*, const float*,
                         float* dy, float* dx, Target) noexcept {
        if (dx) pass_on(row, pass, dy, dx);
    }
};

/// GaussianNoise<784, 500>: 784 values, noise of a deviation of 500 thousandths.
template <int Size, int DeviationThousandths>
struct GaussianNoise : GaussianNoiseLayer {
    static constexpr Row row =
        same_shape_row(Kind::gaussian_noise, Size, DeviationThousandths / 1000.0f);
    static_assert(valid(row), "nutshell: noise has a size between 1 and 2^20 and a deviation");
};

}  // namespace nutshell
