// SPDX-License-Identifier: MIT
// Writing rows of numbers as a NumPy array. Reading is in readers.hpp.
#pragma once
#include <cstdint>
#include <string>

#include "nutshell/shape.hpp"

namespace nutshell::tools {

/// Writes rows[count][shape.size()] as a little-endian float32 array of npy 1.0: [count][n] for
/// flat samples, [count][h][w] for one channel, else [count][h][w][c]. The file appears when it is
/// whole; throws Error when it cannot be written.
void write_npy(const std::string& path, const float* rows, int count, Shape shape);
/// The same as int8.
void write_npy(const std::string& path, const int8_t* rows, int count, Shape shape);

}  // namespace nutshell::tools
