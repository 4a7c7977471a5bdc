// SPDX-License-Identifier: MIT
// .tflite in and out: what is written, an interpreter of the tests' own runs to the same bytes, and
// what is read back is the same model to the bit. The published models are in published_test.cpp.
#include "command.hpp"
#include "int8_fixture.hpp"
#include "int8_graph_fixture.hpp"
#include "tflite_interpreter.hpp"
#include "tools/data/bytes.hpp"
#include "tools/formats/formats.hpp"

using namespace nutshell;
using namespace nutshell::tests;
using tools::Graph;
using tools::Int8Graph;

namespace {

/// Without the library nothing here can be tested.
bool built() {
    if (tools::kTfliteFormat.lacks.empty()) return true;
    MESSAGE("skipped: this build lacks " << tools::kTfliteFormat.lacks);
    return false;
}

Row dense(int in, int out, Activation activation, float slope = 0) {
    return {Kind::dense, activation, flat(in), flat(out), slope};
}

/// Every activation, wide to narrow and narrow to wide.
Graph float_graph() {
    Graph graph({dense(21, 13, Activation::relu), dense(13, 5, Activation::linear),
                 dense(5, 8, Activation::leaky_relu, 0.3f), dense(8, 17, Activation::tanh),
                 dense(17, 21, Activation::sigmoid)},
                2);
    graph.initialize(3, Initializer::glorot_uniform);
    for (size_t layer = 0; layer < graph.rows().size(); layer++) {
        float* bias = graph.parameters().data() + graph.spots()[layer].bias;
        for (int o = 0; o < graph.rows()[layer].out.size(); o++)
            bias[o] = 0.01f * static_cast<float>(o - 3);
    }
    return graph;
}

/// The same with other meanings of the codes, so that no zero point is special.
Int8Graph int8_graph(bool per_output, int weight_bits, Activation last = Activation::leaky_relu) {
    const float slope = last == Activation::leaky_relu ? 0.3f : 0.0f;
    Graph graph({dense(21, 13, Activation::relu), dense(13, 5, Activation::linear),
                 dense(5, 21, last, slope)},
                2);
    graph.initialize(7, Initializer::glorot_uniform);
    const Quantization a{0.011f, -7}, b{0.023f, 5}, c{0.031f, -40}, d{0.017f, 12};
    const LayerQuantization meanings[] = {
        {a, b, b}, {b, c, c}, {c, d, needs_table(last) ? Quantization{0.013f, -9} : d}};
    std::vector<tools::Int8Layer> layers;
    for (size_t i = 0; i < 3; i++) {
        const Row& row = graph.rows()[i];
        layers.push_back(tools::Int8Layer::of(row, meanings[i], per_output));
        layers.back().weight_bits = weight_bits;
        REQUIRE(quantize_layer(row, graph.tensors(static_cast<int>(i)), meanings[i],
                               {weight_bits == 8 ? 127 : 7, per_output, nullptr},
                               layers.back().arrays()) == Status::ok);
    }
    Int8Graph result(graph.rows(), graph.code_layer(), std::move(layers));
    result.parent_id = 0xabcdu;
    return result;
}

template <class AnyKind>
const AnyKind& kept(const tools::Imported& imported) {
    REQUIRE(std::holds_alternative<AnyKind>(imported.graph));
    return std::get<AnyKind>(imported.graph);
}

std::vector<uint8_t> nut_bytes(const Graph& graph) {
    size_t size = 0;
    const tools::AlignedFloats floats = tools::to_file_bytes(graph, size);
    const auto* begin = reinterpret_cast<const uint8_t*>(floats.data());
    return {begin, begin + size};
}

std::vector<uint8_t> file_of(const tools::AnyGraph& graph) {
    const TemporaryFolder folder;
    tools::Export model{graph, {}, {}, 0, tools::Part::whole, ""};
    tools::kTfliteFormat.write(model, folder.path("x.tflite"));
    return tools::read_file(folder.path("x.tflite"));
}

tools::Imported back(const std::vector<uint8_t>& bytes) {
    const TemporaryFolder folder;
    return tools::import_model(folder.file("x.tflite", {bytes.begin(), bytes.end()}), "", {});
}

}  // namespace

TEST_CASE("a float model written and read back has the same bits, and its own code") {
    if (!built()) return;
    const Graph graph = float_graph();
    const std::vector<uint8_t> bytes = file_of(graph);
    const tools::Imported imported = back(bytes);
    const Graph& same = kept<Graph>(imported);
    CHECK(nut_bytes(same) == nut_bytes(graph));
    CHECK(imported.code_from == "as the file says");
    CHECK(imported.producer == "Nutshell");
    CHECK(imported.origin[2] ==
          "FULLY_CONNECTED 'layer_3' (operator 2), LEAKY_RELU 'layer_3/activation' (operator 3)");
    const TfliteInterpreter interpreter(bytes);
    const std::vector<double> x(21, 0.37);
    const std::vector<float> floats(21, 0.37f);
    std::vector<float> y(21);
    graph.run(graph.range(tools::Part::whole), floats.data(), 1, y.data());
    const std::vector<double> expected = interpreter.run(x);
    REQUIRE(expected.size() == 21);
    for (size_t i = 0; i < 21; i++) CHECK(std::abs(double{y[i]} - expected[i]) < 1e-6);
}

TEST_CASE(
    "an int8 model written gives its own bytes in an independent interpreter, and comes back") {
    if (!built()) return;
    for (const bool per_output : {true, false}) {
        for (const int bits : {8, 4}) {
            for (const Activation last : {Activation::relu, Activation::leaky_relu}) {
                const Int8Graph graph = int8_graph(per_output, bits, last);
                const std::vector<uint8_t> bytes = file_of(graph);
                const tools::Imported imported = back(bytes);
                CHECK(kept<Int8Graph>(imported).file_bytes(Packing::canonical) ==
                      graph.file_bytes(Packing::canonical));
                const TfliteInterpreter interpreter(bytes);
                int wrong = 0;
                for (uint32_t row = 0; row < 200; row++) {
                    const std::vector<int8_t> x = Int8Numbers(row).codes(21);
                    std::vector<int8_t> y(21);
                    graph.run(graph.range(tools::Part::whole), x.data(), 1, y.data());
                    const std::vector<double> codes = interpreter.run({x.begin(), x.end()});
                    wrong += codes != std::vector<double>(y.begin(), y.end());
                }
                INFO(per_output, " ", bits);
                CHECK(wrong == 0);
            }
        }
    }
}

TEST_CASE("sigmoid and tanh of codes are operators of their own, and come back") {
    if (!built()) return;
    for (const bool per_output : {true, false}) {
        const Int8Graph graph = small_graph(per_output);
        const std::vector<uint8_t> bytes = file_of(graph);
        CHECK(kept<Int8Graph>(back(bytes)).file_bytes(Packing::canonical) ==
              graph.file_bytes(Packing::canonical));
        const TfliteInterpreter interpreter(bytes);
        const std::vector<int8_t> x = Int8Numbers(2).codes(21);
        std::vector<int8_t> y(21);
        graph.run(graph.range(tools::Part::whole), x.data(), 1, y.data());
        const std::vector<double> codes = interpreter.run({x.begin(), x.end()});
        for (size_t i = 0; i < 21; i++) CHECK(std::abs(codes[i] - y[i]) <= 2);
    }
}

TEST_CASE("an encoder alone keeps the whole's identity on its way through .tflite") {
    if (!built()) return;
    const Int8Graph half = int8_graph(true, 8).extract(tools::Part::encoder);
    const tools::Imported imported = back(file_of(half));
    CHECK(kept<Int8Graph>(imported).model_id == half.model_id);
    CHECK(kept<Int8Graph>(imported).code_layer() == 2);
    CHECK(kept<Int8Graph>(imported).file_bytes(Packing::canonical) ==
          half.file_bytes(Packing::canonical));
}

TEST_CASE("codes that TensorFlow Lite cannot have are refused on the way out") {
    if (!built()) return;
    CHECK_THROWS_WITH_AS(file_of(small_graph(true, true)),
                         doctest::Contains("(dense): its codes have fewer than 8 bits"),
                         tools::Error);
    tools::Int8Graph graph = small_graph(true);
    std::vector<tools::Int8Layer> layers = graph.layers();
    layers[3].table[17] = static_cast<int8_t>(layers[3].table[17] ^ 1);
    const Int8Graph odd(graph.rows(), graph.code_layer(), layers);
    CHECK_THROWS_WITH_AS(file_of(odd),
                         doctest::Contains("layer 4 (dense): its activation is a table"),
                         tools::Error);
}
