// SPDX-License-Identifier: MIT
// int8 for Cortex-M3 (and any Armv7-M without DSP instructions).
#pragma once
#include "nutshell/kernels.hpp"

namespace nutshell {

struct Armv7m : PackedReference<Packing::armv7m> {
    static decltype(kernels::dense_int8) dense_int8;
    static decltype(kernels::dense_rows_int8) dense_rows_int8;
    static decltype(kernels::look_up) look_up;
    static constexpr int scratch_per_input = 0;
};

}  // namespace nutshell
