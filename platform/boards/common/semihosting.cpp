// SPDX-License-Identifier: MIT
// Console and exit status through the debugger or the emulator. Source: Arm, "Semihosting for
// AArch32 and AArch64": operations SYS_WRITE0 (4) and SYS_EXIT_EXTENDED (0x20).
#include "board.hpp"

namespace nutshell::board {
namespace {

void call_host(uint32_t operation, const void* argument) noexcept {
    register uint32_t r0 __asm__("r0") = operation;
    register const void* r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
}

}  // namespace

void print(const char* text) noexcept { call_host(0x04, text); }

void print(int32_t number) noexcept {
    char digits[12];
    char* first = digits + sizeof digits - 1;
    *first = 0;
    uint32_t rest = number < 0 ? 0u - static_cast<uint32_t>(number) : static_cast<uint32_t>(number);
    do {
        *--first = static_cast<char>('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (number < 0) *--first = '-';
    print(first);
}

void exit(int status) noexcept {
    const uint32_t application_exit[2] = {0x20026, static_cast<uint32_t>(status)};
    for (;;) call_host(0x20, application_exit);
}

}  // namespace nutshell::board
