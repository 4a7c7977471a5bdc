// SPDX-License-Identifier: MIT
// The kernel contract: the few operations that carry all the speed (those of int8 stand in
// kernels_int8.hpp). The library calls them as
// plain functions; platform/bind.cpp defines them, once per program, over one platform.
//
// Rules for all: matrices are dense and row-major, C[m][n] has m rows of n; pointers need only the
// alignment of float; sizes may be 0; inputs and outputs do not overlap unless said; nothing is
// read or written outside the given ranges; NaN propagates. A row of a result never depends on how
// many rows are computed with it. The reference gives the same bits on every machine, a platform
// agrees with it within the bound that its test states (armv7's NEON and Helium take numbers below
// 1.2e-38 for zero).
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "kernels_int8.hpp"

#if defined(__FAST_MATH__)
#error "nutshell must not be compiled with -ffast-math: results would not be reproducible"
#endif

namespace nutshell {

/// What follows a layer's sum. Each is differentiable from its output. The numbers are those of
/// the .nut file.
enum class Activation : uint8_t { linear = 0, relu = 1, leaky_relu = 2, sigmoid = 3, tanh = 4 };

/// Bounds applied to each element of a product: the activations that cost nothing.
struct Clamp {
    float low;
    float high;
};

/// A matrix of values byte / 255 of which most are zero. Its row i is row r = index[i] of what is
/// listed: byte[t] in column[t] for t in begin[r] .. begin[r + 1] - 1, and zeros elsewhere.
struct SparseBytes {
    const uint32_t* index;
    const size_t* begin;
    const uint16_t* column;
    const uint8_t* byte;
};

/// How a convolution goes over an image in NHWC. Its results lie on a grid; each has a patch of the
/// input, a rectangle of taps, each of which is `run` numbers of x. All steps are in floats, and
/// may be of any sign.
struct Convolution {
    int height, width;                     ///< of the grid
    int taps_down, taps_across, run;       ///< of a patch
    int n;                                 ///< numbers of a result
    ptrdiff_t x_down, x_across;            ///< from a patch to the next one
    ptrdiff_t tap_down, tap_across;        ///< from a tap to the next one, in x
    ptrdiff_t weight_down, weight_across;  ///< from a tap's weights to those of the next one
    ptrdiff_t y_down, y_across;            ///< from a result to the next one
};

/// One update of an optimizer: how far, and what the gradients are to be multiplied with first.
struct StepSize {
    float rate;            ///< learning rate, bias corrections included
    float gradient_scale;  ///< 1, or less when clipped
    float decay;           ///< decoupled weight decay of this step: weight -= decay * weight
};

/// Adam's constants for one step. Source: Kingma and Ba, "Adam", ICLR 2015.
struct AdamRates {
    float beta1;
    float beta2;
    float one_minus_beta1;
    float one_minus_beta2;
    float epsilon;  ///< added to the root of the uncorrected second moment
};

namespace kernels {

/// C[m][n] = clamp(A[m][k] * B[n][k]^T + bias[n]). bias may be null (zero).
void gemm_nt(int m, int n, int k, const float* a, const float* b, const float* bias, Clamp clamp,
             float* c) noexcept;

/// C[m][n] = clamp(A[m][k] * B[k][n] + bias[n]). The rows of B begin b_stride >= n elements apart,
/// so that B may be some columns of a larger matrix. bias may be null (zero).
void gemm_nn(int m, int n, int k, const float* a, const float* b, ptrdiff_t b_stride,
             const float* bias, Clamp clamp, float* c) noexcept;

/// C[m][n] += alpha * A[k][m]^T * B[k][n], one row of A and B after the other, so that cutting k
/// into slices gives the same bits.
void gemm_tn(int m, int n, int k, float alpha, const float* a, const float* b, float* c) noexcept;

/// C[m][n] = clamp(A[m][k] * B[k][n] + bias[n]) without A's zeros: what they meet in B does not
/// matter, not even when it is infinite or NaN. bias may be null (zero).
void sparse_gemm_nn(int m, int n, SparseBytes a, const float* b, const float* bias, Clamp clamp,
                    float* c) noexcept;

/// C[k][n] += alpha * A[m][k]^T * B[m][n], one row of A and B after the other, without A's zeros.
void sparse_gemm_tn(int m, int n, float alpha, SparseBytes a, const float* b, float* c) noexcept;

/// y[n] = clamp(bias[n] + the sum over the taps and their run of x[run] * weight[run][n]) for every
/// place of the grid. bias may be null (zero).
void convolve(const Convolution& convolution, const float* x, const float* weight,
              const float* bias, Clamp clamp, float* y) noexcept;

/// weight[run][n] of every tap += alpha * x[run] * dy[n] of every place of the grid, one place
/// after the other; dy lies where y does.
void convolve_gradient(const Convolution& convolution, float alpha, const float* x, const float* dy,
                       float* weight) noexcept;

/// The same channel by channel: y[n] = clamp(bias[n] + the sum over the taps of x[n] * weight[n]).
/// The run of a tap is n.
void depthwise(const Convolution& convolution, const float* x, const float* weight,
               const float* bias, Clamp clamp, float* y) noexcept;

/// weight[n] of every tap += alpha * x[n] * dy[n] of every place of the grid.
void depthwise_gradient(const Convolution& convolution, float alpha, const float* x,
                        const float* dy, float* weight) noexcept;

/// y[n] += alpha * (the sum of the rows of X[rows][n]), one row after the other.
void add_rows(int rows, int n, float alpha, const float* x, float* y) noexcept;

/// x[n] = bytes[n] / 255, rounded to the nearest float.
void scale_bytes(int n, const uint8_t* bytes, float* x) noexcept;

/// x[n] = x > 0 ? x : slope * x, in place.
void leaky_relu(int n, float slope, float* x) noexcept;

/// x[n] = 1 / (1 + exp(-x)), in place.
void sigmoid(int n, float* x) noexcept;

/// x[n] = tanh(x), in place.
void tanh(int n, float* x) noexcept;

/// dy[n] *= derivative of the activation, from its output y[n]. slope is leaky_relu's.
void activation_gradient(Activation activation, float slope, int n, const float* y,
                         float* dy) noexcept;

/// Binary cross-entropy from logits z[n] against target[n] in 0..1, in the form that never
/// overflows: max(z, 0) - z * target + log(1 + exp(-|z|)). Overwrites z with the gradient
/// (sigmoid(z) - target) * scale and returns the sum of the n losses, not scaled, each with an
/// absolute error of 2e-7 or four units in the last place, whichever is larger.
float sigmoid_cross_entropy(int n, float scale, const float* target, float* z) noexcept;

/// The same with the targets bytes[n] / 255: the bits that scale_bytes and sigmoid_cross_entropy
/// give.
float sigmoid_cross_entropy_bytes(int n, float scale, const uint8_t* bytes, float* z) noexcept;

/// Squared error of y[n] against target[n]. Overwrites y with the gradient
/// 2 * (y - target) * scale and returns the sum of the n squares, not scaled.
float squared_error(int n, float scale, const float* target, float* y) noexcept;

/// The squared distances of query[n] to groups of kGroupCodes codes, codes[groups][n][kGroupCodes]:
/// distances[groups][kGroupCodes], each a sum in the order of n.
void squared_distances(int groups, int n, const float* query, const float* codes,
                       float* distances) noexcept;

/// Sum of squares of x[n].
float sum_of_squares(int n, const float* x) noexcept;

/// Whether x[n] holds neither NaN nor infinity.
bool all_finite(int n, const float* x) noexcept;

/// weights -= rate * gradients; sets the gradients to zero.
void sgd_step(int n, StepSize step, float* weights, float* gradients) noexcept;

/// velocity = momentum * velocity - rate * gradients; weights += velocity; sets the gradients to
/// zero. Source: the definition of Keras' SGD.
void momentum_step(int n, StepSize step, float momentum, float* weights, float* gradients,
                   float* velocity) noexcept;

/// first += (1 - beta1) * (g - first); second += (1 - beta2) * (g * g - second);
/// weights -= rate * first / (sqrt(second) + epsilon); sets the gradients to zero.
void adam_step(int n, StepSize step, AdamRates rates, float* weights, float* gradients,
               float* first, float* second) noexcept;

}  // namespace kernels

/// The list of the kernels: the table and the platforms are derived from it.
#define NUTSHELL_KERNELS(X) NUTSHELL_FLOAT_KERNELS(X) NUTSHELL_INT8_KERNELS(X)
#define NUTSHELL_FLOAT_KERNELS(X)  \
    X(gemm_nt)                     \
    X(gemm_nn)                     \
    X(gemm_tn)                     \
    X(sparse_gemm_nn)              \
    X(sparse_gemm_tn)              \
    X(convolve)                    \
    X(convolve_gradient)           \
    X(depthwise)                   \
    X(depthwise_gradient)          \
    X(add_rows)                    \
    X(scale_bytes)                 \
    X(leaky_relu)                  \
    X(sigmoid)                     \
    X(tanh)                        \
    X(activation_gradient)         \
    X(sigmoid_cross_entropy)       \
    X(sigmoid_cross_entropy_bytes) \
    X(squared_error)               \
    X(squared_distances)           \
    X(sum_of_squares)              \
    X(all_finite)                  \
    X(sgd_step)                    \
    X(momentum_step)               \
    X(adam_step)

/// One pointer per kernel: how a host program holds the platform it chose.
struct Kernels {
#define NUTSHELL_POINTER(name) decltype(&kernels::name) name;
    NUTSHELL_KERNELS(NUTSHELL_POINTER)
#undef NUTSHELL_POINTER
    Packing int8_packing;
};

/// The kernels as plain loops: the fallback, and the oracle of every platform. A platform is a
/// struct that inherits this one and hides what it does better.
struct Reference {
#define NUTSHELL_MEMBER(name) static decltype(kernels::name) name;
    NUTSHELL_KERNELS(NUTSHELL_MEMBER)
#undef NUTSHELL_MEMBER
    static constexpr Packing int8_packing = Packing::canonical;
    static constexpr Packing int4_packing = int8_packing;
    /// Bytes of scratch per input that dense_int8 converts its input into.
    static constexpr int scratch_per_input = 0;
};

/// dense_int4 of weights in any packing, as plain loops.
void dense_int4_packed(Packing packing, int in, int out, const uint8_t* weights,
                       const Requantization& rule, const int8_t* x, int8_t* y) noexcept;

/// The base of a platform whose int8 weights lie in a packing of its own.
template <Packing Order>
struct PackedReference : Reference {
    static constexpr Packing int8_packing = Order;
    static constexpr Packing int4_packing = Order;
    static void dense_int4(int in, int out, const uint8_t* weights, const Requantization& rule,
                           const int8_t* x, int8_t* y, void*) noexcept {
        dense_int4_packed(Order, in, out, weights, rule, x, y);
    }
};

/// The table of a platform.
template <class Platform>
constexpr Kernels table_of() noexcept {
    static_assert(Platform::int8_packing == Platform::int4_packing,
                  "nutshell: a platform with a packing inherits PackedReference");
#define NUTSHELL_ENTRY(name) &Platform::name,
    return {NUTSHELL_KERNELS(NUTSHELL_ENTRY) Platform::int8_packing};
#undef NUTSHELL_ENTRY
}

}  // namespace nutshell
