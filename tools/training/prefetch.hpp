// SPDX-License-Identifier: MIT
// Memory that will be read soon, brought into the cache meanwhile: shuffled samples lie anywhere.
#pragma once
#include <stddef.h>

namespace nutshell::tools {

/// Starts to bring data[size] into the second-level cache. Never faults.
template <class T>
inline void prefetch(const T* data, size_t size) noexcept {
    constexpr size_t line = 64 / sizeof(T);
    constexpr int for_reading = 0, second_level = 2;
    for (size_t i = 0; i < size; i += line) {
        __builtin_prefetch(data + i, for_reading, second_level);
    }
    if (size > 0) __builtin_prefetch(data + size - 1, for_reading, second_level);
    // gcc takes a function that only prefetches for one without effect, and drops calls of it.
    __asm__ volatile("");
}

}  // namespace nutshell::tools
