// SPDX-License-Identifier: MIT
// How fast the nearest of many codes is found, beside a plain loop.
#pragma once
#include <string>
#include <vector>

namespace nutshell::tools {

/// Searches of the ten nearest among many codes.
struct SearchSpeed {
    std::string codes;          // "float32", "int8", "sign bits"
    double queries_per_second;  // of a store of codes
    double plain;               // of a loop over rows in C++, optimized by the compiler alone
};

/// On the platform in use, for codes of `size` numbers.
std::vector<SearchSpeed> measure_search(int count, int size);

}  // namespace nutshell::tools
