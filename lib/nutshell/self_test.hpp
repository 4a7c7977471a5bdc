// SPDX-License-Identifier: MIT
// Known answers: a file says what its model makes of an input that the model id determines, so that
// a device can prove in one call that weights, kernels and memory are in order.
//
// The self-test section of a .nut file is 32 bytes. int8: the CRC-32C of the answer, then zeros.
// float32: eight elements of the answer, the first of each eighth.
#pragma once
#include <stdint.h>

#include "weights.hpp"

namespace nutshell {

/// What a loaded part is tested with; answer[kSelfTestBytes] is null when there is no test.
struct SelfTest {
    uint32_t seed = 0;
    const uint8_t* answer = nullptr;
};

/// x[n]: a fixed sequence of codes.
void self_test_input(uint32_t seed, int32_t n, int8_t* x) noexcept;

/// x[n]: a fixed sequence in 0..1.
void self_test_input(uint32_t seed, int32_t n, float* x) noexcept;

/// The section's bytes for the answer y[n].
void write_self_test(const int8_t* y, int32_t n, uint8_t* section) noexcept;
void write_self_test(const float* y, int32_t n, uint8_t* section) noexcept;

/// Whether y[n] is the expected answer: int8 to the bit, float within 1e-3 of the larger of one and
/// the expected magnitude, since platforms sum in different orders.
bool self_test_passes(const int8_t* y, int32_t n, const uint8_t* section) noexcept;
bool self_test_passes(const float* y, int32_t n, const uint8_t* section) noexcept;

}  // namespace nutshell
