// SPDX-License-Identifier: MIT
// The model of the smallest firmware: the tutorial's encoder, 784 pixels -> 24 numbers.
#pragma once
#include "nutshell/autoencoder.hpp"

namespace nutshell::tests {

using Tutorial = Autoencoder<Sequential<Dense<784, 24, Relu>>, Sequential<Dense<24, 784, Sigmoid>>>;

/// Pixel i of the image that board and host encode.
constexpr uint8_t test_pixel(int i) { return static_cast<uint8_t>((i * i >> 3) + 3 * i); }

}  // namespace nutshell::tests
