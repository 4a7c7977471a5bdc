// SPDX-License-Identifier: MIT
#include "packet.hpp"

#include "nut_format.hpp"

namespace nutshell {
namespace {

using format::write16;
using format::write32;

constexpr size_t kNumbers = 8, kCrcBytes = 4;

/// A little-endian number of `count` bytes at any address.
uint32_t read(const uint8_t* at, int count) noexcept {
    uint32_t value = 0;
    for (int i = 0; i < count; i++) value |= static_cast<uint32_t>(at[i]) << (8 * i);
    return value;
}

bool valid(int bits) noexcept { return bits >= kMinCodeBits && bits <= kMaxCodeBits; }

}  // namespace

Status write_packet(const PacketHeader& header, const int8_t* code, uint8_t* packet) noexcept {
    if (!packet || (!code && header.size > 0)) return Status::null_argument;
    if (!valid(header.bits)) return Status::wrong_code;
    uint32_t used = 0;  // bits, by any number
    for (int i = 0; i < header.size; i++) used |= static_cast<uint32_t>(code[i] + 128);
    if (used >> header.bits != 0) return Status::wrong_code;
    const size_t bytes = packet_bytes(header.size, header.bits);
    write32(packet, header.model_id);
    write16(packet + 4, header.size);
    packet[6] = header.bits;
    packet[7] = header.sequence;
    uint8_t* to = packet + kNumbers;
    uint32_t waiting = 0;
    int waiting_bits = 0;
    for (int i = 0; i < header.size; i++) {
        waiting |= static_cast<uint32_t>(code[i] + 128) << waiting_bits;
        waiting_bits += header.bits;
        for (; waiting_bits >= 8; waiting_bits -= 8, waiting >>= 8) {
            *to++ = static_cast<uint8_t>(waiting);
        }
    }
    if (waiting_bits > 0) *to++ = static_cast<uint8_t>(waiting);
    write32(to, crc32c(0, packet, bytes - kCrcBytes));
    return Status::ok;
}

Status read_packet(const uint8_t* bytes, size_t size, const PacketHeader& expected, int8_t* code,
                   uint8_t& sequence) noexcept {
    if (!bytes || (!code && expected.size > 0)) return Status::null_argument;
    if (size < packet_bytes(0, 0)) return Status::truncated;
    const int numbers = static_cast<int>(read(bytes + 4, 2)), bits = bytes[6];
    const size_t length = packet_bytes(numbers, bits);
    if (size < length) return Status::truncated;
    if (crc32c(0, bytes, length - kCrcBytes) != read(bytes + length - kCrcBytes, 4)) {
        return Status::bad_checksum;
    }
    if (read(bytes, 4) != expected.model_id) return Status::wrong_sender;
    if (numbers != expected.size || bits != expected.bits || !valid(bits)) {
        return Status::wrong_code;
    }
    const uint8_t* from = bytes + kNumbers;
    uint32_t waiting = 0;
    int waiting_bits = 0;
    for (int i = 0; i < numbers; i++) {
        if (waiting_bits < bits) {
            waiting |= static_cast<uint32_t>(*from++) << waiting_bits;
            waiting_bits += 8;
        }
        code[i] = static_cast<int8_t>(static_cast<int>(waiting & ((1u << bits) - 1)) - 128);
        waiting >>= bits;
        waiting_bits -= bits;
    }
    sequence = bytes[7];
    return Status::ok;
}

}  // namespace nutshell
