// SPDX-License-Identifier: MIT
// Walking through text of unknown origin one character at a time.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

namespace nutshell::tools {

constexpr uint32_t kReplacementCharacter = 0xFFFD;

/// The character that starts at text[at], at < text.size(); moves `at` behind it. Bytes that are
/// not well-formed UTF-8 give kReplacementCharacter; every call moves at least one byte on.
uint32_t next_character(const std::string& text, size_t& at);

/// Characters in `text`: its columns on a terminal when all are of single width.
int count_characters(const std::string& text);

/// The first `count` characters of `text`, whole.
std::string first_characters(const std::string& text, int count);

}  // namespace nutshell::tools
