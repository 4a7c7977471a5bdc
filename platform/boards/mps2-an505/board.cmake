# SPDX-License-Identifier: MIT
# Arm MPS2 with a Cortex-M33 (application note 505).
set(board_processors "cortex-m33")
set(board_sources ${boards}/common/startup.cpp ${boards}/common/memory.cpp
                  ${boards}/common/print.cpp ${boards}/common/cmsdk_uart.cpp
                  ${boards}/common/semihosting.cpp)
set(board_emulator qemu-system-arm -M mps2-an505 ${qemu_uart_console})
