// SPDX-License-Identifier: MIT
// What a call takes of the stack, seen from the paint that it leaves below its caller.
#pragma once
#include <stddef.h>
#include <stdint.h>

namespace nutshell::board {

/// Bytes of stack that fn() needs; at most `Painted`, which have to be free below the function that
/// this is part of.
template <size_t Painted>
[[gnu::always_inline]] inline size_t painted_stack(void (*fn)()) noexcept {
    constexpr uint8_t paint = 0xC5;
    uint8_t* sp;
#if defined(__riscv)
    __asm__ volatile("mv %0, sp" : "=r"(sp));
#elif defined(__x86_64__)
    __asm__ volatile("mov %%rsp, %0" : "=r"(sp));
#else
    __asm__ volatile("mov %0, sp" : "=r"(sp));
#endif
    volatile uint8_t* const lowest = sp - Painted;
    for (size_t i = 0; i < Painted; i++) lowest[i] = paint;
    fn();
    size_t untouched = 0;
    while (untouched < Painted && lowest[untouched] == paint) untouched++;
    return Painted - untouched;
}

}  // namespace nutshell::board
