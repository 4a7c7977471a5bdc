// SPDX-License-Identifier: MIT
// Models of images as .tflite: an interpreter of the tests' own runs them, int8 to the bit, and
// what is read back is the same model to the bit; what TensorFlow Lite cannot express is refused.
#include "image_models.hpp"
#include "import_fixture.hpp"
#include "tflite_images.hpp"
#include "tools/formats/export_layer.hpp"
#include "tools/formats/tflite_file.hpp"
#include "tools/model/folding.hpp"

using namespace nutshell;
using namespace nutshell::tests;
using tools::Graph;
using tools::Int8Graph;
using tools::Part;

namespace {

void check_floats(const Graph& graph, const std::vector<uint8_t>& bytes, double tolerance) {
    const TfliteImages interpreter(bytes);
    const auto range = graph.range(Part::whole);
    for (int row = 0; row < 3; row++) {
        const auto x = image_rows(1, graph.input_size(range));
        std::vector<float> y(static_cast<size_t>(graph.output_size(range)));
        graph.run(range, x.data(), 1, y.data());
        const std::vector<double> expected = interpreter.run({x.begin(), x.end()});
        REQUIRE(expected.size() == y.size());
        double most = 0;
        for (size_t i = 0; i < y.size(); i++) {
            most = std::max(most, std::abs(static_cast<double>(y[i]) - expected[i]));
        }
        CHECK(most < tolerance);
    }
}

}  // namespace

TEST_CASE(
    "float models of images give their outputs in the interpreter, and come back to the bit") {
    require_built(tools::kTfliteFormat);
    for (const char* layers : kImageModels) {
        INFO(layers);
        const Graph graph = image_model(layers);
        for (const Part part : {Part::whole, Part::encoder, Part::decoder}) {
            const Graph from = graph.extract(part);
            const std::vector<uint8_t> bytes = tools::tflite_bytes(from);
            // Values of some units, sums of at most 144 products in float32.
            check_floats(from, bytes, 2e-5);
            const auto back = tools::read_tflite(bytes, {});
            CHECK(same_model(std::get<Graph>(back.graph), from));
            CHECK(back.code_from == "as the file says");
        }
    }
}

TEST_CASE("int8 models of images give their bytes in the interpreter, and come back to the bit") {
    require_built(tools::kTfliteFormat);
    for (const char* layers : kImageModels) {
        for (const bool per_output : {true, false}) {
            INFO(layers, " ", per_output);
            const Int8Graph graph = int8_image_model(image_model(layers), per_output);
            const std::vector<uint8_t> bytes = tools::tflite_bytes(graph);
            const TfliteImages interpreter(bytes);
            int wrong = 0;
            for (int row = 0; row < 5; row++) {
                std::vector<int8_t> x, y(144);
                for (const float value : image_rows(144, 5)) {
                    x.push_back(static_cast<int8_t>(std::lround(value * 255) - 128));
                }
                x = {x.begin() + row * 144, x.begin() + (row + 1) * 144};
                graph.run(graph.range(Part::whole), x.data(), 1, y.data());
                wrong +=
                    interpreter.run({x.begin(), x.end()}) != std::vector<double>(y.begin(), y.end())
                        ? 1
                        : 0;
            }
            CHECK(wrong == 0);
            const auto back = tools::read_tflite(bytes, {});
            CHECK(std::get<Int8Graph>(back.graph).file_bytes(Packing::canonical) ==
                  graph.file_bytes(Packing::canonical));
        }
    }
}

TEST_CASE("normalization is folded into the layer in front, or becomes a factor and a term") {
    require_built(tools::kTfliteFormat);
    const Graph graph = image_model(
        "12x12x1,norm,conv4k3s2:linear,norm:relu,pool2,norm:tanh,6:linear,norm,36,6x6x1,"
        "deconv1k3:linear");
    const std::vector<uint8_t> bytes = tools::tflite_bytes(graph);
    check_floats(graph, bytes, 2e-5);
    const auto back = tools::read_tflite(bytes, {});
    const auto x = image_rows(1, 144);
    std::vector<float> y(144), z(144);
    graph.run(graph.range(Part::whole), x.data(), 1, y.data());
    const Graph& again = std::get<Graph>(back.graph);
    again.run(again.range(Part::whole), x.data(), 1, z.data());
    for (size_t i = 0; i < y.size(); i++) CHECK(std::abs(y[i] - z[i]) < 2e-5f);
}

TEST_CASE("what TensorFlow Lite has no words for is refused, naming the layer") {
    require_built(tools::kTfliteFormat);
    const auto refused = [](std::vector<Row> rows, const char* words) {
        const Graph graph(std::move(rows), 1);
        CHECK_THROWS_WITH_AS((void)tools::tflite_bytes(graph), doctest::Contains(words),
                             tools::Error);
    };
    const Row code{Kind::dense, Activation::linear, flat(36), flat(4)};
    Window window{3, 3, 2, 2, 1, 1, 1, 1, 0, 0, {0, 0}, 0};  // PyTorch's padding of 1
    const Row strided{Kind::conv2d, Activation::relu, {12, 12, 1}, {6, 6, 1}, 0.0f, window};
    refused({strided, code}, "layer 1 (conv2d): its border");
    const Row pool{Kind::max_pool2d, Activation::linear, {12, 12, 1}, {6, 6, 1}, 0.0f, window};
    refused({pool, code}, "layer 1 (max_pool2d): its border");
    window = {3, 3, 1, 1, 2, 2, 2, 2, 2, 2, {0, 0}, 0};
    const Row wide{Kind::transposed_conv2d, Activation::relu, {6, 6, 1}, {6, 6, 1}, 0.0f, window};
    refused({wide, code}, "layer 1 (transposed_conv2d): TRANSPOSE_CONV has no dilation");
    const Row noise{Kind::gaussian_noise,
                    Activation::linear,
                    flat(36),
                    flat(36),
                    0.0f,
                    GaussianNoise<36, 100>::row.window};
    refused({noise, code}, "layer 1 (gaussian_noise)");
}

TEST_CASE("a model of more than 1 GiB of weights is refused before a file of it is built") {
    const std::vector<Row> rows(17, {Kind::dense, Activation::linear, flat(4096), flat(4096)});
    CHECK_THROWS_WITH_AS(tools::require_size(rows, 4, "a .tflite file"),
                         doctest::Contains("1088 MiB; a .tflite file holds 1024"), tools::Error);
    tools::require_size(rows, 1, "a .tflite file");
}
