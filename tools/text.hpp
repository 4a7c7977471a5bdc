// SPDX-License-Identifier: MIT
// Numbers as people read them.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

namespace nutshell::tools {

/// "0.1042", to so many significant digits; "-" when the value is not finite.
std::string significant(double value, int digits = 4);

/// "16.40 dB"; "- dB" when the value is not finite.
std::string decibels(double value);

/// "0.001": the shortest text that no other float has.
std::string exact(float value);

/// "1 window", "2 windows".
std::string counted(size_t count, const std::string& what);

/// "0012abcd".
std::string hexadecimal(uint32_t number);

}  // namespace nutshell::tools
