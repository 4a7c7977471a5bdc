// SPDX-License-Identifier: MIT
// Cortex-M55 and M85 with Helium: sixteen int8 products or four float ones an instruction.
#pragma once
#include "nutshell/kernels.hpp"

namespace nutshell {

struct Helium : PackedReference<Packing::helium> {
    static decltype(kernels::dense_int8) dense_int8;
    static decltype(kernels::dense_rows_int8) dense_rows_int8;
    static decltype(kernels::depthwise_int8) depthwise_int8;
    static decltype(kernels::look_up) look_up;
    static decltype(kernels::squared_distances_int8) squared_distances_int8;
    static decltype(kernels::hamming_distances) hamming_distances;
    static constexpr int scratch_per_input = 0;
#define NUTSHELL_MEMBER(name) static decltype(kernels::name) name;
    NUTSHELL_FLOAT_KERNELS(NUTSHELL_MEMBER)
#undef NUTSHELL_MEMBER
};

}  // namespace nutshell
