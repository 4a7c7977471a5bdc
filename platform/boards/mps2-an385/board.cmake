# SPDX-License-Identifier: MIT
# Arm MPS2 with a Cortex-M3 (application note 385). It runs what is built for an M0 too.
set(board_processors "cortex-m(0|0plus|3)")
set(board_sources ${boards}/common/startup.cpp ${boards}/common/memory.cpp
                  ${boards}/common/print.cpp ${boards}/common/cmsdk_uart.cpp
                  ${boards}/common/semihosting.cpp)
set(board_emulator qemu-system-arm -M mps2-an385 ${qemu_uart_console})
