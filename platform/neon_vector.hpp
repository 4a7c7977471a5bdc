// SPDX-License-Identifier: MIT
// The vector of NEON, of aarch64 and of armv7: four floats, in thirty-two registers (sixteen on
// armv7). armv7's NEON has neither division nor square root and flushes denormals; those two are
// done lane by lane there, the rest is the same. Empty for other processors.
#pragma once
#if defined(__ARM_NEON)
#include <arm_neon.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

namespace nutshell {
namespace {

struct Vec {
    float32x4_t v;
    static constexpr int lanes = 4, exp_steps = 1;
    static constexpr bool stores_sums = false;
#if defined(__aarch64__)
    static constexpr int tile_rows = 8, tile_vectors = 2;
    static constexpr int dot_tile_rows = 4, dot_tile_columns = 4;
    using Sparse = Vec;
    static constexpr int sparse_tile_vectors = 6, sparse_sums = 4;
    static constexpr int together = 4, add_vectors = 8;
    static constexpr bool spreads_factors = false;
    static constexpr bool bias_last = false;
    static constexpr bool loads_four = true;
    static constexpr int row_dots = 8, row_depth = 4, row_vectors = 16;
#else
    static constexpr int tile_rows = 4, tile_vectors = 2;
    static constexpr int dot_tile_rows = 3, dot_tile_columns = 3;
    using Sparse = Vec;
    static constexpr int sparse_tile_vectors = 6, sparse_sums = 2;
    static constexpr int together = 2, add_vectors = 8;
    static constexpr bool spreads_factors = false;
    static constexpr bool bias_last = false;
    static constexpr bool loads_four = false;
    static constexpr int row_dots = 8, row_depth = 2, row_vectors = 8;
#endif

    static Vec load(const float* p) noexcept { return {vld1q_f32(p)}; }
    static void store(float* p, Vec a) noexcept { vst1q_f32(p, a.v); }
    static Vec load_part(const float* p, int n) noexcept {
        float32x4_t v = vsetq_lane_f32(p[0], vdupq_n_f32(0.0f), 0);
        if (n > 1) v = vsetq_lane_f32(p[1], v, 1);
        if (n > 2) v = vsetq_lane_f32(p[2], v, 2);
        return {v};
    }
    static void store_part(float* p, Vec a, int n) noexcept {
        vst1q_lane_f32(p, a.v, 0);
        if (n > 1) vst1q_lane_f32(p + 1, a.v, 1);
        if (n > 2) vst1q_lane_f32(p + 2, a.v, 2);
    }
    static Vec load_bytes(const uint8_t* p) noexcept {
        uint32_t four;
        memcpy(&four, p, sizeof four);
        const uint16x8_t words = vmovl_u8(vreinterpret_u8_u32(vdup_n_u32(four)));
        return {vcvtq_f32_u32(vmovl_u16(vget_low_u16(words)))};
    }
    static Vec set(float x) noexcept { return {vdupq_n_f32(x)}; }
    static Vec held(Vec a) noexcept { return a; }
    static Vec mul_add(Vec a, Vec b, Vec c) noexcept { return {vfmaq_f32(c.v, a.v, b.v)}; }
    static Vec sub_mul(Vec c, Vec a, Vec b) noexcept { return {vfmsq_f32(c.v, a.v, b.v)}; }
    static Vec abs(Vec a) noexcept { return {vabsq_f32(a.v)}; }
    static Vec minus_abs(Vec a) noexcept { return {vnegq_f32(vabsq_f32(a.v))}; }
    static Vec max(Vec a, Vec b) noexcept { return select(vcgtq_f32(a.v, b.v), a, b); }
    static Vec min(Vec a, Vec b) noexcept { return select(vcltq_f32(a.v, b.v), a, b); }
    static Vec select_negative(Vec x, Vec a, Vec b) noexcept {
        return select(vcltq_f32(x.v, vdupq_n_f32(0.0f)), a, b);
    }
    static Vec select_positive(Vec x, Vec a, Vec b) noexcept {
        return select(vcgtq_f32(x.v, vdupq_n_f32(0.0f)), a, b);
    }
    static Vec copy_sign(Vec magnitude, Vec sign) noexcept {
        return {vbslq_f32(vdupq_n_u32(0x80000000u), sign.v, magnitude.v)};
    }
    static Vec shift_to_exponent(Vec x) noexcept {
        return {vreinterpretq_f32_u32(vshlq_n_u32(vreinterpretq_u32_f32(x.v), 23))};
    }
    static Vec exponent(Vec x) noexcept {
        const int32x4_t biased = vreinterpretq_s32_u32(vshrq_n_u32(vreinterpretq_u32_f32(x.v), 23));
        return {vcvtq_f32_s32(vsubq_s32(biased, vdupq_n_s32(127)))};
    }
    static Vec mantissa(Vec x) noexcept {
        return {vbslq_f32(vdupq_n_u32(0x7FFFFFu), x.v, vdupq_n_f32(1.0f))};
    }
    static float sum(Vec a) noexcept {
        const float32x2_t two = vadd_f32(vget_low_f32(a.v), vget_high_f32(a.v));
        return vget_lane_f32(vpadd_f32(two, two), 0);
    }
#if defined(__aarch64__)
    static void load_four(const float* p, Vec (&four)[4]) noexcept {
        const float32x4x4_t v = vld1q_f32_x4(p);
        for (int i = 0; i < 4; i++) four[i].v = v.val[i];
    }
    static Vec sqrt(Vec a) noexcept { return {vsqrtq_f32(a.v)}; }
    static Vec divide(Vec a, Vec b) noexcept { return {vdivq_f32(a.v, b.v)}; }
#else
    static Vec sqrt(Vec a) noexcept {
        float x[lanes];
        store(x, a);
        for (float& value : x) value = sqrtf(value);
        return load(x);
    }
    static Vec divide(Vec a, Vec b) noexcept {
        float x[lanes], y[lanes];
        store(x, a);
        store(y, b);
        for (int i = 0; i < lanes; i++) x[i] /= y[i];
        return load(x);
    }
#endif

  private:
    static Vec select(uint32x4_t mask, Vec a, Vec b) noexcept {
        return {vbslq_f32(mask, a.v, b.v)};
    }
};

inline Vec operator+(Vec a, Vec b) noexcept { return {vaddq_f32(a.v, b.v)}; }
inline Vec operator-(Vec a, Vec b) noexcept { return {vsubq_f32(a.v, b.v)}; }
inline Vec operator*(Vec a, Vec b) noexcept { return {vmulq_f32(a.v, b.v)}; }
inline Vec operator/(Vec a, Vec b) noexcept { return Vec::divide(a, b); }

}  // namespace
}  // namespace nutshell
#endif
