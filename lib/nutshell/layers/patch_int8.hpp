// SPDX-License-Identifier: MIT
// Windows over images of int8 codes: a place's patch is copied to where its codes lie one after the
// other, what lies outside of the image as zeros, and is then what a dense layer reads. So every
// platform's dense_int8 runs convolutions, to the bit of TensorFlow Lite Micro's.
#pragma once
#include "convolution.hpp"

namespace nutshell::detail {

/// One sum of products for each output channel: patch[in] -> y[out].
using PatchProduct = void (*)(int in, int out, const Int8Tensors& tensors,
                              const Requantization& rule, const int8_t* patch, int8_t* y,
                              void* scratch) noexcept;
void product_int8(int in, int out, const Int8Tensors& tensors, const Requantization& rule,
                  const int8_t* patch, int8_t* y, void* scratch) noexcept;
void product_int4(int in, int out, const Int8Tensors& tensors, const Requantization& rule,
                  const int8_t* patch, int8_t* y, void* scratch) noexcept;

/// Scratch for patches of so many codes: one of them, and what the kernel converts it into.
constexpr int32_t patch_scratch_bytes(int32_t patch) noexcept {
    return round_up(patch, 16) + scratch_bytes(patch);
}

/// The way there, from x[wide] to y[narrow], and the way back from x[narrow] to y[wide]. Their
/// scratch is patch_scratch_bytes(taps * channels of x), 16-byte aligned.
void patches_there(const Row& row, const WindowMap& map, const Int8Tensors& tensors,
                   PatchProduct product, const int8_t* x, int8_t* y, void* scratch) noexcept;
void patches_back(const Row& row, const WindowMap& map, const Int8Tensors& tensors,
                  PatchProduct product, const int8_t* x, int8_t* y, void* scratch) noexcept;

/// The way there channel by channel; the weights lie as [channels][taps], whatever the packing.
void patches_depthwise(const Row& row, const WindowMap& map, const Int8Tensors& tensors,
                       const int8_t* x, int8_t* y, void* scratch) noexcept;

}  // namespace nutshell::detail
