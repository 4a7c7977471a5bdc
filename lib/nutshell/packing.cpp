// SPDX-License-Identifier: MIT
#include "packing.hpp"

namespace nutshell {
namespace {

int32_t sum_of_row(const int8_t* row, int32_t in) noexcept {
    int32_t sum = 0;
    for (int32_t i = 0; i < in; i++) sum += row[i];
    return sum;
}

}  // namespace

void pack_weights(Packing packing, int32_t in, int32_t out, const int8_t* weights,
                  int8_t* packed) noexcept {
    const int32_t rows = packed_outputs(packing, out), columns = packed_inputs(packing, in);
    for (int32_t o = 0; o < rows; o++) {
        for (int32_t i = 0; i < columns; i++) {
            const int8_t weight = o < out && i < in ? weights[o * in + i] : int8_t{0};
            packed[packed_index(packing, in, o, i)] = packed_weight(packing, weight);
        }
    }
}

void unpack_weights(Packing packing, int32_t in, int32_t out, const int8_t* packed,
                    int8_t* weights) noexcept {
    for (int32_t o = 0; o < out; o++) {
        for (int32_t i = 0; i < in; i++) {
            weights[o * in + i] = packed_weight(packing, packed[packed_index(packing, in, o, i)]);
        }
    }
}

void pack_bias(Packing packing, int32_t in, int32_t out, const int8_t* weights, const int32_t* bias,
               int32_t* packed) noexcept {
    for (int32_t o = 0; o < packed_outputs(packing, out); o++) {
        const int32_t value = o < out ? bias[o] : 0;
        const int32_t sum = o < out ? sum_of_row(weights + o * in, in) : 0;
        write_packed_bias(packing, out, o, value, sum, packed);
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
