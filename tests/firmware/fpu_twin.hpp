// SPDX-License-Identifier: MIT
// The float kernels of a Cortex-M's floating-point unit on any processor, to the bit: its loops in
// C++, in the order of platform/fpu.cpp. Compile without contraction.
#pragma once
#include "platform/row_kernels.hpp"

namespace nutshell::tests {

struct PortableLoops {
    static constexpr int block = 16, dot_block = 8, dot_rows = 4;

    static void dots(int blocks, const float* x, const float* const* rows, float* sums) noexcept {
        for (int r = 0; r < dot_rows; r++) {
            float even = 0, odd = 0;
            for (int i = 0; i < blocks * dot_block; i += 2) {
                even = fmaf(rows[r][i], x[i], even);
                odd = fmaf(rows[r][i + 1], x[i + 1], odd);
            }
            sums[r] = even + odd;
        }
    }
    static void combine(int k, const float* a, const float* b, ptrdiff_t stride, const float* from,
                        float* to) noexcept {
        for (int j = 0; j < block; j++) {
            float sum = from[j];
            for (int t = 0; t < k; t++) sum = fmaf(b[t * stride + j], a[t], sum);
            to[j] = sum;
        }
    }
    static void add_scaled(int n, float factor, const float* x, float* y) noexcept {
        for (int i = 0; i < n; i++) y[i] = fmaf(x[i], factor, y[i]);
    }
};

using FpuTwin = RowKernels<Lane<true>, PortableLoops, Reference>;

}  // namespace nutshell::tests
