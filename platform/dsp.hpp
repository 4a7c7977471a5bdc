// SPDX-License-Identifier: MIT
// Cortex-M4, M7 and M33: int8 by the dual 16-bit multiply-adds of their DSP instructions, floats by
// their floating-point unit when they have one.
#pragma once
#include "nutshell/kernels.hpp"

namespace nutshell {

struct Dsp : PackedReference<Packing::dsp> {
    static decltype(kernels::dense_int8) dense_int8;
    static decltype(kernels::dense_rows_int8) dense_rows_int8;
    static decltype(kernels::depthwise_int8) depthwise_int8;
    static decltype(kernels::look_up) look_up;
    static decltype(kernels::squared_distances_int8) squared_distances_int8;
    /// dense_int8 over inputs that are int16 already, in the order of `widen`.
    static void dense_widened(int in, int out, const int8_t* weights, const Requantization& rule,
                              const void* x, int8_t* y) noexcept;
    static constexpr int scratch_per_input = 2;  // bytes: inputs as int16
#if defined(__ARM_FEATURE_FMA)
#define NUTSHELL_MEMBER(name) static decltype(kernels::name) name;
    NUTSHELL_FLOAT_KERNELS(NUTSHELL_MEMBER)
#undef NUTSHELL_MEMBER
#endif
};

}  // namespace nutshell
