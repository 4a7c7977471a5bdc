// SPDX-License-Identifier: MIT
// What every startup does between reset and main, whatever the processor.
#pragma once
#include "board.hpp"

extern "C" {
// Defined by sections.ld.
extern uint32_t nutshell_data_in_flash[], nutshell_data_begin[], nutshell_data_end[];
extern uint32_t nutshell_bss_begin[], nutshell_bss_end[];
extern uint8_t nutshell_free_begin[], nutshell_free_end[], nutshell_stack_top[];

int main();
}

namespace nutshell::board {

/// Gives the variables their first values.
[[gnu::always_inline]] inline void start_variables() noexcept {
    // Word by word in place of memcpy and memset, whose fast versions are larger than the rest of
    // the startup; volatile, or the compiler would call them all the same.
    const uint32_t* from = nutshell_data_in_flash;
    for (volatile uint32_t* to = nutshell_data_begin; to != nutshell_data_end;) *to++ = *from++;
    for (volatile uint32_t* to = nutshell_bss_begin; to != nutshell_bss_end;) *to++ = 0;
}

/// Says which exception was not expected, and the address that it came from unless it is 0; ends.
[[noreturn]] inline void report_fault(uint32_t exception, uint32_t address) noexcept {
    print("fault: exception ");
    print_hex(exception);
    if (address != 0) {
        print(" at ");
        print_hex(address);
    }
    print("\n");
    exit(3);
}

}  // namespace nutshell::board
