// SPDX-License-Identifier: MIT
// The one place that knows which platform a program runs; compiled once per program. With
// NUTSHELL_PLATFORM (firmware) the kernels are that platform's functions, called directly, so that
// the linker drops what is not used; without it they go through a table that platform.cpp chooses.
#include "bind.hpp"

#if defined(NUTSHELL_PLATFORM_HEADER)
#include NUTSHELL_PLATFORM_HEADER
#endif

namespace nutshell {
namespace {

#if defined(NUTSHELL_PLATFORM)
#define NUTSHELL_RUN(name) NUTSHELL_PLATFORM::name
static_assert(NUTSHELL_PLATFORM::int8_packing == NUTSHELL_PLATFORM::int4_packing,
              "nutshell: a platform with a packing inherits PackedReference");
static_assert(NUTSHELL_PLATFORM::scratch_per_input <= kScratchPerInput,
              "nutshell: the platform is not one of the processor compiled for");
#else
/// The only mutable word of the library. Written once in most programs; any thread may.
const Kernels* active = nullptr;

const Kernels& bound() noexcept {
    const Kernels* kernels = __atomic_load_n(&active, __ATOMIC_ACQUIRE);
    if (!kernels) {
        kernels = &platform::best_kernels();
        platform::bind(*kernels);
    }
    return *kernels;
}
#define NUTSHELL_RUN(name) bound().name
#endif

}  // namespace

#if !defined(NUTSHELL_PLATFORM)
namespace platform {
void bind(const Kernels& kernels) noexcept {
    __atomic_store_n(&active, &kernels, __ATOMIC_RELEASE);
}
const Kernels& bound_kernels() noexcept { return bound(); }
}  // namespace platform
#endif

namespace kernels {

void gemm_nt(int m, int n, int k, const float* a, const float* b, const float* bias, Clamp clamp,
             float* c) noexcept {
    NUTSHELL_RUN(gemm_nt)(m, n, k, a, b, bias, clamp, c);
}
void gemm_nn(int m, int n, int k, const float* a, const float* b, const float* bias, Clamp clamp,
             float* c) noexcept {
    NUTSHELL_RUN(gemm_nn)(m, n, k, a, b, bias, clamp, c);
}
void gemm_tn(int m, int n, int k, float alpha, const float* a, const float* b, float* c) noexcept {
    NUTSHELL_RUN(gemm_tn)(m, n, k, alpha, a, b, c);
}
void sparse_gemm_nn(int m, int n, SparseBytes a, const float* b, const float* bias, Clamp clamp,
                    float* c) noexcept {
    NUTSHELL_RUN(sparse_gemm_nn)(m, n, a, b, bias, clamp, c);
}
void sparse_gemm_tn(int m, int n, float alpha, SparseBytes a, const float* b, float* c) noexcept {
    NUTSHELL_RUN(sparse_gemm_tn)(m, n, alpha, a, b, c);
}
void add_rows(int rows, int n, float alpha, const float* x, float* y) noexcept {
    NUTSHELL_RUN(add_rows)(rows, n, alpha, x, y);
}
void scale_bytes(int n, const uint8_t* bytes, float* x) noexcept {
    NUTSHELL_RUN(scale_bytes)(n, bytes, x);
}
void leaky_relu(int n, float slope, float* x) noexcept { NUTSHELL_RUN(leaky_relu)(n, slope, x); }
void sigmoid(int n, float* x) noexcept { NUTSHELL_RUN(sigmoid)(n, x); }
void tanh(int n, float* x) noexcept { NUTSHELL_RUN(tanh)(n, x); }
void activation_gradient(Activation activation, float slope, int n, const float* y,
                         float* dy) noexcept {
    NUTSHELL_RUN(activation_gradient)(activation, slope, n, y, dy);
}
float sigmoid_cross_entropy(int n, float scale, const float* target, float* z) noexcept {
    return NUTSHELL_RUN(sigmoid_cross_entropy)(n, scale, target, z);
}
float sigmoid_cross_entropy_bytes(int n, float scale, const uint8_t* bytes, float* z) noexcept {
    return NUTSHELL_RUN(sigmoid_cross_entropy_bytes)(n, scale, bytes, z);
}
float squared_error(int n, float scale, const float* target, float* y) noexcept {
    return NUTSHELL_RUN(squared_error)(n, scale, target, y);
}
float sum_of_squares(int n, const float* x) noexcept { return NUTSHELL_RUN(sum_of_squares)(n, x); }
void sgd_step(int n, StepSize step, float* weights, float* gradients) noexcept {
    NUTSHELL_RUN(sgd_step)(n, step, weights, gradients);
}
void momentum_step(int n, StepSize step, float momentum, float* weights, float* gradients,
                   float* velocity) noexcept {
    NUTSHELL_RUN(momentum_step)(n, step, momentum, weights, gradients, velocity);
}
void adam_step(int n, StepSize step, AdamRates rates, float* weights, float* gradients,
               float* first, float* second) noexcept {
    NUTSHELL_RUN(adam_step)(n, step, rates, weights, gradients, first, second);
}

Packing int8_packing() noexcept { return NUTSHELL_RUN(int8_packing); }
void dense_int8(int in, int out, const int8_t* weights, const Requantization& requantization,
                const int8_t* x, int8_t* y, void* scratch) noexcept {
    NUTSHELL_RUN(dense_int8)(in, out, weights, requantization, x, y, scratch);
}
void dense_int4(int in, int out, const uint8_t* weights, const Requantization& requantization,
                const int8_t* x, int8_t* y, void* scratch) noexcept {
    NUTSHELL_RUN(dense_int4)(in, out, weights, requantization, x, y, scratch);
}
void look_up(int n, const int8_t* table, int8_t* x) noexcept { NUTSHELL_RUN(look_up)(n, table, x); }

}  // namespace kernels
}  // namespace nutshell
