// SPDX-License-Identifier: MIT
// A board's memory as sections.ld lays it out: what is free, and what a call takes of the stack.
#include "start.hpp"

namespace nutshell::board {
namespace {

constexpr uint8_t kPaint = 0xC5;
constexpr size_t kPainted = 1024;

}  // namespace

Memory free_memory() noexcept {
    return {nutshell_free_begin, static_cast<size_t>(nutshell_free_end - nutshell_free_begin)};
}

[[gnu::noinline]] size_t stack_of(void (*fn)()) noexcept {
    uint8_t* sp;
#if defined(__riscv)
    __asm__ volatile("mv %0, sp" : "=r"(sp));
#else
    __asm__ volatile("mov %0, sp" : "=r"(sp));
#endif
    volatile uint8_t* const lowest = sp - kPainted;
    for (size_t i = 0; i < kPainted; i++) lowest[i] = kPaint;
    fn();
    size_t untouched = 0;
    while (untouched < kPainted && lowest[untouched] == kPaint) untouched++;
    return kPainted - untouched;
}

}  // namespace nutshell::board
