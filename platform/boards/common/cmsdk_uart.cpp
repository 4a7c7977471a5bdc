// SPDX-License-Identifier: MIT
// The console on a UART of Arm's Cortex-M System Design Kit, polled, 115,200 baud. A board's
// memory.ld says where its registers are, and by what to divide its clock. Source: Arm, "Cortex-M
// System Design Kit Technical Reference Manual", 4.3.
#include "board.hpp"

extern "C" volatile uint32_t nutshell_uart[];
extern "C" const uint8_t nutshell_uart_divisor[];  // a number, in place of an address

namespace nutshell::board {
namespace {

// Registers, by word.
constexpr int kData = 0, kState = 1, kControl = 2, kDivisor = 4;
// Of the state, and of the control register.
constexpr uint32_t kSending = 1, kReceived = 2;
constexpr uint32_t kSender = 1, kReceiver = 2;

void start() noexcept {
    if (nutshell_uart[kControl] != 0) return;
    nutshell_uart[kDivisor] =
        static_cast<uint32_t>(reinterpret_cast<uintptr_t>(nutshell_uart_divisor));
    nutshell_uart[kControl] = kSender | kReceiver;
}

}  // namespace

void write(const uint8_t* bytes, size_t size) noexcept {
    start();
    for (; size > 0; size--) {
        nutshell_uart[kData] = *bytes++;
        while (nutshell_uart[kState] & kSending) {
        }
    }
}

void read(uint8_t* bytes, size_t size) noexcept {
    start();
    for (; size > 0; size--) {
        while (!(nutshell_uart[kState] & kReceived)) {
        }
        *bytes++ = static_cast<uint8_t>(nutshell_uart[kData]);
    }
}

void print(const char* text) noexcept {
    // (A loop that counts them becomes the C library's strlen, larger than the rest of the
    // console.)
    for (; *text != 0; text++) write(reinterpret_cast<const uint8_t*>(text), 1);
}

}  // namespace nutshell::board
