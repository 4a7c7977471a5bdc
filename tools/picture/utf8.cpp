// SPDX-License-Identifier: MIT
// Decoding as Unicode's table 3-7 asks: no overlong forms, no surrogates, nothing past U+10FFFF.
#include "utf8.hpp"

namespace nutshell::tools {

uint32_t next_character(const std::string& text, size_t& at) {
    const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
    const uint8_t first = byte(at++);
    if (first < 0x80) return first;
    const int more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : first >= 0xC0 ? 1 : 0;
    if (more == 0 || first > 0xF4) return kReplacementCharacter;
    uint32_t code = first & (0x3Fu >> more);
    for (int i = 0; i < more; ++i) {
        if (at >= text.size() || (byte(at) & 0xC0) != 0x80) return kReplacementCharacter;
        code = code << 6 | (byte(at++) & 0x3Fu);
    }
    constexpr uint32_t kSmallest[] = {0, 0x80, 0x800, 0x10000};
    const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
    return code < kSmallest[more] || surrogate || code > 0x10FFFF ? kReplacementCharacter : code;
}

int count_characters(const std::string& text) {
    int count = 0;
    for (size_t at = 0; at < text.size(); ++count) next_character(text, at);
    return count;
}

std::string first_characters(const std::string& text, int count) {
    size_t at = 0;
    for (int i = 0; i < count && at < text.size(); ++i) next_character(text, at);
    return text.substr(0, at);
}

}  // namespace nutshell::tools
