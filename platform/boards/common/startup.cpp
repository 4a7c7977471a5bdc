// SPDX-License-Identifier: MIT
// From reset to main on an M-profile processor: vector table, floating-point and vector unit,
// variables; and what happens when something goes wrong. Source: Arm, "Armv7-M Architecture
// Reference Manual", B1.5 and B3.2.
#include "board.hpp"

extern "C" {
// Defined by sections.ld.
extern uint32_t nutshell_data_in_flash[], nutshell_data_begin[], nutshell_data_end[];
extern uint32_t nutshell_bss_begin[], nutshell_bss_end[];
extern uint8_t nutshell_free_begin[], nutshell_free_end[], nutshell_stack_top[];

int main();

[[noreturn]] void nutshell_reset() noexcept {
#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
    // Full access to coprocessors 10 and 11 (CPACR), before their first instruction.
    *reinterpret_cast<volatile uint32_t*>(0xE000ED88u) |= 0xFu << 20;
    __asm__ volatile("dsb\nisb" ::: "memory");
#endif
    // Word by word in place of memcpy and memset, whose fast versions are larger than the rest of
    // this file; volatile, or the compiler would call them all the same.
    const uint32_t* from = nutshell_data_in_flash;
    for (volatile uint32_t* to = nutshell_data_begin; to != nutshell_data_end;) *to++ = *from++;
    for (volatile uint32_t* to = nutshell_bss_begin; to != nutshell_bss_end;) *to++ = 0;
    nutshell::board::exit(main());
}

/// Says which exception (the number in IPSR) was not expected, and where it came from.
[[noreturn]] void nutshell_report_fault(const uint32_t* frame, uint32_t exception) noexcept {
    nutshell::board::print("fault: exception ");
    nutshell::board::print_hex(exception);
    const uintptr_t at = reinterpret_cast<uintptr_t>(frame);
    const bool readable = at >= reinterpret_cast<uintptr_t>(nutshell_data_begin) &&
                          at + 32 <= reinterpret_cast<uintptr_t>(nutshell_stack_top);
    if (readable) {
        nutshell::board::print(" at address ");
        nutshell::board::print_hex(frame[6]);
    }
    nutshell::board::print("\n");
    nutshell::board::exit(3);
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
}

namespace nutshell::board {
namespace {

constexpr uint8_t kPaint = 0xC5;
constexpr size_t kPainted = 1024;

using Handler = void (*)();
struct Vectors {
    const void* stack;
    Handler handlers[15];
};

}  // namespace

Memory free_memory() noexcept {
    return {nutshell_free_begin, static_cast<size_t>(nutshell_free_end - nutshell_free_begin)};
}

[[gnu::noinline]] size_t stack_of(void (*fn)()) noexcept {
    uint8_t* sp;
    __asm__ volatile("mov %0, sp" : "=r"(sp));
    volatile uint8_t* const lowest = sp - kPainted;
    for (size_t i = 0; i < kPainted; i++) lowest[i] = kPaint;
    fn();
    size_t untouched = 0;
    while (untouched < kPainted && lowest[untouched] == kPaint) untouched++;
    return kPainted - untouched;
}

/// Word 0 is the stack, word 1 the reset, the others are faults and exceptions that nobody uses.
extern const Vectors vectors;
[[gnu::used, gnu::section(".vectors")]] const Vectors vectors = {
    nutshell_stack_top,
    {nutshell_reset, nutshell_fault, nutshell_fault, nutshell_fault, nutshell_fault, nutshell_fault,
     nutshell_fault, nutshell_fault, nutshell_fault, nutshell_fault, nutshell_fault, nutshell_fault,
     nutshell_fault, nutshell_fault, nutshell_fault}};

}  // namespace nutshell::board
