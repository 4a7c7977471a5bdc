// SPDX-License-Identifier: MIT
// The console as bytes: the UART of the nRF51, polled, 115,200 baud on the pins of the micro:bit's
// USB chip. Source: Nordic, "nRF51 Series Reference Manual", chapter 29.
#include "platform/boards/common/board.hpp"

namespace nutshell::board {
namespace {

/// The registers from an address on, [word]; near ones are reached from one address.
volatile uint32_t* registers(uint32_t offset) noexcept {
    return reinterpret_cast<volatile uint32_t*>(0x40002000u + offset);
}

// Words from 0x000 on: tasks, which a 1 starts.
constexpr int kStartReceiver = 0, kStartTransmitter = 2;
// From 0x100 on: events.
constexpr int kReceived = 2, kTransmitted = 7;
// From 0x500 on.
constexpr int kEnable = 0, kTransmitPin = 3, kReceivePin = 5, kReceive = 6, kTransmit = 7,
              kBaudRate = 9;

void start() noexcept {
    volatile uint32_t* settings = registers(0x500);
    // Else the compiler takes each register's address from a word of flash of its own.
    __asm__("" : "+r"(settings));
    if (settings[kEnable] == 4) return;
    settings[kTransmitPin] = 24;
    settings[kReceivePin] = 25;
    settings[kBaudRate] = 0x01D7E000;
    settings[kEnable] = 4;
    registers(0x000)[kStartReceiver] = 1;
    registers(0x000)[kStartTransmitter] = 1;
}

}  // namespace

void write(const uint8_t* bytes, size_t size) noexcept {
    start();
    for (; size > 0; size--) {
        registers(0x100)[kTransmitted] = 0;
        registers(0x500)[kTransmit] = *bytes++;
        while (registers(0x100)[kTransmitted] == 0) {
        }
    }
}

void read(uint8_t* bytes, size_t size) noexcept {
    start();
    for (; size > 0; size--) {
        while (registers(0x100)[kReceived] == 0) {
        }
        registers(0x100)[kReceived] = 0;
        *bytes++ = static_cast<uint8_t>(registers(0x500)[kReceive]);
    }
}

}  // namespace nutshell::board
