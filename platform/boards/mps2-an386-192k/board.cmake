# SPDX-License-Identifier: MIT
# The MPS2 with a Cortex-M4F, of which an image may use as much as a common microcontroller has:
# 1 MB of flash and 192 KB of RAM. Its console is the debugger's, through which megabytes come fast.
include(${boards}/mps2-an386/board.cmake)
set(board_sources ${boards}/common/startup.cpp ${boards}/common/memory.cpp
                  ${boards}/common/print.cpp ${boards}/common/semihosting_console.cpp
                  ${boards}/common/semihosting_input.cpp ${boards}/common/semihosting.cpp)
set(board_emulator qemu-system-arm -M mps2-an386 ${qemu_semihosting_console})
