// SPDX-License-Identifier: MIT
#include "optimizer.hpp"

#include <math.h>

namespace nutshell {
namespace {

/// The part of the way that is done, held within 0..1.
float progress(int32_t step, int32_t total) noexcept {
    if (step <= 0 || total <= 0) return 0.0f;
    return step >= total ? 1.0f : static_cast<float>(step) / static_cast<float>(total);
}

}  // namespace

void Sgd::step(int n, float rate, float gradient_scale, float* weights, float* gradients,
               float*) noexcept {
    kernels::sgd_step(n, {rate, gradient_scale, rate * weight_decay}, weights, gradients);
}

void Momentum::step(int n, float rate, float gradient_scale, float* weights, float* gradients,
                    float* velocity) noexcept {
    kernels::momentum_step(n, {rate, gradient_scale, rate * weight_decay}, momentum, weights,
                           gradients, velocity);
}

void Adam::step(int n, float rate, float gradient_scale, float* weights, float* gradients,
                float* moments) noexcept {
    step(n, rate, gradient_scale, weights, gradients, moments, moments + n);
}

void Adam::step(int n, float rate, float gradient_scale, float* weights, float* gradients,
                float* first, float* second) noexcept {
    // 1 - beta^t by its own recurrence: no difference of nearly equal numbers.
    correction1 = correction1 * beta1 + (1.0f - beta1);
    correction2 = correction2 * beta2 + (1.0f - beta2);
    const float root = sqrtf(correction2);
    const AdamRates rates{beta1, beta2, 1.0f - beta1, 1.0f - beta2,
                          epsilon_form == EpsilonForm::paper ? epsilon * root : epsilon};
    const StepSize size{rate * root / correction1, gradient_scale, rate * weight_decay};
    kernels::adam_step(n, size, rates, weights, gradients, first, second);
}

float clip_scale(float sum_of_squares, float max_norm) noexcept {
    if (!(max_norm > 0.0f)) return 1.0f;
    const float norm = sqrtf(sum_of_squares);
    return norm > max_norm ? max_norm / norm : 1.0f;
}

float linear_decay(float rate, int32_t step, int32_t total) noexcept {
    return rate * (1.0f - progress(step, total));
}

float step_decay(float rate, int32_t step, int32_t interval, float factor) noexcept {
    if (interval <= 0) return rate;
    for (int32_t i = step / interval; i > 0; i--) rate *= factor;
    return rate;
}

float cosine_decay(float rate, int32_t step, int32_t total) noexcept {
    // (1 + cos(pi * x)) / 2 = (1 - sin(pi * u)) / 2 with u = x - 1/2: the series of the sine, to
    // 6e-8.
    const float u = progress(step, total) - 0.5f;
    const float z = u * u;
    float sine = -7.37043094e-3f;
    sine = sine * z + 8.21458866e-2f;
    sine = sine * z - 5.99264529e-1f;
    sine = sine * z + 2.55016404f;
    sine = sine * z - 5.16771278f;
    sine = sine * z + 3.14159265f;
    const float level = 0.5f - 0.5f * (sine * u);
    return rate * (level < 0.0f ? 0.0f : level);
}

void step_state(int n, float* state, float* measured) noexcept {
    for (int i = 0; i < n; i++) {
        state[i] += (1.0f - kStatisticsMomentum) * (measured[i] - state[i]);
        measured[i] = 0.0f;
    }
}

}  // namespace nutshell
