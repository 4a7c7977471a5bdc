// SPDX-License-Identifier: MIT
// The words of int8: what a code means, and the tensors of a quantized layer. The architecture is
// the same rows as for floats; scales, zero points, multipliers and tables are data.
#pragma once
#include "kernels.hpp"

namespace nutshell {

/// What an int8 code stands for: value = scale * (code - zero_point).
struct Quantization {
    float scale;
    int8_t zero_point;
    /// Upper bits that codes do without: 2 for codes of 6 bits, -128..-65. At most kMaxUnusedBits.
    uint8_t unused_bits = 0;
};

constexpr int kMaxUnusedBits = 4;

/// The codes are -128..largest_code.
constexpr int8_t largest_code(Quantization quantization) noexcept {
    return static_cast<int8_t>((256 >> quantization.unused_bits) - 129);
}

/// Compares the scales' bits: an int8 program needs no floating point.
bool same(Quantization a, Quantization b) noexcept;

/// 8-bit pixels: 0..255 stands for 0..1, and a code is the pixel with its upper bit flipped.
constexpr Quantization kPixels{1.0f / 255.0f, -128};

/// The tensors of one quantized layer, in RAM or in a file: pointers only. An empty one is all
/// zero, so that firmware pays for it in RAM, not in flash too.
struct Int8Tensors {
    const int8_t* weight = nullptr;       ///< in a packing
    const int32_t* bias = nullptr;        ///< [packed_biases], input zero point folded in
    const int32_t* multiplier = nullptr;  ///< [packed_outputs], or one
    const int8_t* shift = nullptr;        ///< as many as multipliers
    const int8_t* table = nullptr;        ///< [256] of the activation, null where none is needed
    Packing packing = Packing::canonical;
    bool per_output = false;  ///< a multiplier and a shift for each output, not one for all
    bool int4 = false;        ///< weight holds packed_int4_bytes (packing_int4.hpp)
    Quantization in{};
    Quantization sum{};  ///< of the codes that the kernel writes, before the table
    Quantization out{};  ///< equal to sum without a table
};

/// Activations that are a table of 256 bytes; the others are bounds.
constexpr bool needs_table(Activation activation) noexcept {
    return activation == Activation::leaky_relu || activation == Activation::sigmoid ||
           activation == Activation::tanh;
}

/// What the kernels are told of a layer.
inline Requantization requantization_of(Activation activation,
                                        const Int8Tensors& tensors) noexcept {
    const int8_t zero = tensors.sum.zero_point;
    return {tensors.bias,
            tensors.multiplier,
            tensors.shift,
            tensors.per_output,
            zero,
            activation == Activation::relu ? zero : int8_t{-128},
            largest_code(tensors.sum)};
}

/// The rule of a layer of `out` outputs for its outputs from `first` on, which begins a block of
/// the packing.
Requantization rule_from(const Requantization& rule, Packing packing, int32_t out,
                         int32_t first) noexcept;

/// codes[n] = values[n] / scale + zero point, rounded to the nearest (ties away from zero) and held
/// within -128..largest_code. NaN becomes the zero point.
void quantize_values(const float* values, int32_t n, Quantization quantization,
                     int8_t* codes) noexcept;

/// values[n] = scale * (codes[n] - zero point).
void dequantize_values(const int8_t* codes, int32_t n, Quantization quantization,
                       float* values) noexcept;

}  // namespace nutshell
