// SPDX-License-Identifier: MIT
// The int8 twin of a model type: what its parts compute, what they need, and what they refuse.
#include <doctest/doctest.h>

#include "int8_model_fixture.hpp"

using namespace nutshell;
using namespace nutshell::tests;

namespace {

using Model = Int8Model<Deep>;
constexpr int kLayers = Deep::Chain::count;
using Quantized = QuantizedModel<Deep>;
using Bound = BoundModel<Deep>;

static_assert(Model::input_size == 16 && Model::output_size == 16);
static_assert(Model::fingerprint == Deep::fingerprint, "the same architecture");
static_assert(sizeof(Model::Code::data) == 5, "a code is a byte a number");
static_assert(sizeof(Int8Model<Tutorial>::Code::data) == 24);
static_assert(Int8Model<Tutorial>::Encoder::workspace_bytes == scratch_bytes(784));
static_assert(Model::workspace_bytes >= 2 * 12 && Model::workspace_bytes <= 2 * 12 + 16 + 48);

template <size_t Size>
std::vector<int8_t> list(const int8_t (&codes)[Size]) {
    return {codes, codes + Size};
}

}  // namespace

TEST_CASE("an int8 model gives the oracle's bytes, whole and in parts") {
    const Quantized quantized;
    const Bound bound(quantized);
    Model model;
    Model::Encoder encoder;
    Model::Decoder decoder;
    model.bind_layers(bound.tensors);
    encoder.bind_layers(bound.tensors);
    decoder.bind_layers(bound.tensors + Deep::code_layer);
    Int8Numbers numbers(6);
    for (int i = 0; i < 50; i++) {
        const std::vector<int8_t> x = numbers.codes(16);
        Model::Workspace work;
        Model::Encoder::Workspace encoder_work;
        Model::Decoder::Workspace decoder_work;
        Model::Code code, code_alone;
        int8_t y[16], y_alone[16], y_at_once[16];
        REQUIRE(model.encode(x.data(), code, work) == Status::ok);
        REQUIRE(model.decode(code, y, work) == Status::ok);
        REQUIRE(model.reconstruct(x.data(), y_at_once, work) == Status::ok);
        REQUIRE(encoder.encode(x.data(), code_alone, encoder_work) == Status::ok);
        REQUIRE(decoder.decode(code_alone, y_alone, decoder_work) == Status::ok);
        CHECK(list(code.data) == quantized.expected(x, 0, Deep::code_layer));
        CHECK(list(y) == quantized.expected(x, 0, kLayers));
        CHECK(list(code_alone.data) == list(code.data));
        CHECK(list(y_alone) == list(y));
        CHECK(list(y_at_once) == list(y));
    }
}

TEST_CASE("a quantized model stays near the float model that it was made from") {
    const Quantized quantized;
    const Bound bound(quantized);
    static Deep::Parameters parameters;
    initialize<Deep>(parameters, 3);
    Deep floats;
    floats.bind(parameters);
    Model model;
    model.bind_layers(bound.tensors);
    Numbers numbers(7);
    double error = 0, power = 0;
    for (int i = 0; i < 200; i++) {
        const std::vector<float> x = numbers.list(16);
        int8_t codes[16], answer[16];
        float expected[16], ours[16];
        Deep::Workspace work;
        Model::Workspace int8_work;
        quantize_values(x.data(), 16, quantized.quantization[0].in, codes);
        REQUIRE(floats.reconstruct(x.data(), expected, work) == Status::ok);
        REQUIRE(model.reconstruct(codes, answer, int8_work) == Status::ok);
        dequantize_values(answer, 16, quantized.quantization[kLayers - 1].out, ours);
        for (int j = 0; j < 16; j++) {
            const double off = static_cast<double>(ours[j]) - static_cast<double>(expected[j]);
            error += off * off;
            power += static_cast<double>(expected[j]) * static_cast<double>(expected[j]);
        }
    }
    // Six roundings to 256 codes over ranges twice as wide as needed: 30 dB below the signal is
    // what a single 6-bit rounding would leave.
    CHECK(error < 1e-3 * power);
}

TEST_CASE("an int8 model without weights, or without pointers, says so") {
    Model model;
    Model::Workspace work;
    int8_t x[16] = {}, y[16] = {};
    CHECK(model.reconstruct(x, y, work) == Status::not_loaded);
    CHECK(model.self_test(x, y, work) == Status::no_self_test);
    const Quantized quantized;
    const Bound bound(quantized);
    model.bind_layers(bound.tensors);
    CHECK(model.reconstruct(nullptr, y, work) == Status::null_argument);
    CHECK(model.self_test(x, y, work) == Status::no_self_test);
}
