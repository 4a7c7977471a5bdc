// SPDX-License-Identifier: MIT
#include "text.hpp"

#include <cmath>
#include <cstdio>

namespace nutshell::tools {

std::string significant(double value, int digits) {
    if (!std::isfinite(value)) return "-";
    char text[64];
    std::snprintf(text, sizeof text, "%.*g", digits, value);
    return text;
}

}  // namespace nutshell::tools
