// SPDX-License-Identifier: MIT
#include "text.hpp"

#include <charconv>
#include <cmath>
#include <cstdio>

namespace nutshell::tools {

std::string significant(double value, int digits) {
    if (!std::isfinite(value)) return "-";
    char text[64];
    std::snprintf(text, sizeof text, "%.*g", digits, value);
    return text;
}

std::string decibels(double value) {
    if (!std::isfinite(value)) return "- dB";
    char text[64];
    std::snprintf(text, sizeof text, "%.2f dB", value);
    return text;
}

std::string exact(float value) {
    char text[64];
    const std::to_chars_result end = std::to_chars(text, text + sizeof text, value);
    return {text, end.ptr};
}

std::string counted(size_t count, const std::string& what) {
    return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

std::string hexadecimal(uint32_t number) {
    char text[16];
    std::snprintf(text, sizeof text, "%08x", static_cast<unsigned>(number));
    return text;
}

}  // namespace nutshell::tools
