// SPDX-License-Identifier: MIT
// Products of int8 and of int4 over Packing::simd, once: which tiles of outputs and of rows a layer
// is cut into, its odd inputs and the scales of its outputs. An instruction set I supplies
//   Sums of 8 outputs and an Input of 8 codes,
//   multiply_add of both with a block of weights,
//   finish, which makes codes of sums; the scales of a group lie `Step` behind those of the last,
//   add_chunk, which multiplies codes and weights as they lie, and the total of such sums,
//   channel_codes of depthwise_int8, for `channels` of them.
// For 4 bits multiply_add and finish take 16 times the weight, which costs no sign extension: a
// half byte in its upper place.
#pragma once
#include <string.h>

#include "nutshell/copy_codes.hpp"
#include "nutshell/kernels.hpp"

namespace nutshell {

constexpr int kBlockOutputs = rule_of(Packing::simd).outputs;
constexpr int kBlockInputs = rule_of(Packing::simd).inputs;

/// So few outputs are computed one by one, with inputs of a number of chunks, which a multiply_add
/// takes as they lie.
constexpr int kFewOutputs = 3;
constexpr int kChunk = kBlockOutputs * kBlockInputs;
constexpr int kMostChunkedInputs = 1024;

/// Weights as they are stored.
struct Int8Weights {
    using Byte = int8_t;
    static constexpr int block_bytes = kBlockOutputs * kBlockInputs;
    static constexpr int extra_bits = 0;  // sums are so many bits too large
};
struct Int4Weights {
    using Byte = uint8_t;
    static constexpr int block_bytes = kBlockOutputs * kBlockInputs / 2;
    static constexpr int extra_bits = 4;
};

/// Inputs for which 16 times the sum of 4-bit weights fits 32 bits whatever the inputs.
constexpr int kMostInt4Inputs = 1 << 16;

/// The requantization of some outputs, readable in whole groups of kBlockOutputs.
struct OutputScales {
    const int32_t* bias;
    const int32_t* multiplier;
    const int8_t* shift;
    int8_t zero_point, low, high;
};

template <class I>
struct BlockKernels : PackedReference<Packing::simd> {
    static void dense_int8(int in, int out, const int8_t* weights, const Requantization& rule,
                           const int8_t* x, int8_t* y, void*) noexcept {
        dense<Int8Weights>(in, out, weights, rule, x, y);
    }

    /// As many rows together as a tile has groups: a group of outputs at a time, whose weights are
    /// loaded once for all of them.
    static void dense_rows_int8(int rows, int in, int out, const int8_t* weights,
                                const Requantization& rule, const int8_t* x, ptrdiff_t x_stride,
                                int8_t* y, void* scratch) noexcept {
        if (out <= kFewOutputs && in >= kChunk && in <= kMostChunkedInputs) {
            for (int o = 0; o < out; o++) {
                one_output(rows, in, out, o, weights, rule, x, x_stride, y + o);
            }
            return;
        }
        for (; rows > I::tile_groups / 2; rows -= I::tile_groups) {
            const int count = rows < I::tile_groups ? rows : I::tile_groups;
            rows_together(Rows(count, in, x, x_stride), in, out, weights, rule, y);
            x += count * x_stride;
            y += count * static_cast<ptrdiff_t>(out);
        }
        for (; rows > 0; rows--, x += x_stride, y += out) {
            dense_int8(in, out, weights, rule, x, y, scratch);
        }
    }

    /// I::channels at a time, the last ones of them perhaps a second time.
    static void depthwise_int8(int taps, int channels, const int8_t* weights,
                               const Requantization& rule, const int8_t* const* x,
                               int8_t* y) noexcept {
        if (I::channels == 0 || channels < I::channels) {
            return Reference::depthwise_int8(taps, channels, weights, rule, x, y);
        }
        if constexpr (I::channels > 0) {
            int32_t multiplier[I::channels];
            int8_t shift[I::channels];
            for (int32_t& value : multiplier) value = *rule.multiplier;
            memset(shift, *rule.shift, sizeof shift);
            for (int next = 0; next < channels; next += I::channels) {
                const int c = next < channels - I::channels ? next : channels - I::channels;
                const OutputScales scales{rule.bias + c,
                                          rule.per_output ? rule.multiplier + c : multiplier,
                                          rule.per_output ? rule.shift + c : shift,
                                          rule.zero_point,
                                          rule.low,
                                          rule.high};
                I::channel_codes(taps, channels, weights + c, scales, x, c, y + c);
            }
        }
    }

    static void dense_int4(int in, int out, const uint8_t* weights, const Requantization& rule,
                           const int8_t* x, int8_t* y, void*) noexcept {
        if (in > kMostInt4Inputs) {
            return dense_int4_packed(int8_packing, in, out, weights, rule, x, y);
        }
        dense<Int4Weights>(in, out, weights, rule, x, y);
    }

  private:
    struct Layer {
        const int8_t* x;
        int blocks;                 // of inputs, the last one perhaps not whole
        int whole;                  // blocks that x fills
        int outputs;                // that are left
        int8_t rest[kBlockInputs];  // what x has behind them
        OutputScales scales;        // of the outputs that are left
        int step;                   // from one output's scale to the next: 1, or 0 for a single one
        int32_t multiplier[I::tile_groups * kBlockOutputs];  // a single scale, as often as a
        int8_t shift[I::tile_groups * kBlockOutputs];        // tile reads it

        Layer(int in, int out, const Requantization& rule, const int8_t* input) noexcept
            : x(input),
              blocks((in + kBlockInputs - 1) / kBlockInputs),
              whole(in / kBlockInputs),
              outputs(out),
              rest{},
              scales{rule.bias, rule.multiplier, rule.shift, rule.zero_point, rule.low, rule.high},
              step(rule.per_output ? 1 : 0) {
            for (int i = whole * kBlockInputs; i < in; i++) rest[i - whole * kBlockInputs] = x[i];
            if (I::unsigned_inputs) {
                scales.bias += rule.forms_apart ? rule.forms_apart : round_up(out, kBlockOutputs);
            }
            if (rule.per_output) return;
            for (int32_t& value : multiplier) value = *rule.multiplier;
            memset(shift, *rule.shift, sizeof shift);
            scales.multiplier = multiplier;
            scales.shift = shift;
        }

        const int8_t* block(int b) const noexcept {
            return b < whole ? x + b * kBlockInputs : rest;
        }
    };

    /// 1..I::tile_groups rows of inputs; those that there are not are the last one again.
    struct Rows {
        int count, filled;  // rows, and inputs of each that fill blocks
        const int8_t* x[I::tile_groups];
        int8_t rest[I::tile_groups][kBlockInputs] = {};

        Rows(int rows, int in, const int8_t* first, ptrdiff_t stride) noexcept
            : count(rows), filled(in & -kBlockInputs) {
            for (int r = 0; r < I::tile_groups; r++) {
                x[r] = r < rows ? first + r * stride : x[rows - 1];
                copy_codes(x[r] + filled, in - filled, rest[r]);
            }
        }
    };

    /// Each row takes the place that a group of outputs has in a tile.
    static void rows_together(const Rows& rows, int in, int out, const int8_t* weights,
                              const Requantization& rule, int8_t* y) noexcept {
        Layer layer(in, out, rule, rows.x[0]);
        while (layer.outputs > 0) {
            typename I::Sums sums[I::tile_groups];
            for (int r = 0; r < I::tile_groups; r++) sums[r] = I::zero();
            for (int at = 0; at < rows.filled; at += kBlockInputs) {
                for (int r = 0; r < I::tile_groups; r++) {
                    I::multiply_add(sums[r], I::input(rows.x[r] + at), weights);
                }
                weights += Int8Weights::block_bytes;
            }
            if (rows.filled < in) {
                for (int r = 0; r < I::tile_groups; r++) {
                    I::multiply_add(sums[r], I::input(rows.rest[r]), weights);
                }
                weights += Int8Weights::block_bytes;
            }
            finish_rows(sums, layer, rows.count, out, y);
            layer.scales.bias += kBlockOutputs;
            layer.scales.multiplier += layer.step * kBlockOutputs;
            layer.scales.shift += layer.step * kBlockOutputs;
            layer.outputs -= kBlockOutputs;
            y += kBlockOutputs;
        }
    }

    /// The next codes of each row: in one piece where a row has no others.
    static void finish_rows(const typename I::Sums* sums, const Layer& layer, int rows, int out,
                            int8_t* y) noexcept {
        if (out == kBlockOutputs) {
            return I::template finish<I::tile_groups, 0, 0>(sums, layer.scales, rows * out, y);
        }
        constexpr int wide = I::tile_groups * kBlockOutputs;
        int8_t tile[wide];
        I::template finish<I::tile_groups, 0, 0>(sums, layer.scales, wide, tile);
        const int count = layer.outputs < kBlockOutputs ? layer.outputs : kBlockOutputs;
        for (int r = 0; r < rows; r++, y += out) copy_codes(tile + r * kBlockOutputs, count, y);
    }

    /// The weights of one output, a chunk after the other; the last chunk ends with the inputs, and
    /// has zeros where it overlaps the one before.
    struct ChunkedRow {
        int whole;  // chunks
        int8_t weights[kMostChunkedInputs + kChunk + kBlockInputs];

        ChunkedRow(int in, const int8_t* packed) noexcept : whole(in / kChunk) {
            const int overlap = (whole + 1) * kChunk - in;
            memset(weights + whole * kChunk, 0, kChunk);
            for (int i = 0; i < in; i += kBlockInputs, packed += Int8Weights::block_bytes) {
                memcpy(weights + (i < whole * kChunk ? i : i + overlap), packed, kBlockInputs);
            }
        }
    };

    /// y[rows], `out` apart: of one output, for which blocks of eight would be mostly zeros.
    static void one_output(int rows, int in, int out, int o, const int8_t* weights,
                           const Requantization& rule, const int8_t* x, ptrdiff_t x_stride,
                           int8_t* y) noexcept {
        const ChunkedRow row(in, weights + packed_row(Packing::simd, in, o));
        const Layer layer(in, out, rule, x);
        int32_t bias[kBlockOutputs], multiplier[kBlockOutputs];
        int8_t shift[kBlockOutputs], codes[kBlockOutputs];
        const int channel = layer.step * o;
        for (int i = 0; i < kBlockOutputs; i++) bias[i] = layer.scales.bias[o];
        for (int i = 0; i < kBlockOutputs; i++) multiplier[i] = rule.multiplier[channel];
        for (int i = 0; i < kBlockOutputs; i++) shift[i] = rule.shift[channel];
        const OutputScales scales{bias, multiplier, shift, rule.zero_point, rule.low, rule.high};
        while (rows > 0) {  // each row in the place of an output
            const int some = rows < kBlockOutputs ? rows : kBlockOutputs;
            int32_t totals[2 * kBlockOutputs] = {};  // two parts of each
            for (int r = 0; r < some; r++, x += x_stride) {
                typename I::Sums sums = I::zero();
                for (int c = 0; c < row.whole; c++) {
                    I::add_chunk(sums, x + c * kChunk, row.weights + c * kChunk);
                }
                I::add_chunk(sums, x + in - kChunk, row.weights + row.whole * kChunk);
                totals[2 * r] = I::total(sums);
            }
            typename I::Sums all;
            static_assert(sizeof all == sizeof totals);
            memcpy(&all, totals, sizeof all);
            I::template finish<1, kBlockOutputs, 0>(&all, scales, kBlockOutputs, codes);
            for (int r = 0; r < some; r++, y += out) *y = codes[r];
            rows -= some;
        }
    }

    template <class Weights>
    static void dense(int in, int out, const typename Weights::Byte* weights,
                      const Requantization& rule, const int8_t* x, int8_t* y) noexcept {
        if (out == 0) return;
        Layer layer(in, out, rule, x);
        while (layer.outputs > 0) tiles<I::tile_groups, Weights>(layer, weights, y);
    }

    /// As many tiles of `Groups` groups of outputs as there are, or one smaller tile.
    template <int Groups, class Weights>
    static void tiles(Layer& layer, const typename Weights::Byte*& weights, int8_t*& y) noexcept {
        constexpr int wide = Groups * kBlockOutputs;
        if constexpr (Groups > 1) {
            if (layer.outputs <= wide - kBlockOutputs) {
                return tiles<Groups - 1, Weights>(layer, weights, y);
            }
        }
        do {
            const int count = layer.outputs < wide ? layer.outputs : wide;
            tile<Groups, Weights>(layer, weights, count, y);
            weights += static_cast<ptrdiff_t>(Groups) * layer.blocks * Weights::block_bytes;
            layer.scales.bias += wide;
            layer.scales.multiplier += layer.step * wide;
            layer.scales.shift += layer.step * wide;
            layer.outputs -= count;
            y += count;
        } while (layer.outputs > wide - kBlockOutputs);
    }

    template <int Groups, class Weights>
    static void tile(const Layer& layer, const typename Weights::Byte* weights, int count,
                     int8_t* y) noexcept {
        // Several chains of sums where a single one would wait for itself.
        constexpr int chains = I::chains / Groups > 1 ? I::chains / Groups : 1;
        const ptrdiff_t next_group = static_cast<ptrdiff_t>(layer.blocks) * Weights::block_bytes;
        typename I::Sums sums[chains][Groups];
        for (int c = 0; c < chains; c++) {
            for (int g = 0; g < Groups; g++) sums[c][g] = I::zero();
        }
        const auto add = [&](typename I::Sums* to, int b) noexcept {
            const typename I::Input input = I::input(layer.block(b));
            for (int g = 0; g < Groups; g++) {
                I::multiply_add(to[g], input, weights + g * next_group + b * Weights::block_bytes);
            }
        };
        int b = 0;
        for (; b + chains <= layer.blocks; b += chains) {
            for (int c = 0; c < chains; c++) add(sums[c], b + c);
        }
        if constexpr (chains > 1) {
            for (; b < layer.blocks; b++) add(sums[0], b);
        }
        for (int c = 1; c < chains; c++) {
            for (int g = 0; g < Groups; g++) I::add(sums[0][g], sums[c][g]);
        }
        I::template finish<Groups, kBlockOutputs, Weights::extra_bits>(sums[0], layer.scales, count,
                                                                       y);
    }
};

}  // namespace nutshell
