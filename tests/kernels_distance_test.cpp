// SPDX-License-Identifier: MIT
// Distances of a query to groups of codes on every platform: floats within the rounding bound of
// double precision, bytes and bits to the bit, at all small sizes, unaligned and guarded.
#include <doctest/doctest.h>

#include <bitset>
#include <string>

#include "kernels_fixture.hpp"

using namespace nutshell;
using namespace nutshell::tests;

namespace {

constexpr int kMostGroups = 9;  // two rounds of the widest vectors, and one

struct Size {
    int groups, n;
};

std::vector<Size> sizes() {
    std::vector<Size> all;
    for (int groups = 0; groups <= kMostGroups; groups++) {
        for (int n = 0; n <= 35; n++) all.push_back({groups, n});
    }
    all.push_back({3, 784});
    return all;
}

/// Numbers of the codes' type, any bits.
template <class T>
std::vector<T> random_list(Numbers& numbers, size_t n);
template <>
std::vector<int8_t> random_list(Numbers& numbers, size_t n) {
    std::vector<int8_t> values(n);
    for (int8_t& value : values) value = static_cast<int8_t>(numbers.in(-128.0f, 127.99f));
    return values;
}
template <>
std::vector<uint32_t> random_list(Numbers& numbers, size_t n) {
    std::vector<uint32_t> values(n);
    for (uint32_t& value : values) {
        value = static_cast<uint32_t>(numbers.in(0.0f, 65535.0f)) << 16 |
                static_cast<uint32_t>(numbers.in(0.0f, 65535.0f));
    }
    return values;
}

/// What a code holds at `i`: codes[groups][words][kGroupCodes][per_word].
size_t place(int code, int i, int words, int per_word) {
    const int group = code / kGroupCodes, lane = code % kGroupCodes;
    return static_cast<size_t>(((group * words + i / per_word) * kGroupCodes + lane) * per_word +
                               i % per_word);
}

std::string text(Size size) {
    return std::to_string(size.groups) + " groups of " + std::to_string(size.n);
}

/// Runs `kernel` with all arrays guarded; the distances, or nothing when it touched others.
template <class T, class D, class Kernel>
std::vector<D> run(Kernel kernel, Size size, const std::vector<T>& query,
                   const std::vector<T>& codes, Side guarded) {
    Guarded<T> q(query, guarded), c(codes, guarded);
    const size_t count = static_cast<size_t>(size.groups) * kGroupCodes;
    Guarded<D> distances(std::vector<D>(count, D{7}), guarded);
    kernel(size.groups, size.n, q.data(), c.data(), distances.data());
    REQUIRE(q.intact());
    REQUIRE(c.intact());
    REQUIRE(distances.intact());
    return distances.values();
}

}  // namespace

TEST_CASE("squared_distances is within the rounding bound at every small size") {
    for_each_platform([](const platform::Platform& platform) {
        for (const Size size : sizes()) {
            Numbers numbers(static_cast<uint64_t>(size.groups * 1000 + size.n));
            const int count = size.groups * kGroupCodes;
            const std::vector<float> query = numbers.list(static_cast<size_t>(size.n));
            const std::vector<float> codes = numbers.list(static_cast<size_t>(size.n * count));
            Expected expected;
            for (int code = 0; code < count; code++) {
                double sum = 0;
                for (int i = 0; i < size.n; i++) {
                    const double off = static_cast<double>(query[static_cast<size_t>(i)]) -
                                       static_cast<double>(codes[place(code, i, size.n, 1)]);
                    sum += off * off;
                }
                expected.value.push_back(sum);
                // A difference is rounded and squared, a square rounded, n of them added.
                expected.bound.push_back((size.n + 4) * kRoundoff * sum);
            }
            for (const Side guarded : {Side::begin, Side::end}) {
                const auto ours = run<float, float>(platform.kernels->squared_distances, size,
                                                    query, codes, guarded);
                INFO(std::string(platform.name), " ", text(size));
                REQUIRE(expected.first_outside(ours) == -1);
            }
        }
    });
}

TEST_CASE("a code's distance has the same bits in any place of any group") {
    for_each_platform([](const platform::Platform& platform) {
        constexpr int n = 24, count = kMostGroups * kGroupCodes;
        Numbers numbers(5);
        const std::vector<float> query = numbers.list(n), code = numbers.list(n);
        std::vector<float> codes(static_cast<size_t>(n * count));
        for (int c = 0; c < count; c++) {
            for (int i = 0; i < n; i++) codes[place(c, i, n, 1)] = code[static_cast<size_t>(i)];
        }
        std::vector<float> distances(static_cast<size_t>(count));
        platform.kernels->squared_distances(kMostGroups, n, query.data(), codes.data(),
                                            distances.data());
        INFO(std::string(platform.name));
        for (const float distance : distances) CHECK(bits_of(distance) == bits_of(distances[0]));
    });
}

TEST_CASE("squared_distances passes NaN and infinity on to their code alone") {
    for_each_platform([](const platform::Platform& platform) {
        INFO(std::string(platform.name));
        for (const float special : {std::nanf(""), HUGE_VALF}) {
            for (int code = 0; code < 2 * kGroupCodes; code++) {
                const std::vector<float> query(5, 1.0f);
                std::vector<float> codes(5 * 2 * kGroupCodes, 0.5f);
                codes[place(code, 3, 5, 1)] = special;
                std::vector<float> distances(2 * kGroupCodes);
                platform.kernels->squared_distances(2, 5, query.data(), codes.data(),
                                                    distances.data());
                for (int other = 0; other < 2 * kGroupCodes; other++) {
                    CHECK(std::isfinite(distances[static_cast<size_t>(other)]) == (other != code));
                }
            }
        }
    });
}

TEST_CASE("squared_distances_int8 gives the integers at every small size") {
    for_each_platform([](const platform::Platform& platform) {
        for (const Size size : sizes()) {
            Numbers numbers(static_cast<uint64_t>(size.groups * 1000 + size.n));
            const int count = size.groups * kGroupCodes;
            const int words = (size.n + kGroupBytes - 1) / kGroupBytes;
            const auto query = random_list<int8_t>(numbers, static_cast<size_t>(size.n));
            std::vector<int8_t> codes(static_cast<size_t>(words * kGroupBytes * count));
            std::vector<int32_t> expected;
            for (int code = 0; code < count; code++) {
                int32_t sum = 0;
                for (int i = 0; i < size.n; i++) {
                    const int8_t number = random_list<int8_t>(numbers, 1)[0];
                    codes[place(code, i, words, kGroupBytes)] = number;
                    const int off = query[static_cast<size_t>(i)] - number;
                    sum += off * off;
                }
                expected.push_back(sum);
            }
            for (const Side guarded : {Side::begin, Side::end}) {
                INFO(std::string(platform.name), " ", text(size));
                REQUIRE(run<int8_t, int32_t>(platform.kernels->squared_distances_int8, size, query,
                                             codes, guarded) == expected);
            }
        }
    });
}

TEST_CASE("squared_distances_int8 holds the largest sum there is") {
    constexpr int n = kMostDistanceBytes;
    const std::vector<int8_t> query(n, -128), codes(static_cast<size_t>(n) * kGroupCodes, 127);
    for_each_platform([&](const platform::Platform& platform) {
        INFO(std::string(platform.name));
        CHECK(run<int8_t, int32_t>(platform.kernels->squared_distances_int8, {1, n}, query, codes,
                                   Side::end) == std::vector<int32_t>(kGroupCodes, n * 255 * 255));
    });
}

TEST_CASE("hamming_distances counts the bits at every small size") {
    for_each_platform([](const platform::Platform& platform) {
        for (const Size size : sizes()) {
            Numbers numbers(static_cast<uint64_t>(size.groups * 1000 + size.n));
            const int count = size.groups * kGroupCodes;
            const auto query = random_list<uint32_t>(numbers, static_cast<size_t>(size.n));
            const auto codes = random_list<uint32_t>(numbers, static_cast<size_t>(size.n * count));
            std::vector<int32_t> expected;
            for (int code = 0; code < count; code++) {
                size_t bits = 0;
                for (int i = 0; i < size.n; i++) {
                    bits += std::bitset<32>(query[static_cast<size_t>(i)] ^
                                            codes[place(code, i, size.n, 1)])
                                .count();
                }
                expected.push_back(static_cast<int32_t>(bits));
            }
            for (const Side guarded : {Side::begin, Side::end}) {
                INFO(std::string(platform.name), " ", text(size));
                REQUIRE(run<uint32_t, int32_t>(platform.kernels->hamming_distances, size, query,
                                               codes, guarded) == expected);
            }
        }
    });
}

TEST_CASE("hamming_distances counts every single bit, and all of them") {
    for_each_platform([](const platform::Platform& platform) {
        INFO(std::string(platform.name));
        std::vector<uint32_t> codes(3 * kGroupCodes);
        std::vector<int32_t> distances(codes.size());
        for (size_t i = 0; i < 32; i++) codes[i] = 1u << i;
        codes[32] = 0xFFFFFFFFu;
        const uint32_t none = 0;
        platform.kernels->hamming_distances(3, 1, &none, codes.data(), distances.data());
        for (size_t i = 0; i < 32; i++) CHECK(distances[i] == 1);
        CHECK(distances[32] == 32);
        CHECK(distances[33] == 0);
    });
}
