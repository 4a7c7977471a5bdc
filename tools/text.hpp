// SPDX-License-Identifier: MIT
// Numbers as people read them.
#pragma once
#include <string>

namespace nutshell::tools {

/// "0.1042", to so many significant digits; "-" when the value is not finite.
std::string significant(double value, int digits = 4);

}  // namespace nutshell::tools
