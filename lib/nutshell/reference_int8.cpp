// SPDX-License-Identifier: MIT
// The int8 kernels as plain loops.
#include "kernels.hpp"

namespace nutshell {

void Reference::dense_int8(int in, int out, const int8_t* weights, const Requantization& rule,
                           const int8_t* x, int8_t* y, void*) noexcept {
    for (int o = 0; o < out; o++, weights += in) {
        int32_t sum = rule.bias[o];
        for (int i = 0; i < in; i++) sum += weights[i] * x[i];
        const int channel = rule.per_output ? o : 0;
        const FixedPoint scale{rule.multiplier[channel], rule.shift[channel]};
        y[o] = clamp_to_int8(multiply(sum, scale) + rule.zero_point, rule.low, rule.high);
    }
}

void Reference::look_up(int n, const int8_t* table, int8_t* x) noexcept {
    for (int i = 0; i < n; i++) x[i] = table[static_cast<uint8_t>(x[i])];
}

}  // namespace nutshell
