// SPDX-License-Identifier: MIT
// A single float as the vector type that elementary.hpp and the float kernels ask for: what the
// reference computes with, and processors whose floating-point unit takes one at a time. A Fused
// one rounds a product and its sum once. Included by kernel sources only.
#pragma once
#include <math.h>
#include <stdint.h>
#include <string.h>

namespace nutshell {

template <bool Fused>
struct Lane {
    float v;
    static constexpr int lanes = 1, exp_steps = 1;
    static constexpr int together = 1, add_vectors = 8;
    static constexpr int row_vectors = 1;
    static constexpr bool loads_four = false;
    static constexpr bool bias_last = false;

    static Lane load(const float* p) noexcept { return {*p}; }
    static void store(float* p, Lane a) noexcept { *p = a.v; }
    static Lane load_part(const float* p, int) noexcept { return {*p}; }
    static void store_part(float* p, Lane a, int) noexcept { *p = a.v; }
    static Lane load_bytes(const uint8_t* p) noexcept { return {static_cast<float>(*p)}; }
    static Lane set(float x) noexcept { return {x}; }
    static Lane mul_add(Lane a, Lane b, Lane c) noexcept {
        if constexpr (Fused) {
            return {fmaf(a.v, b.v, c.v)};
        } else {
            return {a.v * b.v + c.v};
        }
    }
    static Lane sub_mul(Lane c, Lane a, Lane b) noexcept { return mul_add({-a.v}, b, c); }
    static Lane abs(Lane a) noexcept { return {a.v < 0 ? -a.v : a.v}; }
    static Lane minus_abs(Lane a) noexcept { return {a.v < 0 ? a.v : -a.v}; }
    static Lane max(Lane a, Lane b) noexcept { return {b.v < a.v ? a.v : b.v}; }
    static Lane min(Lane a, Lane b) noexcept { return {b.v > a.v ? a.v : b.v}; }
    static Lane select_negative(Lane x, Lane a, Lane b) noexcept { return {x.v < 0 ? a.v : b.v}; }
    static Lane select_positive(Lane x, Lane a, Lane b) noexcept { return {x.v > 0 ? a.v : b.v}; }
    static Lane copy_sign(Lane magnitude, Lane sign) noexcept {
        return {float_of((bits_of(magnitude.v) & ~sign_bit) | (bits_of(sign.v) & sign_bit))};
    }
    static Lane shift_to_exponent(Lane x) noexcept { return {float_of(bits_of(x.v) << 23)}; }
    static Lane exponent(Lane x) noexcept {
        return {static_cast<float>(static_cast<int32_t>(bits_of(x.v) >> 23) - 127)};
    }
    static Lane mantissa(Lane x) noexcept {
        return {float_of((bits_of(x.v) & fraction_bits) | bits_of(1.0f))};
    }
    static Lane sqrt(Lane a) noexcept { return {sqrtf(a.v)}; }
    static float sum(Lane a) noexcept { return a.v; }

    friend Lane operator+(Lane a, Lane b) noexcept { return {a.v + b.v}; }
    friend Lane operator-(Lane a, Lane b) noexcept { return {a.v - b.v}; }
    friend Lane operator*(Lane a, Lane b) noexcept { return {a.v * b.v}; }
    friend Lane operator/(Lane a, Lane b) noexcept { return {a.v / b.v}; }

    static uint32_t bits_of(float x) noexcept {
        uint32_t bits;
        memcpy(&bits, &x, sizeof bits);
        return bits;
    }

  private:
    static constexpr uint32_t sign_bit = 0x80000000u, fraction_bits = 0x7FFFFFu;

    static float float_of(uint32_t bits) noexcept {
        float x;
        memcpy(&x, &bits, sizeof x);
        return x;
    }
};

}  // namespace nutshell
