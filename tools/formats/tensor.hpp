// SPDX-License-Identifier: MIT
// Arrays as files of weights hold them: what every container of named arrays gives.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "tools/data/bytes.hpp"

namespace nutshell::tools {

/// Element types that files of weights use.
enum class ElementType {
    float16,
    bfloat16,
    float32,
    float64,
    int8,
    uint8,
    int16,
    uint16,
    int32,
    int64
};

/// Bytes of one element.
size_t element_bytes(ElementType type);

/// An array with its name, its shape and its values, whatever type they had in the file.
struct Tensor {
    std::string name;
    std::vector<uint64_t> shape;
    std::vector<float> values;
};

/// The elements of a shape. Throws Error, beginning with `where`, for more than 8 sides or more
/// than 2^28 elements.
size_t element_count(const std::vector<uint64_t>& shape, const std::string& where);

/// Little-endian elements as floats; the size must be a multiple of the element's.
std::vector<float> to_floats(ElementType type, ByteView bytes);

/// Little-endian bytes of floats.
Bytes to_bytes(const std::vector<float>& values);

/// [rows][columns] -> [columns][rows].
std::vector<float> transposed(const std::vector<float>& values, size_t rows, size_t columns);

/// "[784][24]".
std::string text_of(const std::vector<uint64_t>& shape);

}  // namespace nutshell::tools
