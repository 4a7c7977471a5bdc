// SPDX-License-Identifier: MIT
#include "packing.hpp"

namespace nutshell {
namespace {

/// What turns a stored byte into the weight and back: plus 128 is a flip of the sign bit.
int flip_of(PackingRule rule) noexcept { return rule.weights == WeightForm::plus_128 ? 0x80 : 0; }

int32_t sum_of_row(const int8_t* row, int32_t in) noexcept {
    int32_t sum = 0;
    for (int32_t i = 0; i < in; i++) sum += row[i];
    return sum;
}

}  // namespace

void pack_weights(Packing packing, int32_t in, int32_t out, const int8_t* weights,
                  int8_t* packed) noexcept {
    const int flip = flip_of(rule_of(packing));
    const int32_t rows = packed_outputs(packing, out), columns = packed_inputs(packing, in);
    for (int32_t o = 0; o < rows; o++) {
        for (int32_t i = 0; i < columns; i++) {
            const int weight = o < out && i < in ? weights[o * in + i] : 0;
            packed[packed_index(packing, in, o, i)] = static_cast<int8_t>(weight ^ flip);
        }
    }
}

void unpack_weights(Packing packing, int32_t in, int32_t out, const int8_t* packed,
                    int8_t* weights) noexcept {
    const int flip = flip_of(rule_of(packing));
    for (int32_t o = 0; o < out; o++) {
        for (int32_t i = 0; i < in; i++) {
            const int8_t byte = packed[packed_index(packing, in, o, i)];
            weights[o * in + i] = static_cast<int8_t>(byte ^ flip);
        }
    }
}

void pack_bias(Packing packing, int32_t in, int32_t out, const int8_t* weights, const int32_t* bias,
               int32_t* packed) noexcept {
    const BiasForms forms = rule_of(packing).bias;
    const int32_t rows = packed_outputs(packing, out);
    int32_t* const for_signed = packed;
    int32_t* const for_unsigned = forms == BiasForms::for_both ? packed + rows : packed;
    for (int32_t o = 0; o < rows; o++) {
        const int32_t value = o < out ? bias[o] : 0;
        const int32_t sum = o < out ? sum_of_row(weights + o * in, in) : 0;
        if (forms != BiasForms::for_unsigned_inputs) for_signed[o] = value;
        if (forms != BiasForms::for_signed_inputs) for_unsigned[o] = value - 128 * sum;
    }
}

void unpack_bias(Packing packing, int32_t in, int32_t out, const int8_t* weights,
                 const int32_t* packed, int32_t* bias) noexcept {
    const bool is_unsigned = rule_of(packing).bias == BiasForms::for_unsigned_inputs;
    for (int32_t o = 0; o < out; o++) {
        bias[o] = packed[o] + (is_unsigned ? 128 * sum_of_row(weights + o * in, in) : 0);
    }
}

}  // namespace nutshell
