// SPDX-License-Identifier: MIT
// Random numbers against the published vectors, shuffles against statistics, and first weights
// against their limits and against fixed checksums.
#include "nutshell/random.hpp"

#include <doctest/doctest.h>

#include <array>
#include <map>
#include <numeric>

#include "device_fixture.hpp"

using namespace nutshell;
using namespace nutshell::tests;

namespace {

std::vector<uint32_t> shuffled(uint32_t n, uint32_t seed, uint32_t epoch,
                               Purpose purpose = Purpose::shuffle) {
    std::vector<uint32_t> order(n);
    std::iota(order.begin(), order.end(), 0u);
    shuffle(order.data(), n, seed, epoch, purpose);
    return order;
}

/// CRC-32C of floats in little-endian order, on any machine.
uint32_t checksum(const float* values, int n) {
    uint32_t crc = 0;
    for (int i = 0; i < n; i++) {
        const uint32_t bits = bits_of(values[i]);
        const uint8_t bytes[] = {static_cast<uint8_t>(bits), static_cast<uint8_t>(bits >> 8),
                                 static_cast<uint8_t>(bits >> 16),
                                 static_cast<uint8_t>(bits >> 24)};
        crc = crc32c(crc, bytes, sizeof bytes);
    }
    return crc;
}

template <class Model>
std::unique_ptr<typename Model::Parameters> initialized(uint32_t seed, Initializer initializer) {
    auto parameters = std::make_unique<typename Model::Parameters>();
    initialize<Model>(*parameters, seed, initializer);
    return parameters;
}

/// Weights of a layer fill -limit..limit evenly: mean and variance as of a uniform distribution.
void check_uniform(const float* weights, int n, double limit) {
    double sum = 0, squares = 0, most = 0;
    for (int i = 0; i < n; i++) {
        const double w = static_cast<double>(weights[i]);
        sum += w;
        squares += w * w;
        most = std::max(most, std::fabs(w));
    }
    CHECK(most <= limit * (1 + 2 * kRoundoff));
    CHECK(most >= limit * 0.999);
    // Five standard errors of the mean, and of the mean square (limit^2 / 3).
    CHECK(std::fabs(sum / n) <= 5 * limit / std::sqrt(3.0 * n));
    CHECK(std::fabs(squares / n - limit * limit / 3) <= 5 * limit * limit * 0.3 / std::sqrt(n));
}

}  // namespace

TEST_CASE("Philox4x32-10 gives the vectors that its authors published") {
    // The three "philox4x32 10" lines of Random123's kat_vectors: counter, key, result.
    struct Vector {
        uint32_t counter[4], key[2];
        std::array<uint32_t, 4> result;
    };
    constexpr Vector kVectors[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8}},
        {{0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF},
         {0xFFFFFFFF, 0xFFFFFFFF},
         {0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD}},
        {{0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344},
         {0xA4093822, 0x299F31D0},
         {0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1}},
    };
    for (const Vector& vector : kVectors) {
        const Random4 got = philox(vector.counter, vector.key);
        for (size_t i = 0; i < 4; i++) CHECK(got.word[i] == vector.result[i]);
    }
}

TEST_CASE("words differ by seed, purpose, step and place") {
    const uint32_t word = random_word(1, Purpose::shuffle, 0, 0);
    CHECK(word == random_word(1, Purpose::shuffle, 0, 0));
    CHECK(word != random_word(2, Purpose::shuffle, 0, 0));
    CHECK(word != random_word(1, Purpose::hold_out, 0, 0));
    CHECK(word != random_word(1, Purpose::shuffle, 1, 0));
    std::map<uint32_t, int> seen;
    for (uint32_t i = 0; i < 1000; i++) seen[random_word(1, Purpose::shuffle, 0, i)]++;
    CHECK(seen.size() == 1000);  // two equal ones among 1,000 of 2^32: once in 8,600 seeds
}

TEST_CASE("uniform numbers lie in [0, 1), and reach both ends") {
    CHECK(uniform(0) == 0.0f);
    CHECK(uniform(0xFFFFFFFF) < 1.0f);
    CHECK(uniform(0xFFFFFFFF) > 0.9999999f);
    CHECK(uniform(0x80000000) == 0.5f);
}

TEST_CASE("normal numbers are the quantiles of their words, in the tails too") {
    const auto error_of = [](uint32_t word) {
        const double p = (static_cast<double>(word) + 0.5) / 4294967296.0;
        const double x = static_cast<double>(normal(word));
        const double density = std::exp(-x * x / 2) / std::sqrt(2 * std::acos(-1.0));
        // Counted from the nearer end, where the probability has its digits.
        const double below = p < 0.5 ? 0.5 * std::erfc(-x / std::sqrt(2.0)) - p
                                     : (1 - p) - 0.5 * std::erfc(x / std::sqrt(2.0));
        return std::fabs(below / density);
    };
    double worst = 0;
    for (uint32_t i = 0; i < 65536; i++) worst = std::max(worst, error_of(i << 16));
    for (uint32_t i = 0; i < 1000; i++) {
        worst = std::max({worst, error_of(i), error_of(0xFFFFFFFF - i)});
    }
    CHECK(worst <= 2e-6);
    CHECK(normal(0) < -6.2f);
    CHECK(normal(0xFFFFFFFF) == -normal(0));
}

TEST_CASE("a shuffle is a permutation, of any length") {
    for (const uint32_t n : {0u, 1u, 2u, 3u, 100u, 5000u}) {
        CAPTURE(n);
        std::vector<uint32_t> order = shuffled(n, 1, 1);
        CHECK((n < 100 || !std::is_sorted(order.begin(), order.end())));
        std::sort(order.begin(), order.end());
        for (uint32_t i = 0; i < n; i++) REQUIRE(order[i] == i);
    }
}

TEST_CASE("a shuffle depends on seed, epoch and purpose, and on nothing else") {
    CHECK(shuffled(50, 1, 1) == shuffled(50, 1, 1));
    CHECK(shuffled(50, 1, 1) != shuffled(50, 2, 1));
    CHECK(shuffled(50, 1, 1) != shuffled(50, 1, 2));
    CHECK(shuffled(50, 1, 1) != shuffled(50, 1, 1, Purpose::hold_out));
}

TEST_CASE("every order of four things is equally likely") {
    constexpr int kShuffles = 24000;
    std::map<std::vector<uint32_t>, int> counts;
    for (uint32_t epoch = 0; epoch < kShuffles; epoch++) counts[shuffled(4, 7, epoch)]++;
    CHECK(counts.size() == 24);
    double chi_square = 0;
    for (const auto& entry : counts) chi_square += std::pow(entry.second - 1000.0, 2) / 1000.0;
    CHECK(chi_square < 49.73);  // 23 degrees of freedom, one in a thousand
    CHECK(chi_square > 7.53);   // nor too even, one in a thousand
}

TEST_CASE("Glorot's weights fill their limits, biases and padding are zero") {
    const auto parameters = initialized<Tutorial>(1, Initializer::glorot_uniform);
    const auto& plan = Tutorial::Chain::plan;
    for (int layer = 0; layer < 2; layer++) {
        check_uniform(parameters->data + plan.spots[layer].weight, 784 * 24,
                      std::sqrt(6.0 / (784 + 24)));
        const int bias_end = layer == 0 ? plan.spots[1].weight : Tutorial::parameter_floats;
        for (int i = plan.spots[layer].bias; i < bias_end; i++) {
            REQUIRE(bits_of(parameters->data[i]) == 0);
        }
    }
}

TEST_CASE("He's weights fill limits that depend on the inputs alone") {
    const auto parameters = initialized<Tutorial>(1, Initializer::he_uniform);
    const auto& plan = Tutorial::Chain::plan;
    check_uniform(parameters->data + plan.spots[0].weight, 784 * 24, std::sqrt(6.0 / 784));
    check_uniform(parameters->data + plan.spots[1].weight, 784 * 24, std::sqrt(6.0 / 24));
}

TEST_CASE("a seed gives the same first weights on every machine") {
    const auto sum = [](uint32_t seed, Initializer initializer) {
        return checksum(initialized<Tutorial>(seed, initializer)->data, Tutorial::parameter_floats);
    };
    // Printed by data/make_first_weights.py, which does not use the library.
    CHECK(sum(1, Initializer::glorot_uniform) == 0xA850B2B8u);
    CHECK(sum(2, Initializer::glorot_uniform) == 0x383B2DD2u);
    CHECK(sum(1, Initializer::he_uniform) == 0x815A6C5Bu);
    CHECK(checksum(initialized<Deep>(1, Initializer::glorot_uniform)->data,
                   Deep::parameter_floats) == 0xD676CC48u);
}

TEST_CASE("random codes are normal, and a function of seed and index alone") {
    constexpr int kCodes = 2000, kSize = 6;
    std::vector<float> numbers(kCodes * kSize);
    for (int i = 0; i < kCodes; i++) {
        random_code(3, static_cast<uint32_t>(i), kSize, numbers.data() + i * kSize);
    }
    double sum = 0, squares = 0;
    for (const float number : numbers) {
        sum += static_cast<double>(number);
        squares += static_cast<double>(number) * static_cast<double>(number);
    }
    const double count = kCodes * kSize;
    CHECK(std::abs(sum / count) < 4 / std::sqrt(count));  // four deviations of a mean
    CHECK(std::abs(squares / count - 1) < 4 * std::sqrt(2 / count));
    float again[kSize + 1], other[kSize];
    again[kSize - 1] = 0;
    random_code(3, 1234, kSize - 1, again);
    for (int k = 0; k < kSize - 1; k++)
        CHECK(again[k] == numbers[1234 * kSize + static_cast<size_t>(k)]);
    CHECK(again[kSize - 1] == 0);  // untouched
    random_code(4, 1234, kSize, other);
    CHECK(other[0] != again[0]);
}
