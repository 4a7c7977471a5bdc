// SPDX-License-Identifier: MIT
// Packing: the order in which int8 and int4 weights lie, chosen so that an instruction set's kernel
// reads them from the first byte to the last. Portable: a PC packs for any target.
//
// A packing is blocks of `outputs` x `inputs` weights: all blocks of the first `outputs` rows along
// the inputs, then those of the next rows; within a block one row after the other. Both sizes are
// padded with zero weights. canonical is [out][in].
#pragma once
#include <stddef.h>
#include <stdint.h>

namespace nutshell {

/// The list of packings: name, number in the .nut file, outputs and inputs of a block, form of the
/// weights, forms of the bias.
#define NUTSHELL_PACKINGS(X)                              \
    X(canonical, 0, 1, 1, as_they_are, for_signed_inputs) \
    X(simd, 1, 8, 8, as_they_are, for_both)               \
    X(armv6m, 2, 4, 1, plus_128, for_unsigned_inputs)     \
    X(armv7m, 3, 4, 1, as_they_are, for_signed_inputs)    \
    X(dsp, 4, 4, 4, as_they_are, for_signed_inputs)       \
    X(helium, 5, 4, 16, as_they_are, for_signed_inputs)

enum class Packing : uint8_t {
#define NUTSHELL_PACKING(name, number, ...) name = number,
    NUTSHELL_PACKINGS(NUTSHELL_PACKING)
#undef NUTSHELL_PACKING
};

enum class WeightForm : uint8_t { as_they_are, plus_128 };

/// A kernel adds weight * x, or weight * (x + 128) with unsigned bytes; the bias makes up for it by
/// 128 times the sum of the row's weights. A packing may hold both: first those for signed inputs.
enum class BiasForms : uint8_t { for_signed_inputs, for_unsigned_inputs, for_both };

struct PackingRule {
    const char* name;
    int outputs;
    int inputs;
    WeightForm weights;
    BiasForms bias;
};

/// True for a number that the list knows.
constexpr bool known(Packing packing) noexcept {
    switch (packing) {
#define NUTSHELL_CASE(name, ...) case Packing::name:
        NUTSHELL_PACKINGS(NUTSHELL_CASE)
#undef NUTSHELL_CASE
        return true;
    }
    return false;
}

/// packing must be known.
constexpr PackingRule rule_of(Packing packing) noexcept {
    switch (packing) {
#define NUTSHELL_CASE(name, number, outputs, inputs, weights, bias) \
    case Packing::name:                                             \
        return {#name, outputs, inputs, WeightForm::weights, BiasForms::bias};
        NUTSHELL_PACKINGS(NUTSHELL_CASE)
#undef NUTSHELL_CASE
    }
    return {"unknown", 1, 1, WeightForm::as_they_are, BiasForms::for_signed_inputs};
}

constexpr int32_t round_up(int32_t n, int32_t multiple) noexcept {
    return (n + multiple - 1) / multiple * multiple;
}

/// Outputs with padding: the length of a bias of one form, of per-output multipliers and shifts.
constexpr int32_t packed_outputs(Packing packing, int32_t out) noexcept {
    return round_up(out, rule_of(packing).outputs);
}
constexpr int32_t packed_inputs(Packing packing, int32_t in) noexcept {
    return round_up(in, rule_of(packing).inputs);
}

/// Weights with padding, each a byte.
constexpr int32_t packed_weights(Packing packing, int32_t in, int32_t out) noexcept {
    return packed_outputs(packing, out) * packed_inputs(packing, in);
}

/// Length of the bias array, all forms and padding.
constexpr int32_t packed_biases(Packing packing, int32_t out) noexcept {
    const int forms = rule_of(packing).bias == BiasForms::for_both ? 2 : 1;
    return forms * packed_outputs(packing, out);
}

/// Where the weight of output o and input i lies, in weights from the beginning.
constexpr int32_t packed_index(Packing packing, int32_t in, int32_t o, int32_t i) noexcept {
    const PackingRule rule = rule_of(packing);
    const int32_t block =
        (o / rule.outputs) * (packed_inputs(packing, in) / rule.inputs) + i / rule.inputs;
    return (block * rule.outputs + o % rule.outputs) * rule.inputs + i % rule.inputs;
}

/// weights[out][in] -> packed[packed_weights].
void pack_weights(Packing packing, int32_t in, int32_t out, const int8_t* weights,
                  int8_t* packed) noexcept;

/// packed[packed_weights] -> weights[out][in]: undoes pack_weights.
void unpack_weights(Packing packing, int32_t in, int32_t out, const int8_t* packed,
                    int8_t* weights) noexcept;

/// bias[out] for signed inputs and weights[out][in] -> packed[packed_biases].
void pack_bias(Packing packing, int32_t in, int32_t out, const int8_t* weights, const int32_t* bias,
               int32_t* packed) noexcept;

/// packed[packed_biases] and the unpacked weights[out][in] -> bias[out]: undoes pack_bias.
void unpack_bias(Packing packing, int32_t in, int32_t out, const int8_t* weights,
                 const int32_t* packed, int32_t* bias) noexcept;

}  // namespace nutshell
