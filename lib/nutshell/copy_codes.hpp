// SPDX-License-Identifier: MIT
// A copy of few codes: those of a pixel, or of some outputs.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <string.h>

namespace nutshell {

/// from[count] -> to[count], without a call where words can be loaded from anywhere.
inline void copy_codes(const int8_t* from, int count, int8_t* to) noexcept {
#if defined(__ARM_FEATURE_UNALIGNED) || defined(__x86_64__) || defined(__aarch64__)
    if (count >= 16) {  // the last sixteen may overlap the ones before
        const int8_t* const last = from + count - 16;
        int8_t* const end = to + count - 16;
        for (; from < last; from += 16, to += 16) memcpy(to, from, 16);
        memcpy(end, last, 16);
        return;
    }
    for (; count >= 4; count -= 4, from += 4, to += 4) memcpy(to, from, 4);
    for (; count > 0; count--) *to++ = *from++;
#else
    if (((reinterpret_cast<uintptr_t>(from) | reinterpret_cast<uintptr_t>(to)) & 3) == 0) {
        for (; count >= 4; count -= 4, from += 4, to += 4) {
            memcpy(__builtin_assume_aligned(to, 4), __builtin_assume_aligned(from, 4), 4);
        }
    }
    for (; count > 0; count--) *to++ = *from++;
#endif
}

}  // namespace nutshell
