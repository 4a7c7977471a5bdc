// SPDX-License-Identifier: MIT
// The int8 kernels of NEON, once, over how an instruction-set file sums rows of weights times
// inputs (`Sums`, see sum_groups). Empty for other processors.
#pragma once
#if defined(__ARM_NEON)
#include <arm_neon.h>
#include <string.h>

#include "distances.hpp"
#include "nutshell/copy_codes.hpp"

namespace nutshell {
namespace {

/// Values of eight neighbouring outputs.
struct Eight {
    int32x4_t low;
    int32x4_t high;
};

/// x[n] filled up with zeros. n is at most 16.
inline int8x16_t load_inputs(const int8_t* x, int n) noexcept {
    if (n == 16) return vld1q_s8(x);
    int8_t filled[16] = {};
    for (int i = 0; i < n; i++) filled[i] = x[i];
    return vld1q_s8(filled);
}

inline int8x16_t low_half_twice(int8x16_t x) noexcept {
    return vcombine_s8(vget_low_s8(x), vget_low_s8(x));
}

/// The inputs of a layer in blocks of eight: the first, pairs of blocks where they lie, and one or
/// two at the end, if there are so many.
struct InputBlocks {
    int count;
    int8x16_t first;  ///< twice
    const int8_t* middle;
    int middle_pairs;
    int last_blocks;
    int8x16_t last;  ///< two, or one twice

    InputBlocks() = default;
    InputBlocks(int in, const int8_t* x) noexcept
        : count((in + 7) / 8), middle(in > 8 ? x + 8 : x) {
        const int others = count > 0 ? count - 1 : 0;
        last_blocks = others == 0 ? 0 : 2 - others % 2;
        middle_pairs = (others - last_blocks) / 2;
        first = low_half_twice(load_inputs(x, in < 8 ? in : 8));
        if (last_blocks == 0) return;
        const int begin = 8 + 16 * middle_pairs;
        last = load_inputs(x + begin, in - begin);
        if (last_blocks == 1) last = low_half_twice(last);
    }
};

/// The sums of Groups times eight outputs, weights[Groups][inputs.count][8][8] and bias[Groups][8].
/// start(bias, block, x) begins eight sums with a block of weights and inputs, the inputs twice in
/// a vector; add(block, x) adds another, add_two(blocks, x) two neighbours and sixteen inputs;
/// total(bias) ends them. Either of start and total adds the bias. (Loops over groups and rows are
/// unrolled by order: clang else walks through arrays in memory.)
template <class Sums, int Groups>
inline void sum_groups(const InputBlocks& inputs, const int8_t* weights, const int32_t* bias,
                       Eight (&result)[Groups]) noexcept {
    if (inputs.count == 0) {
        for (int g = 0; g < Groups; g++, bias += 8) {
            result[g] = {vld1q_s32(bias), vld1q_s32(bias + 4)};
        }
        return;
    }
    const int8_t* group[Groups];
    Sums sums[Groups];
#pragma GCC unroll 8
    for (int g = 0; g < Groups; g++) {
        group[g] = weights + static_cast<ptrdiff_t>(inputs.count) * 64 * g;
        sums[g].start(bias + 8 * g, group[g], inputs.first);
        group[g] += 64;
    }
    const int8_t* x = inputs.middle;
    for (int pairs = inputs.middle_pairs; pairs > 0; pairs--, x += 16) {
        const int8x16_t two_blocks = vld1q_s8(x);
#pragma GCC unroll 8
        for (int g = 0; g < Groups; g++) {
            sums[g].add_two(group[g], two_blocks);
            group[g] += 128;
        }
    }
    if (inputs.last_blocks == 2) {
#pragma GCC unroll 8
        for (int g = 0; g < Groups; g++) sums[g].add_two(group[g], inputs.last);
    } else if (inputs.last_blocks == 1) {
#pragma GCC unroll 8
        for (int g = 0; g < Groups; g++) sums[g].add(group[g], inputs.last);
    }
#pragma GCC unroll 8
    for (int g = 0; g < Groups; g++) result[g] = sums[g].total(bias + 8 * g);
}

/// The sums of eight outputs, weights[inputs.count][8][8] and bias[8], for rows of inputs, which
/// are of one width: the weights are loaded once.
template <class Sums, int Rows>
inline void sum_rows(const InputBlocks (&inputs)[Rows], const int8_t* weights, const int32_t* bias,
                     Eight (&result)[Rows]) noexcept {
    Sums sums[Rows];
    const int8_t* x[Rows];
#pragma GCC unroll 8
    for (int r = 0; r < Rows; r++) {
        sums[r].start(bias, weights, inputs[r].first);
        x[r] = inputs[r].middle;
    }
    weights += 64;
    for (int pairs = inputs[0].middle_pairs; pairs > 0; pairs--, weights += 128) {
#pragma GCC unroll 8
        for (int r = 0; r < Rows; r++) {
            sums[r].add_two(weights, vld1q_s8(x[r]));
            x[r] += 16;
        }
    }
    if (inputs[0].last_blocks == 2) {
#pragma GCC unroll 8
        for (int r = 0; r < Rows; r++) sums[r].add_two(weights, inputs[r].last);
    } else if (inputs[0].last_blocks == 1) {
#pragma GCC unroll 8
        for (int r = 0; r < Rows; r++) sums[r].add(weights, inputs[r].last);
    }
#pragma GCC unroll 8
    for (int r = 0; r < Rows; r++) result[r] = sums[r].total(bias);
}

/// multiply() of requantize.hpp for shifts to the right, which NEON takes as negative ones. The
/// product rounds ties up, as it must; so does the shift, where ties go away from zero once a
/// negative number is made smaller by one.
inline int32x4_t multiply_right(int32x4_t sum, int32x4_t multiplier, int32x4_t shift) noexcept {
    const int32x4_t product = vqrdmulhq_s32(sum, multiplier);
    return vrshlq_s32(vsraq_n_s32(product, product, 31), shift);
}

/// multiply() for any shift.
inline int32x4_t multiply_any(int32x4_t sum, int32x4_t multiplier, int32x4_t shift) noexcept {
    const int32x4_t zero = vdupq_n_s32(0);
    const int32x4_t right = vminq_s32(shift, zero);
    const int32x4_t shifted = vshlq_s32(sum, vmaxq_s32(shift, zero));
    const int32x4_t product = vqrdmulhq_s32(shifted, multiplier);
    const int32x4_t both_negative = vandq_s32(product, right);
    return vrshlq_s32(vsraq_n_s32(product, both_negative, 31), right);
}

/// Eight sums times multiplier[8] and shift[8].
inline Eight multiply(Eight sums, const int32_t* multiplier, const int8_t* shift) noexcept {
    uint64_t bytes;
    memcpy(&bytes, shift, sizeof bytes);
    const int16x8_t wide = vmovl_s8(vcreate_s8(bytes));
    const int32x4_t low = vmovl_s16(vget_low_s16(wide)), high = vmovl_s16(vget_high_s16(wide));
    constexpr uint64_t all_negative = 0x8080808080808080u;
    if (__builtin_expect((bytes & all_negative) == all_negative, 1)) {
        return {multiply_right(sums.low, vld1q_s32(multiplier), low),
                multiply_right(sums.high, vld1q_s32(multiplier + 4), high)};
    }
    return {multiply_any(sums.low, vld1q_s32(multiplier), low),
            multiply_any(sums.high, vld1q_s32(multiplier + 4), high)};
}

/// The codes that outputs may have.
struct OutputCodes {
    int16x8_t zero_point;
    int8x8_t low, high;

    explicit OutputCodes(const Requantization& rule) noexcept
        : zero_point(vdupq_n_s16(rule.zero_point)),
          low(vdup_n_s8(rule.low)),
          high(vdup_n_s8(rule.high)) {}

    /// Saturating to 16 bits, and adding there, changes nothing that ends within 8 bits.
    int8x8_t of(Eight values) const noexcept {
        const int16x8_t narrow = vcombine_s16(vqmovn_s32(values.low), vqmovn_s32(values.high));
        return vmin_s8(vmax_s8(vqmovn_s16(vqaddq_s16(narrow, zero_point)), low), high);
    }
};

/// A scale that eight outputs have in common, as often as they read it.
struct SameScale {
    int32_t multiplier[8];
    int8_t shift[8];

    explicit SameScale(const Requantization& rule) noexcept {
        if (rule.per_output) return;
        for (int32_t& value : multiplier) value = *rule.multiplier;
        for (int8_t& value : shift) value = *rule.shift;
    }
    const int32_t* multiplier_of(const Requantization& rule, int first) const noexcept {
        return rule.per_output ? rule.multiplier + first : multiplier;
    }
    const int8_t* shift_of(const Requantization& rule, int first) const noexcept {
        return rule.per_output ? rule.shift + first : shift;
    }
};

inline uint8x16_t bytes_of(uint32x4_t x) noexcept { return vreinterpretq_u8_u32(x); }

#if defined(__ARM_FEATURE_DOTPROD)

/// Four vectors of four sums, by dot products of four bytes: of differences, or with ones.
class NeonSums {
  public:
    NeonSums() noexcept {
        for (uint32x4_t& sum : sums_) sum = vdupq_n_u32(0);
    }
    void add_squares(uint32_t word, const int8_t* codes) noexcept {
        const int8x16_t query = vreinterpretq_s8_u32(vdupq_n_u32(word));
        for (int v = 0; v < 4; v++) {
            const uint8x16_t off = vreinterpretq_u8_s8(vabdq_s8(query, vld1q_s8(codes + 16 * v)));
            sums_[v] = vdotq_u32(sums_[v], off, off);
        }
    }
    void add_ones(uint32_t word, const uint32_t* codes) noexcept {
        for (int v = 0; v < 4; v++) {
            const uint32x4_t off = veorq_u32(vdupq_n_u32(word), vld1q_u32(codes + 4 * v));
            sums_[v] = vdotq_u32(sums_[v], vcntq_u8(bytes_of(off)), vdupq_n_u8(1));
        }
    }
    void store(int32_t* distances) const noexcept {
        for (int v = 0; v < 4; v++) vst1q_s32(distances + 4 * v, vreinterpretq_s32_u32(sums_[v]));
    }

  private:
    uint32x4_t sums_[4];
};
using NeonSquares = NeonSums;
using NeonOnes = NeonSums;

#else

/// Eight vectors of sums in two parts each, which are added at the end.
class NeonSquares {
  public:
    NeonSquares() noexcept {
        for (uint32x4_t& part : parts_) part = vdupq_n_u32(0);
    }
    void add_squares(uint32_t word, const int8_t* codes) noexcept {
        const int8x16_t query = vreinterpretq_s8_u32(vdupq_n_u32(word));
        for (int v = 0; v < 4; v++) {
            const uint8x16_t off = vreinterpretq_u8_s8(vabdq_s8(query, vld1q_s8(codes + 16 * v)));
            const uint8x8_t low = vget_low_u8(off), high = vget_high_u8(off);
            parts_[2 * v] = vpadalq_u16(parts_[2 * v], vmull_u8(low, low));
            parts_[2 * v + 1] = vpadalq_u16(parts_[2 * v + 1], vmull_u8(high, high));
        }
    }
    void store(int32_t* distances) const noexcept {
        for (int p = 0; p < 8; p++) {
            const uint32x2_t two = vpadd_u32(vget_low_u32(parts_[p]), vget_high_u32(parts_[p]));
            vst1_s32(distances + 2 * p, vreinterpret_s32_u32(two));
        }
    }

  private:
    uint32x4_t parts_[8];
};

/// Four vectors of four sums.
class NeonOnes {
  public:
    NeonOnes() noexcept {
        for (uint32x4_t& sum : sums_) sum = vdupq_n_u32(0);
    }
    void add_ones(uint32_t word, const uint32_t* codes) noexcept {
        for (int v = 0; v < 4; v++) {
            const uint32x4_t off = veorq_u32(vdupq_n_u32(word), vld1q_u32(codes + 4 * v));
            sums_[v] = vpadalq_u16(sums_[v], vpaddlq_u8(vcntq_u8(bytes_of(off))));
        }
    }
    void store(int32_t* distances) const noexcept {
        for (int v = 0; v < 4; v++) vst1q_s32(distances + 4 * v, vreinterpretq_s32_u32(sums_[v]));
    }

  private:
    uint32x4_t sums_[4];
};

#endif

template <class Sums>
struct NeonInt8 : IntegerDistances<NeonSquares, NeonOnes, PackedReference<Packing::simd>> {
    static void dense_int8(int in, int out, const int8_t* weights, const Requantization& rule,
                           const int8_t* x, int8_t* y, void*) noexcept {
        constexpr int wide = 8 * Sums::groups;  // outputs at a time
        const InputBlocks inputs(in, x);
        const OutputCodes codes(rule);
        const ptrdiff_t row = static_cast<ptrdiff_t>(inputs.count) * 8;  // bytes an output
        const int32_t* bias = rule.bias;
        const int32_t* multiplier = rule.multiplier;
        const int8_t* shift = rule.shift;
        // A single scale becomes an array that is read again and again.
        int32_t same_multiplier[wide];
        int8_t same_shift[wide];
        if (!rule.per_output) {
            for (int i = 0; i < wide; i++) same_multiplier[i] = *multiplier;
            for (int i = 0; i < wide; i++) same_shift[i] = *shift;
            multiplier = same_multiplier;
            shift = same_shift;
        }
        const int step = rule.per_output ? 1 : 0;
        for (; out >= wide; out -= wide, y += wide, bias += wide, weights += wide * row) {
            Eight sums[Sums::groups];
            sum_groups<Sums>(inputs, weights, bias, sums);
            for (int o = 0; o < wide; o += 8) {
                vst1_s8(y + o, codes.of(multiply(sums[o / 8], multiplier + o, shift + o)));
            }
            multiplier += wide * step;
            shift += wide * step;
        }
        int8_t tail[8];
        for (; out > 0; out -= 8, y += 8, bias += 8, weights += 8 * row) {
            Eight sums[1];
            sum_groups<Sums>(inputs, weights, bias, sums);
            vst1_s8(out >= 8 ? y : tail, codes.of(multiply(sums[0], multiplier, shift)));
            multiplier += 8 * step;
            shift += 8 * step;
        }
        // The last eight went too far when `out` is negative now.
        if (out < 0) memcpy(y - 8, tail, static_cast<size_t>(out + 8));
    }

    static void dense_rows_int8(int rows, int in, int out, const int8_t* weights,
                                const Requantization& rule, const int8_t* x, ptrdiff_t x_stride,
                                int8_t* y, void* scratch) noexcept {
        if constexpr (Sums::input_rows > 1) {
            for (; in > 0 && rows >= Sums::input_rows;
                 rows -= Sums::input_rows, x += Sums::input_rows * x_stride) {
                rows_together(in, out, weights, rule, x, x_stride, y);
                y += Sums::input_rows * static_cast<ptrdiff_t>(out);
            }
        }
        for (; rows > 0; rows--, x += x_stride, y += out) {
            dense_int8(in, out, weights, rule, x, y, scratch);
        }
    }

    /// Eight channels at a time, the last ones of them perhaps a second time.
    static void depthwise_int8(int taps, int channels, const int8_t* weights,
                               const Requantization& rule, const int8_t* const* x,
                               int8_t* y) noexcept {
        if (channels < 8) return Reference::depthwise_int8(taps, channels, weights, rule, x, y);
        const OutputCodes codes(rule);
        const SameScale same(rule);
        for (int next = 0; next < channels; next += 8) {
            const int c = next < channels - 8 ? next : channels - 8;
            Eight sums = {vld1q_s32(rule.bias + c), vld1q_s32(rule.bias + c + 4)};
            const int8_t* weight = weights + c;
            for (int t = 0; t < taps; t++, weight += channels) {
                const int16x8_t products = vmull_s8(vld1_s8(x[t] + c), vld1_s8(weight));
                sums.low = vaddw_s16(sums.low, vget_low_s16(products));
                sums.high = vaddw_s16(sums.high, vget_high_s16(products));
            }
            vst1_s8(y + c,
                    codes.of(multiply(sums, same.multiplier_of(rule, c), same.shift_of(rule, c))));
        }
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

  private:
    static void rows_together(int in, int out, const int8_t* weights, const Requantization& rule,
                              const int8_t* x, ptrdiff_t x_stride, int8_t* y) noexcept {
        InputBlocks inputs[Sums::input_rows];
        for (int r = 0; r < Sums::input_rows; r++) inputs[r] = InputBlocks(in, x + r * x_stride);
        const OutputCodes codes(rule);
        const SameScale same(rule);
        for (int o = 0; o < out; o += 8) {
            Eight sums[Sums::input_rows];
            sum_rows<Sums>(inputs, weights + static_cast<ptrdiff_t>(inputs[0].count) * 8 * o,
                           rule.bias + o, sums);
            const int32_t* const multiplier = same.multiplier_of(rule, o);
            const int8_t* const shift = same.shift_of(rule, o);
            for (int r = 0; r < Sums::input_rows; r++) {
                int8_t* const to = y + r * static_cast<ptrdiff_t>(out) + o;
                const int8x8_t eight = codes.of(multiply(sums[r], multiplier, shift));
                if (out - o >= 8) {
                    vst1_s8(to, eight);
                } else {
                    int8_t all[8];
                    vst1_s8(all, eight);
                    copy_codes(all, out - o, to);
                }
            }
        }
    }

#if defined(__aarch64__)
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
