// SPDX-License-Identifier: MIT
// Spectra against the definition in double precision, log-mel frames against NumPy's (data/golden).
#include "nutshell/log_mel.hpp"

#include <doctest/doctest.h>

#include <complex>

#include "device_fixture.hpp"
#include "npy_fixture.hpp"

using namespace nutshell;
using namespace nutshell::tests;

namespace {

/// |sum x[t] e^(-2 pi i k t / n)|^2 for k = 0..n / 2.
std::vector<double> true_powers(const std::vector<float>& x) {
    const size_t n = x.size();
    std::vector<double> powers;
    for (size_t k = 0; k <= n / 2; k++) {
        std::complex<double> sum = 0;
        for (size_t t = 0; t < n; t++) {
            const double turn = -2 * std::acos(-1.0) * static_cast<double>(k * t % n);
            sum += static_cast<double>(x[t]) * std::polar(1.0, turn / static_cast<double>(n));
        }
        powers.push_back(std::norm(sum));
    }
    return powers;
}

template <int N>
void check_spectrum() {
    constexpr const FourierTable<N>& table = kFourierTable<N>;
    for (int k = 0; k < N / 2; k++) {  // correctly rounded
        const double angle = 2 * std::acos(-1.0) * k / N;
        CHECK(std::fabs(static_cast<double>(table.cosine[k]) - std::cos(angle)) <= 3e-8);
        CHECK(std::fabs(static_cast<double>(table.sine[k]) - std::sin(angle)) <= 3e-8);
    }
    Numbers numbers(N);
    std::vector<float> x = numbers.list(N);
    const std::vector<double> expected = true_powers(x);
    double energy = 0;
    for (const float value : x) energy += static_cast<double>(value) * static_cast<double>(value);
    power_spectrum(N, table.cosine, table.sine, x.data());
    for (int k = 0; k <= N / 2; k++) {
        // Each of log2(N) halvings rounds a few times numbers as large as the root of N * energy.
        const double root = std::sqrt(N * energy),
                     magnitude = std::sqrt(expected[static_cast<size_t>(k)]);
        const double off = 8 * std::log2(N) * kRoundoff * root;
        const double ours =
            std::sqrt(static_cast<double>(x[static_cast<size_t>(power_place(N, k))]));
        INFO("n ", N, " k ", k);
        CHECK(std::fabs(ours - magnitude) <= off);
    }
}

}  // namespace

TEST_CASE("spectra are those of the definition, for every size from 8 to 2048") {
    check_spectrum<8>();
    check_spectrum<16>();
    check_spectrum<32>();
    check_spectrum<64>();
    check_spectrum<128>();
    check_spectrum<256>();
    check_spectrum<512>();
    check_spectrum<1024>();
    check_spectrum<2048>();
}

TEST_CASE("a whole number of waves is one line of the spectrum") {
    for (int k = 1; k < 32; k++) {
        std::vector<float> x;
        for (int t = 0; t < 64; t++)
            x.push_back(static_cast<float>(std::cos(std::acos(-1.0) * k * t / 32)));
        power_spectrum(64, kFourierTable<64>.cosine, kFourierTable<64>.sine, x.data());
        for (int other = 0; other <= 32; other++) {
            const float power = x[static_cast<size_t>(power_place(64, other))];
            CHECK(power == doctest::Approx(other == k ? 1024.0 : 0.0).epsilon(1e-5));
        }
    }
}

TEST_CASE("log-mel frames are NumPy's within a thousandth of a decibel") {
    const std::vector<float> samples = golden("log_mel/samples");
    const std::vector<float> expected = golden("log_mel/decibels");
    REQUIRE(expected.size() == 5 * 128);
    static LogMel<> front;
    static LogMel<>::Workspace work;
    std::vector<float> ours;
    for (const float sample : samples) {
        if (!front.push(sample)) continue;
        ours.resize(ours.size() + LogMel<>::mels);
        front.frame(ours.data() + ours.size() - LogMel<>::mels, work);
    }
    REQUIRE(ours.size() == expected.size());
    MESSAGE("largest difference: ", distance(ours, expected), " dB");
    CHECK(distance(ours, expected) <= 1e-3);
}

TEST_CASE("silence has the decibels of the smallest number that is added, samples may be int16") {
    static LogMel<8000, 64, 64, 10> front;
    static LogMel<8000, 64, 64, 10>::Workspace work;
    float decibels[10];
    for (int i = 0; i < 63; i++) CHECK_FALSE(front.push(int16_t{0}));
    CHECK(front.push(int16_t{0}));
    front.frame(decibels, work);
    for (const float value : decibels) CHECK(value == doctest::Approx(-156.5356).epsilon(1e-6));
    float others[10];
    for (int i = 0; i < 64; i++) front.push(static_cast<int16_t>(i * 511 - 16384));
    front.frame(decibels, work);
    for (int i = 0; i < 64; i++) front.push(static_cast<float>(i * 511 - 16384) / 32768.0f);
    front.frame(others, work);
    CHECK(same_bits(decibels, others, 10));
}

TEST_CASE("the front end of MLPerf Tiny's detector takes 8 KB in all") {
    static_assert(sizeof(LogMel<>) + sizeof(LogMel<>::Workspace) <= 8192 + 16);
    CHECK(sizeof(LogMel<>) <= 4096 + 16);
}
