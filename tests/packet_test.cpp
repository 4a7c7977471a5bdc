// SPDX-License-Identifier: MIT
// Codes as packets: the bytes that the description says, every damage found.
#include "nutshell/packet.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "guarded.hpp"
#include "nutshell/crc.hpp"

using namespace nutshell;
using namespace nutshell::tests;

namespace {

constexpr uint32_t kModel = 0x89ABCDEFu;

std::vector<int8_t> random_code(int size, int bits, uint32_t seed) {
    std::mt19937 random(seed);
    std::vector<int8_t> code;
    for (int i = 0; i < size; i++) {
        code.push_back(static_cast<int8_t>(static_cast<int>(random() % (1u << bits)) - 128));
    }
    return code;
}

std::vector<uint8_t> packet_of(const std::vector<int8_t>& code, int bits, uint8_t sequence = 7) {
    const int size = static_cast<int>(code.size());
    std::vector<uint8_t> packet(packet_bytes(size, bits), 0xA5);
    const PacketHeader header{kModel, static_cast<uint16_t>(size), static_cast<uint8_t>(bits),
                              sequence};
    REQUIRE(write_packet(header, code.data(), packet.data()) == Status::ok);
    return packet;
}

PacketHeader expected(int size, int bits) {
    return {kModel, static_cast<uint16_t>(size), static_cast<uint8_t>(bits), 0};
}

Status read(const std::vector<uint8_t>& packet, int size, int bits) {
    std::vector<int8_t> code(static_cast<size_t>(size));
    uint8_t sequence = 0;
    return read_packet(packet.data(), packet.size(), expected(size, bits), code.data(), sequence);
}

}  // namespace

TEST_CASE("a packet has the bytes that its description says") {
    const std::vector<uint8_t> packet = packet_of({-128, -113, -127, -114}, 4, 9);
    // Model id, 4 numbers, 4 bits, sequence 9; 0 and 15, then 1 and 14, the first one lower.
    const std::vector<uint8_t> begin{0xEF, 0xCD, 0xAB, 0x89, 4, 0, 4, 9, 0xF0, 0xE1};
    REQUIRE(packet.size() == begin.size() + 4);
    CHECK(std::vector<uint8_t>(packet.begin(), packet.end() - 4) == begin);
    const uint32_t crc = crc32c(0, begin.data(), begin.size());
    for (size_t i = 0; i < 4; i++) {
        CHECK(packet[begin.size() + i] == static_cast<uint8_t>(crc >> 8 * i));
    }
    // 5 bits: 31, 0, 31 = 11111 00000 11111 from the lowest bit on, one bit left over.
    const std::vector<uint8_t> five = packet_of({-97, -128, -97}, 5);
    CHECK(five[8] == 0x1F);
    CHECK(five[9] == 0x7C);
    CHECK(packet_of({-1, 127}, 8)[8] == 127);
    CHECK(packet_of({-1, 127}, 8)[9] == 255);
}

TEST_CASE("a code of 24 numbers takes 36 bytes at 8 bits, 30 at 6, 27 at 5 and 24 at 4") {
    CHECK(packet_bytes(24, 8) == 36);
    CHECK(packet_bytes(24, 6) == 30);
    CHECK(packet_bytes(24, 5) == 27);
    CHECK(packet_bytes(24, 4) == 24);
}

TEST_CASE("codes of every size and number of bits come back, and nothing else is written") {
    for (int bits = kMinCodeBits; bits <= kMaxCodeBits; bits++) {
        for (const int size : {0, 1, 2, 3, 5, 7, 8, 24, 31, 257, 65535}) {
            const std::vector<int8_t> code = random_code(size, bits, 3);
            const uint8_t sent = static_cast<uint8_t>(size + bits);
            std::vector<uint8_t> packet = packet_of(code, bits, sent);
            packet.push_back(0x33);  // behind the packet
            std::vector<int8_t> back(code.size() + 1, 0x55);
            uint8_t sequence = 0;
            REQUIRE(read_packet(packet.data(), packet.size(), expected(size, bits), back.data(),
                                sequence) == Status::ok);
            CHECK(std::equal(code.begin(), code.end(), back.begin()));
            CHECK(back.back() == 0x55);
            CHECK(sequence == sent);
        }
    }
}

TEST_CASE("a packet with one or two wrong bits, or cut anywhere, is refused") {
    const std::vector<int8_t> code = random_code(24, 6, 5);
    const std::vector<uint8_t> packet = packet_of(code, 6);
    const int bits = static_cast<int>(packet.size()) * 8;
    const auto flip = [](std::vector<uint8_t>& bytes, int bit) {
        uint8_t& byte = bytes[static_cast<size_t>(bit / 8)];
        byte = static_cast<uint8_t>(byte ^ 1 << bit % 8);
    };
    for (int first = 0; first < bits; first++) {
        for (int second = first; second < bits; second++) {
            std::vector<uint8_t> damaged = packet;
            flip(damaged, first);
            if (second > first) flip(damaged, second);
            CHECK(read(damaged, 24, 6) != Status::ok);
        }
    }
    for (size_t size = 1; size < packet.size(); size++) {
        const std::vector<uint8_t> cut(packet.begin(),
                                       packet.begin() + static_cast<ptrdiff_t>(size));
        CHECK(read(cut, 24, 6) == Status::truncated);
    }
}

TEST_CASE(
    "a packet of another model or of another code, and a number that does not fit, have their own "
    "status") {
    const std::vector<uint8_t> packet = packet_of(random_code(24, 6, 5), 6);
    CHECK(read(packet, 23, 6) == Status::wrong_code);
    CHECK(read(packet, 24, 5) == Status::wrong_code);
    int8_t code[24] = {};
    uint8_t sequence = 1;
    PacketHeader other = expected(24, 6);
    other.model_id++;
    CHECK(read_packet(packet.data(), packet.size(), other, code, sequence) == Status::wrong_sender);
    CHECK(sequence == 1);
    uint8_t out[64];
    CHECK(write_packet(expected(24, 7), code, out) == Status::wrong_code);  // 0 is -128 + 2^7
    CHECK(write_packet(expected(24, 8), code, out) == Status::ok);
    for (const int bits : {0, 3, 9, 255}) {
        CHECK(write_packet(expected(24, bits), code, out) == Status::wrong_code);
    }
    CHECK(write_packet(expected(24, 8), nullptr, out) == Status::null_argument);
    CHECK(read_packet(nullptr, 64, expected(24, 8), code, sequence) == Status::null_argument);
}

TEST_CASE("random bytes of any length are refused, and nothing is read behind them") {
    std::mt19937 random(9);
    for (size_t round = 0; round < 20000; round++) {
        std::vector<uint8_t> bytes(round % 48);
        for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
        if (bytes.size() > 5) bytes[5] = 0;  // else nearly all would say that they are longer
        Guarded<uint8_t> guarded(bytes, Side::end);
        int8_t code[24];
        uint8_t sequence;
        CHECK(read_packet(guarded.data(), bytes.size(), expected(24, 8), code, sequence) !=
              Status::ok);
    }
}
