// SPDX-License-Identifier: MIT
// The int8 kernels as plain loops.
#include "depthwise_int8.hpp"
#include "kernels.hpp"
#include "packing_int4.hpp"

namespace nutshell {
namespace {

/// The bits that are set: sums of neighbouring bits, pairs, fours, then of all bytes.
int32_t ones(uint32_t bits) noexcept {
    bits -= bits >> 1 & 0x55555555u;
    bits = (bits & 0x33333333u) + (bits >> 2 & 0x33333333u);
    bits = (bits + (bits >> 4)) & 0x0F0F0F0Fu;
    return static_cast<int32_t>(bits * 0x01010101u >> 24);
}

}  // namespace

void Reference::dense_int8(int in, int out, const int8_t* weights, const Requantization& rule,
                           const int8_t* x, int8_t* y, void*) noexcept {
    for (int o = 0; o < out; o++, weights += in) {
        int32_t sum = rule.bias[o];
        for (int i = 0; i < in; i++) sum += weights[i] * x[i];
        y[o] = requantize(sum, rule, o);
    }
}

void Reference::dense_rows_int8(int rows, int in, int out, const int8_t* weights,
                                const Requantization& rule, const int8_t* x, ptrdiff_t x_stride,
                                int8_t* y, void* scratch) noexcept {
    for (; rows > 0; rows--, x += x_stride, y += out) {
        dense_int8(in, out, weights, rule, x, y, scratch);
    }
}

void Reference::depthwise_int8(int taps, int channels, const int8_t* weights,
                               const Requantization& rule, const int8_t* const* x,
                               int8_t* y) noexcept {
    depthwise_codes(taps, channels, weights, rule.bias, x, y,
                    [&](int32_t sum, int c) noexcept { return requantize(sum, rule, c); });
}

void Reference::dense_int4(int in, int out, const uint8_t* weights, const Requantization& rule,
                           const int8_t* x, int8_t* y, void*) noexcept {
    dense_int4_packed(int8_packing, in, out, weights, rule, x, y);
}

void dense_int4_packed(Packing packing, int in, int out, const uint8_t* weights,
                       const Requantization& rule, const int8_t* x, int8_t* y) noexcept {
    const bool is_unsigned = rule_of(packing).bias == BiasForms::for_unsigned_inputs;
    const int offset = is_unsigned ? 128 : 0;
    for (int o = 0; o < out; o++) {
        int32_t sum = rule.bias[o];
        for (int i = 0; i < in; i++) {
            const Int4Place place = int4_place(packing, in, o, i);
            sum += int4_weight(packing, weights[place.byte], place.upper) * (x[i] + offset);
        }
        y[o] = requantize(sum, rule, o);
    }
}

void Reference::look_up(int n, const int8_t* table, int8_t* x) noexcept {
    for (int i = 0; i < n; i++) x[i] = table[static_cast<uint8_t>(x[i])];
}

void Reference::squared_distances_int8(int groups, int n, const int8_t* query, const int8_t* codes,
                                       int32_t* distances) noexcept {
    constexpr int word = kGroupCodes * kGroupBytes;  // bytes of it in all codes of a group
    for (; groups > 0; groups--) {
        for (int code = 0; code < kGroupCodes; code++) {
            const int8_t* bytes = codes + code * kGroupBytes;
            int32_t sum = 0;
            for (int i = 0; i < n; i += kGroupBytes, bytes += word) {
                for (int b = 0; b < kGroupBytes && i + b < n; b++) {
                    const int off = query[i + b] - bytes[b];
                    sum += off * off;
                }
            }
            *distances++ = sum;
        }
        codes += (n + kGroupBytes - 1) / kGroupBytes * word;
    }
}

void Reference::hamming_distances(int groups, int words, const uint32_t* query,
                                  const uint32_t* codes, int32_t* distances) noexcept {
    for (; groups > 0; groups--, distances += kGroupCodes) {
        for (int code = 0; code < kGroupCodes; code++) distances[code] = 0;
        for (int i = 0; i < words; i++, codes += kGroupCodes) {
            for (int code = 0; code < kGroupCodes; code++) {
                distances[code] += ones(query[i] ^ codes[code]);
            }
        }
    }
}

}  // namespace nutshell
