// SPDX-License-Identifier: MIT
// Layers over images whose int8 speed is counted, on boards and on 64-bit Arm.
#pragma once
#include "nutshell/layers/layers.hpp"

namespace nutshell::tests {

struct NamedRow {
    const char* name;
    Row row;
};

inline constexpr NamedRow kConvolutionRows[] = {
    {"conv2d 3x3, 14x14x8 to 8", Conv2D<14, 14, 8, 8, 3, Relu>::row},
    {"conv2d 3x3 stride 2, 14x14x16 to 16", Conv2D<14, 14, 16, 16, 3, Relu, 2>::row},
    {"conv2d 3x3, 14x14x1 to 16", Conv2D<14, 14, 1, 16, 3, Relu>::row},
    {"conv2d 3x3, 14x14x16 to 1", Conv2D<14, 14, 16, 1, 3, Relu>::row},
    {"conv2d 1x1, 14x14x16 to 16", Conv2D<14, 14, 16, 16, 1, Relu>::row},
    {"conv1d 5, 128x8 to 16", Conv1D<128, 8, 16, 5, Relu>::row},
    {"depthwise 3x3, 14x14x16", DepthwiseConv2D<14, 14, 16, 3, Relu>::row},
    {"transposed 3x3 stride 2, 7x7x16 to 8", TransposedConv2D<7, 7, 16, 8, 3, Relu>::row},
    {"max pool 2x2, 14x14x16", MaxPool2D<14, 14, 16, 2>::row},
    {"average pool 2x2, 14x14x16", AveragePool2D<14, 14, 16, 2>::row},
    {"upsample 2x2, 7x7x16", Upsample2D<7, 7, 16, 2>::row},
};

/// The largest input, output, weights and scratch among them.
struct LargestSizes {
    int in = 0, out = 0, weights = 0, scratch = 0;
};
constexpr LargestSizes largest_sizes() noexcept {
    const auto raise = [](int& size, int to) noexcept { size = to > size ? to : size; };
    LargestSizes sizes;
    for (const NamedRow& named : kConvolutionRows) {
        const WeightMatrix matrix = weight_matrix(named.row);
        raise(sizes.in, named.row.in.size());
        raise(sizes.out, named.row.out.size());
        raise(sizes.weights, round_up(matrix.inputs, 16) * round_up(matrix.outputs, 8));
        raise(sizes.scratch, int8_scratch_bytes(named.row));
    }
    return sizes;
}

/// Runs a row on tensors whose weights and biases may be any.
inline void run_row(const Row& row, const Int8Tensors& tensors, const int8_t* x, int8_t* y,
                    void* scratch) noexcept {
    visit_kind(row.kind, 0, [&](auto kind) noexcept {
        if constexpr (decltype(kind)::has_int8) {
            decltype(kind)::forward(row, tensors, x, y, scratch);
        }
        return 0;
    });
}

}  // namespace nutshell::tests
