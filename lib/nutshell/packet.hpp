// SPDX-License-Identifier: MIT
// A code on its way from a sensor to a gateway: the int8 numbers between encoder and decoder, in as
// few bytes as they need, with the model's identity and a checksum.
//
// Packet, little-endian
//    0  u32  model id of the encoder, the same in the decoder made with it (weights.hpp)
//    4  u16  numbers of the code
//    6  u8   bits of a number, 4 to 8 (Quantization::bits of the code)
//    7  u8   sequence: counts the sender's packets, from 255 on to 0; gaps are lost packets
//    8  u8[] the numbers plus 128, each in so many bits; the first one in the lowest bits of the
//            first byte, the next one above it; bits that are left in the last byte are zero
//   ..  u32  CRC-32C of all bytes before
#pragma once
#include <stddef.h>

#include "status.hpp"

namespace nutshell {

/// What a packet says of its code.
struct PacketHeader {
    uint32_t model_id;
    uint16_t size;  ///< numbers of the code
    uint8_t bits;   ///< of a number
    uint8_t sequence;
};

constexpr int kMinCodeBits = 4, kMaxCodeBits = 8;

/// Bytes of a packet: 36 for 24 numbers of 8 bits, 24 for 24 numbers of 4 bits.
constexpr size_t packet_bytes(int size, int bits) noexcept {
    return 8 + (static_cast<size_t>(size) * static_cast<size_t>(bits) + 7) / 8 + 4;
}

/// What the packets of a loaded int8 model, encoder or decoder say; the reader need not know the
/// sequence.
template <class Part>
PacketHeader packet_header(const Part& part, uint8_t sequence = 0) noexcept {
    using Code = typename Part::Code;
    constexpr size_t size = sizeof(Code::data) / sizeof(typename Part::Element);
    static_assert(size <= 65535, "nutshell: a packet holds at most 65,535 numbers");
    return {part.model_id(), static_cast<uint16_t>(size), static_cast<uint8_t>(part.code_bits()),
            sequence};
}

/// code[header.size] -> packet[packet_bytes(header.size, header.bits)]. Fails with wrong_code when
/// bits is not in 4..8 or a number does not fit them: -128..-129 + 2^bits.
Status write_packet(const PacketHeader& header, const int8_t* code, uint8_t* packet) noexcept;

/// bytes[size], as they came from the wire -> code[expected.size]; says the sender's sequence.
/// Fails with truncated, bad_checksum, wrong_sender for a packet of another model than expected, or
/// wrong_code for other numbers or bits; bytes behind the packet are ignored.
Status read_packet(const uint8_t* bytes, size_t size, const PacketHeader& expected, int8_t* code,
                   uint8_t& sequence) noexcept;

}  // namespace nutshell
