// SPDX-License-Identifier: MIT
// NumPy arrays: writing rows of numbers, and the header of any array. Reading rows is in
// readers.hpp.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "bytes.hpp"
#include "nutshell/shape.hpp"

namespace nutshell::tools {

/// Writes rows[count][shape.size()] as a little-endian float32 array of npy 1.0: [count][n] for
/// flat samples, [count][h][w] for one channel, else [count][h][w][c]. The file appears when it is
/// whole; throws Error when it cannot be written.
void write_npy(const std::string& path, const float* rows, int count, Shape shape);
/// The same as int8.
void write_npy(const std::string& path, const int8_t* rows, int count, Shape shape);

/// What the header of an npy file says.
struct NpyHeader {
    std::string type;  ///< "<f4"
    bool fortran = false;
    bool has_fortran = false;
    std::vector<uint64_t> sides;
    bool has_shape = false;
};

/// Reads the header; `body` becomes the offset of the first element. Throws Error, beginning with
/// `path`.
NpyHeader read_npy_header(ByteView file, const std::string& path, size_t& body);

/// The bytes in front of the elements of a C-ordered array.
std::string npy_head(const std::string& type, const std::vector<uint64_t>& sides);

}  // namespace nutshell::tools
