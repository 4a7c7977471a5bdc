// SPDX-License-Identifier: MIT
// The activations that a layer can end in. Each is differentiable from its output.
#pragma once
#include "../kernels.hpp"

namespace nutshell {

/// y = x
struct Linear {
    static constexpr Activation kind = Activation::linear;
    static constexpr float slope = 0.0f;
};

/// y = max(x, 0)
struct Relu {
    static constexpr Activation kind = Activation::relu;
    static constexpr float slope = 0.0f;
};

/// y = x > 0 ? x : slope * x, the slope in thousandths: LeakyRelu<> has PyTorch's 0.01,
/// LeakyRelu<300> Keras' 0.3.
template <int SlopeThousandths = 10>
struct LeakyRelu {
    static_assert(SlopeThousandths > 0 && SlopeThousandths < 1000,
                  "nutshell: the slope of a leaky relu must be between 0.001 and 0.999");
    static constexpr Activation kind = Activation::leaky_relu;
    static constexpr float slope = static_cast<float>(SlopeThousandths) / 1000.0f;
};

/// y = 1 / (1 + exp(-x))
struct Sigmoid {
    static constexpr Activation kind = Activation::sigmoid;
    static constexpr float slope = 0.0f;
};

/// y = tanh(x)
struct Tanh {
    static constexpr Activation kind = Activation::tanh;
    static constexpr float slope = 0.0f;
};

/// The part of an activation that a matrix kernel applies on its way out.
constexpr Clamp clamp_of(Activation activation) noexcept {
    const float infinity = __builtin_inff();
    return {activation == Activation::relu ? 0.0f : -infinity, infinity};
}

/// The rest of an activation, in place: nothing for linear and relu.
inline void activate(Activation activation, float slope, int n, float* y) noexcept {
    switch (activation) {
        case Activation::linear:
        case Activation::relu:
            break;
        case Activation::leaky_relu:
            kernels::leaky_relu(n, slope, y);
            break;
        case Activation::sigmoid:
            kernels::sigmoid(n, y);
            break;
        case Activation::tanh:
            kernels::tanh(n, y);
            break;
    }
}

/// dy[n], the gradient of the output y, becomes that of the sum.
inline void gradient_of_sum(Activation activation, float slope, int n, const float* y,
                            float* dy) noexcept {
    if (activation == Activation::linear) return;
    kernels::activation_gradient(activation, slope, n, y, dy);
}

}  // namespace nutshell
