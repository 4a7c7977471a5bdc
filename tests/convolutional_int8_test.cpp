// SPDX-License-Identifier: MIT
// A convolutional model on its way to int8: quantized from data, through files of every packing,
// run as a graph and as a type, with weights of 8 and of 4 bits.
#include <doctest/doctest.h>

#include <cmath>

#include "int8_fixture.hpp"
#include "int8_graph_fixture.hpp"
#include "platform/bind.hpp"
#include "tools/data/dataset.hpp"
#include "tools/error.hpp"
#include "tools/model/quantization.hpp"

using namespace nutshell;
using namespace nutshell::tests;
using tools::Graph;
using tools::Int8Graph;
using tools::Part;

namespace {

using Model =
    Autoencoder<Sequential<Conv2D<12, 12, 1, 6, 3, Relu>, MaxPool2D<12, 12, 6, 2>,
                           DepthwiseConv2D<6, 6, 6, 3, Relu>, Conv2D<6, 6, 6, 4, 3, Linear, 2>,
                           AveragePool2D<3, 3, 4, 2, 1>>,
                Sequential<Upsample2D<2, 2, 4, 3>, TransposedConv2D<6, 6, 4, 5, 3, Tanh>,
                           Conv2D<12, 12, 5, 1, 3, Sigmoid>>>;

/// Smooth images: what such a model reads.
tools::Dataset smooth_images(int count) {
    tools::Dataset data{"waves", count, {12, 12, 1}, {}, {}, {}};
    for (int i = 0; i < count; i++) {
        for (int y = 0; y < 12; y++) {
            for (int x = 0; x < 12; x++) {
                const double wave = std::sin(0.3 * i + 0.5 * x) * std::cos(0.2 * i - 0.4 * y);
                data.bytes.push_back(static_cast<uint8_t>(std::lround(127.5 + 127.0 * wave)));
            }
        }
    }
    return data;
}

Graph float_graph() {
    Graph graph({Model::Chain::rows, Model::Chain::rows + Model::Chain::count}, Model::code_layer);
    graph.initialize(3, Initializer::he_uniform);
    return graph;
}

std::vector<int8_t> codes_of(const tools::Dataset& data) {
    std::vector<int8_t> codes;
    for (const uint8_t byte : data.bytes) codes.push_back(static_cast<int8_t>(byte ^ 0x80));
    return codes;
}

template <class Type>
std::vector<int8_t> run_type(const Int8Graph& graph, const std::vector<int8_t>& x) {
    const AlignedBytes bytes(graph.file_bytes(kernels::int8_packing()));
    Type model;
    REQUIRE(model.load(bytes.floats.data(), bytes.size) == Status::ok);
    typename Type::Workspace work;
    std::vector<int8_t> y(x.size());
    for (size_t at = 0; at < x.size(); at += 144) {
        REQUIRE(model.reconstruct(&x[at], &y[at], work) == Status::ok);
    }
    std::vector<int8_t> in(144), out(144);
    CHECK(model.self_test(in.data(), out.data(), work) == Status::ok);
    return y;
}

std::vector<int8_t> run_graph(const Int8Graph& graph, const std::vector<int8_t>& x) {
    std::vector<int8_t> y(x.size());
    graph.run(graph.range(Part::whole), x.data(), static_cast<int>(x.size()) / 144, y.data());
    return y;
}

}  // namespace

TEST_CASE("a convolutional model loses little in int8, layer by layer") {
    const Graph graph = float_graph();
    const tools::Dataset data = smooth_images(60);
    const Int8Graph quantized = tools::quantize(graph, data, {});
    for (const double decibels : tools::signal_to_noise(graph, quantized, data)) {
        // Codes of 8 bits that fill their range have about 40 dB; eight layers in a row add their
        // noise, and the narrowest ranges are used in part.
        CHECK(decibels > 25.0);
    }
}

TEST_CASE_TEMPLATE("a convolutional graph gives the bytes of the model type over its file", Type,
                   Int8Model<Model>, Int4Model<Model>) {
    tools::QuantizationSettings settings;
    if (std::is_same_v<Type, Int4Model<Model>>) settings.encoder_bits = settings.decoder_bits = 4;
    const tools::Dataset data = smooth_images(20);
    const Int8Graph graph = tools::quantize(float_graph(), data, settings);
    const std::vector<int8_t> x = codes_of(data), expected = run_graph(graph, x);
    CHECK(run_type<Type>(graph, x) == expected);
    int different = 0;
    for (size_t i = 144; i < expected.size(); i++) different += expected[i] != expected[i - 144];
    CHECK(different > 100);  // the model is no constant
}

TEST_CASE("files of every packing hold the same convolutional model") {
    const tools::Dataset data = smooth_images(20);
    const Int8Graph graph = tools::quantize(float_graph(), data, {});
    const std::vector<int8_t> x = codes_of(data), expected = run_graph(graph, x);
    for (int number = 0; known(static_cast<Packing>(number)); number++) {
        const AlignedBytes bytes(graph.file_bytes(static_cast<Packing>(number)));
        File file;
        REQUIRE(check(bytes.floats.data(), bytes.size, file) == Status::ok);
        const Int8Graph read(file);
        CHECK(read.model_id == graph.model_id);
        CHECK(run_graph(read, x) == expected);
    }
}

TEST_CASE("every platform gives the same bytes of a convolutional model") {
    const tools::Dataset data = smooth_images(10);
    const Int8Graph graph = tools::quantize(float_graph(), data, {});
    const std::vector<int8_t> x = codes_of(data), expected = run_graph(graph, x);
    const Kernels& before = platform::bound_kernels();
    for_each_platform([&](const platform::Platform& platform) {
        platform::bind(*platform.kernels);
        CHECK(run_type<Int8Model<Model>>(graph, x) == expected);
    });
    platform::bind(before);
}

TEST_CASE("the bits of the code hold for the layers in front of it that leave codes as they are") {
    tools::QuantizationSettings settings;
    settings.code_bits = 6;
    const Int8Graph graph = tools::quantize(float_graph(), smooth_images(20), settings);
    const Int8Graph::Range encoder = graph.range(Part::encoder);
    CHECK(graph.output(encoder).unused_bits == 2);
    std::vector<int8_t> code(static_cast<size_t>(graph.output_size(encoder)) * 20);
    graph.run(encoder, codes_of(smooth_images(20)).data(), 20, code.data());
    for (const int8_t number : code) CHECK(number <= largest_code(graph.output(encoder)));
}

TEST_CASE("a layer that leaves codes as they are must not change their meaning") {
    const Row pool = MaxPool2D<4, 4, 2, 2>::row;
    Int8Tensors tensors;
    tensors.in = tensors.sum = tensors.out = {0.5f, 3};
    CHECK(check_quantized(pool, tensors) == Status::ok);
    tensors.sum = tensors.out = {0.25f, 3};
    CHECK(check_quantized(pool, tensors) == Status::bad_quantization);
}
