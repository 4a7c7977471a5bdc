// SPDX-License-Identifier: MIT
// The int8 kernels of every platform give the bytes that 64-bit integers give: all small sizes,
// unaligned and guarded, random large ones, extreme weights, every kind of requantization.
#include <doctest/doctest.h>

#include <deque>
#include <string>

#include "int8_fixture.hpp"

using namespace nutshell;
using namespace nutshell::tests;

namespace {

/// Runs the layer on the platform, its arrays guarded on one side; the first output that is wrong,
/// or -1.
int first_wrong(const platform::Platform& platform, const Int8Layer& layer,
                const std::vector<int8_t>& x, Side guarded) {
    PackedInt8Layer packed(layer, platform.kernels->int8_packing, guarded);
    Guarded<int8_t> input(x, guarded);
    Guarded<int8_t> output(std::vector<int8_t>(static_cast<size_t>(layer.out)), guarded);
    Scratch scratch(layer.in);
    platform.kernels->dense_int8(layer.in, layer.out, packed.weights.data(), packed.rule,
                                 input.data(), output.data(), scratch.data());
    CHECK(packed.intact());
    CHECK(input.intact());
    CHECK(output.intact());
    CHECK(input.values() == x);
    const std::vector<int8_t> expected = layer.expected(x), ours = output.values();
    for (int o = 0; o < layer.out; o++) {
        if (ours[static_cast<size_t>(o)] != expected[static_cast<size_t>(o)]) return o;
    }
    return -1;
}

/// The same with either side guarded.
int first_wrong(const platform::Platform& platform, const Int8Layer& layer,
                const std::vector<int8_t>& x) {
    const int wrong = first_wrong(platform, layer, x, Side::begin);
    return wrong >= 0 ? wrong : first_wrong(platform, layer, x, Side::end);
}

void check_layer(const platform::Platform& platform, int in, int out, Int8Choice choice,
                 Int8Numbers& numbers) {
    const Int8Layer layer = numbers.layer(in, out, choice);
    const int wrong = first_wrong(platform, layer, numbers.codes(in));
    INFO(std::string(platform.name), " in ", in, " out ", out, " per output ", choice.per_output,
         " max shift ", choice.max_shift);
    CHECK(wrong == -1);
}

/// Runs the layer on rows of inputs, `stride` apart; whether a byte is wrong, or one that is none
/// of its own has changed.
bool rows_wrong(const platform::Platform& platform, const Int8Layer& layer, int rows, int stride,
                const std::vector<int8_t>& x, Side guarded) {
    PackedInt8Layer packed(layer, platform.kernels->int8_packing, guarded);
    Guarded<int8_t> input(x, guarded);
    Guarded<int8_t> output(std::vector<int8_t>(static_cast<size_t>(rows * layer.out)), guarded);
    Scratch scratch(kRowsConverted * layer.in);
    platform.kernels->dense_rows_int8(rows, layer.in, layer.out, packed.weights.data(), packed.rule,
                                      input.data(), stride, output.data(), scratch.data());
    std::vector<int8_t> expected;
    for (int row = 0; row < rows; row++) {
        const auto first = x.begin() + row * stride;
        const std::vector<int8_t> codes = layer.expected({first, first + layer.in});
        expected.insert(expected.end(), codes.begin(), codes.end());
    }
    return output.values() != expected || input.values() != x || !packed.intact() ||
           !input.intact() || !output.intact();
}

/// The same for a layer of `out` channels with `in` taps each, x[in][out].
bool depthwise_wrong(const platform::Platform& platform, const Int8Layer& layer,
                     const std::vector<int8_t>& x, Side guarded) {
    const size_t taps = static_cast<size_t>(layer.in), channels = static_cast<size_t>(layer.out);
    std::vector<int8_t> by_tap(layer.weights.size()), expected;
    for (size_t c = 0; c < channels; c++) {
        std::vector<int8_t> codes;
        for (size_t t = 0; t < taps; t++) {
            by_tap[t * channels + c] = layer.weights[c * taps + t];
            codes.push_back(x[t * channels + c]);
        }
        expected.push_back(layer.expected_at(static_cast<int>(c), codes));
    }
    PackedInt8Layer plain(layer, Packing::canonical, guarded);
    Guarded<int8_t> weights(by_tap, guarded), output(std::vector<int8_t>(channels), guarded);
    std::deque<Guarded<int8_t>> inputs;
    std::vector<const int8_t*> places;
    for (auto at = x.begin(); places.size() < taps; at += layer.out) {
        inputs.emplace_back(std::vector<int8_t>(at, at + layer.out), guarded);
        places.push_back(inputs.back().data());
    }
    platform.kernels->depthwise_int8(layer.in, layer.out, weights.data(), plain.rule, places.data(),
                                     output.data());
    bool wrong = output.values() != expected || weights.values() != by_tap || !weights.intact() ||
                 !plain.intact() || !output.intact();
    for (const Guarded<int8_t>& input : inputs) wrong = wrong || !input.intact();
    return wrong;
}

#if defined(NUTSHELL_TEST_EMULATED) || defined(NUTSHELL_TEST_SANITIZED)
constexpr int kRandomLayers = 100;
#else
constexpr int kRandomLayers = 1500;
#endif

}  // namespace

TEST_CASE("dense_int8 gives the oracle's bytes at all small sizes, and touches nothing else") {
    for_each_platform([](const platform::Platform& platform) {
        Int8Numbers numbers(1);
        for (int in = 0; in <= 35; in++) {
            for (int out = 0; out <= 19; out++) {
                check_layer(platform, in, out, {(in + out) % 2 == 0, false, -4}, numbers);
            }
        }
    });
}

TEST_CASE("dense_int8 gives the oracle's bytes for every rest of inputs and of outputs by 64") {
    for_each_platform([](const platform::Platform& platform) {
        Int8Numbers numbers(6);
        for (int n = 36; n <= 132; n++) {
            check_layer(platform, n, 1 + n * 7 % 17, {n % 3 == 0, false, -6}, numbers);
            check_layer(platform, 1 + n * 5 % 24, n, {n % 3 != 0, false, -5}, numbers);
        }
    });
}

TEST_CASE("dense_int8 gives the oracle's bytes for random shapes up to 1030") {
    for_each_platform([](const platform::Platform& platform) {
        Int8Numbers numbers(2);
        for (int i = 0; i < kRandomLayers; i++) {
            const int wide = numbers.between(1, 1030), narrow = numbers.between(1, 40);
            const bool tall = numbers.between(0, 1) == 0;
            const Int8Choice choice{numbers.between(0, 1) == 0, numbers.between(0, 3) == 0,
                                    numbers.between(-9, -1)};
            check_layer(platform, tall ? wide : narrow, tall ? narrow : wide, choice, numbers);
        }
    });
}

TEST_CASE(
    "dense_rows_int8 gives the oracle's bytes for each row: all small sizes, strides, shifts") {
    for_each_platform([](const platform::Platform& platform) {
        Int8Numbers numbers(7);
        int wrong = 0;
        for (int in = 0; in <= 27; in++) {
            for (int out = 0; out <= 17; out++) {
                const Int8Choice choice{(in + out) % 2 == 0, in % 5 == 0,
                                        out % 4 == 3 ? 1 : -3 - in / 9};
                const Int8Layer layer = numbers.layer(in, out, choice);
                for (const int rows : {numbers.between(0, 3), numbers.between(4, 19)}) {
                    const int stride = numbers.between(0, in + 3);
                    const int codes = rows > 0 ? (rows - 1) * stride + in : 0;
                    const std::vector<int8_t> x = numbers.codes(codes);
                    wrong += rows_wrong(platform, layer, rows, stride, x, Side::begin);
                    wrong += rows_wrong(platform, layer, rows, stride, x, Side::end);
                }
            }
        }
        INFO(std::string(platform.name));
        CHECK(wrong == 0);
    });
}

TEST_CASE("dense_rows_int8 gives the oracle's bytes for random layers of the widths of patches") {
    for_each_platform([](const platform::Platform& platform) {
        Int8Numbers numbers(8);
        int wrong = 0;
        for (int i = 0; i < kRandomLayers / 10; i++) {
            const int in = numbers.between(28, 400), out = numbers.between(1, 70);
            const int rows = numbers.between(1, 20), stride = numbers.between(1, in + 9);
            const Int8Layer layer = numbers.layer(
                in, out, {i % 2 == 0, numbers.between(0, 3) == 0, numbers.between(-9, -1)});
            const std::vector<int8_t> x = numbers.codes((rows - 1) * stride + in);
            wrong += rows_wrong(platform, layer, rows, stride, x, Side::end);
        }
        for (const int in : {63, 64, 65, 71, 72, 127, 128, 129, 144, 1023, 1024, 1025}) {
            for (int out = 1; out <= 4; out++) {  // few outputs of many inputs
                const Int8Layer layer =
                    numbers.layer(in, out, {out % 2 == 0, in % 3 == 0, -9 + in % 5});
                const std::vector<int8_t> x = numbers.codes(17 * in);
                for (const int rows : {1, 7, 8, 17}) {
                    wrong += rows_wrong(platform, layer, rows, in, x, Side::begin);
                    wrong += rows_wrong(platform, layer, rows, in, x, Side::end);
                }
            }
        }
        INFO(std::string(platform.name));
        CHECK(wrong == 0);
    });
}

TEST_CASE("depthwise_int8 gives the oracle's bytes for each channel, each tap's codes elsewhere") {
    for_each_platform([](const platform::Platform& platform) {
        Int8Numbers numbers(9);
        int wrong = 0;
        for (int channels = 0; channels <= 67; channels++) {
            for (const int taps : {0, 1, 2, numbers.between(3, 25)}) {
                const int max_shift = channels % 7 == 3 ? 1 : -3;
                const Int8Layer layer =
                    numbers.layer(taps, channels, {channels % 2 == 0, taps == 2, max_shift});
                const std::vector<int8_t> x = numbers.codes(taps * channels);
                wrong += depthwise_wrong(platform, layer, x, Side::begin);
                wrong += depthwise_wrong(platform, layer, x, Side::end);
            }
        }
        INFO(std::string(platform.name));
        CHECK(wrong == 0);
    });
}

TEST_CASE("dense_int8 shifts sums to the left, to the right and by nothing as the oracle does") {
    for_each_platform([](const platform::Platform& platform) {
        Int8Numbers numbers(3);
        for (int max_shift = -27; max_shift <= 10; max_shift++) {
            for (const bool per_output : {false, true}) {
                for (const int out : {1, 8, 21}) {
                    check_layer(platform, 5, out, {per_output, false, max_shift}, numbers);
                }
            }
        }
    });
}

TEST_CASE("dense_int8 sums extreme weights and inputs without losing a bit") {
    for_each_platform([](const platform::Platform& platform) {
        for (const int weight : {-127, 127}) {
            for (const int code : {-128, 127}) {
                const int in = 1030, out = 9;
                Int8Numbers numbers(4);
                Int8Layer layer = numbers.layer(in, out, {false, false, -10});
                std::fill(layer.weights.begin(), layer.weights.end(), static_cast<int8_t>(weight));
                layer.multiplier = {INT32_MAX};
                layer.shift = {-17};
                layer.low = -128;
                const std::vector<int8_t> x(static_cast<size_t>(in), static_cast<int8_t>(code));
                INFO(std::string(platform.name), " weight ", weight, " input ", code);
                CHECK(first_wrong(platform, layer, x) == -1);
            }
        }
    });
}

TEST_CASE("dense_int8 rounds every tie as the oracle does") {
    for_each_platform([](const platform::Platform& platform) {
        // The sum is the bias: all values around ties of both roundings.
        for (const int shift : {-1, -2, -3, -7, -8, -15, -30, -31, 0, 1, 3}) {
            Int8Layer layer{0, 0, {}, {}, {1 << 30}, {static_cast<int8_t>(shift)}, 0, -128, 127};
            const int64_t unit = shift < 0 ? int64_t{1} << (-shift) : 1;
            for (int half = -9; half <= 9; half++) {
                for (int off = -2; off <= 2; off++) {
                    const int64_t sum = half * unit + off;
                    if (sum > -kMaxSum / 8 && sum < kMaxSum / 8) {
                        layer.bias.push_back(static_cast<int32_t>(sum));
                    }
                }
            }
            layer.out = static_cast<int>(layer.bias.size());
            INFO(std::string(platform.name), " shift ", shift);
            CHECK(first_wrong(platform, layer, {}) == -1);
        }
    });
}

TEST_CASE("look_up replaces each code by the entry of its byte") {
    std::vector<int8_t> table(256), codes(256), expected(256);
    for (int i = 0; i < 256; i++) {
        table[static_cast<size_t>(i)] = static_cast<int8_t>(i * 37 + 11);
        codes[static_cast<size_t>(i)] = static_cast<int8_t>(255 - i);
    }
    for_each_platform([&](const platform::Platform& platform) {
        for (int n = 0; n <= 256; n++) {
            const std::vector<int8_t> some(codes.begin(), codes.begin() + n);
            for (const Side guarded : {Side::begin, Side::end}) {
                Guarded<int8_t> x(some, guarded), entries(table, guarded);
                platform.kernels->look_up(n, entries.data(), x.data());
                bool right = x.intact() && entries.intact();
                const std::vector<int8_t> ours = x.values();
                for (size_t i = 0; i < ours.size(); i++) {
                    right = right && ours[i] == table[static_cast<uint8_t>(some[i])];
                }
                INFO(std::string(platform.name), " n ", n);
                CHECK(right);
            }
        }
    });
}

TEST_CASE("the one rounding rule is gemmlowp's for every kind of sum and scale") {
    Int8Numbers numbers(5);
    for (int i = 0; i < 200000; i++) {
        const int shift = numbers.between(kMinShift, 8);
        const int bits = numbers.between(1, shift > 0 ? 29 - shift : 29);
        const int32_t sum = numbers.between(-(1 << 15), 1 << 15) * (1 << 14) >> (30 - bits);
        const int32_t multiplier = (1 << 30) + numbers.between(0, (1 << 20) - 1) * 1023;
        const int32_t ours = multiply(sum, {multiplier, static_cast<int8_t>(shift)});
        REQUIRE(ours == oracle_multiply(sum, multiplier, shift));
    }
}
