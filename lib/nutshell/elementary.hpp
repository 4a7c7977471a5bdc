// SPDX-License-Identifier: MIT
// exp, tanh, sigmoid and log(1 + x) once for every platform, over a vector type V that an
// instruction set supplies (the reference supplies one lane). No libm: the same bits everywhere
// for the same V. Included by sources only, which are compiled without contraction. Errors,
// in units in the last place, are the largest over every float there is, on any platform
// (tests/exhaustive/elementary.cpp).
//
// V has: lanes, set(float), + - * /, mul_add(a, b, c) = a * b + c, sub_mul(c, a, b) = c - a * b,
// abs, minus_abs(x) = -|x|, max(a, b) and min(a, b) that return b when either is NaN,
// select_negative(x, a, b) = x < 0 ? a : b (either for -0 and NaN), copy_sign(magnitude, sign),
// shift_to_exponent(x) = the bits of x shifted left by 23; for log also exponent(x) and
// mantissa(x) in [1, 2). exp_steps is 1, or 8 for a V that looks up powers of two in a register:
// power_of_two(x) = 2^(n / 8), n the integer that was rounded into the low bits
// of x by adding 1.5 * 2^23.
#pragma once
#include <stdint.h>

namespace nutshell::elementary {

/// e^x split as 2^n * (1 + p): scale = 2^n, p = e^r - 1 with |r| <= ln(2) / 2.
template <class V>
struct Exponential {
    V scale;
    V p;
};

/// Range reduction by a two-part ln(2); the polynomial is a minimax fit of (e^r - 1 - r) / r^2
/// with relative error 3e-9. x must be in [-87.3, 88.3] or NaN.
template <class V>
inline Exponential<V> split_exp(V x) noexcept {
    // Adding 1.5 * 2^23 rounds to an integer in the low bits; 127 biases it for the exponent field.
    const V magic = V::set(12582912.0f + 127.0f);
    const V rounded = V::mul_add(x, V::set(1.44269502f), magic);
    const V n = rounded - magic;
    const V r = V::mul_add(n, V::set(2.12194442e-4f), V::mul_add(n, V::set(-0.693359375f), x));
    V q = V::set(1.39504916e-3f);
    q = V::mul_add(q, r, V::set(8.36888980e-3f));
    q = V::mul_add(q, r, V::set(4.16662060e-2f));
    q = V::mul_add(q, r, V::set(1.66665182e-1f));
    q = V::mul_add(q, r, V::set(0.5f));
    return {V::shift_to_exponent(rounded), V::mul_add(q * r, r, r)};
}

/// 2^(j / 8), as bits less j << 20: adding (8 * i + j) << 20 gives the bits of 2^(i + j / 8).
/// Twice, for vectors of sixteen.
struct EighthPowersOfTwo {
    static constexpr int shift = 20;
    uint32_t less[16];

    constexpr EighthPowersOfTwo() noexcept : less() {
        constexpr uint32_t power[8] = {0x3F800000, 0x3F8B95C2, 0x3F9837F0, 0x3FA5FED7,
                                       0x3FB504F3, 0x3FC5672A, 0x3FD744FD, 0x3FEAC0C7};
        for (uint32_t j = 0; j < 16; j++) less[j] = power[j % 8] - (j % 8 << shift);
    }
};
inline constexpr EighthPowersOfTwo kEighthPowersOfTwo{};

/// e^x for x in [-87.3, 88.3] or NaN. With eight steps between powers of two the polynomial, e^r -
/// 1 with |r| <= ln(2) / 16, ends with r^4: what it leaves out is below 2^-29.
template <class V>
inline V exp(V x) noexcept {
    if constexpr (V::exp_steps == 1) {
        const Exponential<V> e = split_exp(x);
        return V::mul_add(e.scale, e.p, e.scale);
    } else {
        constexpr float steps = V::exp_steps;
        const V magic = V::set(12582912.0f);
        const V rounded = V::mul_add(x, V::set(1.44269502f * steps), magic);
        const V n = rounded - magic;
        const V r = V::mul_add(n, V::set(2.12194442e-4f / steps),
                               V::mul_add(n, V::set(-0.693359375f / steps), x));
        V q = V::mul_add(r, V::set(4.16666667e-2f), V::set(1.66666667e-1f));
        q = V::mul_add(q, r, V::set(0.5f));
        const V scale = V::power_of_two(rounded);
        return V::mul_add(scale, V::mul_add(q * r, r, r), scale);
    }
}

/// e^-|x|, never below the smallest normal number; NaN stays NaN. Off by at most 1.1 units.
template <class V>
inline V exp_of_minus_abs(V x) noexcept {
    return exp(V::max(V::set(-87.3f), V::minus_abs(x)));
}

/// 1 / (1 + e^-x) from e = exp_of_minus_abs(x), which the loss needs too. Off by at most 2.9 units,
/// or by 1.3e-38.
template <class V>
inline V sigmoid(V x, V e) noexcept {
    const V one = V::set(1.0f);
    return V::select_negative(x, e, one) / (one + e);
}

/// 1 / (1 + e^-x) alone, in fewer instructions. Off by at most 2.9 units, or by 1.3e-38.
template <class V>
inline V logistic(V x) noexcept {
    const V clipped = V::min(V::set(87.3f), V::max(V::set(-87.3f), V::set(0.0f) - x));
    return V::set(1.0f) / (V::set(1.0f) + exp(clipped));
}

/// 2 * artanh(s) for |s| <= 1/3, relative error 1e-7: a minimax polynomial in the square.
template <class V>
inline V twice_artanh(V s) noexcept {
    const V z = s * s;
    V q = V::set(1.22124635e-1f);
    q = V::mul_add(q, z, V::set(1.06949776e-1f));
    q = V::mul_add(q, z, V::set(1.43105209e-1f));
    q = V::mul_add(q, z, V::set(1.99993387e-1f));
    q = V::mul_add(q, z, V::set(3.33333403e-1f));
    q = V::mul_add(q, z, V::set(1.0f));
    return (s + s) * q;
}

/// log(1 + e) for e in [0, 1], without forming 1 + e. With e = exp_of_minus_abs(x), off by at most
/// 3.7 units of log(1 + e^-|x|).
template <class V>
inline V log_one_plus(V e) noexcept {
    return twice_artanh(e / (V::set(2.0f) + e));
}

/// log(x) of a positive, normal, finite x; NaN stays NaN. x = 2^n * m with m in [1, 2), halved when
/// it is above 4/3, so that |s| = |m - 1| / (m + 1) <= 1/5; the polynomial of log_one_plus. Off by
/// at most 2.9 units.
template <class V>
inline V log(V x) noexcept {
    const V one = V::set(1.0f);
    const V whole = V::mantissa(x);
    const V above = whole - V::set(1.33333337f);
    const V m = V::select_negative(above, whole, whole * V::set(0.5f));
    const V n = V::exponent(x) + V::select_negative(above, V::set(0.0f), one);
    const V s = (m - one) / (m + one);
    return V::mul_add(n, V::set(0.693147182f), twice_artanh(s));
}

/// tanh(x) = t / (t + 2) with t = e^(2|x|) - 1, which keeps its accuracy near zero. Off by at most
/// 2.7 units.
template <class V>
inline V tanh(V x) noexcept {
    const V magnitude = V::min(V::set(9.1f), V::abs(x));
    const Exponential<V> e = split_exp(magnitude + magnitude);
    const V t = V::mul_add(e.scale, e.p, e.scale - V::set(1.0f));
    return V::copy_sign(t / (t + V::set(2.0f)), x);
}

}  // namespace nutshell::elementary
