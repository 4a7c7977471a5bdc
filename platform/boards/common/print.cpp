// SPDX-License-Identifier: MIT
// Numbers as text, for whatever console the board has.
#include "board.hpp"

namespace nutshell::board {
namespace {

/// number / 10, without the library's division, which a Cortex-M0 would need for this alone.
/// Source: Warren, "Hacker's Delight", 10-17: a sum of shifts is at most one too small.
uint32_t tenth_of(uint32_t number) noexcept {
    uint32_t tenth = (number >> 1) + (number >> 2);
    tenth += tenth >> 4;
    tenth += tenth >> 8;
    tenth += tenth >> 16;
    tenth >>= 3;
    return number - 10 * tenth > 9 ? tenth + 1 : tenth;
}

}  // namespace

void print(int32_t number) noexcept {
    char digits[12];
    char* first = digits + sizeof digits - 1;
    *first = 0;
    uint32_t rest = number < 0 ? 0u - static_cast<uint32_t>(number) : static_cast<uint32_t>(number);
    do {
        const uint32_t tenth = tenth_of(rest);
        *--first = static_cast<char>('0' + (rest - 10 * tenth));
        rest = tenth;
    } while (rest > 0);
    if (number < 0) *--first = '-';
    print(first);
}

void print_hex(uint32_t bits) noexcept {
    char digits[9];
    digits[8] = 0;
    for (int i = 7; i >= 0; i--, bits >>= 4) {
        const uint32_t digit = bits & 15u;
        digits[i] = static_cast<char>(digit + (digit < 10 ? '0' : 'a' - 10));
    }
    print(digits);
}

}  // namespace nutshell::board
