// SPDX-License-Identifier: MIT
// The host in place of a board, its UART standard input and output: an example of firmware runs on
// it to the last bit, when it is bound to a platform that computes as the board's does.
#include <cstdio>
#include <cstdlib>

#include "platform/boards/common/board.hpp"
#include "platform/boards/common/painted_stack.hpp"

namespace nutshell::board {

void print(const char* text) noexcept { std::fputs(text, stdout); }
void print(int32_t number) noexcept { std::printf("%ld", static_cast<long>(number)); }
void print_hex(uint32_t bits) noexcept { std::printf("%08lx", static_cast<unsigned long>(bits)); }
void write(const uint8_t* bytes, size_t size) noexcept {
    if (std::fwrite(bytes, 1, size, stdout) != size) std::exit(1);
}
void read(uint8_t* bytes, size_t size) noexcept {
    if (std::fread(bytes, 1, size, stdin) != size) std::exit(1);
}
void exit(int status) noexcept { std::exit(status); }

size_t read_host_file(const char* name, size_t offset, uint8_t* bytes, size_t size) noexcept {
    std::FILE* file = std::fopen(name, "rb");
    if (!file) return 0;
    const bool found = std::fseek(file, static_cast<long>(offset), SEEK_SET) == 0;
    const size_t there = found ? std::fread(bytes, 1, size, file) : 0;
    std::fclose(file);
    return there;
}

[[gnu::noinline]] size_t stack_of(void (*fn)()) noexcept { return painted_stack<8192>(fn); }

}  // namespace nutshell::board
