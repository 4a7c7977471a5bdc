// SPDX-License-Identifier: MIT
// A call of the debugger or the emulator. Source: Arm, "Semihosting for AArch32 and AArch64", and
// RISC-V International, "RISC-V Semihosting".
#pragma once
#include <stdint.h>

namespace nutshell::board {

#if defined(__riscv)
inline uint32_t call_host(uint32_t operation, const void* argument) noexcept {
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
#elif defined(__arm__)
inline uint32_t call_host(uint32_t operation, const void* argument) noexcept {
    register uint32_t r0 __asm__("r0") = operation;
    register const void* r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}
#endif

}  // namespace nutshell::board
