// SPDX-License-Identifier: MIT
// What a text holds.
#pragma once
#include <cstddef>
#include <string>

namespace nutshell::test {

inline bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

/// How often `part` stands in `text`, without overlaps.
inline size_t occurrences(const std::string& text, const std::string& part) {
    size_t count = 0;
    for (size_t at = 0; (at = text.find(part, at)) != std::string::npos; at += part.size()) ++count;
    return count;
}

}  // namespace nutshell::test
