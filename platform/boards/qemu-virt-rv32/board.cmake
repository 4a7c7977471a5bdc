# SPDX-License-Identifier: MIT
# QEMU's generic machine with a 32-bit RISC-V processor. Its memory is all alike; a part of it
# stands for flash.
set(board_processors "riscv32")
set(board_sources ${boards}/common/startup_riscv.cpp ${boards}/common/memory.cpp
                  ${boards}/common/print.cpp ${boards}/common/semihosting_console.cpp
                  ${boards}/common/semihosting.cpp)
set(board_emulator qemu-system-riscv32 -M virt -bios none ${qemu_semihosting_console})
