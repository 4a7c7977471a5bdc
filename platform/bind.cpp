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
static_assert(kBiasForms == 2 ||
                  rule_of(NUTSHELL_PLATFORM::int8_packing).bias != BiasForms::for_both,
              "nutshell: kBiasForms is too small for the platform's packing");
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

#define NUTSHELL_NAME(name) name
#include "forward_float.inc"
#undef NUTSHELL_NAME

Packing int8_packing() noexcept { return NUTSHELL_RUN(int8_packing); }
void dense_int8(int in, int out, const int8_t* weights, const Requantization& requantization,
                const int8_t* x, int8_t* y, void* scratch) noexcept {
    NUTSHELL_RUN(dense_int8)(in, out, weights, requantization, x, y, scratch);
}
void dense_rows_int8(int rows, int in, int out, const int8_t* weights,
                     const Requantization& requantization, const int8_t* x, ptrdiff_t x_stride,
                     int8_t* y, void* scratch) noexcept {
    NUTSHELL_RUN(dense_rows_int8)
    (rows, in, out, weights, requantization, x, x_stride, y, scratch);
}
void depthwise_int8(int taps, int channels, const int8_t* weights,
                    const Requantization& requantization, const int8_t* const* x,
                    int8_t* y) noexcept {
    NUTSHELL_RUN(depthwise_int8)(taps, channels, weights, requantization, x, y);
}
void dense_int4(int in, int out, const uint8_t* weights, const Requantization& requantization,
                const int8_t* x, int8_t* y, void* scratch) noexcept {
    NUTSHELL_RUN(dense_int4)(in, out, weights, requantization, x, y, scratch);
}
void look_up(int n, const int8_t* table, int8_t* x) noexcept { NUTSHELL_RUN(look_up)(n, table, x); }
void squared_distances_int8(int groups, int n, const int8_t* query, const int8_t* codes,
                            int32_t* distances) noexcept {
    NUTSHELL_RUN(squared_distances_int8)(groups, n, query, codes, distances);
}
void hamming_distances(int groups, int words, const uint32_t* query, const uint32_t* codes,
                       int32_t* distances) noexcept {
    NUTSHELL_RUN(hamming_distances)(groups, words, query, codes, distances);
}

}  // namespace kernels
}  // namespace nutshell
