// SPDX-License-Identifier: MIT
// Exit status and files of the host through the debugger or the emulator: the calls SYS_OPEN (1),
// SYS_CLOSE (2), SYS_READ (6), SYS_SEEK (10) and SYS_EXIT_EXTENDED (0x20).
#include "semihosting.hpp"

#include "board.hpp"

namespace nutshell::board {
namespace {

uint32_t address_of(const void* pointer) noexcept {
    return static_cast<uint32_t>(reinterpret_cast<uintptr_t>(pointer));
}

}  // namespace

void exit(int status) noexcept {
    const uint32_t application_exit[2] = {0x20026, static_cast<uint32_t>(status)};
    for (;;) call_host(0x20, application_exit);
}

size_t read_host_file(const char* name, size_t offset, uint8_t* bytes, size_t size) noexcept {
    uint32_t length = 0;
    while (name[length] != 0) length++;
    constexpr uint32_t binary = 1;  // the mode of fopen's "rb"
    const uint32_t open[3] = {address_of(name), binary, length};
    const uint32_t handle = call_host(0x01, open);
    if (handle == UINT32_MAX) return 0;
    const uint32_t seek[2] = {handle, static_cast<uint32_t>(offset)};
    const uint32_t read[3] = {handle, address_of(bytes), static_cast<uint32_t>(size)};
    const bool found = call_host(0x0A, seek) == 0;
    const uint32_t missing = found ? call_host(0x06, read) : static_cast<uint32_t>(size);
    call_host(0x02, &handle);
    return missing > size ? 0 : size - missing;
}

}  // namespace nutshell::board
