// SPDX-License-Identifier: MIT
// Optimizers, learning-rate schedules and gradient clipping. An optimizer is a small value: its
// settings and, for Adam, the bias corrections. Its moments are arrays laid out like the
// parameters.
#pragma once
#include "kernels.hpp"

namespace nutshell {

/// weight -= rate * gradient.
struct Sgd {
    static constexpr int moment_count = 0;
    float weight_decay = 0.0f;  ///< decoupled: weight -= rate * weight_decay * weight

    void reset() noexcept {}
    void step(int n, float rate, float gradient_scale, float* weights, float* gradients,
              float* moments) noexcept;
};

/// velocity = momentum * velocity - rate * gradient; weight += velocity, as Keras' SGD does.
struct Momentum {
    static constexpr int moment_count = 1;
    float momentum = 0.9f;
    float weight_decay = 0.0f;  ///< decoupled, as in Sgd

    void reset() noexcept {}
    void step(int n, float rate, float gradient_scale, float* weights, float* gradients,
              float* velocity) noexcept;
};

/// Where Adam's epsilon stands.
enum class EpsilonForm : uint8_t {
    keras,  ///< beside the root of the raw second moment: Keras, and "epsilon hat" of the paper
    paper,  ///< beside the root of the corrected second moment: Algorithm 1 of the paper, PyTorch
};

/// Kingma and Ba, "Adam", ICLR 2015; decoupled weight decay after Loshchilov and Hutter, ICLR 2019.
struct Adam {
    static constexpr int moment_count = 2;
    float beta1 = 0.9f;
    float beta2 = 0.999f;
    float epsilon = 1e-7f;
    EpsilonForm epsilon_form = EpsilonForm::keras;
    float weight_decay = 0.0f;

    /// 1 - beta^t after t steps; zero before the first.
    float correction1 = 0.0f;
    float correction2 = 0.0f;

    /// As before the first step; the moments are the caller's to zero.
    void reset() noexcept { correction1 = correction2 = 0.0f; }

    /// moments[2 * n]: the first, then the second moments. All zero before the first step.
    void step(int n, float rate, float gradient_scale, float* weights, float* gradients,
              float* moments) noexcept;

    /// The same with first[n] and second[n] moments that lie apart.
    void step(int n, float rate, float gradient_scale, float* weights, float* gradients,
              float* first, float* second) noexcept;
};

/// What the gradients are to be multiplied with so that their norm is at most max_norm; 1 when it
/// is, or when max_norm is 0 (no clipping).
float clip_scale(float sum_of_squares, float max_norm) noexcept;

/// How the learning rate changes from step 0 to total - 1.
enum class Schedule : uint8_t { constant, linear, step, cosine };

/// rate at `step` of `total`, falling in a line to 0 at step == total.
float linear_decay(float rate, int32_t step, int32_t total) noexcept;

/// rate, multiplied by `factor` once every `interval` steps.
float step_decay(float rate, int32_t step, int32_t interval, float factor) noexcept;

/// rate at `step` of `total`, falling along half a cosine to 0 at step == total.
/// Source: Loshchilov and Hutter, "SGDR", ICLR 2017, without restarts.
float cosine_decay(float rate, int32_t step, int32_t total) noexcept;

/// How much of a running statistic stays when a batch adds its own.
constexpr float kStatisticsMomentum = 0.9f;

/// state = momentum * state + (1 - momentum) * measured; sets what was measured to zero.
void step_state(int n, float* state, float* measured) noexcept;

}  // namespace nutshell
