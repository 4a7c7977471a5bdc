// SPDX-License-Identifier: MIT
// What a firmware image asks of its board. startup.cpp, cmsdk_uart.cpp and semihosting.cpp answer
// for the emulated boards, the latter for a real one under a debugger too; a board of its own kind
// brings its own answer.
#pragma once
#include <stddef.h>
#include <stdint.h>

namespace nutshell::board {

/// Writes a text to the console.
void print(const char* text) noexcept;

/// Writes a number to the console, in decimal digits.
void print(int32_t number) noexcept;

/// Writes an address or the bits of a register to the console, in eight hexadecimal digits.
void print_hex(uint32_t bits) noexcept;

/// Sends bytes[size] over the console.
void write(const uint8_t* bytes, size_t size) noexcept;

/// Waits until bytes[size] have come over the console.
void read(uint8_t* bytes, size_t size) noexcept;

/// Ends the program; the status becomes the emulator's.
[[noreturn]] void exit(int status) noexcept;

/// Reads at most `size` bytes, from the byte `offset` on, of a file of the machine that runs the
/// emulator or the debugger; how many there were, 0 when it cannot be read.
size_t read_host_file(const char* name, size_t offset, uint8_t* bytes, size_t size) noexcept;

/// RAM that no variable and no stack needs.
struct Memory {
    uint8_t* begin;  ///< 16-byte aligned
    size_t size;     ///< bytes
};
Memory free_memory() noexcept;

/// Bytes of stack that fn() needs, its return address not included. At most 1.5 KB are looked at.
size_t stack_of(void (*fn)()) noexcept;

}  // namespace nutshell::board
