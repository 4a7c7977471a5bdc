// SPDX-License-Identifier: MIT
// From reset to main on an M-profile processor: vector table, floating-point and vector unit,
// variables; and what happens when something goes wrong. Source: Arm, "Armv7-M Architecture
// Reference Manual", B1.5 and B3.2.
#include "start.hpp"

extern "C" {

[[noreturn]] void nutshell_reset() noexcept {
#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
    // Full access to coprocessors 10 and 11 (CPACR), before their first instruction.
    *reinterpret_cast<volatile uint32_t*>(0xE000ED88u) |= 0xFu << 20;
    __asm__ volatile("dsb\nisb" ::: "memory");
#endif
    nutshell::board::start_variables();
    nutshell::board::exit(main());
}

/// exception: the number in IPSR. The word 6 of its frame is where it came from.
[[noreturn]] void nutshell_report_fault(const uint32_t* frame, uint32_t exception) noexcept {
    const uintptr_t at = reinterpret_cast<uintptr_t>(frame);
    const bool readable = at >= reinterpret_cast<uintptr_t>(nutshell_data_begin) &&
                          at + 32 <= reinterpret_cast<uintptr_t>(nutshell_stack_top);
    nutshell::board::report_fault(exception, readable ? frame[6] : 0);
}

/// The stack may be what is broken: it is begun anew.
[[gnu::naked, noreturn]] void nutshell_fault() noexcept {
    __asm__ volatile(
        ".syntax unified\n"
        "mov r0, sp\n"
        "mrs r1, ipsr\n"
        "ldr r2, =nutshell_stack_top\n"
        "mov sp, r2\n"
        "bl nutshell_report_fault\n");
}

/// What an image of its own puts in its place to be called by the system timer (exception 15).
[[noreturn, gnu::weak, gnu::alias("nutshell_fault")]] void nutshell_timer() noexcept;
}

namespace nutshell::board {
namespace {

using Handler = void (*)();
struct Vectors {
    const void* stack;
    Handler handlers[15];
};

}  // namespace

/// Word 0 is the stack, word 1 the reset, the others are faults and exceptions that nobody uses.
extern const Vectors vectors;
[[gnu::used, gnu::section(".vectors")]] const Vectors vectors = {
    nutshell_stack_top,
    {nutshell_reset, nutshell_fault, nutshell_fault, nutshell_fault, nutshell_fault, nutshell_fault,
     nutshell_fault, nutshell_fault, nutshell_fault, nutshell_fault, nutshell_fault, nutshell_fault,
     nutshell_fault, nutshell_fault, nutshell_timer}};

}  // namespace nutshell::board
