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

/// The list of packings, ordered by number: name, number in the .nut file, outputs and inputs of a
/// block (powers of two), form of the weights, forms of the bias.
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
    uint8_t outputs;
    uint8_t inputs;
    WeightForm weights;
    BiasForms bias;
};

namespace detail {
inline constexpr PackingRule kPackingRules[] = {
#define NUTSHELL_RULE(name, number, outputs, inputs, weights, bias) \
    {outputs, inputs, WeightForm::weights, BiasForms::bias},
    NUTSHELL_PACKINGS(NUTSHELL_RULE)
#undef NUTSHELL_RULE
};
inline constexpr uint8_t kPackingCount = sizeof kPackingRules / sizeof *kPackingRules;

constexpr bool is_power_of_two(int n) noexcept { return n > 0 && (n & (n - 1)) == 0; }
constexpr bool packings_are_valid() noexcept {
    int number_expected = 0;
#define NUTSHELL_CHECK(name, number, outputs, inputs, ...)                                    \
    if (number != number_expected++ || !is_power_of_two(outputs) || !is_power_of_two(inputs)) \
        return false;
    NUTSHELL_PACKINGS(NUTSHELL_CHECK)
#undef NUTSHELL_CHECK
    return true;
}
static_assert(packings_are_valid());
}  // namespace detail

/// True for a number that the list knows.
constexpr bool known(Packing packing) noexcept {
    return static_cast<uint8_t>(packing) < detail::kPackingCount;
}

/// packing must be known.
constexpr PackingRule rule_of(Packing packing) noexcept {
    return detail::kPackingRules[static_cast<uint8_t>(packing)];
}

/// The name in the list; apart from the rule, since firmware has no use for it.
constexpr const char* name_of(Packing packing) noexcept {
    switch (packing) {
#define NUTSHELL_CASE(name, ...) \
    case Packing::name:          \
        return #name;
        NUTSHELL_PACKINGS(NUTSHELL_CASE)
#undef NUTSHELL_CASE
    }
    return "unknown";
}

/// The next multiple of a power of two.
constexpr int32_t round_up(int32_t n, int32_t power_of_two) noexcept {
    return (n + power_of_two - 1) & -power_of_two;
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

/// Where the first weight of output o lies, in weights from the beginning.
constexpr int32_t packed_row(Packing packing, int32_t in, int32_t o) noexcept {
    const PackingRule rule = rule_of(packing);
    const int32_t in_block = o & (rule.outputs - 1);
    return (o - in_block) * packed_inputs(packing, in) + in_block * rule.inputs;
}

/// How far the weight of input i lies behind the first one of its output.
constexpr int32_t packed_column(Packing packing, int32_t i) noexcept {
    const PackingRule rule = rule_of(packing);
    const int32_t in_block = i & (rule.inputs - 1);
    return (i - in_block) * rule.outputs + in_block;
}

/// Where the weight of output o and input i lies, in weights from the beginning.
constexpr int32_t packed_index(Packing packing, int32_t in, int32_t o, int32_t i) noexcept {
    return packed_row(packing, in, o) + packed_column(packing, i);
}

/// A weight as a packing stores it, and back: plus 128 is a flip of the sign bit.
constexpr int8_t packed_weight(Packing packing, int8_t weight) noexcept {
    return static_cast<int8_t>(weight ^
                               (rule_of(packing).weights == WeightForm::plus_128 ? 0x80 : 0));
}

/// The bias of output o for signed inputs, whose weights add up to `sum`, into packed
/// [packed_biases]: all forms.
constexpr void write_packed_bias(Packing packing, int32_t out, int32_t o, int32_t bias, int32_t sum,
                                 int32_t* packed) noexcept {
    const BiasForms forms = rule_of(packing).bias;
    const int32_t second = forms == BiasForms::for_both ? packed_outputs(packing, out) : 0;
    if (forms != BiasForms::for_unsigned_inputs) packed[o] = bias;
    if (forms != BiasForms::for_signed_inputs) packed[second + o] = bias - 128 * sum;
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
