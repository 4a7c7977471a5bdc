// SPDX-License-Identifier: MIT
// The characters that XML 1.0 gives a meaning, and those that it forbids.
#include "xml.hpp"

#include "utf8.hpp"

namespace nutshell::tools {
namespace {

bool allowed(uint32_t code) {
    if (code < 0x20) return code == '\t' || code == '\n' || code == '\r';
    return code != 0x7F && code != kReplacementCharacter && code != 0xFFFE && code != 0xFFFF;
}

}  // namespace

std::string escape_xml(const std::string& text) {
    std::string result;
    result.reserve(text.size());
    for (size_t at = 0; at < text.size();) {
        const size_t start = at;
        const uint32_t code = next_character(text, at);
        switch (code) {
            case '&':
                result += "&amp;";
                break;
            case '<':
                result += "&lt;";
                break;
            case '>':
                result += "&gt;";
                break;
            case '"':
                result += "&quot;";
                break;
            case '\'':
                result += "&#39;";
                break;
            default:
                if (allowed(code))
                    result.append(text, start, at - start);
                else
                    result += "\xEF\xBF\xBD";
        }
    }
    return result;
}

}  // namespace nutshell::tools
