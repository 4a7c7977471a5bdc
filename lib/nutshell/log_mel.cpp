// SPDX-License-Identifier: MIT
#include "log_mel.hpp"

#include "elementary.hpp"
#include "lane.hpp"

namespace nutshell {

void log_mel(int n, const float* power, int mels, const uint8_t* band, const float* rising,
             const float* falling, float* decibels) noexcept {
    for (int m = 0; m < mels; m++) decibels[m] = 0.0f;
    for (int k = 0; k <= n / 2; k++) {
        const float p = power[power_place(n, k)];
        const int up = band[k];
        if (up < mels) decibels[up] += rising[k] * p;
        if (up > 0) decibels[up - 1] += falling[k] * p;
    }
    constexpr float ten_over_log_ten = 4.34294482f, smallest = 0x1p-52f;
    for (int m = 0; m < mels; m++) {
        decibels[m] = ten_over_log_ten * elementary::log(Lane<false>{decibels[m] + smallest}).v;
    }
}

}  // namespace nutshell
