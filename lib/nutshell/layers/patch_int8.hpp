// SPDX-License-Identifier: MIT
// Windows over images of int8 codes: a place's patch is copied to where its codes lie one after the
// other, what lies outside of the image as zeros, unless they lie so already, and is then what a
// dense layer reads. So every platform's kernels of dense layers run convolutions, to the bit of
// TensorFlow Lite Micro's.
#pragma once
#include "convolution.hpp"

namespace nutshell::detail {

/// One sum of products for each output channel of some patches, x_stride bytes apart: patches[in]
/// -> y[rows][out].
using PatchProduct = void (*)(int rows, int in, int out, const Int8Tensors& tensors,
                              const Requantization& rule, const int8_t* patches, ptrdiff_t x_stride,
                              int8_t* y, void* scratch) noexcept;
void product_int8(int rows, int in, int out, const Int8Tensors& tensors, const Requantization& rule,
                  const int8_t* patches, ptrdiff_t x_stride, int8_t* y, void* scratch) noexcept;
void product_int4(int rows, int in, int out, const Int8Tensors& tensors, const Requantization& rule,
                  const int8_t* patches, ptrdiff_t x_stride, int8_t* y, void* scratch) noexcept;

/// How many patches of so many codes are multiplied together: they stay in the cache.
constexpr int32_t patch_rows(int32_t patch, ScratchRule rule = {}) noexcept {
    return patch <= (1 << 16) / rule.rows_together ? rule.rows_together : 1;
}
/// Bytes of so many patches.
constexpr int32_t patch_bytes(int32_t patch, ScratchRule rule = {}) noexcept {
    return round_up(patch_rows(patch, rule) * patch, 16);
}
/// Scratch for patches of so many codes: some of them, and what the kernel converts them into.
constexpr int32_t patch_scratch_bytes(int32_t patch, ScratchRule rule = {}) noexcept {
    return patch_bytes(patch, rule) + rows_scratch_bytes(patch, rule);
}

/// The way there, from x[wide] to y[narrow]. scratch[patch_scratch_bytes(taps * channels of x)] is
/// 16-byte aligned, here and below.
void patches_there(const Row& row, const WindowMap& map, const Int8Tensors& tensors,
                   PatchProduct product, const int8_t* x, int8_t* y, void* scratch) noexcept;

/// The parts of the scratch for the way back, by where they begin: patches, what the kernel
/// converts them into, the weights of a phase and of some outputs, their biases, the sums of all
/// their weights, and codes of a phase.
struct BackScratch {
    int32_t outputs;  ///< that are computed together
    int32_t converted, weights, bias, sums, codes, bytes;

    static constexpr BackScratch of(const WindowMap& map, ScratchRule rule = {}) noexcept {
        const int32_t most = rule.rows_together > 2 ? 64 : 8;  // little memory, or few copies
        const int32_t patch = most_taps(map.down) * most_taps(map.across) * map.narrow.channels;
        BackScratch result{};
        result.outputs = map.wide.channels < most ? map.wide.channels : most;
        // Blocks of a packing are at most 16 inputs wide and 8 outputs high.
        const int32_t padded = round_up(result.outputs, 8);
        result.converted = patch_bytes(patch, rule);
        result.weights = result.converted + rows_scratch_bytes(patch, rule);
        result.bias = result.weights + round_up(patch, 16) * padded;
        result.sums =
            result.bias + rule.bias_forms * padded * static_cast<int32_t>(sizeof(int32_t));
        result.codes = result.sums + padded * static_cast<int32_t>(sizeof(int32_t));
        result.bytes = result.codes + round_up(rule.rows_together * result.outputs, 16);
        return result;
    }

  private:
    static constexpr int32_t most_taps(const Axis& axis) noexcept {
        int32_t most = 0;
        for (int32_t phase = 0; phase < axis.stride; phase++) {
            const int32_t taps = Phase::of(axis, phase).taps;
            most = taps > most ? taps : most;
        }
        return most;
    }
};

/// The way back, from x[narrow] to y[wide]: a convolution for each phase, with those of the weights
/// that its outputs meet. scratch[BackScratch::of(map).bytes].
void patches_back(const Row& row, const WindowMap& map, const Int8Tensors& tensors, const int8_t* x,
                  int8_t* y, void* scratch) noexcept;
void patches_back_int4(const Row& row, const WindowMap& map, const Int8Tensors& tensors,
                       const int8_t* x, int8_t* y, void* scratch) noexcept;

/// The parts of the scratch for the way there channel by channel: weights as [taps][channels], a
/// pixel of zeros, where the taps lie.
struct DepthwiseScratch {
    int32_t zeros, taps, bytes;

    static constexpr DepthwiseScratch of(int32_t taps, int32_t channels,
                                         ScratchRule rule = {}) noexcept {
        const int32_t zeros = round_up(taps * channels, 16);
        const int32_t places = zeros + round_up(channels, 16);
        return {zeros, places, places + round_up(taps * rule.pointer, 16)};
    }
};

/// The way there channel by channel; the weights lie as [channels][taps], whatever the packing.
void patches_depthwise(const Row& row, const WindowMap& map, const Int8Tensors& tensors,
                       const int8_t* x, int8_t* y, void* scratch) noexcept;

}  // namespace nutshell::detail
