# SPDX-License-Identifier: MIT
# Arm MPS3 with a Cortex-M55 and Helium (application note 547).
set(board_processors "cortex-m55")
set(board_sources ${boards}/common/startup.cpp ${boards}/common/memory.cpp
                  ${boards}/common/print.cpp ${boards}/common/cmsdk_uart.cpp
                  ${boards}/common/semihosting.cpp)
set(board_emulator qemu-system-arm -M mps3-an547 ${qemu_uart_console})
