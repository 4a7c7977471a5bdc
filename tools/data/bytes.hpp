// SPDX-License-Identifier: MIT
// What the readers share: a file's bytes, numbers of either byte order, and how the user's own text
// is quoted in a message.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "nutshell/shape.hpp"

namespace nutshell::tools {

using Bytes = std::vector<uint8_t>;

/// Bytes that somebody else owns.
struct ByteView {
    const uint8_t* data = nullptr;
    size_t size = 0;
};

inline ByteView view(const Bytes& bytes) { return {bytes.data(), bytes.size()}; }

/// The first `limit` bytes of a regular file, or all of it when it is shorter. Throws Error when
/// there is no such file, when it is a folder, device or pipe, or when reading fails.
Bytes read_file(const std::string& path, size_t limit = SIZE_MAX);

/// An unsigned number of `width` <= 8 bytes, most significant byte first (or last).
uint64_t big_endian(const uint8_t* bytes, size_t width);
uint64_t little_endian(const uint8_t* bytes, size_t width);

/// The IEEE 754 number with these bits.
float float_from_bits(uint32_t bits);
double double_from_bits(uint64_t bits);

/// The nearest float; infinity beyond a float's range (which the check for finite data then
/// reports).
float narrowed(double value);

/// User text for a message: in double quotes, at most 24 bytes of it, unprintable bytes as ?.
std::string in_quotes(std::string_view text);

/// "28x28x1", or "784" for a flat row.
std::string shape_text(Shape shape);

}  // namespace nutshell::tools
