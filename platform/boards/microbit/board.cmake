# SPDX-License-Identifier: MIT
# BBC micro:bit: nRF51822, Cortex-M0.
set(board_processors "cortex-m0")
set(board_sources ${boards}/common/startup.cpp ${boards}/common/memory.cpp
                  ${boards}/common/print.cpp ${boards}/common/semihosting_console.cpp
                  ${boards}/common/semihosting.cpp)
set(board_emulator qemu-system-arm -M microbit ${qemu_semihosting_console})
