// SPDX-License-Identifier: MIT
// What calls return: sentences a person can read, values that a flipped bit cannot turn into
// each other.
#include "nutshell/status.hpp"

#include <doctest/doctest.h>

#include <bitset>
#include <set>
#include <string>
#include <vector>

using namespace nutshell;

namespace {

/// All of them: they are numbered without gaps, and the compiler sees to it that none lacks a
/// sentence.
std::vector<Status> all() {
    std::vector<Status> found;
    for (uint32_t number = 0;; number++) {
        const Status status = static_cast<Status>(detail::spread(number));
        if (to_string(status) == std::string("unknown status")) return found;
        found.push_back(status);
    }
}

}  // namespace

TEST_CASE("every status has a sentence of its own") {
    std::set<std::string> sentences;
    for (const Status status : all()) {
        const std::string sentence = to_string(status);
        CHECK_FALSE(sentence.empty());
        CHECK(sentence.back() != '.');
        sentences.insert(sentence);
    }
    CHECK(sentences.size() == all().size());
    CHECK(all().back() == Status::unfinished);
}

TEST_CASE("a number that is no status has a sentence too") {
    const std::string sentence = to_string(static_cast<Status>(12345));
    CHECK(sentence == "unknown status");
}

TEST_CASE("any two statuses differ in at least four bits, and ok is not zero") {
    CHECK(static_cast<uint32_t>(Status::ok) == 0x3CA5965Au);  // part of the interface
    for (const Status a : all()) {
        CHECK(static_cast<uint32_t>(a) != 0);
        for (const Status b : all()) {
            if (a == b) continue;
            const uint32_t difference = static_cast<uint32_t>(a) ^ static_cast<uint32_t>(b);
            CHECK(std::bitset<32>(difference).count() >= 4);
        }
    }
}
