// SPDX-License-Identifier: MIT
// The reference platform: every kernel as plain loops, built without contraction, so that it gives
// the same bits on every machine. It is the fallback, and the oracle of the other platforms.
#include <math.h>

#include "elementary.hpp"
#include "kernels.hpp"
#include "lane.hpp"

namespace nutshell {
namespace {

using Scalar = Lane<false>;

inline float clamped(float x, Clamp clamp) noexcept {
    x = x < clamp.low ? clamp.low : x;
    return x > clamp.high ? clamp.high : x;
}

/// Every sum over a row is kept in this many interleaved parts, element i in part i % kParts, and
/// the parts are added as a tree: more accurate than one sum, and open to vector instructions.
constexpr int kParts = 16;

/// The sum of term(i) for i in 0..n-1.
template <class Term>
inline float sum_in_parts(int n, Term term) noexcept {
    float parts[kParts] = {};
    int i = 0;
    for (; i + kParts <= n; i += kParts) {
        for (int part = 0; part < kParts; part++) parts[part] += term(i + part);
    }
    for (int part = 0; i < n; i++, part++) parts[part] += term(i);
    for (int width = kParts / 2; width > 0; width /= 2) {
        for (int part = 0; part < width; part++) parts[part] += parts[part + width];
    }
    return parts[0];
}

float dot(int n, const float* a, const float* b) noexcept {
    return sum_in_parts(n, [=](int i) noexcept { return a[i] * b[i]; });
}

/// y[n] += s[0] * x[0][n] + ... in the order of the rows, four rows a pass to save loads of y. The
/// rows begin `stride` elements apart.
void add_scaled_rows(int rows, int n, const float* scales, ptrdiff_t scale_stride, float alpha,
                     const float* x, ptrdiff_t stride, float* y) noexcept {
    int row = 0;
    for (; row + 4 <= rows; row += 4, x += 4 * stride) {
        const float s0 = alpha * scales[row * scale_stride];
        const float s1 = alpha * scales[(row + 1) * scale_stride];
        const float s2 = alpha * scales[(row + 2) * scale_stride];
        const float s3 = alpha * scales[(row + 3) * scale_stride];
        const float *x1 = x + stride, *x2 = x1 + stride, *x3 = x2 + stride;
        for (int j = 0; j < n; j++) {
            y[j] = (((y[j] + s0 * x[j]) + s1 * x1[j]) + s2 * x2[j]) + s3 * x3[j];
        }
    }
    for (; row < rows; row++, x += stride) {
        const float s = alpha * scales[row * scale_stride];
        for (int j = 0; j < n; j++) y[j] += s * x[j];
    }
}

float value_of(float x) noexcept { return x; }
float value_of(uint8_t byte) noexcept { return static_cast<float>(byte) / 255.0f; }

template <class Sample>
float cross_entropy(int n, float scale, const Sample* target, float* z) noexcept {
    return sum_in_parts(n, [=](int i) noexcept {
        const float logit = z[i], t = value_of(target[i]);
        const Scalar e = elementary::exp_of_minus_abs(Scalar{logit});
        const float positive = logit < 0 ? 0.0f : logit;
        z[i] = (elementary::sigmoid(Scalar{logit}, e).v - t) * scale;
        return (positive - logit * t) + elementary::log_one_plus(e).v;
    });
}

}  // namespace

void Reference::gemm_nt(int m, int n, int k, const float* a, const float* b, const float* bias,
                        Clamp clamp, float* c) noexcept {
    for (int i = 0; i < m; i++, a += k, c += n) {
        const float* row = b;
        for (int j = 0; j < n; j++, row += k) {
            const float sum = dot(k, a, row);
            c[j] = clamped(bias ? sum + bias[j] : sum, clamp);
        }
    }
}

void Reference::gemm_nn(int m, int n, int k, const float* a, const float* b, ptrdiff_t b_stride,
                        const float* bias, Clamp clamp, float* c) noexcept {
    for (int i = 0; i < m; i++, a += k, c += n) {
        for (int j = 0; j < n; j++) c[j] = bias ? bias[j] : 0.0f;
        add_scaled_rows(k, n, a, 1, 1.0f, b, b_stride, c);
        for (int j = 0; j < n; j++) c[j] = clamped(c[j], clamp);
    }
}

void Reference::gemm_tn(int m, int n, int k, float alpha, const float* a, const float* b,
                        float* c) noexcept {
    for (int i = 0; i < m; i++, c += n) add_scaled_rows(k, n, a + i, m, alpha, b, n, c);
}

void Reference::sparse_gemm_nn(int m, int n, SparseBytes a, const float* b, const float* bias,
                               Clamp clamp, float* c) noexcept {
    for (int i = 0; i < m; i++, c += n) {
        for (int j = 0; j < n; j++) c[j] = bias ? bias[j] : 0.0f;
        for (size_t t = a.begin[a.index[i]]; t < a.begin[a.index[i] + 1]; t++) {
            const float* row = b + a.column[t] * static_cast<ptrdiff_t>(n);
            const float factor = value_of(a.byte[t]);
            for (int j = 0; j < n; j++) c[j] += factor * row[j];
        }
        for (int j = 0; j < n; j++) c[j] = clamped(c[j], clamp);
    }
}

void Reference::sparse_gemm_tn(int m, int n, float alpha, SparseBytes a, const float* b,
                               float* c) noexcept {
    for (int i = 0; i < m; i++, b += n) {
        for (size_t t = a.begin[a.index[i]]; t < a.begin[a.index[i] + 1]; t++) {
            float* row = c + a.column[t] * static_cast<ptrdiff_t>(n);
            const float factor = alpha * value_of(a.byte[t]);
            for (int j = 0; j < n; j++) row[j] += factor * b[j];
        }
    }
}

void Reference::add_rows(int rows, int n, float alpha, const float* x, float* y) noexcept {
    const float one = 1.0f;
    add_scaled_rows(rows, n, &one, 0, alpha, x, n, y);
}

void Reference::scale_bytes(int n, const uint8_t* bytes, float* x) noexcept {
    for (int i = 0; i < n; i++) x[i] = value_of(bytes[i]);
}

void Reference::leaky_relu(int n, float slope, float* x) noexcept {
    for (int i = 0; i < n; i++) x[i] = x[i] > 0 ? x[i] : slope * x[i];
}

void Reference::sigmoid(int n, float* x) noexcept {
    for (int i = 0; i < n; i++) x[i] = elementary::logistic(Scalar{x[i]}).v;
}

void Reference::tanh(int n, float* x) noexcept {
    for (int i = 0; i < n; i++) x[i] = elementary::tanh(Scalar{x[i]}).v;
}

void Reference::activation_gradient(Activation activation, float slope, int n, const float* y,
                                    float* dy) noexcept {
    switch (activation) {
        case Activation::linear:
            break;
        case Activation::relu:
            for (int i = 0; i < n; i++) dy[i] = y[i] > 0 ? dy[i] : 0.0f * y[i];
            break;
        case Activation::leaky_relu:
            for (int i = 0; i < n; i++) dy[i] = y[i] > 0 ? dy[i] : slope * dy[i] + 0.0f * y[i];
            break;
        case Activation::sigmoid:
            for (int i = 0; i < n; i++) dy[i] *= y[i] * (1.0f - y[i]);
            break;
        case Activation::tanh:
            for (int i = 0; i < n; i++) dy[i] *= 1.0f - y[i] * y[i];
            break;
    }
}

float Reference::sigmoid_cross_entropy(int n, float scale, const float* target, float* z) noexcept {
    return cross_entropy(n, scale, target, z);
}

float Reference::sigmoid_cross_entropy_bytes(int n, float scale, const uint8_t* bytes,
                                             float* z) noexcept {
    return cross_entropy(n, scale, bytes, z);
}

float Reference::squared_error(int n, float scale, const float* target, float* y) noexcept {
    const float twice = 2.0f * scale;
    return sum_in_parts(n, [=](int i) noexcept {
        const float error = y[i] - target[i];
        y[i] = error * twice;
        return error * error;
    });
}

void Reference::squared_distances(int groups, int n, const float* query, const float* codes,
                                  float* distances) noexcept {
    for (; groups > 0; groups--, distances += kGroupCodes) {
        for (int code = 0; code < kGroupCodes; code++) distances[code] = 0.0f;
        for (int i = 0; i < n; i++, codes += kGroupCodes) {
            for (int code = 0; code < kGroupCodes; code++) {
                const float off = query[i] - codes[code];
                distances[code] += off * off;
            }
        }
    }
}

float Reference::sum_of_squares(int n, const float* x) noexcept { return dot(n, x, x); }

bool Reference::all_finite(int n, const float* x) noexcept {
    // One more than an exponent of all ones reaches the sign's place: no comparison, and no
    // arithmetic with floats, which not every processor has.
    constexpr uint32_t exponent = 0x7F800000u, lowest = 0x00800000u;
    uint32_t seen = 0;
    for (int i = 0; i < n; i++) seen |= (Scalar::bits_of(x[i]) & exponent) + lowest;
    return (seen >> 31) == 0;
}

void Reference::sgd_step(int n, StepSize step, float* weights, float* gradients) noexcept {
    for (int i = 0; i < n; i++) {
        const float g = gradients[i] * step.gradient_scale;
        weights[i] -= step.decay * weights[i] + step.rate * g;
        gradients[i] = 0.0f;
    }
}

void Reference::momentum_step(int n, StepSize step, float momentum, float* weights,
                              float* gradients, float* velocity) noexcept {
    for (int i = 0; i < n; i++) {
        const float g = gradients[i] * step.gradient_scale;
        velocity[i] = momentum * velocity[i] - step.rate * g;
        weights[i] += velocity[i] - step.decay * weights[i];
        gradients[i] = 0.0f;
    }
}

void Reference::adam_step(int n, StepSize step, AdamRates rates, float* weights, float* gradients,
                          float* first, float* second) noexcept {
    for (int i = 0; i < n; i++) {
        const float g = gradients[i] * step.gradient_scale;
        const float mean = first[i] + rates.one_minus_beta1 * (g - first[i]);
        const float square = second[i] + rates.one_minus_beta2 * (g * g - second[i]);
        weights[i] -= step.decay * weights[i] + step.rate * mean / (sqrtf(square) + rates.epsilon);
        first[i] = mean;
        second[i] = square;
        gradients[i] = 0.0f;
    }
}

}  // namespace nutshell
