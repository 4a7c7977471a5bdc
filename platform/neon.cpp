// SPDX-License-Identifier: MIT
// NEON of aarch64 and of armv7: four floats a vector, thirty-two registers (sixteen on armv7).
// armv7's NEON has neither division nor square root and flushes denormals; those two are done
// lane by lane there, the rest is the same.
#if !defined(__ARM_NEON)
#error "neon.cpp needs NEON (-mfpu=neon-vfpv4 on armv7)"
#endif
#include <arm_neon.h>
#include <math.h>

#include "neon_int8.hpp"
#include "vector.hpp"

namespace nutshell {
namespace {

struct Vec {
    float32x4_t v;
    static constexpr int lanes = 4;
#if defined(__aarch64__)
    static constexpr int tile_rows = 8, tile_vectors = 2;
    static constexpr int dot_tile_rows = 4, dot_tile_columns = 4;
#else
    static constexpr int tile_rows = 4, tile_vectors = 2;
    static constexpr int dot_tile_rows = 3, dot_tile_columns = 3;
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
    static Vec set(float x) noexcept { return {vdupq_n_f32(x)}; }
    static Vec mul_add(Vec a, Vec b, Vec c) noexcept { return {vfmaq_f32(c.v, a.v, b.v)}; }
    static Vec abs(Vec a) noexcept { return {vabsq_f32(a.v)}; }
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

/// Sums by multiply-adds of 16 bits, two of which fit: 2 * 127 * 128 < 2^15. Four parts a row.
class MultiplyAdds {
  public:
    MultiplyAdds(const int32_t* bias, const int8_t* block, int8x16_t x) noexcept : bias_(bias) {
        for (int o = 0; o < 8; o += 2) {
            const int8x16_t rows = vld1q_s8(block + o * 8);
            part_[o] = vpaddlq_s16(vmull_s8(vget_low_s8(rows), vget_low_s8(x)));
            part_[o + 1] = vpaddlq_s16(high_products(rows, x));
        }
    }
    void add(const int8_t* block, int8x16_t x) noexcept {
        for (int o = 0; o < 8; o += 2) {
            const int8x16_t rows = vld1q_s8(block + o * 8);
            add(o, vmull_s8(vget_low_s8(rows), vget_low_s8(x)));
            add(o + 1, high_products(rows, x));
        }
    }
    void add_two(const int8_t* blocks, int8x16_t x) noexcept {
        // The inputs of the first block belong to the high half of its vectors too, those of the
        // second to the low half of its.
        const int8x16_t swapped = vextq_s8(x, x, 8);
        for (int o = 0; o < 8; o += 2) {
            const int8x16_t first = vld1q_s8(blocks + o * 8);
            const int8x16_t second = vld1q_s8(blocks + 64 + o * 8);
            const int16x8_t even = vmull_s8(vget_low_s8(first), vget_low_s8(x));
            const int16x8_t odd = high_products(first, swapped);
            add(o, vmlal_s8(even, vget_low_s8(second), vget_low_s8(swapped)));
            add(o + 1, vmlal_s8(odd, vget_high_s8(second), vget_high_s8(x)));
        }
    }
    Eight total() const noexcept {
        return {vaddq_s32(vld1q_s32(bias_), sum_of_parts(part_)),
                vaddq_s32(vld1q_s32(bias_ + 4), sum_of_parts(part_ + 4))};
    }

  private:
    void add(int o, int16x8_t products) noexcept { part_[o] = vpadalq_s16(part_[o], products); }

    static int16x8_t high_products(int8x16_t a, int8x16_t b) noexcept {
#if defined(__aarch64__)
        return vmull_high_s8(a, b);
#else
        return vmull_s8(vget_high_s8(a), vget_high_s8(b));
#endif
    }

    /// The sums of four rows.
    static int32x4_t sum_of_parts(const int32x4_t* part) noexcept {
#if defined(__aarch64__)
        return vpaddq_s32(vpaddq_s32(part[0], part[1]), vpaddq_s32(part[2], part[3]));
#else
        int32x2_t half[4];
        for (int o = 0; o < 4; o++) {
            half[o] = vadd_s32(vget_low_s32(part[o]), vget_high_s32(part[o]));
        }
        return vcombine_s32(vpadd_s32(half[0], half[1]), vpadd_s32(half[2], half[3]));
#endif
    }

    const int32_t* bias_;
    int32x4_t part_[8];
};

}  // namespace

extern const VectorPlatform neon_platform;
const VectorPlatform neon_platform = vector_platform<Vec, NeonInt8<MultiplyAdds>>();

}  // namespace nutshell
