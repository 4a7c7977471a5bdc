// SPDX-License-Identifier: MIT
// The console as bytes: the UART of the nRF51, polled, 115,200 baud on the pins of the micro:bit's
// USB chip. Source: Nordic, "nRF51 Series Reference Manual", chapter 29.
#include "platform/boards/common/board.hpp"

namespace nutshell::board {
namespace {

volatile uint32_t& uart(uint32_t offset) noexcept {
    return *reinterpret_cast<volatile uint32_t*>(0x40002000u + offset);
}

constexpr uint32_t kStartReceiver = 0x000, kStartTransmitter = 0x008, kReceived = 0x108,
                   kTransmitted = 0x11C, kEnable = 0x500, kTransmitPin = 0x50C, kReceivePin = 0x514,
                   kReceive = 0x518, kTransmit = 0x51C, kBaudRate = 0x524;

void start() noexcept {
    if (uart(kEnable) == 4) return;
    uart(kTransmitPin) = 24;
    uart(kReceivePin) = 25;
    uart(kBaudRate) = 0x01D7E000;
    uart(kEnable) = 4;
    uart(kStartReceiver) = 1;
    uart(kStartTransmitter) = 1;
}

}  // namespace

void write(const uint8_t* bytes, size_t size) noexcept {
    start();
    for (size_t i = 0; i < size; i++) {
        uart(kTransmitted) = 0;
        uart(kTransmit) = bytes[i];
        while (uart(kTransmitted) == 0) {
        }
    }
}

void read(uint8_t* bytes, size_t size) noexcept {
    start();
    for (size_t i = 0; i < size; i++) {
        while (uart(kReceived) == 0) {
        }
        uart(kReceived) = 0;
        bytes[i] = static_cast<uint8_t>(uart(kReceive));
    }
}

}  // namespace nutshell::board
