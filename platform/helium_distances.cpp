// SPDX-License-Identifier: MIT
// Distances of bytes and of bits with Helium: four codes a vector.
#include <arm_mve.h>

#include "distances.hpp"
#include "helium.hpp"

namespace nutshell {
namespace {

/// Four vectors of four sums.
class Sums {
  public:
    Sums() noexcept {
        for (uint32x4_t& sum : sums_) sum = vdupq_n_u32(0);
    }
    /// The squares of bytes at even and at odd places, widened: a lane is one code's.
    void add_squares(uint32_t word, const int8_t* codes) noexcept {
        const int8x16_t query = vreinterpretq_s8_u32(vdupq_n_u32(word));
        for (int v = 0; v < 4; v++) {
            const uint8x16_t off = vreinterpretq_u8_s8(vabdq_s8(query, vld1q_s8(codes + 16 * v)));
            const uint16x8_t even = vmullbq_int_u8(off, off), odd = vmulltq_int_u8(off, off);
            const uint32x4_t first = vaddq_u32(vmovlbq_u16(even), vmovltq_u16(even));
            const uint32x4_t second = vaddq_u32(vmovlbq_u16(odd), vmovltq_u16(odd));
            sums_[v] = vaddq_u32(sums_[v], vaddq_u32(first, second));
        }
    }
    void add_ones(uint32_t word, const uint32_t* codes) noexcept {
        for (int v = 0; v < 4; v++) {
            sums_[v] =
                vaddq_u32(sums_[v], ones(veorq_u32(vdupq_n_u32(word), vld1q_u32(codes + 4 * v))));
        }
    }
    void store(int32_t* distances) const noexcept {
        for (int v = 0; v < 4; v++) vst1q_s32(distances + 4 * v, vreinterpretq_s32_u32(sums_[v]));
    }

  private:
    /// The bits set in each 32: sums of neighbouring bits, pairs, fours, then of all bytes.
    static uint32x4_t ones(uint32x4_t x) noexcept {
        const uint32x4_t twos = vdupq_n_u32(0x55555555), fours = vdupq_n_u32(0x33333333);
        x = vsubq_u32(x, vandq_u32(vshrq_n_u32(x, 1), twos));
        x = vaddq_u32(vandq_u32(x, fours), vandq_u32(vshrq_n_u32(x, 2), fours));
        x = vandq_u32(vaddq_u32(x, vshrq_n_u32(x, 4)), vdupq_n_u32(0x0F0F0F0F));
        return vshrq_n_u32(vmulq_n_u32(x, 0x01010101), 24);
    }

    uint32x4_t sums_[4];
};

using Distances = IntegerDistances<Sums, Sums, Reference>;

}  // namespace

void Helium::squared_distances_int8(int groups, int n, const int8_t* query, const int8_t* codes,
                                    int32_t* distances) noexcept {
    Distances::squared_distances_int8(groups, n, query, codes, distances);
}

void Helium::hamming_distances(int groups, int words, const uint32_t* query, const uint32_t* codes,
                               int32_t* distances) noexcept {
    Distances::hamming_distances(groups, words, query, codes, distances);
}

}  // namespace nutshell
