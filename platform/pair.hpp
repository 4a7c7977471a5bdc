// SPDX-License-Identifier: MIT
// Two vectors in lockstep, as one vector type of twice the lanes. The elementary functions are
// long chains of dependent operations: a processor that works on two at a time waits half as
// long. Each lane's arithmetic is that of V.
#pragma once
#include <stdint.h>

namespace nutshell {

template <class V>
struct Pair {
    V a, b;
    static constexpr int lanes = 2 * V::lanes, exp_steps = V::exp_steps;

    static Pair load(const float* p) noexcept { return {V::load(p), V::load(p + V::lanes)}; }
    static void store(float* p, Pair x) noexcept {
        V::store(p, x.a);
        V::store(p + V::lanes, x.b);
    }
    static Pair load_bytes(const uint8_t* p) noexcept {
        return {V::load_bytes(p), V::load_bytes(p + V::lanes)};
    }
    static Pair set(float x) noexcept { return {V::set(x), V::set(x)}; }
    static Pair mul_add(Pair x, Pair y, Pair z) noexcept {
        return {V::mul_add(x.a, y.a, z.a), V::mul_add(x.b, y.b, z.b)};
    }
    static Pair sub_mul(Pair x, Pair y, Pair z) noexcept {
        return {V::sub_mul(x.a, y.a, z.a), V::sub_mul(x.b, y.b, z.b)};
    }
    static Pair abs(Pair x) noexcept { return {V::abs(x.a), V::abs(x.b)}; }
    static Pair minus_abs(Pair x) noexcept { return {V::minus_abs(x.a), V::minus_abs(x.b)}; }
    static Pair max(Pair x, Pair y) noexcept { return {V::max(x.a, y.a), V::max(x.b, y.b)}; }
    static Pair min(Pair x, Pair y) noexcept { return {V::min(x.a, y.a), V::min(x.b, y.b)}; }
    static Pair select_negative(Pair x, Pair y, Pair z) noexcept {
        return {V::select_negative(x.a, y.a, z.a), V::select_negative(x.b, y.b, z.b)};
    }
    static Pair copy_sign(Pair magnitude, Pair sign) noexcept {
        return {V::copy_sign(magnitude.a, sign.a), V::copy_sign(magnitude.b, sign.b)};
    }
    static Pair shift_to_exponent(Pair x) noexcept {
        return {V::shift_to_exponent(x.a), V::shift_to_exponent(x.b)};
    }
    static Pair power_of_two(Pair x) noexcept {
        return {V::power_of_two(x.a), V::power_of_two(x.b)};
    }
};

/// Count vectors in lockstep, a power of two.
template <class V, int Count>
struct Lockstep {
    using Type = Pair<typename Lockstep<V, Count / 2>::Type>;
};
template <class V>
struct Lockstep<V, 1> {
    using Type = V;
};

template <class V>
inline Pair<V> operator+(Pair<V> x, Pair<V> y) noexcept {
    return {x.a + y.a, x.b + y.b};
}
template <class V>
inline Pair<V> operator-(Pair<V> x, Pair<V> y) noexcept {
    return {x.a - y.a, x.b - y.b};
}
template <class V>
inline Pair<V> operator*(Pair<V> x, Pair<V> y) noexcept {
    return {x.a * y.a, x.b * y.b};
}
template <class V>
inline Pair<V> operator/(Pair<V> x, Pair<V> y) noexcept {
    return {x.a / y.a, x.b / y.b};
}

}  // namespace nutshell
