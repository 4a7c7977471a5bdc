// SPDX-License-Identifier: MIT
// The file in which the host gives a board the layers of MLPerf Tiny's anomaly detector, packed for
// its kernels, and rows with what TensorFlow Lite Micro makes of them: a header, for each layer its
// description, weights and biases; then the inputs of all rows, then the outputs. Little endian.
#pragma once
#include <stdint.h>

namespace nutshell::tests {

struct Ad01Header {
    int32_t packing;
    int32_t layers;
    int32_t rows;
};

struct Ad01Layer {
    int32_t in, out;
    int32_t multiplier, shift;
    int32_t zero_point, low;
    int32_t weights;  ///< bytes that follow, a multiple of 4
    int32_t biases;   ///< numbers that follow them
};

constexpr char kAd01File[] = "ad01.bin";
constexpr int kAd01Rows = 64, kAd01Width = 640;

}  // namespace nutshell::tests
