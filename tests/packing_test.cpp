// SPDX-License-Identifier: MIT
// Every packing can be undone, pads with zero weights, and keeps what a kernel sums.
#include <doctest/doctest.h>

#include <set>
#include <string>

#include "int8_fixture.hpp"

using namespace nutshell;
using namespace nutshell::tests;

namespace {

constexpr Packing kPackings[] = {
#define NUTSHELL_PACKING(name, ...) Packing::name,
    NUTSHELL_PACKINGS(NUTSHELL_PACKING)
#undef NUTSHELL_PACKING
};

int stored_zero(Packing packing) {
    return rule_of(packing).weights == WeightForm::plus_128 ? -128 : 0;
}

}  // namespace

TEST_CASE("every packing is undone by its inverse, at all small sizes") {
    Int8Numbers numbers(1);
    for (const Packing packing : kPackings) {
        for (int in = 1; in <= 34; in++) {
            for (int out = 1; out <= 18; out++) {
                const Int8Layer layer = numbers.layer(in, out, {});
                PackedInt8Layer packed(layer, packing, Side::end);
                std::vector<int8_t> weights(layer.weights.size());
                std::vector<int32_t> bias(layer.bias.size());
                unpack_weights(packing, in, out, packed.weights.data(), weights.data());
                unpack_bias(packing, in, out, weights.data(), packed.bias.data(), bias.data());
                CHECK(weights == layer.weights);
                CHECK(bias == layer.bias);
                CHECK(packed.intact());
            }
        }
    }
}

TEST_CASE("a packing gives every weight a place of its own, and zeros the rest") {
    for (const Packing packing : kPackings) {
        const int in = 21, out = 13;
        std::set<int32_t> places;
        for (int o = 0; o < out; o++) {
            for (int i = 0; i < in; i++) places.insert(packed_index(packing, in, o, i));
        }
        CHECK(places.size() == static_cast<size_t>(in * out));
        CHECK(*places.rbegin() < packed_weights(packing, in, out));
        const std::vector<int8_t> ones(static_cast<size_t>(in * out), 1);
        std::vector<int8_t> packed(static_cast<size_t>(packed_weights(packing, in, out)), 99);
        pack_weights(packing, in, out, ones.data(), packed.data());
        for (int32_t place = 0; place < packed_weights(packing, in, out); place++) {
            const int expected = stored_zero(packing) + (places.count(place) > 0 ? 1 : 0);
            CHECK(packed[static_cast<size_t>(place)] == expected);
        }
    }
}

TEST_CASE("weights lie in the order that each instruction set's kernel reads") {
    std::vector<int8_t> weights(8 * 16);
    for (int o = 0; o < 8; o++) {
        for (int i = 0; i < 16; i++)
            weights[static_cast<size_t>(o * 16 + i)] = static_cast<int8_t>(o * 16 + i);
    }
    const auto first = [&](Packing packing, size_t n) {
        std::vector<int8_t> packed(static_cast<size_t>(packed_weights(packing, 16, 8)));
        pack_weights(packing, 16, 8, weights.data(), packed.data());
        return std::vector<int8_t>(packed.begin(), packed.begin() + static_cast<ptrdiff_t>(n));
    };
    CHECK(first(Packing::canonical, 5) == std::vector<int8_t>{0, 1, 2, 3, 4});
    CHECK(first(Packing::simd, 10) == std::vector<int8_t>{0, 1, 2, 3, 4, 5, 6, 7, 16, 17});
    CHECK(first(Packing::armv7m, 5) == std::vector<int8_t>{0, 16, 32, 48, 1});
    CHECK(first(Packing::armv6m, 3) == std::vector<int8_t>{-128, -112, -96});
    CHECK(first(Packing::dsp, 6) == std::vector<int8_t>{0, 1, 2, 3, 16, 17});
    CHECK(first(Packing::helium, 18)[17] == 17);
}

TEST_CASE("the bias for unsigned inputs makes up for the 128 that they are too large by") {
    const std::vector<int8_t> weights{3, -5, 127, -127};
    const std::vector<int32_t> bias{1000, -70};
    const std::vector<int8_t> x{-128, 100};
    for (const Packing packing : {Packing::simd, Packing::armv6m}) {
        std::vector<int32_t> packed(static_cast<size_t>(packed_biases(packing, 2)));
        pack_bias(packing, 2, 2, weights.data(), bias.data(), packed.data());
        const size_t at = rule_of(packing).bias == BiasForms::for_both ? 8 : 0;
        for (size_t o = 0; o < 2; o++) {
            int32_t with_signed = bias[o], with_unsigned = packed[at + o];
            for (size_t i = 0; i < 2; i++) {
                with_signed += weights[2 * o + i] * x[i];
                with_unsigned += weights[2 * o + i] * (x[i] + 128);
            }
            CHECK(with_signed == with_unsigned);
        }
    }
}
