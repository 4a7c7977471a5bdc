// SPDX-License-Identifier: MIT
// The code of a variational autoencoder: reads [means | log variances], writes a sample of these
// normal distributions in training and their means at inference, and adds their divergence from
// the standard normal distribution to the loss.
// Source: Kingma and Welling, "Auto-Encoding Variational Bayes", ICLR 2014.
#pragma once
#include "../latent.hpp"
#include "same_shape.hpp"

namespace nutshell {

/// The row's parameter is the weight of the divergence beside the sample's loss, as IEEE 754 bits.
struct GaussianSamplerLayer : SameShapeLayer {
    static constexpr bool valid(const Row& row) noexcept {
        return row.out == flat(row.out.size()) && row.in == flat(2 * row.out.size()) &&
               row.activation == Activation::linear &&
               row.window == only_parameter(row.window.parameter) &&
               row.window.parameter >= float_bits(1e-12f) &&
               row.window.parameter <= float_bits(1e6f);
    }

    /// x[rows][2 * n] -> y[rows][n].
    static void forward(const Row& row, Activation, Tensors, Pass pass, const float* x,
                        float* y) noexcept {
        sample_code(pass, row.out.size(), parameter_of(row), x, y);
    }

    static void backward(const Row& row, Activation, Tensors, Pass pass, const float* x,
                         const float*, float* dy, float* dx, Target) noexcept {
        if (dx) sample_code_gradient(pass, row.out.size(), parameter_of(row), x, dy, dx);
    }
};

/// GaussianSampler<24, 784>: 48 numbers become a code of 24. The divergence counts 1/784, beside a
/// loss that is a mean over 784 features: together they are the negative evidence bound over 784.
template <int Size, int Features>
struct GaussianSampler : GaussianSamplerLayer {
    static constexpr Row row{Kind::gaussian_sampler,
                             Activation::linear,
                             flat(2 * Size),
                             flat(Size),
                             0.0f,
                             only_parameter(float_bits(1.0f / Features))};
    static_assert(row.in.valid() && row.out.valid() && valid(row),
                  "nutshell: a sampler's sizes must be between 1 and 2^20");
};

}  // namespace nutshell
