// SPDX-License-Identifier: MIT
// dense_int4 of every platform gives the bytes that 64-bit integers give, and 4-bit weights lie
// where their packing says.
#include <doctest/doctest.h>

#include <string>

#include "int8_fixture.hpp"
#include "nutshell/packing_int4.hpp"

using namespace nutshell;
using namespace nutshell::tests;

namespace {

constexpr Packing kPackings[] = {
#define NUTSHELL_PACKING(name, ...) Packing::name,
    NUTSHELL_PACKINGS(NUTSHELL_PACKING)
#undef NUTSHELL_PACKING
};

std::vector<uint8_t> packed_int4(Packing packing, int in, int out,
                                 const std::vector<int8_t>& weights) {
    std::vector<uint8_t> packed(static_cast<size_t>(packed_int4_bytes(packing, in, out)), 0xEE);
    pack_int4(packing, in, out, weights.data(), packed.data());
    return packed;
}

Int8Layer layer_of_4_bits(int in, int out, Int8Choice choice, Int8Numbers& numbers) {
    Int8Layer layer = numbers.layer(in, out, choice);
    for (int8_t& weight : layer.weights) weight = static_cast<int8_t>(weight / 18);  // -7..7
    return layer;
}

/// The first output that is wrong, or -1.
int first_wrong(const platform::Platform& platform, const Int8Layer& layer,
                const std::vector<int8_t>& x, Side guarded) {
    const Packing packing = platform.kernels->int8_packing;
    PackedInt8Layer packed(layer, packing, guarded);  // its bias and scales
    Guarded<uint8_t> weights(packed_int4(packing, layer.in, layer.out, layer.weights), guarded);
    Guarded<int8_t> input(x, guarded);
    Guarded<int8_t> output(std::vector<int8_t>(static_cast<size_t>(layer.out)), guarded);
    Scratch scratch(layer.in);
    platform.kernels->dense_int4(layer.in, layer.out, weights.data(), packed.rule, input.data(),
                                 output.data(), scratch.data());
    CHECK(packed.intact());
    CHECK(weights.intact());
    CHECK(input.intact());
    CHECK(output.intact());
    const std::vector<int8_t> expected = layer.expected(x), ours = output.values();
    for (int o = 0; o < layer.out; o++) {
        if (ours[static_cast<size_t>(o)] != expected[static_cast<size_t>(o)]) return o;
    }
    return -1;
}

void check_layer(const platform::Platform& platform, int in, int out, Int8Choice choice,
                 Int8Numbers& numbers) {
    const Int8Layer layer = layer_of_4_bits(in, out, choice, numbers);
    const std::vector<int8_t> x = numbers.codes(in);
    INFO(std::string(platform.name), " in ", in, " out ", out, " per output ", choice.per_output);
    CHECK(first_wrong(platform, layer, x, Side::begin) == -1);
    CHECK(first_wrong(platform, layer, x, Side::end) == -1);
}

}  // namespace

TEST_CASE("dense_int4 gives the oracle's bytes at all small sizes, and touches nothing else") {
    for_each_platform([](const platform::Platform& platform) {
        Int8Numbers numbers(1);
        for (int in = 0; in <= 35; in++) {
            for (int out = 0; out <= 19; out++) {
                check_layer(platform, in, out, {(in + out) % 2 == 0, false, -1}, numbers);
            }
        }
    });
}

TEST_CASE("dense_int4 gives the oracle's bytes for every rest of inputs and of outputs by 64") {
    for_each_platform([](const platform::Platform& platform) {
        Int8Numbers numbers(2);
        for (int n = 36; n <= 132; n++) {
            check_layer(platform, n, 1 + n * 7 % 17, {n % 3 == 0, n % 5 == 0, -2}, numbers);
            check_layer(platform, 1 + n * 5 % 24, n, {n % 3 != 0, n % 5 == 0, 3}, numbers);
        }
    });
}

TEST_CASE("dense_int4 sums extreme weights of very many inputs without losing a bit") {
    for_each_platform([](const platform::Platform& platform) {
        for (const int in : {1030, 65536, 65537}) {
            for (const int weight : {-7, 7}) {
                for (const int code : {-128, 127}) {
                    const std::vector<int8_t> weights(static_cast<size_t>(in),
                                                      static_cast<int8_t>(weight));
                    const Int8Layer layer{in,    1, weights, {12345}, {INT32_MAX},
                                          {-20}, 3, -128,    127};
                    const std::vector<int8_t> x(static_cast<size_t>(in), static_cast<int8_t>(code));
                    INFO(std::string(platform.name), " in ", in, " weight ", weight, " x ", code);
                    CHECK(first_wrong(platform, layer, x, Side::end) == -1);
                }
            }
        }
    });
}

TEST_CASE("4-bit weights of every packing are undone by their inverse, at all small sizes") {
    Int8Numbers numbers(3);
    for (const Packing packing : kPackings) {
        for (int in = 1; in <= 34; in++) {
            for (int out = 1; out <= 18; out++) {
                const Int8Layer layer = layer_of_4_bits(in, out, {}, numbers);
                const std::vector<uint8_t> packed = packed_int4(packing, in, out, layer.weights);
                std::vector<int8_t> weights(layer.weights.size());
                unpack_int4(packing, in, out, packed.data(), weights.data());
                CHECK(weights == layer.weights);
            }
        }
    }
}

TEST_CASE("4-bit weights share bytes as the packing says, and padding weighs nothing") {
    // Three inputs, so that canonical rows end with half a byte.
    const std::vector<int8_t> two_rows{1, -2, 3, -4, 5, -6};
    CHECK(packed_int4(Packing::canonical, 3, 2, two_rows) ==
          std::vector<uint8_t>{0xE1, 0x03, 0x5C, 0x0A});
    // A block of 4 outputs x 1 input: outputs 0 and 2 share a byte, then 1 and 3.
    CHECK(packed_int4(Packing::armv7m, 1, 3, {1, -2, 3}) == std::vector<uint8_t>{0x31, 0x0E});
    CHECK(packed_int4(Packing::armv6m, 1, 3, {1, -2, 3}) == std::vector<uint8_t>{0xB9, 0x86});
    // 8 outputs x 8 inputs: outputs 0 to 3 in the lower halves, 4 to 7 in the upper ones.
    std::vector<int8_t> column(8);
    for (size_t o = 0; o < 8; o++) column[o] = static_cast<int8_t>(o);
    const std::vector<uint8_t> simd = packed_int4(Packing::simd, 1, 8, column);
    for (size_t byte = 0; byte < 32; byte++) {
        const size_t row = byte / 8;
        CHECK(simd[byte] == (byte % 8 == 0 ? row | (row + 4) << 4 : 0));
    }
}
