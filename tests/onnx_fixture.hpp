// SPDX-License-Identifier: MIT
// ONNX models of a test's own, byte by byte.
#pragma once
#include "import_fixture.hpp"

namespace nutshell::tests {

/// A string field of a protobuf message: tag, length, bytes.
inline std::string field(int number, const std::string& content) {
    std::string bytes(1, static_cast<char>(number << 3 | 2));
    size_t size = content.size();
    for (; size > 127; size >>= 7) bytes += static_cast<char>(128 | (size & 127));
    return bytes + static_cast<char>(size) + content;
}

inline std::string varint(int number, uint64_t value) {
    std::string bytes(1, static_cast<char>(number << 3));
    for (; value > 127; value >>= 7) bytes += static_cast<char>(128 | (value & 127));
    return bytes + static_cast<char>(value);
}

/// A value of samples with these sides; without, none are stated.
inline std::string value_info(const std::string& name, const std::vector<uint64_t>& sides = {}) {
    std::string shape = field(1, field(2, "n"));
    for (const uint64_t side : sides) shape += field(1, varint(1, side));
    const std::string type = field(2, field(1, varint(1, 1) + field(2, shape)));
    return field(1, name) + (sides.empty() ? "" : type);
}

inline std::string tensor(const std::string& name, const std::vector<uint64_t>& sides,
                          const std::string& raw, uint64_t type = 1, const std::string& more = "") {
    std::string bytes;
    for (const uint64_t side : sides) bytes += varint(1, side);
    return bytes + varint(2, type) + field(8, name) + field(9, raw) + more;
}

inline std::string node(const std::string& kind, const std::vector<std::string>& inputs,
                        const std::string& output, const std::string& attributes = "") {
    std::string bytes;
    for (const std::string& input : inputs) bytes += field(1, input);
    return bytes + field(2, output) + field(4, kind) + attributes;
}

/// A model from x, of samples with these sides, to y.
inline std::string model(const std::vector<std::string>& nodes,
                         const std::vector<std::string>& tensors,
                         const std::vector<uint64_t>& sides = {}) {
    std::string graph;
    for (const std::string& entry : nodes) graph += field(1, entry);
    for (const std::string& entry : tensors) graph += field(5, entry);
    graph += field(11, value_info("x", sides)) + field(12, value_info("y"));
    return varint(1, 7) + field(7, graph);
}

/// 1.0f, n times.
inline std::string ones(int n) {
    std::string raw;
    for (int i = 0; i < n; i++) raw += std::string("\0\0\x80\x3f", 4);
    return raw;
}

inline std::string int_attribute(const std::string& name, uint64_t value) {
    return field(5, field(1, name) + varint(3, value));
}

inline std::string ints_attribute(const std::string& name, const std::vector<uint64_t>& values) {
    std::string bytes = field(1, name);
    for (const uint64_t value : values) bytes += varint(8, value);
    return field(5, bytes);
}

inline std::string text_attribute(const std::string& name, const std::string& value) {
    return field(5, field(1, name) + field(4, value));
}

}  // namespace nutshell::tests
