// SPDX-License-Identifier: MIT
#include "tensor.hpp"

#include <cmath>
#include <cstring>

#include "tools/error.hpp"

namespace nutshell::tools {
namespace {

constexpr size_t kMaxRank = 8;
constexpr uint64_t kMaxElements = 1ULL << 28;

/// IEEE 754 half precision.
float half(uint16_t bits) {
    const int exponent = bits >> 10 & 31, fraction = bits & 1023;
    const float magnitude = exponent == 31 ? (fraction == 0 ? INFINITY : NAN)
                            : exponent == 0
                                ? std::ldexp(static_cast<float>(fraction), -24)
                                : std::ldexp(static_cast<float>(fraction + 1024), exponent - 25);
    return (bits & 0x8000) != 0 ? -magnitude : magnitude;
}

float element(ElementType type, uint64_t bits) {
    switch (type) {
        case ElementType::float16:
            return half(static_cast<uint16_t>(bits));
        case ElementType::bfloat16:
            return float_from_bits(static_cast<uint32_t>(bits << 16));
        case ElementType::float32:
            return float_from_bits(static_cast<uint32_t>(bits));
        case ElementType::float64:
            return narrowed(double_from_bits(bits));
        case ElementType::int8:
            return static_cast<int8_t>(bits);
        case ElementType::int16:
            return static_cast<int16_t>(bits);
        case ElementType::int32:
            return static_cast<float>(static_cast<int32_t>(bits));
        case ElementType::int64:
            return static_cast<float>(static_cast<int64_t>(bits));
        case ElementType::uint8:
        case ElementType::uint16:
            break;
    }
    return static_cast<float>(bits);
}

}  // namespace

size_t element_bytes(ElementType type) {
    switch (type) {
        case ElementType::int8:
        case ElementType::uint8:
            return 1;
        case ElementType::float16:
        case ElementType::bfloat16:
        case ElementType::int16:
        case ElementType::uint16:
            return 2;
        case ElementType::float32:
        case ElementType::int32:
            return 4;
        case ElementType::float64:
        case ElementType::int64:
            break;
    }
    return 8;
}

size_t element_count(const std::vector<uint64_t>& shape, const std::string& where) {
    if (shape.size() > kMaxRank) {
        throw Error(where + ": an array of " + std::to_string(shape.size()) +
                    " dimensions; at most 8 can be read");
    }
    uint64_t count = 1;
    for (const uint64_t side : shape) {
        if (side != 0 && count > kMaxElements / side) {
            throw Error(where + ": an array of shape " + text_of(shape) +
                        "; at most 2^28 elements can be read");
        }
        count *= side;
    }
    return static_cast<size_t>(count);
}

std::vector<float> to_floats(ElementType type, ByteView bytes) {
    const size_t width = element_bytes(type);
    std::vector<float> values(bytes.size / width);
    for (size_t i = 0; i < values.size(); i++) {
        values[i] = element(type, little_endian(bytes.data + i * width, width));
    }
    return values;
}

Bytes to_bytes(const std::vector<float>& values) {
    Bytes bytes;
    bytes.reserve(values.size() * 4);
    for (const float value : values) {
        uint32_t bits;
        std::memcpy(&bits, &value, sizeof bits);
        for (int shift = 0; shift < 32; shift += 8) {
            bytes.push_back(static_cast<uint8_t>(bits >> shift));
        }
    }
    return bytes;
}

std::vector<float> transposed(const std::vector<float>& values, size_t rows, size_t columns) {
    std::vector<float> turned(values.size());
    for (size_t row = 0; row < rows; row++) {
        for (size_t column = 0; column < columns; column++) {
            turned[column * rows + row] = values[row * columns + column];
        }
    }
    return turned;
}

std::string text_of(const std::vector<uint64_t>& shape) {
    std::string text;
    for (const uint64_t side : shape) text += "[" + std::to_string(side) + "]";
    return text.empty() ? "[]" : text;
}

}  // namespace nutshell::tools
