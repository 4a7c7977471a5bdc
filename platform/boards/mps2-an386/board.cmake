# SPDX-License-Identifier: MIT
# Arm MPS2 with a Cortex-M4F (application note 386). It runs what is built for an M0 or M3 too.
set(board_processors "cortex-m(0|0plus|3|4)")
set(board_sources ${boards}/common/startup.cpp ${boards}/common/memory.cpp
                  ${boards}/common/print.cpp ${boards}/common/cmsdk_uart.cpp
                  ${boards}/common/semihosting.cpp)
set(board_emulator qemu-system-arm -M mps2-an386 ${qemu_uart_console})
