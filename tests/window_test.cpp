// SPDX-License-Identifier: MIT
// Windows that slide over a stream, and running moments against sums over all readings.
#include "nutshell/window.hpp"

#include <doctest/doctest.h>

#include "device_fixture.hpp"

using namespace nutshell;
using namespace nutshell::tests;

namespace {

/// Every window of a stream 0, 1, 2, ... begins where it should and holds what came.
template <int Size, int Hop>
void check_windows() {
    SlidingWindow<Size, Hop> window;
    int expected_first = 0;
    for (int t = 0; t < 5 * Size + 3 * Hop; t++) {
        const bool complete = window.push(static_cast<float>(t));
        INFO("size ", Size, " hop ", Hop, " reading ", t);
        REQUIRE(complete == (t == expected_first + Size - 1));
        if (!complete) continue;
        float copy[Size];
        window.copy(copy);
        for (int i = 0; i < Size; i++) {
            REQUIRE(copy[i] == static_cast<float>(expected_first + i));
        }
        expected_first += Hop;
    }
}

}  // namespace

TEST_CASE("windows come every hop and hold the last readings, the oldest first") {
    check_windows<1, 1>();
    check_windows<5, 1>();
    check_windows<8, 4>();
    check_windows<8, 8>();
    check_windows<7, 3>();
    check_windows<4, 11>();
}

TEST_CASE("a reading of several channels stays together") {
    SlidingWindow<2, 1, 3> window;
    const float first[3] = {1, 2, 3}, second[3] = {4, 5, 6}, third[3] = {7, 8, 9};
    CHECK_FALSE(window.push(first));
    CHECK(window.push(second));
    CHECK(window.push(third));
    float copy[6];
    window.copy(copy);
    for (int i = 0; i < 6; i++) CHECK(copy[i] == static_cast<float>(4 + i));
}

TEST_CASE("after a restart no window holds what came before") {
    SlidingWindow<3, 1> window;
    for (int i = 0; i < 5; i++) (void)window.push(-1.0f);
    window.restart();
    CHECK_FALSE(window.push(1.0f));
    CHECK_FALSE(window.push(2.0f));
    CHECK(window.push(3.0f));
    float copy[3];
    window.copy(copy);
    for (int i = 0; i < 3; i++) CHECK(copy[i] == static_cast<float>(i + 1));
}

TEST_CASE("moments are those of all readings, far from zero too") {
    Numbers numbers(1);
    float mean[2] = {}, variance[2] = {};
    Moments moments(2, mean, variance);
    double sum[2] = {}, squares[2] = {};
    constexpr int count = 10000;
    for (int i = 0; i < count; i++) {
        const float reading[2] = {numbers.in(-1, 3), 1000 + numbers.in(-1, 1)};
        REQUIRE(moments.add(reading) == Status::ok);
        for (int c = 0; c < 2; c++) {
            sum[c] += static_cast<double>(reading[c]);
            squares[c] += static_cast<double>(reading[c]) * static_cast<double>(reading[c]);
        }
    }
    CHECK(moments.count() == count);
    for (int c = 0; c < 2; c++) {
        const double m = sum[c] / count, v = squares[c] / count - m * m;
        // A mean near 1000 is stored in steps of 6e-5.
        CHECK(std::fabs(static_cast<double>(mean[c]) - m) < 2e-3 * (c == 0 ? 0.1 : 10));
        CHECK(std::fabs(static_cast<double>(variance[c]) - v) < 0.01 * v);
    }
}

TEST_CASE("with a horizon the moments follow a change, without one they remember") {
    float mean[2] = {}, variance[2] = {};
    Moments all(1, &mean[0], &variance[0]), last(1, &mean[1], &variance[1], 50);
    for (int i = 0; i < 2000; i++) {
        const float reading = (i < 1000 ? 0.0f : 10.0f) + (i % 2 == 0 ? 1.0f : -1.0f);
        REQUIRE(all.add(&reading) == Status::ok);
        REQUIRE(last.add(&reading) == Status::ok);
    }
    CHECK(mean[0] == doctest::Approx(5).epsilon(0.01));
    CHECK(variance[0] == doctest::Approx(26).epsilon(0.01));
    CHECK(mean[1] == doctest::Approx(10).epsilon(0.01));
    CHECK(variance[1] == doctest::Approx(1).epsilon(0.05));
}

TEST_CASE("normalized readings have mean 0 and deviation 1; a constant channel is 0") {
    Numbers numbers(2);
    float mean[3] = {}, variance[3] = {};
    Moments moments(3, mean, variance);
    std::vector<float> readings;
    for (int i = 0; i < 1000; i++) {
        const float reading[3] = {numbers.in(10, 20), 273.15f, 0.0f};
        REQUIRE(moments.add(reading) == Status::ok);
        readings.insert(readings.end(), reading, reading + 3);
    }
    double sum = 0, squares = 0;
    for (int i = 0; i < 1000; i++) {
        float* reading = readings.data() + 3 * i;
        moments.normalize(reading, reading);
        sum += static_cast<double>(reading[0]);
        squares += static_cast<double>(reading[0] * reading[0]);
        CHECK(std::fabs(reading[1]) < 1.0f);
        CHECK(reading[2] == 0.0f);
    }
    CHECK(std::fabs(sum / 1000) < 1e-3);
    CHECK(squares / 1000 == doctest::Approx(1).epsilon(1e-3));
    const float changed[3] = {15, 274.15f, 0.5f};
    float out[3];
    moments.normalize(changed, out);
    CHECK(out[1] > 1000.0f);
    CHECK(out[2] > 1000.0f);
    CHECK(std::isfinite(out[2]));
}

TEST_CASE("a reading that is no number changes nothing") {
    float mean[2] = {}, variance[2] = {};
    Moments moments(2, mean, variance);
    const float good[2] = {1, 2}, bad[2] = {5, std::nanf("")}, worse[2] = {HUGE_VALF, 1};
    REQUIRE(moments.add(good) == Status::ok);
    CHECK(moments.add(bad) == Status::non_finite_input);
    CHECK(moments.add(worse) == Status::non_finite_input);
    CHECK(moments.add(nullptr) == Status::null_argument);
    CHECK(moments.count() == 1);
    CHECK(mean[0] == 1.0f);
    CHECK(mean[1] == 2.0f);
}
