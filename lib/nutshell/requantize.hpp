// SPDX-License-Identifier: MIT
// The one rounding rule of int8: how the 32-bit sum of a layer becomes an 8-bit code. It is
// TensorFlow Lite Micro's default ("double rounding"), to the bit; source: gemmlowp's
// SaturatingRoundingDoublingHighMul and RoundingDivideByPOT.
#pragma once
#include <stdint.h>

namespace nutshell {

/// A positive real number as multiplier * 2^(shift - 31), multiplier in 2^30..2^31-1; zero is
/// {0, 0}.
struct FixedPoint {
    int32_t multiplier;
    int8_t shift;
};

constexpr int kMinShift = -31, kMaxShift = 30;

/// The sums of a layer must stay below this magnitude, also after a shift to the left, at every
/// step of the summation: their double then fits 32 bits.
constexpr int32_t kMaxSum = (1 << 30) - 1;

/// a * b / 2^31, rounded to the nearest, ties up. Not both may be -2^31.
constexpr int32_t multiply_high(int32_t a, int32_t b) noexcept {
    return static_cast<int32_t>((static_cast<int64_t>(a) * b + (1 << 30)) >> 31);
}

/// x / 2^shift, rounded to the nearest, ties away from zero. shift in 0..31.
constexpr int32_t divide_by_power_of_two(int32_t x, int shift) noexcept {
    const int32_t mask = static_cast<int32_t>((uint32_t{1} << shift) - 1);
    const int32_t threshold = (mask >> 1) + (x < 0 ? 1 : 0);
    return (x >> shift) + ((x & mask) > threshold ? 1 : 0);
}

/// x * scale, rounded twice. |x| at most kMaxSum, also when shifted left by the scale. A processor
/// may have a multiply_high of its own.
template <int32_t High(int32_t, int32_t) noexcept = multiply_high>
constexpr int32_t multiply(int32_t x, FixedPoint scale) noexcept {
    const int left = scale.shift > 0 ? scale.shift : 0;
    const int32_t product = High(x * (1 << left), scale.multiplier);
    return divide_by_power_of_two(product, left - scale.shift);
}

constexpr int8_t clamp_to_int8(int32_t x, int32_t low, int32_t high) noexcept {
    return static_cast<int8_t>(x < low ? low : x > high ? high : x);
}

}  // namespace nutshell
