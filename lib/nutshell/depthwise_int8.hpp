// SPDX-License-Identifier: MIT
// depthwise_int8 as plain loops, over how a processor makes a code of a sum.
#pragma once
#include <stdint.h>

namespace nutshell {

/// y[channels] = code(sum, channel); weights[taps][channels], x[taps] as kernels::depthwise_int8
/// has them. Four sums are written out, so that they stay in registers whatever the compiler is
/// told.
template <class Code>
inline void depthwise_codes(int taps, int channels, const int8_t* weights, const int32_t* bias,
                            const int8_t* const* x, int8_t* y, Code code) noexcept {
    int c = 0;
    for (; c + 4 <= channels; c += 4) {
        int32_t sum0 = bias[c], sum1 = bias[c + 1], sum2 = bias[c + 2], sum3 = bias[c + 3];
        const int8_t* weight = weights + c;
        for (const int8_t* const* tap = x; tap != x + taps; tap++, weight += channels) {
            const int8_t* const codes = *tap + c;
            sum0 += weight[0] * codes[0];
            sum1 += weight[1] * codes[1];
            sum2 += weight[2] * codes[2];
            sum3 += weight[3] * codes[3];
        }
        y[c] = code(sum0, c);
        y[c + 1] = code(sum1, c + 1);
        y[c + 2] = code(sum2, c + 2);
        y[c + 3] = code(sum3, c + 3);
    }
    for (; c < channels; c++) {
        int32_t sum = bias[c];
        for (int t = 0; t < taps; t++) sum += weights[t * channels + c] * x[t][c];
        y[c] = code(sum, c);
    }
}

}  // namespace nutshell
