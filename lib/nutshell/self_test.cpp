// SPDX-License-Identifier: MIT
#include "self_test.hpp"

#include "nut_format.hpp"

namespace nutshell {
namespace {

constexpr int kFloatAnswers = kSelfTestBytes / static_cast<int>(sizeof(float));

/// Numerical Recipes' linear congruential generator; its upper bits are what is used.
uint32_t next(uint32_t& state) noexcept { return state = state * 1664525u + 1013904223u; }

int32_t answer_index(int32_t n, int32_t answer) noexcept {
    return static_cast<int32_t>(static_cast<int64_t>(n) * answer / kFloatAnswers);
}

}  // namespace

void self_test_input(uint32_t seed, int32_t n, int8_t* x) noexcept {
    for (int32_t i = 0; i < n; i++) x[i] = static_cast<int8_t>(next(seed) >> 24);
}

void self_test_input(uint32_t seed, int32_t n, float* x) noexcept {
    for (int32_t i = 0; i < n; i++) x[i] = static_cast<float>(next(seed) >> 24) / 255.0f;
}

void write_self_test(const int8_t* y, int32_t n, uint8_t* section) noexcept {
    memset(section, 0, kSelfTestBytes);
    const uint8_t* bytes = reinterpret_cast<const uint8_t*>(y);
    format::write32(section, crc32c(0, bytes, static_cast<size_t>(n)));
}

void write_self_test(const float* y, int32_t n, uint8_t* section) noexcept {
    for (int32_t i = 0; i < kFloatAnswers; i++) {
        format::write32(section + 4 * i, format::bits_of(y[answer_index(n, i)]));
    }
}

bool self_test_passes(const int8_t* y, int32_t n, const uint8_t* section) noexcept {
    const uint8_t* bytes = reinterpret_cast<const uint8_t*>(y);
    return format::read32(section) == crc32c(0, bytes, static_cast<size_t>(n));
}

bool self_test_passes(const float* y, int32_t n, const uint8_t* section) noexcept {
    for (int32_t i = 0; i < kFloatAnswers; i++) {
        const float expected = format::read_float(section + 4 * i);
        const float magnitude = expected < 0 ? -expected : expected;
        const float off = y[answer_index(n, i)] - expected;
        const float bound = 1e-3f * (magnitude > 1.0f ? magnitude : 1.0f);
        if (!(off <= bound && off >= -bound)) return false;
    }
    return true;
}

}  // namespace nutshell
