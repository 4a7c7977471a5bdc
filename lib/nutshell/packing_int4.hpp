// SPDX-License-Identifier: MIT
// 4-bit weights, -7..7, two in a byte, in the order of a packing (packing.hpp). canonical: byte j
// of a row holds inputs 2j and 2j + 1, and each row begins with a byte. All others: a block of n
// weights becomes n / 2 bytes, byte i with weights i and i + n / 2 of the block, so that a vector
// of bytes splits into two vectors of weights that follow each other. The first of the two is the
// lower half of the byte.
//
// A half is the weight in two's complement; in a packing of weights plus 128 it is the weight plus
// 8, so that it extracts without a sign there too.
#pragma once
#include "packing.hpp"

namespace nutshell {

struct Int4Place {
    int32_t byte;
    bool upper;
};

constexpr bool one_by_one(PackingRule rule) noexcept { return rule.outputs * rule.inputs == 1; }

/// Inputs with padding.
constexpr int32_t packed_int4_inputs(Packing packing, int32_t in) noexcept {
    return one_by_one(rule_of(packing)) ? round_up(in, 2) : packed_inputs(packing, in);
}

/// Bytes of the weights with padding.
constexpr int32_t packed_int4_bytes(Packing packing, int32_t in, int32_t out) noexcept {
    return packed_outputs(packing, out) * packed_int4_inputs(packing, in) / 2;
}

/// Where the weight of output o and input i lies.
constexpr Int4Place int4_place(Packing packing, int32_t in, int32_t o, int32_t i) noexcept {
    const PackingRule rule = rule_of(packing);
    if (one_by_one(rule)) return {o * ((in + 1) / 2) + i / 2, i % 2 != 0};
    const int32_t half = rule.outputs * rule.inputs / 2;
    const int32_t index = packed_index(packing, in, o, i);
    return {index / (2 * half) * half + index % half, index / half % 2 != 0};
}

/// The weight in a half of a byte.
constexpr int int4_weight(Packing packing, uint8_t byte, bool upper) noexcept {
    const int half = upper ? byte >> 4 : byte & 15;
    if (rule_of(packing).weights == WeightForm::plus_128) return half - 8;
    return half < 8 ? half : half - 16;
}

/// weights[out][in], each -7..7 -> packed[packed_int4_bytes], padded with zero weights.
void pack_int4(Packing packing, int32_t in, int32_t out, const int8_t* weights,
               uint8_t* packed) noexcept;

/// packed[packed_int4_bytes] -> weights[out][in]: undoes pack_int4.
void unpack_int4(Packing packing, int32_t in, int32_t out, const uint8_t* packed,
                 int8_t* weights) noexcept;

}  // namespace nutshell
