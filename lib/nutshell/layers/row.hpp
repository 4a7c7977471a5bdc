// SPDX-License-Identifier: MIT
// The architecture as data: one Row per layer. A layer type is a shell around one constant Row;
// a file's layer table is rows too. The plan, the layer functions, the types and the tools' Graph
// all read rows, so that no layer is written twice.
#pragma once
#include "../crc.hpp"
#include "../int8.hpp"
#include "../shape.hpp"

namespace nutshell {

/// The list of layer kinds: name, functions, number in the .nut file. The functions stand in
/// layers/<name>.hpp: tensor_sizes, valid, forward and backward.
#define NUTSHELL_LAYER_KINDS(X) X(dense, DenseLayer, 1)

enum class Kind : uint8_t {
#define NUTSHELL_KIND(name, functions, number) name = number,
    NUTSHELL_LAYER_KINDS(NUTSHELL_KIND)
#undef NUTSHELL_KIND
};

/// One layer of an architecture.
struct Row {
    Kind kind;
    Activation activation;
    Shape in;
    Shape out;
    float slope;  ///< of leaky_relu, else 0
};

/// Elements of a layer's two tensors.
struct TensorSizes {
    int32_t weight;
    int32_t bias;
};

/// What a layer function sees: its own tensors, never the whole array.
struct Tensors {
    const float* weight = nullptr;
    const float* bias = nullptr;
};

/// Where a backward function adds alpha times the gradient: alpha = 1 into gradients, or minus the
/// learning rate into the weights themselves.
struct Target {
    float alpha;
    float* weight;
    float* bias;
};

/// Some outputs of a layer, one after the other.
struct Slice {
    int32_t first;
    int32_t count;
};

/// What a layer may know of the pass it takes part in.
struct Pass {
    int rows;  ///< samples computed together
};

/// Bytes of a Row in canonical form: the first part of its record in a .nut file.
constexpr int kRowBytes = 48;

struct RowBytes {
    uint8_t at[kRowBytes];
};

/// Little-endian bytes of a row; the format is described in weights.hpp.
constexpr RowBytes to_bytes(const Row& row, uint32_t slope_bits) noexcept {
    RowBytes bytes{};
    bytes.at[0] = static_cast<uint8_t>(row.kind);
    bytes.at[1] = static_cast<uint8_t>(row.activation);
    const uint32_t words[] = {static_cast<uint32_t>(row.in.height),
                              static_cast<uint32_t>(row.in.width),
                              static_cast<uint32_t>(row.in.channels),
                              static_cast<uint32_t>(row.out.height),
                              static_cast<uint32_t>(row.out.width),
                              static_cast<uint32_t>(row.out.channels),
                              slope_bits};
    int at = 4;
    for (uint32_t word : words) {
        for (int shift = 0; shift < 32; shift += 8) {
            bytes.at[at++] = static_cast<uint8_t>(word >> shift);
        }
    }
    return bytes;
}

/// The IEEE 754 bits of a finite, normal float or zero, usable in constant expressions.
constexpr uint32_t float_bits(float value) noexcept {
    if (value == 0.0f) return 0;
    const uint32_t sign = value < 0 ? 0x80000000u : 0u;
    double magnitude = value < 0 ? -static_cast<double>(value) : static_cast<double>(value);
    uint32_t exponent = 127;
    for (; magnitude >= 2.0; magnitude /= 2.0) exponent++;
    for (; magnitude < 1.0; magnitude *= 2.0) exponent--;
    return sign | (exponent << 23) | static_cast<uint32_t>((magnitude - 1.0) * 8388608.0);
}

constexpr RowBytes to_bytes(const Row& row) noexcept {
    return to_bytes(row, float_bits(row.slope));
}

/// Identifies an architecture: CRC-32C over its rows and over the place of the code.
constexpr uint32_t fingerprint_of(const Row* rows, int count, int code_layer) noexcept {
    const uint8_t head[2] = {static_cast<uint8_t>(count), static_cast<uint8_t>(code_layer)};
    uint32_t crc = crc32c(0, head, sizeof head);
    for (int i = 0; i < count; i++) {
        const RowBytes bytes = to_bytes(rows[i]);
        crc = crc32c(crc, bytes.at, sizeof bytes.at);
    }
    return crc;
}

/// True when a layer of shape `in` can read what a layer of shape `out` wrote: the same shape, or
/// a flat vector of as many elements.
constexpr bool meets(Shape out, Shape in) noexcept {
    return out == in || (in == flat(in.size()) && in.size() == out.size());
}

}  // namespace nutshell
