// SPDX-License-Identifier: MIT
// The int8 kernels of NEON, once, over how an instruction-set file sums eight rows of weights times
// inputs (`Sums`, see eight_sums). Empty for other processors.
#pragma once
#if defined(__ARM_NEON)
#include <arm_neon.h>

#include "nutshell/kernels.hpp"

namespace nutshell {
namespace {

/// Values of eight neighbouring outputs.
struct Eight {
    int32x4_t low;
    int32x4_t high;
};

/// The inputs of a layer in blocks of eight.
struct InputBlocks {
    const int8_t* x;
    int count;
    int8x16_t last;  ///< the last block, filled up with zeros, twice

    InputBlocks(int in, const int8_t* inputs) noexcept
        : x(inputs), count((in + 7) / 8), last(vdupq_n_s8(0)) {
        if (in == 0) return;
        const int8_t* tail = x + (count - 1) * 8;
        int8_t filled[8] = {};
        if (in % 8 != 0) {
            for (int i = 0; i < in % 8; i++) filled[i] = tail[i];
            tail = filled;
        }
        last = vcombine_s8(vld1_s8(tail), vld1_s8(tail));
    }
};

/// The sums of eight outputs: weights[inputs.count][8][8], bias[8]. Sums(bias, block, x) starts
/// with one block of weights and inputs, the inputs twice in a vector; add(block, x) adds another,
/// add_two(blocks, x) two that follow each other, with their sixteen inputs.
template <class Sums>
inline Eight eight_sums(const InputBlocks& inputs, const int8_t* weights,
                        const int32_t* bias) noexcept {
    if (inputs.count == 0) return {vld1q_s32(bias), vld1q_s32(bias + 4)};
    int blocks = inputs.count - 1;
    Sums sums(bias, weights + blocks * 64, inputs.last);
    const int8_t* x = inputs.x;
    if (blocks % 2 != 0) {
        sums.add(weights, vcombine_s8(vld1_s8(x), vld1_s8(x)));
        x += 8;
        weights += 64;
    }
    for (; blocks >= 2; blocks -= 2, x += 16, weights += 128) sums.add_two(weights, vld1q_s8(x));
    return sums.total();
}

/// How sums become codes.
class NeonRequantizer {
  public:
    explicit NeonRequantizer(const Requantization& rule) noexcept
        : multiplier_(rule.multiplier),
          shift_(rule.shift),
          zero_point_(vdupq_n_s16(rule.zero_point)),
          low_(vdup_n_s8(rule.low)),
          high_(vdup_n_s8(rule.high)) {
        if (rule.per_output) return;
        // A single scale becomes an array that is read again and again.
        vst1q_s32(repeated_multiplier_, vdupq_n_s32(*rule.multiplier));
        vst1q_s32(repeated_multiplier_ + 4, vdupq_n_s32(*rule.multiplier));
        vst1_s8(repeated_shift_, vdup_n_s8(*rule.shift));
        multiplier_ = repeated_multiplier_;
        shift_ = repeated_shift_;
        channels_ = 0;
    }
    NeonRequantizer(const NeonRequantizer&) = delete;
    NeonRequantizer& operator=(const NeonRequantizer&) = delete;

    /// The codes of outputs o to o + 7.
    int8x8_t codes(Eight sums, int o) const noexcept {
        o &= channels_;
        const int16x8_t shift = vmovl_s8(vld1_s8(shift_ + o));
        const int32x4_t low =
            multiplied(sums.low, vld1q_s32(multiplier_ + o), vmovl_s16(vget_low_s16(shift)));
        const int32x4_t high =
            multiplied(sums.high, vld1q_s32(multiplier_ + o + 4), vmovl_s16(vget_high_s16(shift)));
        // Saturating to 16 bits, and adding there, changes nothing that ends within 8 bits.
        const int16x8_t narrow = vcombine_s16(vqmovn_s32(low), vqmovn_s32(high));
        return vmin_s8(vmax_s8(vqmovn_s16(vqaddq_s16(narrow, zero_point_)), low_), high_);
    }

  private:
    /// multiply() of requantize.hpp. The product rounds ties up, as it must; so does the shift to
    /// the right, where ties go away from zero once a negative number is made smaller by one.
    static int32x4_t multiplied(int32x4_t sum, int32x4_t multiplier, int32x4_t shift) noexcept {
        const int32x4_t zero = vdupq_n_s32(0);
        const int32x4_t right = vminq_s32(shift, zero);
        const int32x4_t shifted = vshlq_s32(sum, vmaxq_s32(shift, zero));
        const int32x4_t product = vqrdmulhq_s32(shifted, multiplier);
        const int32x4_t both_negative = vandq_s32(product, right);
        return vrshlq_s32(vsraq_n_s32(product, both_negative, 31), right);
    }

    const int32_t* multiplier_;
    const int8_t* shift_;
    int channels_ = -1;  ///< a mask: all bits of an output's number, or none
    int16x8_t zero_point_;
    int8x8_t low_, high_;
    int32_t repeated_multiplier_[8];
    int8_t repeated_shift_[8];
};

template <class Sums>
struct NeonInt8 : Reference {
    static constexpr Packing int8_packing = Packing::simd;

    static void dense_int8(int in, int out, const int8_t* weights, const Requantization& rule,
                           const int8_t* x, int8_t* y, void*) noexcept {
        const InputBlocks inputs(in, x);
        const NeonRequantizer requantizer(rule);
        const int32_t* bias = rule.bias;
        int8_t tail[8];
        for (int o = 0; o < out; o += 8, bias += 8, weights += inputs.count * 64) {
            const int8x8_t codes = requantizer.codes(eight_sums<Sums>(inputs, weights, bias), o);
            vst1_s8(out - o >= 8 ? y + o : tail, codes);
        }
        for (int i = 0; i < out % 8; i++) y[out - out % 8 + i] = tail[i];
    }

    static void look_up(int n, const int8_t* table, int8_t* x) noexcept {
        int i = 0;
#if defined(__aarch64__)
        if (n >= 16) i = look_up_vectors(n, table, x);
#endif
        // armv7 looks up in 32 bytes at once: eight times for eight codes, which gains nothing.
        for (; i + 4 <= n; i += 4) {
            for (int j = i; j < i + 4; j++) x[j] = table[static_cast<uint8_t>(x[j])];
        }
        for (; i < n; i++) x[i] = table[static_cast<uint8_t>(x[i])];
    }

#if defined(__aarch64__)
  private:
    /// Looks up sixteen codes at a time; how many it has done.
    static int look_up_vectors(int n, const int8_t* table, int8_t* x) noexcept {
        const int8x16x4_t first = vld1q_s8_x4(table), second = vld1q_s8_x4(table + 64);
        const int8x16x4_t third = vld1q_s8_x4(table + 128), fourth = vld1q_s8_x4(table + 192);
        const uint8x16_t quarter = vdupq_n_u8(64);
        int i = 0;
        for (; i + 16 <= n; i += 16) {
            // An index outside of a quarter gives zero at first, then leaves the entry as it is.
            uint8x16_t index = vreinterpretq_u8_s8(vld1q_s8(x + i));
            int8x16_t entry = vqtbl4q_s8(first, index);
            entry = vqtbx4q_s8(entry, second, index = vsubq_u8(index, quarter));
            entry = vqtbx4q_s8(entry, third, index = vsubq_u8(index, quarter));
            entry = vqtbx4q_s8(entry, fourth, vsubq_u8(index, quarter));
            vst1q_s8(x + i, entry);
        }
        return i;
    }
#endif
};

}  // namespace
}  // namespace nutshell
#endif
