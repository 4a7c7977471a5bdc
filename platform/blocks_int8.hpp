// SPDX-License-Identifier: MIT
// dense_int8 and dense_int4 over Packing::simd, once: which tiles of outputs a layer is cut into,
// its odd inputs and the scales of its outputs. An instruction set I supplies Sums of 8 outputs, an
// Input of 8 codes, multiply_add of both with a block of weights, and finish, which makes codes of
// sums. For 4 bits the latter two take 16 times the weight, which costs no sign extension: a half
// byte in its upper place.
#pragma once
#include <string.h>

#include "nutshell/kernels.hpp"

namespace nutshell {

constexpr int kBlockOutputs = rule_of(Packing::simd).outputs;
constexpr int kBlockInputs = rule_of(Packing::simd).inputs;

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

/// Copies `count` bytes, which are few.
inline void copy_codes(const int8_t* from, int count, int8_t* to) noexcept {
    for (; count >= 8; count -= 8, from += 8, to += 8) memcpy(to, from, 8);
    for (; count > 0; count--) *to++ = *from++;
}

template <class I>
struct BlockKernels : PackedReference<Packing::simd> {
    static void dense_int8(int in, int out, const int8_t* weights, const Requantization& rule,
                           const int8_t* x, int8_t* y, void*) noexcept {
        dense<Int8Weights>(in, out, weights, rule, x, y);
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
        I::template finish<Groups, Weights::extra_bits>(sums[0], layer.scales, count, y);
    }
};

}  // namespace nutshell
