# SPDX-License-Identifier: MIT
# Arm MPS2 with a Cortex-M7 (application note 500).
set(board_processors "cortex-m7")
set(board_sources ${boards}/common/startup.cpp ${boards}/common/memory.cpp
                  ${boards}/common/print.cpp ${boards}/common/cmsdk_uart.cpp
                  ${boards}/common/semihosting.cpp)
set(board_emulator qemu-system-arm -M mps2-an500 ${qemu_uart_console})
