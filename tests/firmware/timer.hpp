// SPDX-License-Identifier: MIT
// A timer that interrupts once: it calls nutshell_timer(), which the image defines. Source: Arm,
// "Armv7-M Architecture Reference Manual", B3.3; "The RISC-V Instruction Set Manual, Volume II:
// Privileged Architecture", 3.2, at the addresses of QEMU's virt machine.
#pragma once
#include <stdint.h>

#include "platform/boards/common/board.hpp"

extern "C" void nutshell_timer() noexcept;

namespace nutshell::tests {

inline volatile uint32_t& system_word(uint32_t address) noexcept {
    return *reinterpret_cast<volatile uint32_t*>(address);
}

#if defined(__riscv)

#if defined(__clang__)
#define NUTSHELL_ZICSR ""
#else
#define NUTSHELL_ZICSR ".option arch, +zicsr\n"
#endif

/// A random word, shifted so far to the right, is up to 3,200 instructions: 32 ticks at 10 MHz.
constexpr int kTimerShift = 27;
constexpr uint32_t kTimeToCompare = 0x02004000, kTime = 0x0200BFF8;

/// Any trap but the timer's is a fault.
[[gnu::interrupt("machine"), gnu::aligned(4)]] inline void on_trap() noexcept {
    uint32_t cause;
    __asm__ volatile(NUTSHELL_ZICSR "csrr %0, mcause" : "=r"(cause));
    if (cause != 0x80000007u) board::exit(3);
    nutshell_timer();
}

inline void allow_timer() noexcept {
    __asm__ volatile(NUTSHELL_ZICSR
                     "csrw mtvec, %0\n"
                     "csrs mie, %1\n"
                     "csrs mstatus, %2" ::"r"(on_trap),
                     "r"(1u << 7), "r"(1u << 3)
                     : "memory");
}

/// Interrupts so many ticks from now, within the first minutes of the machine.
inline void start_timer(uint32_t ticks) noexcept {
    system_word(kTimeToCompare) = system_word(kTime) + ticks;
    system_word(kTimeToCompare + 4) = 0;
}

inline void stop_timer() noexcept {
    __asm__ volatile(NUTSHELL_ZICSR "csrc mie, %0" ::"r"(1u << 7) : "memory");
}

#else

/// Up to 2,560 instructions: 64 ticks at 25 MHz.
constexpr int kTimerShift = 26;
constexpr uint32_t kControl = 0xE000E010, kReload = 0xE000E014, kValue = 0xE000E018,
                   kInterruptState = 0xE000ED04;

inline void allow_timer() noexcept {}

/// Interrupts so many ticks from now.
inline void start_timer(uint32_t ticks) noexcept {
    system_word(kReload) = ticks;
    system_word(kValue) = 0;
    system_word(kInterruptState) = 1u << 25;  // none is waiting
    system_word(kControl) = 7;
}

inline void stop_timer() noexcept { system_word(kControl) = 0; }

#endif

}  // namespace nutshell::tests
