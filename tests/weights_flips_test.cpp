// SPDX-License-Identifier: MIT
// Flipped bits in the tutorial's model: all of the header and the tables, and many others.
#include "nut_file.hpp"

using namespace nutshell;
using namespace nutshell::tests;

namespace {

constexpr uint32_t kTableBytes = 320;  // header, two layers, four sections, padding

/// True when check() refuses the file with this one bit flipped.
bool refused_with_flip(AlignedCopy& file, size_t size, uint32_t bit) {
    const uint8_t mask = static_cast<uint8_t>(1u << bit % 8);
    File view;
    file.data()[bit / 8] ^= mask;
    const bool refused = check(file.data(), size, view) != Status::ok;
    file.data()[bit / 8] ^= mask;
    return refused;
}

}  // namespace

TEST_CASE("every flipped bit in the header and tables of the tutorial's file is found") {
    const FileBytes bytes = tutorial_file();
    AlignedCopy file(bytes);
    for (uint32_t bit = 0; bit < kTableBytes * 8; bit++) {
        REQUIRE(refused_with_flip(file, bytes.size(), bit));
    }
    REQUIRE(std::memcmp(file.data(), bytes.data(), bytes.size()) == 0);
    CHECK(check_bytes(bytes) == Status::ok);
}

TEST_CASE("a hundred thousand random flipped bits of the tutorial's file are found, each one") {
    const FileBytes bytes = tutorial_file();
    AlignedCopy file(bytes);
    Draws numbers(7);
    const uint32_t bits = static_cast<uint32_t>(bytes.size() * 8);
    const int count = tries(100000);
    for (int i = 0; i < count; i++) {
        REQUIRE(refused_with_flip(file, bytes.size(), numbers.below(bits)));
    }
    MESSAGE(count, " flipped bits of ", bits, ", all refused");
    CHECK(check_bytes(bytes) == Status::ok);
}
