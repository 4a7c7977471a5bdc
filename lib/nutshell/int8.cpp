// SPDX-License-Identifier: MIT
#include "int8.hpp"

namespace nutshell {

Requantization rule_from(const Requantization& rule, Packing packing, int32_t out,
                         int32_t first) noexcept {
    Requantization rest = rule;
    rest.bias += first;
    if (rule.per_output) {
        rest.multiplier += first;
        rest.shift += first;
    }
#if !defined(__ARM_ARCH_PROFILE) || __ARM_ARCH_PROFILE != 'M'
    rest.forms_apart = packed_outputs(packing, out);
#else
    static_cast<void>(packing);
    static_cast<void>(out);
#endif
    return rest;
}

void quantize_values(const float* values, int32_t n, Quantization quantization,
                     int8_t* codes) noexcept {
    const float zero_point = quantization.zero_point;
    const int8_t largest = largest_code(quantization);
    for (int32_t i = 0; i < n; i++) {
        const float steps = values[i] / quantization.scale;
        // Held before the conversion, which is defined for numbers that fit only.
        const float low = -128.0f - zero_point, high = static_cast<float>(largest) - zero_point;
        const float held = steps < low ? low : steps > high ? high : steps == steps ? steps : 0.0f;
        const int rounded = static_cast<int>(held < 0 ? held - 0.5f : held + 0.5f);
        codes[i] = clamp_to_int8(rounded + quantization.zero_point, -128, largest);
    }
}

void dequantize_values(const int8_t* codes, int32_t n, Quantization quantization,
                       float* values) noexcept {
    for (int32_t i = 0; i < n; i++) {
        values[i] = quantization.scale * static_cast<float>(codes[i] - quantization.zero_point);
    }
}

}  // namespace nutshell
