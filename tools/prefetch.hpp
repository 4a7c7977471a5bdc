// SPDX-License-Identifier: MIT
// Memory that will be read soon, brought into the cache meanwhile: shuffled samples lie anywhere.
#pragma once
#include <cstddef>

namespace nutshell::tools {

/// Starts to bring data[size] into the second-level cache. Never faults.
template <class T>
void prefetch(const T* data, std::size_t size) {
    constexpr std::size_t line = 64 / sizeof(T);
    constexpr int for_reading = 0, second_level = 2;
    for (std::size_t i = 0; i < size; i += line) {
        __builtin_prefetch(data + i, for_reading, second_level);
    }
    if (size > 0) __builtin_prefetch(data + size - 1, for_reading, second_level);
}

}  // namespace nutshell::tools
