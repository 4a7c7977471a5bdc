// SPDX-License-Identifier: MIT
// int8 for Cortex-M55 and M85 with Helium, sixteen int8 products an instruction.
#pragma once
#include "nutshell/kernels.hpp"

namespace nutshell {

struct Helium : PackedReference<Packing::helium> {
    static decltype(kernels::dense_int8) dense_int8;
    static decltype(kernels::look_up) look_up;
    static constexpr int scratch_per_input = 0;
};

}  // namespace nutshell
