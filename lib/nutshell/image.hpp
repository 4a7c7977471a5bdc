// SPDX-License-Identifier: MIT
// 8-bit pixels <-> floats in 0..1.
#pragma once
#include <stdint.h>

namespace nutshell {

/// values[n] = pixels[n] / 255.
void to_float(const uint8_t* pixels, int32_t n, float* values) noexcept;

/// pixels[n] = values[n] * 255, rounded to the nearest and held within 0..255; NaN becomes 0.
/// Undoes to_float exactly.
void to_pixels(const float* values, int32_t n, uint8_t* pixels) noexcept;

}  // namespace nutshell
