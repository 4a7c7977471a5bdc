// SPDX-License-Identifier: MIT
#include "layers/batch_norm.hpp"

#include <math.h>
#include <string.h>

namespace nutshell {
namespace {

/// Channels whose sums are made together.
constexpr int32_t kStrip = 32;

/// sums[channels] = the sum over pixels of term(value's place, channel), in double: there may be
/// many pixels.
template <class Term>
void sum_pixels(int32_t pixels, int32_t channels, float* sums, Term term) noexcept {
    for (int32_t first = 0; first < channels; first += kStrip) {
        const int32_t count = channels - first < kStrip ? channels - first : kStrip;
        double strip[kStrip] = {};
        for (int32_t pixel = 0; pixel < pixels; pixel++) {
            const int32_t at = pixel * channels + first;
            for (int32_t c = 0; c < count; c++) {
                strip[c] += static_cast<double>(term(at + c, first + c));
            }
        }
        for (int32_t c = 0; c < count; c++) sums[first + c] = static_cast<float>(strip[c]);
    }
}

/// The statistics of a pass, in its scratch memory.
struct Statistics {
    int32_t channels, pixels;
    float *mean, *variance, *factor, *term;
};

Statistics statistics_of(const Row& row, Tensors tensors, Pass pass, const float* x) noexcept {
    const int32_t channels = row.in.channels;
    const int32_t pixels = pass.rows * row.in.height * row.in.width;
    float* const mean = pass.scratch;
    float* const variance = mean + channels;
    if (pass.mode == Mode::batch) {
        const float share = 1.0f / static_cast<float>(pixels);
        sum_pixels(pixels, channels, mean, [=](int32_t at, int32_t) noexcept { return x[at]; });
        for (int32_t c = 0; c < channels; c++) mean[c] *= share;
        sum_pixels(pixels, channels, variance, [=](int32_t at, int32_t c) noexcept {
            return (x[at] - mean[c]) * (x[at] - mean[c]);
        });
        for (int32_t c = 0; c < channels; c++) variance[c] *= share;
    } else {
        memcpy(mean, tensors.state, 2 * static_cast<size_t>(channels) * sizeof *mean);
    }
    return {channels, pixels, mean, variance, variance + channels, variance + 2 * channels};
}

float inverse_deviation(const Row& row, float variance) noexcept {
    float epsilon;
    memcpy(&epsilon, &row.window.parameter, sizeof epsilon);
    return 1.0f / sqrtf((variance > 0.0f ? variance : 0.0f) + epsilon);
}

}  // namespace

void BatchNormLayer::forward(const Row& row, Activation activation, Tensors tensors, Pass pass,
                             const float* x, float* y) noexcept {
    const Statistics s = statistics_of(row, tensors, pass, x);
    for (int32_t c = 0; c < s.channels; c++) {
        s.factor[c] = tensors.weight[c] * inverse_deviation(row, s.variance[c]);
        s.term[c] = tensors.bias[c] - s.mean[c] * s.factor[c];
    }
    float* to = y;
    for (int32_t pixel = 0; pixel < s.pixels; pixel++, x += s.channels, to += s.channels) {
        for (int32_t c = 0; c < s.channels; c++) to[c] = x[c] * s.factor[c] + s.term[c];
    }
    const int n = s.pixels * s.channels;
    if (activation == Activation::relu) {
        kernels::leaky_relu(n, 0.0f, y);
    } else {
        activate(activation, row.slope, n, y);
    }
}

void BatchNormLayer::backward(const Row& row, Activation activation, Tensors tensors, Pass pass,
                              const float* x, const float* y, float* dy, float* dx,
                              Target target) noexcept {
    const Statistics s = statistics_of(row, tensors, pass, x);
    gradient_of_sum(activation, row.slope, s.pixels * s.channels, y, dy);
    float *const weight_gradient = s.factor, *const bias_gradient = s.term;
    sum_pixels(s.pixels, s.channels, bias_gradient,
               [=](int32_t at, int32_t) noexcept { return dy[at]; });
    sum_pixels(s.pixels, s.channels, weight_gradient,
               [=](int32_t at, int32_t c) noexcept { return dy[at] * (x[at] - s.mean[c]); });
    const bool batch = pass.mode == Mode::batch;
    for (int32_t c = 0; c < s.channels; c++) {
        const float inverse = inverse_deviation(row, s.variance[c]);
        weight_gradient[c] *= inverse;
        // What every value of the batch does to its mean and its variance.
        const float mean_part = batch ? bias_gradient[c] / static_cast<float>(s.pixels) : 0.0f;
        const float spread_part =
            batch ? weight_gradient[c] * inverse / static_cast<float>(s.pixels) : 0.0f;
        const float factor = tensors.weight[c] * inverse;
        for (int32_t at = c; dx && at < s.pixels * s.channels; at += s.channels) {
            dx[at] = factor * (dy[at] - mean_part - (x[at] - s.mean[c]) * spread_part);
        }
    }
    for (int32_t c = 0; c < s.channels; c++) {
        target.weight[c] += target.alpha * weight_gradient[c];
        target.bias[c] += target.alpha * bias_gradient[c];
    }
    if (!batch) return;
    const float share = static_cast<float>(pass.rows) * pass.scale;
    for (int32_t c = 0; c < 2 * s.channels; c++) target.state[c] += share * s.mean[c];
}

}  // namespace nutshell
