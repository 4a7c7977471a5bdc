// SPDX-License-Identifier: MIT
#include "image.hpp"

#include "kernels.hpp"

namespace nutshell {

void to_float(const uint8_t* pixels, int32_t n, float* values) noexcept {
    kernels::scale_bytes(n, pixels, values);
}

void to_pixels(const float* values, int32_t n, uint8_t* pixels) noexcept {
    for (int32_t i = 0; i < n; i++) {
        const float scaled = values[i] * 255.0f + 0.5f;
        const float held = scaled >= 255.0f ? 255.0f : scaled;
        pixels[i] = held > 0.0f ? static_cast<uint8_t>(held) : static_cast<uint8_t>(0);
    }
}

}  // namespace nutshell
