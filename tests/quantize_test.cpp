// SPDX-License-Identifier: MIT
// From floats to int8, at the edges: ranges, fixed-point factors, layers of zeros, weights that are
// tiny beside their bias, and what is refused.
#include "nutshell/quantize.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "nutshell/requantize.hpp"

using namespace nutshell;

namespace {

constexpr int kIn = 3, kOut = 2;
constexpr Row kRow{Kind::dense, Activation::linear, flat(kIn), flat(kOut), 0.0f};
constexpr Quantization kOutput{0.02f, 5};

/// A quantized layer of three inputs and two outputs.
struct Small {
    int8_t weight[kIn * kOut];
    int32_t bias[kOut];
    int32_t multiplier[kOut];
    int8_t shift[kOut];
    Status status;

    Small(const std::vector<float>& weights, const std::vector<float>& biases) {
        status = quantize_layer(kRow, {weights.data(), biases.data()}, {kPixels, kOutput, kOutput},
                                {}, {weight, bias, multiplier, shift, nullptr});
    }
    double run(int output, const std::vector<int>& pixels) const {
        int32_t sum = bias[output];
        for (int i = 0; i < kIn; i++) {
            sum += weight[output * kIn + i] * (pixels[static_cast<size_t>(i)] - 128);
        }
        return static_cast<double>(kOutput.scale) *
               multiply(sum, {multiplier[output], shift[output]});
    }
};

}  // namespace

TEST_CASE("a range's codes cover it and hold zero exactly") {
    const Range ranges[] = {{0, 1}, {-1, 1}, {-3, 0}, {2, 5}, {-5, -2}, {-1e-3f, 1e3f}};
    for (const Range range : ranges) {
        Quantization q{};
        REQUIRE(quantization_of(range, q) == Status::ok);
        const float values[] = {range.low, range.high, 0.0f};
        int8_t codes[3];
        float back[3];
        quantize_values(values, 3, q, codes);
        dequantize_values(codes, 3, q, back);
        // Half a step of rounding the value and half of rounding the zero point.
        for (int i = 0; i < 3; i++) CHECK(std::fabs(back[i] - values[i]) <= q.scale * 1.001f);
        CHECK(back[2] == 0.0f);
    }
}

TEST_CASE("ranges at the ends of the floats get a scale or are refused, never a wrong one") {
    Quantization q{};
    REQUIRE(quantization_of({0, 0}, q) == Status::ok);
    CHECK(q.scale == 1.0f);
    const float nan = std::numeric_limits<float>::quiet_NaN();
    const float inf = std::numeric_limits<float>::infinity();
    CHECK(quantization_of({0, 1e-37f}, q) == Status::bad_quantization);  // scale is denormal
    CHECK(quantization_of({0, inf}, q) == Status::bad_quantization);
    CHECK(quantization_of({-3e38f, 3e38f}, q) == Status::ok);
    MinMax seen;
    CHECK(seen.status() == Status::bad_calibration);
    seen.observe(&nan, 1);
    CHECK(seen.status() == Status::bad_calibration);
}

TEST_CASE("fixed-point factors are those of frexp") {
    for (double real = 3e-9; real < 1e9; real *= 1.37) {
        int exponent = 0;
        const double part = std::frexp(real, &exponent);
        int64_t expected = std::llround(part * 2147483648.0);
        if (expected == int64_t{1} << 31) {
            expected /= 2;
            exponent++;
        }
        FixedPoint found{};
        const Status status = fixed_point_of(real, found);
        INFO(real);
        REQUIRE(status == Status::ok);
        CHECK(found.multiplier == expected);
        CHECK(found.shift == exponent);
    }
    FixedPoint found{1, 1};
    CHECK(fixed_point_of(0.0, found) == Status::ok);
    CHECK(found.multiplier == 0);
    CHECK(fixed_point_of(-1.0, found) == Status::bad_quantization);
    CHECK(fixed_point_of(1e12, found) == Status::bad_quantization);
    CHECK(fixed_point_of(std::nan(""), found) == Status::bad_quantization);
}

TEST_CASE("an output of zero weights gives its bias, a layer of zeros gives zero") {
    const Small zero({0, 0, 0, 0, 0, 0}, {0, 0});
    REQUIRE(zero.status == Status::ok);
    CHECK(zero.run(0, {255, 0, 9}) == 0);
    const Small pruned({0, 0, 0, 0.5f, -0.25f, 0.125f}, {1.0f, 0});
    REQUIRE(pruned.status == Status::ok);
    // The factor of scale 1 rounds a bias of 255 units to 50 codes of 0.02.
    CHECK(pruned.run(0, {255, 0, 9}) == doctest::Approx(1.0));
    CHECK(pruned.run(1, {255, 0, 0}) == doctest::Approx(0.5).epsilon(0.02));
}

TEST_CASE("weights that are tiny beside their bias leave the bias right") {
    const Small layer({1e-9f, 1e-9f, -1e-9f, 1, 1, 1}, {2.0f, 0});
    REQUIRE(layer.status == Status::ok);
    CHECK(layer.run(0, {255, 255, 0}) == doctest::Approx(2.0));
}

TEST_CASE("weights that are no numbers and biases that no sum holds are refused") {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    CHECK(Small({nan, 0, 0, 0, 0, 0}, {0, 0}).status == Status::non_finite_weights);
    CHECK(Small({0, 0, 0, 0, 0, 0}, {nan, 0}).status == Status::non_finite_weights);
    CHECK(Small({0, 0, 0, 0, 0, 0}, {1e10f, 0}).status == Status::sum_overflow);
}

TEST_CASE("a percentile leaves outliers out, and the range of least error beats the whole one") {
    std::vector<float> values;
    for (int i = -5000; i <= 5000; i++) values.push_back(static_cast<float>(i) / 5000.0f);
    values.push_back(100.0f);
    Histogram histogram;
    histogram.observe(values.data(), static_cast<int32_t>(values.size()));
    REQUIRE(histogram.status() == Status::ok);
    CHECK(histogram.range().high == 100.0f);
    const Range kept = histogram.percentile(0.99);
    CHECK(kept.high < 1.3f);  // bins are 0.2 wide
    CHECK(kept.low >= -1.0f);
    // Brute force: the error over the values themselves.
    const auto error = [&](Range range) {
        Quantization q{};
        REQUIRE(quantization_of(range, q) == Status::ok);
        std::vector<int8_t> codes(values.size());
        std::vector<float> back(values.size());
        const int32_t n = static_cast<int32_t>(values.size());
        quantize_values(values.data(), n, q, codes.data());
        dequantize_values(codes.data(), n, q, back.data());
        double sum = 0;
        for (size_t i = 0; i < values.size(); i++) {
            const double off = static_cast<double>(back[i]) - static_cast<double>(values[i]);
            sum += off * off;
        }
        return sum;
    };
    CHECK(error(histogram.least_error()) <= error(histogram.range()) * 1.01);
}

TEST_CASE("the table of tanh is within a code of tanh") {
    const Quantization sum{4.0f / 128.0f, -7};
    int8_t table[256];
    REQUIRE(activation_table(Activation::tanh, 0.0f, {sum, sum, tanh_output()}, table) ==
            Status::ok);
    for (int code = -128; code <= 127; code++) {
        const double x = static_cast<double>(sum.scale) * (code - sum.zero_point);
        const double exact = std::min(127.0, std::round(128 * std::tanh(x)));
        CHECK(std::fabs(table[static_cast<uint8_t>(code)] - exact) <= 1.0);
    }
}

TEST_CASE("codes of fewer bits cover the range too, and their tables are the 8-bit ones rounded") {
    for (int unused = 0; unused <= kMaxUnusedBits; unused++) {
        Quantization meaning{};
        REQUIRE(quantization_of({-1.0f, 3.0f}, meaning, unused) == Status::ok);
        const float ends[] = {-1.0f, 0.0f, 3.0f};
        int8_t codes[3];
        float back[3];
        quantize_values(ends, 3, meaning, codes);
        dequantize_values(codes, 3, meaning, back);
        CHECK(back[1] == 0.0f);
        for (int i = 0; i < 3; i++) {
            CHECK(codes[i] <= -129 + (256 >> unused));
            CHECK(std::fabs(back[i] - ends[i]) <= meaning.scale * 0.5001f);
        }
        const Quantization sum{8.0f / 255.0f, 0};
        int8_t wide[256], table[256];
        for (const Activation activation : {Activation::sigmoid, Activation::tanh}) {
            const bool is_sigmoid = activation == Activation::sigmoid;
            const Quantization out = is_sigmoid ? sigmoid_output(unused) : tanh_output(unused);
            const Quantization full = is_sigmoid ? sigmoid_output() : tanh_output();
            REQUIRE(activation_table(activation, 0, {sum, sum, full}, wide) == Status::ok);
            REQUIRE(activation_table(activation, 0, {sum, sum, out}, table) == Status::ok);
            for (int i = 0; i < 256; i++) {
                float exact, rounded;
                dequantize_values(wide + i, 1, full, &exact);
                dequantize_values(table + i, 1, out, &rounded);
                // Half a step, a whole one at the top, whose code would be one too many.
                CHECK(std::fabs(exact - rounded) <= out.scale * (exact > 1 - out.scale ? 1 : 0.5f));
            }
        }
    }
}
