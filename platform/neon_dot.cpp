// SPDX-License-Identifier: MIT
// NEON with the dot products of four bytes that aarch64 may have from ARMv8.2 on: neon.cpp's
// floats, and int8 by dot products.
#if !defined(__ARM_FEATURE_DOTPROD)
#error "neon_dot.cpp needs the dot product (-march=armv8.2-a+dotprod)"
#endif
#include "neon_int8.hpp"
#include "neon_vector.hpp"
#include "vector.hpp"

namespace nutshell {
namespace {

/// Sums by dot products of four, two parts a row.
class DotProducts {
  public:
    static constexpr int groups = 2;      ///< of eight rows
    static constexpr int input_rows = 4;  ///< of inputs that one group is multiplied with

    void start(const int32_t* bias, const int8_t* block, int8x16_t x) noexcept {
        for (int i = 0; i < 4; i++) {
            // Two rows' biases, a zero after each.
            const uint32x2_t both = vreinterpret_u32_s32(vld1_s32(bias + 2 * i));
            part_[i] = vreinterpretq_s32_u64(vmovl_u32(both));
        }
        add(block, x);
    }
    void add(const int8_t* block, int8x16_t x) noexcept {
        const int8x16x4_t rows = vld1q_s8_x4(block);
        for (int i = 0; i < 4; i++) part_[i] = vdotq_s32(part_[i], rows.val[i], x);
    }
    void add_two(const int8_t* blocks, int8x16_t x) noexcept {
        const int64x2_t inputs = vreinterpretq_s64_s8(x);
        add(blocks, vreinterpretq_s8_s64(vdupq_laneq_s64(inputs, 0)));
        add(blocks + 64, vreinterpretq_s8_s64(vdupq_laneq_s64(inputs, 1)));
    }
    Eight total(const int32_t*) const noexcept {
        return {vpaddq_s32(part_[0], part_[1]), vpaddq_s32(part_[2], part_[3])};
    }

  private:
    int32x4_t part_[4];
};

}  // namespace

extern const VectorPlatform neon_dot_platform;
const VectorPlatform neon_dot_platform = vector_platform<Vec, NeonInt8<DotProducts>>();

}  // namespace nutshell
