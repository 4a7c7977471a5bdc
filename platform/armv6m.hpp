// SPDX-License-Identifier: MIT
// int8 for Cortex-M0 and M0+, which load, multiply and add one byte at a time.
#pragma once
#include "nutshell/kernels.hpp"

namespace nutshell {

struct Armv6m : PackedReference<Packing::armv6m> {
    static decltype(kernels::dense_int8) dense_int8;
    static decltype(kernels::dense_rows_int8) dense_rows_int8;
    static decltype(kernels::depthwise_int8) depthwise_int8;
    static decltype(kernels::look_up) look_up;
    static constexpr int scratch_per_input = 1;  // the inputs as unsigned bytes
};

}  // namespace nutshell
