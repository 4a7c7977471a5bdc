// SPDX-License-Identifier: MIT
// A board's memory as sections.ld lays it out: what is free, and what a call takes of the stack.
#include "painted_stack.hpp"
#include "start.hpp"

namespace nutshell::board {

Memory free_memory() noexcept {
    return {nutshell_free_begin, static_cast<size_t>(nutshell_free_end - nutshell_free_begin)};
}

[[gnu::noinline]] size_t stack_of(void (*fn)()) noexcept { return painted_stack<1536>(fn); }

}  // namespace nutshell::board
