// SPDX-License-Identifier: MIT
// Colours computed from values.
#include "palette.hpp"

#include <algorithm>
#include <cmath>

namespace nutshell::tools {

Color diverging_color(double value) {
    constexpr double kNegative[] = {33, 102, 172}, kPositive[] = {178, 24, 43};
    if (std::isnan(value)) value = 0;
    const double part = std::min(1.0, std::abs(value));
    const double* end = value < 0 ? kNegative : kPositive;
    const auto mix = [&](int c) {
        return static_cast<uint8_t>(std::lround(255 + (end[c] - 255) * part));
    };
    return {mix(0), mix(1), mix(2)};
}

uint8_t to_byte(float value) {
    if (!(value > 0)) return 0;
    return static_cast<uint8_t>(std::lround(255 * std::min(1.0f, value)));
}

}  // namespace nutshell::tools
