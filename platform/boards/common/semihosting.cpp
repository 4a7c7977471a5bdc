// SPDX-License-Identifier: MIT
// Console and exit status through the debugger or the emulator. Source: Arm, "Semihosting for
// AArch32 and AArch64", and RISC-V International, "RISC-V Semihosting": SYS_OPEN (1), SYS_CLOSE
// (2), SYS_WRITE0 (4), SYS_READ (6), SYS_SEEK (10) and SYS_EXIT_EXTENDED (0x20).
#include "board.hpp"

namespace nutshell::board {
namespace {

#if defined(__riscv)
uint32_t call_host(uint32_t operation, const void* argument) noexcept {
    register uint32_t a0 __asm__("a0") = operation;
    register const void* a1 __asm__("a1") = argument;
    // The three instructions that tell a call from a breakpoint, none of them compressed, in a
    // page.
    __asm__ volatile(
        ".balign 16\n"
        ".option push\n"
        ".option norvc\n"
        "slli zero, zero, 0x1f\n"
        "ebreak\n"
        "srai zero, zero, 7\n"
        ".option pop\n"
        : "+r"(a0)
        : "r"(a1)
        : "memory");
    return a0;
}
#else
uint32_t call_host(uint32_t operation, const void* argument) noexcept {
    register uint32_t r0 __asm__("r0") = operation;
    register const void* r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}
#endif

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

uint32_t address_of(const void* pointer) noexcept {
    return static_cast<uint32_t>(reinterpret_cast<uintptr_t>(pointer));
}

}  // namespace

void print(const char* text) noexcept { call_host(0x04, text); }

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

void exit(int status) noexcept {
    const uint32_t application_exit[2] = {0x20026, static_cast<uint32_t>(status)};
    for (;;) call_host(0x20, application_exit);
}

size_t read_host_file(const char* name, size_t offset, uint8_t* bytes, size_t size) noexcept {
    uint32_t length = 0;
    while (name[length] != 0) length++;
    constexpr uint32_t binary = 1;  // the mode of fopen's "rb"
    const uint32_t open[3] = {address_of(name), binary, length};
    const uint32_t handle = call_host(0x01, open);
    if (handle == UINT32_MAX) return 0;
    const uint32_t seek[2] = {handle, static_cast<uint32_t>(offset)};
    const uint32_t read[3] = {handle, address_of(bytes), static_cast<uint32_t>(size)};
    const bool found = call_host(0x0A, seek) == 0;
    const uint32_t missing = found ? call_host(0x06, read) : static_cast<uint32_t>(size);
    call_host(0x02, &handle);
    return missing > size ? 0 : size - missing;
}

}  // namespace nutshell::board
