// SPDX-License-Identifier: MIT
// What calls return: sentences a person can read, values that a flipped bit cannot turn into
// each other.
#include "nutshell/status.hpp"

#include <doctest/doctest.h>

#include <bitset>
#include <set>
#include <string>

using namespace nutshell;

namespace {

constexpr Status kAll[] = {
    Status::ok,
    Status::null_argument,
    Status::misaligned,
    Status::buffer_too_small,
    Status::not_loaded,
    Status::shape_mismatch,
    Status::non_finite_input,
    Status::diverged,
    Status::truncated,
    Status::bad_magic,
    Status::bad_version,
    Status::bad_header,
    Status::unsupported,
    Status::bad_checksum,
    Status::bad_layer,
    Status::bad_section,
    Status::non_finite_weights,
    Status::wrong_model,
    Status::wrong_endianness,
    Status::unknown_platform,
    Status::platform_unusable,
};

}  // namespace

TEST_CASE("every status has a sentence of its own") {
    std::set<std::string> sentences;
    for (const Status status : kAll) {
        const std::string sentence = to_string(status);
        CHECK_FALSE(sentence.empty());
        CHECK(sentence.back() != '.');
        sentences.insert(sentence);
    }
    CHECK(sentences.size() == std::size(kAll));
}

TEST_CASE("a number that is no status has a sentence too") {
    const std::string sentence = to_string(static_cast<Status>(12345));
    CHECK(sentence == "unknown status");
}

TEST_CASE("any two statuses differ in at least four bits, and ok is not zero") {
    CHECK(static_cast<uint32_t>(Status::ok) == 0x3CA5965Au);  // part of the interface
    for (const Status a : kAll) {
        CHECK(static_cast<uint32_t>(a) != 0);
        for (const Status b : kAll) {
            if (a == b) continue;
            const uint32_t difference = static_cast<uint32_t>(a) ^ static_cast<uint32_t>(b);
            CHECK(std::bitset<32>(difference).count() >= 4);
        }
    }
}
