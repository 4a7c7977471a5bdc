// SPDX-License-Identifier: MIT
// What a quantized layer must fulfil before it may run, whoever made it. No floating point: small
// processors check files with it.
#include <string.h>

#include "weights.hpp"

namespace nutshell {
namespace {

uint32_t scale_bits(Quantization quantization) noexcept {
    uint32_t bits;
    memcpy(&bits, &quantization.scale, sizeof bits);
    return bits;
}

/// Positive, finite and not denormal.
bool valid_scale(Quantization quantization) noexcept {
    const uint32_t bits = scale_bits(quantization);
    return bits >= 0x00800000u && bits < 0x7F800000u;
}

bool valid_multiplier(int32_t multiplier, int shift) noexcept {
    if (multiplier == 0) return shift == 0;
    return multiplier >= 1 << 30 && shift >= kMinShift && shift <= kMaxShift;
}

/// The largest magnitude of one output's bias, of whatever form.
int64_t largest_bias(const Int8Tensors& tensors, int32_t out, int32_t output) noexcept {
    int64_t most = 0;
    for (int32_t at = output; at < packed_biases(tensors.packing, out);
         at += packed_outputs(tensors.packing, out)) {
        const int64_t bias = tensors.bias[at];
        if (bias > most || -bias > most) most = bias < 0 ? -bias : bias;
    }
    return most;
}

/// One weight, whatever its form.
int weight_at(const Int8Tensors& tensors, int32_t in, int32_t output, int32_t input) noexcept {
    const int flip = rule_of(tensors.packing).weights == WeightForm::plus_128 ? 0x80 : 0;
    return static_cast<int8_t>(tensors.weight[packed_index(tensors.packing, in, output, input)] ^
                               flip);
}

struct RowSums {
    int32_t weights;
    int32_t magnitudes;
};

RowSums sums_of(const Int8Tensors& tensors, int32_t in, int32_t output) noexcept {
    RowSums sums{0, 0};
    for (int32_t i = 0; i < in; i++) {
        const int weight = weight_at(tensors, in, output, i);
        sums.weights += weight;
        sums.magnitudes += weight < 0 ? -weight : weight;
    }
    return sums;
}

/// True when no input can take the sum of one output beyond `limit` at any step. Inputs count as
/// much as the unsigned ones of some kernels. The cheap bound is nearly always enough.
bool sum_fits(const Int8Tensors& tensors, int32_t in, int32_t out, int32_t output,
              int32_t limit) noexcept {
    const int64_t bias = largest_bias(tensors, out, output);
    if (bias + int64_t{255} * 127 * in <= limit) return true;
    return bias + int64_t{255} * sums_of(tensors, in, output).magnitudes <= limit;
}

/// Where a packing holds the bias in two forms, both must say the same: else the answer would
/// depend on which one a processor reads.
bool forms_agree(const Int8Tensors& tensors, int32_t in, int32_t out) noexcept {
    if (rule_of(tensors.packing).bias != BiasForms::for_both) return true;
    const int32_t rows = packed_outputs(tensors.packing, out);
    for (int32_t o = 0; o < out; o++) {
        const int64_t sum = sums_of(tensors, in, o).weights;
        if (tensors.bias[rows + o] != tensors.bias[o] - 128 * sum) return false;
    }
    return true;
}

/// Inputs and outputs that only fill up a block add nothing to any sum.
bool padding_is_zero(const Int8Tensors& tensors, int32_t in, int32_t out) noexcept {
    const int32_t rows = packed_outputs(tensors.packing, out);
    const int32_t columns = packed_inputs(tensors.packing, in);
    int32_t any = 0;
    for (int32_t o = 0; o < rows; o++) {
        for (int32_t i = o < out ? in : 0; i < columns; i++) any |= weight_at(tensors, in, o, i);
        if (o < out) continue;
        any |= static_cast<int32_t>(largest_bias(tensors, out, o) != 0);
        if (tensors.per_output) any |= tensors.multiplier[o] | tensors.shift[o];
    }
    return any == 0;
}

/// True unless a weight is -128, which no kernel is made for.
bool weights_symmetric(const Int8Tensors& tensors, int32_t count) noexcept {
    const bool plus_128 = rule_of(tensors.packing).weights == WeightForm::plus_128;
    const int8_t forbidden = plus_128 ? 0 : -128;
    for (int32_t i = 0; i < count; i++) {
        if (tensors.weight[i] == forbidden) return false;
    }
    return true;
}

}  // namespace

bool same(Quantization a, Quantization b) noexcept {
    return scale_bits(a) == scale_bits(b) && a.zero_point == b.zero_point;
}

Status check_quantized(const Row& row, const Int8Tensors& tensors) noexcept {
    const int32_t in = row.in.size(), out = row.out.size();
    if (!valid_scale(tensors.in) || !valid_scale(tensors.sum) || !valid_scale(tensors.out) ||
        needs_table(row.activation) != (tensors.table != nullptr) ||
        (!tensors.table && !same(tensors.sum, tensors.out)) ||
        !weights_symmetric(tensors, packed_weights(tensors.packing, in, out)) ||
        !padding_is_zero(tensors, in, out) || !forms_agree(tensors, in, out)) {
        return Status::bad_quantization;
    }
    for (int32_t o = 0; o < out; o++) {
        const int32_t channel = tensors.per_output ? o : 0;
        const int8_t shift = tensors.shift[channel];
        if (!valid_multiplier(tensors.multiplier[channel], shift)) return Status::bad_quantization;
        const int32_t limit = kMaxSum >> (shift > 0 ? shift : 0);
        if (!sum_fits(tensors, in, out, o, limit)) return Status::sum_overflow;
    }
    return Status::ok;
}

}  // namespace nutshell
