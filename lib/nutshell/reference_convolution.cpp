// SPDX-License-Identifier: MIT
// The convolutions of the reference platform, as plain loops.
#include "kernels.hpp"

namespace nutshell {
namespace {

float clamped(float x, Clamp clamp) noexcept {
    x = x < clamp.low ? clamp.low : x;
    return x > clamp.high ? clamp.high : x;
}

/// Calls visit(x, y) for every place of the grid: its patch and its result.
template <class X, class Y, class Visit>
void for_each_place(const Convolution& c, const X* x, Y* y, Visit visit) noexcept {
    for (int i = 0; i < c.height; i++) {
        for (int j = 0; j < c.width; j++) {
            visit(x + i * c.x_down + j * c.x_across, y + i * c.y_down + j * c.y_across);
        }
    }
}

/// Calls visit(x, weight) for every tap of a patch.
template <class W, class Visit>
void for_each_tap(const Convolution& c, const float* x, W* weight, Visit visit) noexcept {
    for (int i = 0; i < c.taps_down; i++) {
        for (int j = 0; j < c.taps_across; j++) {
            visit(x + i * c.tap_down + j * c.tap_across,
                  weight + i * c.weight_down + j * c.weight_across);
        }
    }
}

}  // namespace

void Reference::convolve(const Convolution& c, const float* x, const float* weight,
                         const float* bias, Clamp clamp, float* y) noexcept {
    for_each_place(c, x, y, [&](const float* patch, float* sums) noexcept {
        for (int o = 0; o < c.n; o++) sums[o] = bias ? bias[o] : 0.0f;
        for_each_tap(c, patch, weight, [&](const float* run, const float* w) noexcept {
            for (int t = 0; t < c.run; t++, w += c.n) {
                for (int o = 0; o < c.n; o++) sums[o] += run[t] * w[o];
            }
        });
        for (int o = 0; o < c.n; o++) sums[o] = clamped(sums[o], clamp);
    });
}

void Reference::convolve_gradient(const Convolution& c, float alpha, const float* x,
                                  const float* dy, float* weight) noexcept {
    for_each_place(c, x, dy, [&](const float* patch, const float* d) noexcept {
        for_each_tap(c, patch, weight, [&](const float* run, float* w) noexcept {
            for (int t = 0; t < c.run; t++, w += c.n) {
                for (int o = 0; o < c.n; o++) w[o] += run[t] * (alpha * d[o]);
            }
        });
    });
}

void Reference::depthwise(const Convolution& c, const float* x, const float* weight,
                          const float* bias, Clamp clamp, float* y) noexcept {
    for_each_place(c, x, y, [&](const float* patch, float* sums) noexcept {
        for (int o = 0; o < c.n; o++) sums[o] = bias ? bias[o] : 0.0f;
        for_each_tap(c, patch, weight, [&](const float* run, const float* w) noexcept {
            for (int o = 0; o < c.n; o++) sums[o] += run[o] * w[o];
        });
        for (int o = 0; o < c.n; o++) sums[o] = clamped(sums[o], clamp);
    });
}

void Reference::depthwise_gradient(const Convolution& c, float alpha, const float* x,
                                   const float* dy, float* weight) noexcept {
    for_each_place(c, x, dy, [&](const float* patch, const float* d) noexcept {
        for_each_tap(c, patch, weight, [&](const float* run, float* w) noexcept {
            for (int o = 0; o < c.n; o++) w[o] += run[o] * (alpha * d[o]);
        });
    });
}

}  // namespace nutshell
