// SPDX-License-Identifier: MIT
// Cortex-M4, M7 and M33 with their DSP instructions: int8 by dual 16-bit multiply-adds.
#pragma once
#include "nutshell/kernels.hpp"

namespace nutshell {

struct Dsp : PackedReference<Packing::dsp> {
    static decltype(kernels::dense_int8) dense_int8;
    static decltype(kernels::look_up) look_up;
    /// dense_int8 over inputs that are int16 already, in the order of `widen`.
    static void dense_widened(int in, int out, const int8_t* weights, const Requantization& rule,
                              const void* x, int8_t* y) noexcept;
    static constexpr int scratch_per_input = 2;  // bytes: inputs as int16
};

}  // namespace nutshell
