// SPDX-License-Identifier: MIT
// Quantizing over the float weights' own memory gives what quantizing into other memory and packing
// gives, for every packing, order of weights and activation; and touches nothing when it fails.
#include "nutshell/quantize_in_place.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "nutshell/packing.hpp"
#include "nutshell/random.hpp"

using namespace nutshell;

namespace {

constexpr Packing kPackings[] = {
#define NUTSHELL_NUMBER(name, ...) Packing::name,
    NUTSHELL_PACKINGS(NUTSHELL_NUMBER)
#undef NUTSHELL_NUMBER
};

/// Random floats of a dense layer, and room behind them.
struct Layer {
    Row row;
    std::vector<float> memory, bias;
    Layer(int in, int out, Activation activation, size_t room)
        : row{Kind::dense, activation, flat(in), flat(out), 0.0f} {
        if (activation == Activation::leaky_relu) row.slope = 0.125f;
        const size_t weights = static_cast<size_t>(in) * static_cast<size_t>(out);
        memory.resize(weights + room);
        bias.resize(static_cast<size_t>(out));
        for (size_t i = 0; i < memory.size(); i++) memory[i] = number(1, i);
        for (size_t i = 0; i < bias.size(); i++) bias[i] = number(2, i);
    }
    Tensors tensors() const { return {memory.data(), bias.data()}; }
    size_t bytes() const { return memory.size() * sizeof(float); }
    static float number(uint32_t stream, size_t i) {
        return 2.0f * uniform(random_word(7, Purpose::shuffle, stream, static_cast<uint32_t>(i))) -
               1.0f;
    }
};

struct Arrays {
    std::vector<int32_t> bias, multiplier;
    std::vector<int8_t> shift, table;
    explicit Arrays(int out)
        : bias(static_cast<size_t>(2 * round_up(out, 8)), -1),
          multiplier(static_cast<size_t>(round_up(out, 8)), -1),
          shift(static_cast<size_t>(round_up(out, 8)), -1),
          table(256) {}
    Int8Arrays over(void* weights) {
        return {static_cast<int8_t*>(weights), bias.data(), multiplier.data(), shift.data(),
                table.data()};
    }
};

LayerQuantization meaning_of(Activation activation) {
    LayerQuantization meaning{{0.01f, -3}, {0.05f, 4}, {0.05f, 4}};
    if (activation == Activation::sigmoid) meaning.out = sigmoid_output();
    if (activation == Activation::tanh) meaning.out = tanh_output();
    return meaning;
}

template <class T>
bool begins_with(const std::vector<T>& a, const std::vector<T>& b) {
    return a.size() >= b.size() && std::equal(b.begin(), b.end(), a.begin());
}

/// The same layer by quantize_layer, pack_weights and pack_bias.
void check_layer(int in, int out, Activation activation, Packing packing) {
    Layer layer(in, out, activation, 128);
    const LayerQuantization meaning = meaning_of(activation);
    const size_t channels = static_cast<size_t>(packed_outputs(packing, out));
    Arrays canonical(out);
    std::vector<int8_t> codes(static_cast<size_t>(in * out));
    REQUIRE(quantize_layer(layer.row, layer.tensors(), meaning, {}, canonical.over(codes.data())) ==
            Status::ok);
    std::vector<int8_t> weights(static_cast<size_t>(packed_weights(packing, in, out)));
    std::vector<int32_t> bias(static_cast<size_t>(packed_biases(packing, out)));
    pack_weights(packing, in, out, codes.data(), weights.data());
    pack_bias(packing, in, out, codes.data(), canonical.bias.data(), bias.data());
    canonical.multiplier.resize(static_cast<size_t>(out));
    canonical.shift.resize(static_cast<size_t>(out));
    canonical.multiplier.resize(channels);
    canonical.shift.resize(channels);

    Arrays here(out);
    REQUIRE(quantize_layer_in_place(layer.row, layer.tensors(), layer.bytes(), meaning, packing,
                                    here.over(layer.memory.data())) == Status::ok);
    const int8_t* const memory = reinterpret_cast<const int8_t*>(layer.memory.data());
    CHECK(std::equal(weights.begin(), weights.end(), memory));
    CHECK(begins_with(here.bias, bias));
    CHECK(begins_with(here.multiplier, canonical.multiplier));
    CHECK(begins_with(here.shift, canonical.shift));
    if (needs_table(activation)) CHECK(here.table == canonical.table);
}

}  // namespace

TEST_CASE("in place gives the bytes that packing what quantize_layer made gives") {
    for (const Packing packing : kPackings) {
        for (const Activation activation :
             {Activation::linear, Activation::relu, Activation::leaky_relu, Activation::sigmoid,
              Activation::tanh}) {
            CAPTURE(name_of(packing));
            for (int in = 1; in <= 19; in++) {
                for (int out = 1; out <= 19; out += 1 + in % 3) {
                    check_layer(in, out, activation, packing);
                }
            }
        }
        check_layer(100, 7, Activation::relu, packing);
        check_layer(7, 100, Activation::sigmoid, packing);
    }
}

TEST_CASE("what fails leaves the float weights as they were") {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    const auto fails = [](Layer& layer, size_t bytes, LayerQuantization meaning, Status expected) {
        const std::vector<float> before = layer.memory;
        Arrays arrays(layer.row.out.size());
        CHECK(quantize_layer_in_place(layer.row, layer.tensors(), bytes, meaning, Packing::helium,
                                      arrays.over(layer.memory.data())) == expected);
        CHECK(std::memcmp(layer.memory.data(), before.data(), bytes) == 0);
    };
    const LayerQuantization good = meaning_of(Activation::linear);
    Layer layer(4, 4, Activation::linear, 16);
    fails(layer, 4 * 4 * 4 - 1, good, Status::buffer_too_small);
    fails(layer, 16 + 64 - 1, good, Status::buffer_too_small);  // a block of Helium is 4 x 16
    fails(layer, layer.bytes(), {good.in, {1e-38f, 0}, {1e-38f, 0}}, Status::bad_quantization);
    layer.bias[3] = nan;
    fails(layer, layer.bytes(), good, Status::non_finite_weights);
    Layer wide(4, 4, Activation::sigmoid, 16);
    fails(wide, wide.bytes(), good, Status::bad_quantization);  // not a sigmoid's output
}

TEST_CASE("a model learns, is calibrated, quantized in place, and restores nearly as before") {
    using Model = Autoencoder<Sequential<Dense<20, 12, Tanh>, Dense<12, 5, LeakyRelu<>>>,
                              Sequential<Dense<5, 12, Relu>, Dense<12, 20, Sigmoid>>>;
    static Model::Parameters weights;
    static Calibration<Model> seen;
    static InPlaceInt8<Model> quantized;
    initialize<Model>(weights, 3);
    constexpr int samples = 60;
    float x[samples][20], y[samples][20];
    Model model;
    model.bind(weights);
    Model::Workspace work;
    CHECK(quantized.quantize(weights, seen, kPixels) == Status::bad_calibration);
    for (int s = 0; s < samples; s++) {
        for (int i = 0; i < 20; i++) {
            x[s][i] =
                uniform(random_word(9, Purpose::shuffle, 0, static_cast<uint32_t>(20 * s + i)));
        }
        REQUIRE(seen.observe(weights, x[s]) == Status::ok);
        REQUIRE(model.reconstruct(x[s], y[s], work) == Status::ok);
    }
    float bad[20] = {};
    bad[7] = std::numeric_limits<float>::infinity();
    CHECK(seen.observe(weights, bad) == Status::non_finite_input);
    CHECK(seen.observe(weights, nullptr) == Status::null_argument);

    Int8Model<Model>::Workspace int8_work;
    int8_t codes[20], restored[20];
    quantize_values(x[0], 20, kPixels, codes);
    CHECK(quantized.model().reconstruct(codes, restored, int8_work) == Status::not_loaded);
    REQUIRE(quantized.quantize(weights, seen, kPixels) == Status::ok);
    for (int s = 0; s < samples; s++) {
        float back[20];
        quantize_values(x[s], 20, kPixels, codes);
        REQUIRE(quantized.model().reconstruct(codes, restored, int8_work) == Status::ok);
        dequantize_values(restored, 20, sigmoid_output(), back);
        // Four layers of at most a step of rounding each, weighed by weights around one.
        for (int i = 0; i < 20; i++) CHECK(std::fabs(back[i] - y[s][i]) < 0.04f);
    }
    seen.reset();
    LayerQuantization meaning;
    CHECK(seen.meaning_of(0, kPixels, meaning) == Status::bad_calibration);
}
