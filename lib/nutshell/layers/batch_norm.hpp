// SPDX-License-Identifier: MIT
// Batch normalization: y = activation(weight * (x - mean) / sqrt(variance + epsilon) + bias) for
// each channel. In Mode::batch mean and variance are those of the samples computed together;
// otherwise those of the state, which follows them. The window's parameter is epsilon.
// Source: Ioffe and Szegedy, "Batch Normalization", ICML 2015; statistics of a part of a batch:
// Hoffer, Hubara and Soudry, "Train longer, generalize better", NeurIPS 2017.
#pragma once
#include "activation.hpp"
#include "row.hpp"

namespace nutshell {

struct BatchNormLayer : LayerFunctions {
    static constexpr TensorSizes tensor_sizes(const Row& row) noexcept {
        return {row.in.channels, row.in.channels, 2 * row.in.channels};
    }
    static constexpr double multiply_adds(const Row& row) noexcept { return row.in.size(); }
    /// Mean and variance, then factor and term, of each channel.
    static constexpr int32_t scratch_floats(const Row& row, Mode) noexcept {
        return 4 * row.in.channels;
    }

    /// Epsilon is 1e-8 to 1.
    static constexpr bool valid(const Row& row) noexcept {
        Window expected{};
        expected.parameter = row.window.parameter;
        return row.in == row.out && row.window == expected && row.in.channels <= kMaxSize / 4 &&
               row.window.parameter >= float_bits(1e-8f) &&
               row.window.parameter <= float_bits(1.0f);
    }

    /// x[rows][in] -> y[rows][out].
    static void forward(const Row& row, Activation activation, Tensors tensors, Pass pass,
                        const float* x, float* y) noexcept;
    /// As DenseLayer::backward. In Mode::batch it adds the statistics to the target's state, each
    /// as much as these samples are of their batch.
    static void backward(const Row& row, Activation activation, Tensors tensors, Pass pass,
                         const float* x, const float* y, float* dy, float* dx,
                         Target target) noexcept;
};

/// BatchNorm<14, 14, 8, Relu>: epsilon is Keras' 0.001, or EpsilonMillionths / 10^6.
template <int Height, int Width, int Channels, class ActivationType = Linear,
          int EpsilonMillionths = 1000>
struct BatchNorm : BatchNormLayer {
    static constexpr Shape in{Height, Width, Channels};
    static_assert(in.valid(), "nutshell: a layer's sizes must be between 1 and 2^20");
    static constexpr Window window() noexcept {
        Window window{};
        window.parameter = float_bits(static_cast<float>(EpsilonMillionths) / 1e6f);
        return window;
    }
    static constexpr Row row{Kind::batch_norm, ActivationType::kind, in, in, ActivationType::slope,
                             window()};
    static_assert(valid(row),
                  "nutshell: batch normalization has at most 2^18 channels, and an "
                  "epsilon between 1 and 1,000,000 millionths");
};

}  // namespace nutshell
