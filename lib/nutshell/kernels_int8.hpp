// SPDX-License-Identifier: MIT
// The int8 half of the kernel contract. Every platform gives the same bytes as the reference.
//
// Weights are -127..127, symmetric; activations are any int8. Sizes may be 0; inputs and outputs do
// not overlap unless said; nothing is read or written outside the given ranges.
#pragma once
#include "packing.hpp"
#include "requantize.hpp"

namespace nutshell {

/// How the sums of a layer become int8: clamp(multiply(sum, {multiplier, shift}) + zero_point).
/// The arrays lie in the platform's packing (packing.hpp): padded outputs have entries too.
struct Requantization {
    const int32_t* bias;        ///< [packed_biases], the input's zero point folded in
    const int32_t* multiplier;  ///< [packed_outputs], or a single one
    const int8_t* shift;        ///< as many, each in kMinShift..kMaxShift
    bool per_output;            ///< whether multiplier and shift are arrays
    int8_t zero_point;          ///< of the output
    int8_t low;                 ///< the output is held within low..high
    int8_t high;
#if !defined(__ARM_ARCH_PROFILE) || __ARM_ARCH_PROFILE != 'M'
    /// In a packing with two forms of the bias, which no Cortex-M has: elements from the first form
    /// to the second one; 0: as many as the outputs of the call with padding, which is wrong for a
    /// slice of a layer.
    int32_t forms_apart = 0;
#endif
};

/// The code of output o whose products and bias add up to `sum`.
inline int8_t requantize(int32_t sum, const Requantization& rule, int o) noexcept {
    const int channel = rule.per_output ? o : 0;
    const FixedPoint scale{rule.multiplier[channel], rule.shift[channel]};
    return clamp_to_int8(multiply(sum, scale) + rule.zero_point, rule.low, rule.high);
}

/// Bytes of scratch memory per input that the kernels of the processor compiled for convert their
/// inputs into; bind.cpp checks the platform against it.
#if defined(__ARM_ARCH_6M__)
constexpr int kScratchPerInput = 1;
#elif defined(__ARM_FEATURE_DSP) && __ARM_ARCH_PROFILE == 'M' && !defined(__ARM_FEATURE_MVE)
constexpr int kScratchPerInput = 2;
#else
constexpr int kScratchPerInput = 0;
#endif

/// How many forms of the bias the packings of this processor hold at most (packing.hpp).
#if (defined(__ARM_ARCH_PROFILE) && __ARM_ARCH_PROFILE == 'M') || defined(__riscv)
constexpr int kBiasForms = 1;
#else
constexpr int kBiasForms = 2;
#endif

/// How many rows of inputs dense_rows_int8 is best given at once.
#if defined(__x86_64__) || defined(__aarch64__) || \
    (defined(__ARM_ARCH_PROFILE) && __ARM_ARCH_PROFILE == 'A')
constexpr int kRowsTogether = 16;
#else
constexpr int kRowsTogether = 2;
#endif

/// What the sizes of scratch memory follow from: of the processor compiled for, unless a tool asks
/// what a model takes on another one.
struct ScratchRule {
    int per_input = kScratchPerInput;
    int rows_together = kRowsTogether;
    int bias_forms = kBiasForms;
    int pointer = static_cast<int>(sizeof(void*));  ///< bytes of one

    /// How many rows dense_rows_int8 converts at once.
    constexpr int rows_converted() const noexcept { return per_input == 2 ? 2 : 1; }
};
constexpr int kRowsConverted = ScratchRule{}.rows_converted();

/// Bytes of scratch that a layer of `in` inputs needs.
constexpr int32_t scratch_bytes(int32_t in, ScratchRule rule = {}) noexcept {
    return round_up(in * rule.per_input, 16);
}
/// Bytes of scratch that dense_rows_int8 of `in` inputs needs.
constexpr int32_t rows_scratch_bytes(int32_t in, ScratchRule rule = {}) noexcept {
    return scratch_bytes(rule.rows_converted() * in, rule);
}

/// Codes that are searched side by side: vectors of any instruction set divide them, and no sum
/// runs across a vector.
constexpr int kGroupCodes = 16;
/// Neighbouring bytes of an int8 code in a group: a word.
constexpr int kGroupBytes = 4;

namespace kernels {

/// The packing that dense_int8 and dense_int4 read.
Packing int8_packing() noexcept;

/// y[out] = requantized sums of weights[out][in] * x[in] + bias. The weights lie in int8_packing(),
/// for the dsp packing aligned to 4 bytes.
/// scratch[scratch_bytes(in)] is 16-byte aligned; null where none is needed.
void dense_int8(int in, int out, const int8_t* weights, const Requantization& requantization,
                const int8_t* x, int8_t* y, void* scratch) noexcept;

/// The same for rows of inputs, x_stride bytes apart, which may overlap: y[rows][out].
/// scratch[rows_scratch_bytes(in)].
void dense_rows_int8(int rows, int in, int out, const int8_t* weights,
                     const Requantization& requantization, const int8_t* x, ptrdiff_t x_stride,
                     int8_t* y, void* scratch) noexcept;

/// Channel by channel: y[channels] = requantized sums over the taps of weights[taps][channels] * a
/// code + bias; x[taps] says where each tap's codes[channels] lie. Nothing is packed: bias,
/// multiplier and shift have as many entries as there are channels, the bias is for signed inputs.
void depthwise_int8(int taps, int channels, const int8_t* weights,
                    const Requantization& requantization, const int8_t* const* x,
                    int8_t* y) noexcept;

/// dense_int8 with weights of -7..7, two in a byte (packing_int4.hpp), in int8_packing().
void dense_int4(int in, int out, const uint8_t* weights, const Requantization& requantization,
                const int8_t* x, int8_t* y, void* scratch) noexcept;

/// x[n] = table[x[n]], in place; entry i of table[256] belongs to the code whose byte is i.
void look_up(int n, const int8_t* table, int8_t* x) noexcept;

/// The squared distances of query[n] to groups of codes, codes[groups][n / kGroupBytes, rounded
/// up][kGroupCodes][kGroupBytes] with zeros behind n: distances[groups][kGroupCodes]. n is at most
/// kMostDistanceBytes, so that they fit.
void squared_distances_int8(int groups, int n, const int8_t* query, const int8_t* codes,
                            int32_t* distances) noexcept;

/// The numbers of bits in which query[words] differs from groups of codes,
/// codes[groups][words][kGroupCodes]: distances[groups][kGroupCodes].
void hamming_distances(int groups, int words, const uint32_t* query, const uint32_t* codes,
                       int32_t* distances) noexcept;

}  // namespace kernels

/// 255 * 255 times as many is less than 2^31.
constexpr int kMostDistanceBytes = 1 << 15;

#define NUTSHELL_INT8_KERNELS(X) \
    X(dense_int8)                \
    X(dense_rows_int8)           \
    X(depthwise_int8)            \
    X(dense_int4)                \
    X(look_up)                   \
    X(squared_distances_int8)    \
    X(hamming_distances)

}  // namespace nutshell
