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
// mantissa(x) in [1, 2).
#pragma once

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

/// e^-|x|, never below the smallest normal number; NaN stays NaN. Off by at most 1.1 units.
template <class V>
inline V exp_of_minus_abs(V x) noexcept {
    const V clipped = V::max(V::set(-87.3f), V::minus_abs(x));
    const Exponential<V> e = split_exp(clipped);
    return V::mul_add(e.scale, e.p, e.scale);
}

/// 1 / (1 + e^-x) from e = exp_of_minus_abs(x), which the loss needs too. Off by at most 2.9 units,
/// or by 1.3e-38.
template <class V>
inline V sigmoid(V x, V e) noexcept {
    const V positive = V::set(1.0f) / (V::set(1.0f) + e);
    return V::select_negative(x, e * positive, positive);
}

/// 1 / (1 + e^-x) alone, in fewer instructions. Off by at most 2.9 units, or by 1.3e-38.
template <class V>
inline V logistic(V x) noexcept {
    const V clipped = V::min(V::set(87.3f), V::max(V::set(-87.3f), V::set(0.0f) - x));
    const Exponential<V> e = split_exp(clipped);
    return V::set(1.0f) / (V::set(1.0f) + V::mul_add(e.scale, e.p, e.scale));
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
