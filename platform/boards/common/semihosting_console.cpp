// SPDX-License-Identifier: MIT
// The console through the debugger or the emulator: the call SYS_WRITE0 (4).
#include "board.hpp"
#include "semihosting.hpp"

namespace nutshell::board {

void print(const char* text) noexcept { call_host(0x04, text); }

}  // namespace nutshell::board
