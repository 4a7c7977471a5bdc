// SPDX-License-Identifier: MIT
// From reset to main on a 32-bit RISC-V processor in machine mode; and what happens when something
// goes wrong. Source: "The RISC-V Instruction Set Manual, Volume II: Privileged Architecture", 3.1.
#include "start.hpp"

// Control registers are an extension of their own in the newer specification of rv32imac.
#if defined(__clang__)
#define NUTSHELL_ZICSR ""
#else
#define NUTSHELL_ZICSR ".option arch, +zicsr\n"
#endif

extern "C" {

[[noreturn]] void nutshell_start() noexcept {
    nutshell::board::start_variables();
    nutshell::board::exit(main());
}

[[noreturn]] void nutshell_report_fault(uint32_t cause, uint32_t address) noexcept {
    nutshell::board::report_fault(cause, address);
}

/// Any trap. The stack may be what is broken: it is begun anew.
[[gnu::naked, noreturn, gnu::aligned(4)]] void nutshell_fault() noexcept {
    __asm__ volatile(NUTSHELL_ZICSR
                     "csrr a0, mcause\n"
                     "csrr a1, mepc\n"
                     "la sp, nutshell_stack_top\n"
                     "j nutshell_report_fault\n");
}

/// The first instruction of the image.
[[gnu::naked, noreturn, gnu::used, gnu::section(".vectors")]] void nutshell_reset() noexcept {
    __asm__ volatile(NUTSHELL_ZICSR
                     "la sp, nutshell_stack_top\n"
                     "la t0, nutshell_fault\n"
                     "csrw mtvec, t0\n"
                     "j nutshell_start\n");
}
}
