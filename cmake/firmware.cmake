# SPDX-License-Identifier: MIT
# Firmware images. A board is a folder of platform/boards: board.cmake says which processors it can
# run, what its sources are and how it is emulated; memory.ld is its linker script.

set(boards ${PROJECT_SOURCE_DIR}/platform/boards)
# An emulated board's console, and nothing else, is standard output and input: its first UART, or
# calls of the emulator (semihosting), as the exit status is in either case.
set(qemu_options -display none -monitor none)
set(qemu_uart_console ${qemu_options} -serial stdio
                      -semihosting-config enable=on,target=native -kernel)
set(qemu_semihosting_console ${qemu_options} -serial null -chardev stdio,id=host
                             -semihosting-config enable=on,target=native,chardev=host -kernel)

# Adds an image for a board, linked with the library. As a test it runs in the board's emulator.
# The global property NUTSHELL_IMAGES lists the files of all images.
function(nutshell_firmware name board)
    if(NOT EXISTS ${boards}/${board}/board.cmake)
        message(FATAL_ERROR "nutshell: there is no board '${board}' in platform/boards")
    endif()
    include(${boards}/${board}/board.cmake)
    if(NOT CMAKE_SYSTEM_PROCESSOR MATCHES "^(${board_processors})$")
        message(FATAL_ERROR "nutshell: the board ${board} runs code for ${board_processors}, "
                            "not for ${CMAKE_SYSTEM_PROCESSOR}")
    endif()
    add_executable(${name} ${ARGN} ${board_sources})
    nutshell_house_rules(${name})
    target_compile_options(${name} PRIVATE -fno-exceptions -fno-rtti -fno-threadsafe-statics
                                           -ffunction-sections -fdata-sections)
    target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
    # Of the C library only memcpy and its like are needed, of C++ nothing.
    if(CMAKE_SYSTEM_PROCESSOR MATCHES "^riscv")
        target_link_libraries(${name} PRIVATE nutshell c gcc)
    else()
        target_link_libraries(${name} PRIVATE nutshell c_nano gcc)
    endif()
    target_link_options(${name} PRIVATE -nostdlib -Wl,--gc-sections
                        -L ${boards}/common -T ${boards}/${board}/memory.ld)
    set_property(GLOBAL APPEND PROPERTY NUTSHELL_IMAGES $<TARGET_FILE:${name}>)
    set_target_properties(${name} PROPERTIES
        SUFFIX .elf LINK_DEPENDS "${boards}/${board}/memory.ld;${boards}/common/sections.ld"
        CROSSCOMPILING_EMULATOR "timeout;${NUTSHELL_FIRMWARE_SECONDS};${board_emulator}")
    # For commands that run images: how, and on which board.
    file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/${name}.emulator "${board_emulator}\n")
    file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/${name}.board "${board}\n")
endfunction()

# Sets `variable` to the command that runs an image, the image not included.
function(nutshell_emulator_of name variable)
    get_target_property(emulator ${name} CROSSCOMPILING_EMULATOR)
    list(SUBLIST emulator 2 -1 emulator)  # without the time limit
    set(${variable} ${emulator} PARENT_SCOPE)
endfunction()

set(NUTSHELL_FIRMWARE_SECONDS 120 CACHE STRING "An emulated image is stopped after this time")
mark_as_advanced(NUTSHELL_FIRMWARE_SECONDS)
