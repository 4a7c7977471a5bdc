// SPDX-License-Identifier: MIT
// NEON of aarch64 and of armv7: floats of neon_vector.hpp, and int8 by multiply-adds.
#if !defined(__ARM_NEON)
#error "neon.cpp needs NEON (-mfpu=neon-vfpv4 on armv7)"
#endif
#include "neon_int8.hpp"
#include "neon_vector.hpp"
#include "vector.hpp"

namespace nutshell {
namespace {

/// Sums by multiply-adds of 16 bits, two of which fit: 2 * 127 * 128 < 2^15. Four parts a row.
class MultiplyAdds {
  public:
#if defined(__aarch64__)
    static constexpr int groups = 2;  ///< of eight rows, as many as there are registers for
#else
    static constexpr int groups = 1;
#endif
    static constexpr int input_rows = 1;  ///< of inputs that one group is multiplied with

    void start(const int32_t*, const int8_t* block, int8x16_t x) noexcept {
#pragma GCC unroll 8
        for (int o = 0; o < 8; o += 2) {
            const int8x16_t rows = vld1q_s8(block + o * 8);
            part_[o] = vpaddlq_s16(vmull_s8(vget_low_s8(rows), vget_low_s8(x)));
            part_[o + 1] = vpaddlq_s16(high_products(rows, x));
        }
    }
    void add(const int8_t* block, int8x16_t x) noexcept {
#pragma GCC unroll 8
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
#pragma GCC unroll 8
        for (int o = 0; o < 8; o += 2) {
            if (o % rows_at_once == 0) load_no_further();
            const int8x16_t first = vld1q_s8(blocks + o * 8);
            const int8x16_t second = vld1q_s8(blocks + 64 + o * 8);
            const int16x8_t even = vmull_s8(vget_low_s8(first), vget_low_s8(x));
            const int16x8_t odd = high_products(first, swapped);
            add(o, vmlal_s8(even, vget_low_s8(second), vget_low_s8(swapped)));
            add(o + 1, add_high_products(odd, second, x));
        }
    }
    Eight total(const int32_t* bias) const noexcept {
        return {vaddq_s32(vld1q_s32(bias), sum_of_parts(part_)),
                vaddq_s32(vld1q_s32(bias + 4), sum_of_parts(part_ + 4))};
    }

  private:
    static constexpr int rows_at_once = 2 * groups;

    /// No load moves across this: else the compiler loads all weights of two blocks first, and has
    /// not registers enough for them.
    static void load_no_further() noexcept { __asm__ volatile("" ::: "memory"); }

    void add(int o, int16x8_t products) noexcept { part_[o] = vpadalq_s16(part_[o], products); }

    static int16x8_t high_products(int8x16_t a, int8x16_t b) noexcept {
#if defined(__aarch64__)
        return vmull_high_s8(a, b);
#else
        return vmull_s8(vget_high_s8(a), vget_high_s8(b));
#endif
    }

    static int16x8_t add_high_products(int16x8_t sum, int8x16_t a, int8x16_t b) noexcept {
#if defined(__aarch64__)
        return vmlal_high_s8(sum, a, b);
#else
        return vmlal_s8(sum, vget_high_s8(a), vget_high_s8(b));
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

    int32x4_t part_[8];
};

}  // namespace

extern const VectorPlatform neon_platform;
const VectorPlatform neon_platform = vector_platform<Vec, NeonInt8<MultiplyAdds>>();

}  // namespace nutshell
