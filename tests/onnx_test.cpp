// SPDX-License-Identifier: MIT
// ONNX models exported by PyTorch, and graphs in the patterns of tf2onnx and of int8 (QDQ), compute
// what PyTorch or NumPy computes in double precision; what is written comes back to the bit; what
// cannot be converted is named.
#include "image_models.hpp"
#include "int8_graph_fixture.hpp"
#include "onnx_fixture.hpp"
#include "tools/formats/onnx_model.hpp"

using namespace nutshell;
using namespace nutshell::tests;
using tools::Part;

namespace {

/// Float32 weights and sums of at most 12 products against double precision.
constexpr double kRounding = 1e-6;

/// `value`, n times.
std::string floats(int n, float value) {
    std::string raw(sizeof value, '\0');
    std::memcpy(raw.data(), &value, sizeof value);
    std::string all;
    for (int i = 0; i < n; i++) all += raw;
    return all;
}

std::string float_attribute(const std::string& name, float value) {
    return field(5, field(1, name) + '\x15' + floats(1, value));
}

}  // namespace

TEST_CASE("a PyTorch module of encoder and decoder, exported by every opset from 9 to 17") {
    require_built(tools::kOnnxFormat);
    const auto x = array("onnx/input.npy");
    for (const int opset : {9, 11, 13, 15, 17}) {
        const auto imported =
            import_data("onnx/autoencoder_opset" + std::to_string(opset) + ".onnx");
        CHECK(difference(imported, Part::whole, x, array("onnx/autoencoder_output.npy")) <
              kRounding);
        CHECK(difference(imported, Part::encoder, x, array("onnx/autoencoder_code.npy")) <
              kRounding);
        CHECK(imported.code_from.find("encoder") != std::string::npos);
        CHECK(imported.producer.find("pytorch") != std::string::npos);
    }
}

TEST_CASE("chains: nn.Sequential, two outputs, and MatMul with Add as tf2onnx writes them") {
    require_built(tools::kOnnxFormat);
    const auto x = array("onnx/input.npy");
    const auto chain = import_data("onnx/sequential.onnx");
    CHECK(difference(chain, Part::whole, x, array("onnx/sequential_output.npy")) < kRounding);
    CHECK(difference(chain, Part::encoder, x, array("onnx/sequential_code.npy")) < kRounding);
    const auto two = import_data("onnx/two_outputs.onnx");
    CHECK(two.code_from.find("'code'") != std::string::npos);
    CHECK(std::get<tools::Graph>(two.graph).code_layer() == 1);
    const auto keras = import_data("onnx/tf2onnx.onnx");
    CHECK(difference(keras, Part::whole, x, array("onnx/tf2onnx_output.npy")) < kRounding);
}

TEST_CASE("int8 graphs give the codes that their arithmetic gives") {
    require_built(tools::kOnnxFormat);
    const auto x = array("onnx/input.npy");
    for (const std::string name : {"onnx/int8_tensor", "onnx/int8_channel"}) {
        const auto imported = import_data(name + ".onnx");
        REQUIRE(std::holds_alternative<tools::Int8Graph>(imported.graph));
        // A code's value is its scale times a whole number: less than a code apart is none apart.
        CHECK(difference(imported, Part::whole, x, array(name + "_output.npy")) < 0.5 / 256);
        CHECK(difference(imported, Part::encoder, x, array(name + "_code.npy")) < 0.5 * 1.25 / 255);
    }
}

TEST_CASE("a model written as ONNX comes back to the bit, whole and in parts") {
    require_built(tools::kOnnxFormat);
    tools::Graph graph({{Kind::dense, Activation::relu, flat(12), flat(7), 0.0f},
                        {Kind::dense, Activation::tanh, flat(7), flat(9), 0.0f},
                        {Kind::dense, Activation::leaky_relu, flat(9), flat(9), 0.3f},
                        {Kind::dense, Activation::linear, flat(9), flat(3), 0.0f},
                        {Kind::dense, Activation::sigmoid, flat(3), flat(12), 0.0f}},
                       2);
    graph.initialize(5, Initializer::glorot_uniform);
    for (const Part part : {Part::whole, Part::encoder, Part::decoder}) {
        const tools::Graph from = graph.extract(part);
        const tools::Bytes bytes = tools::onnx_bytes({from, {}, from.rows(), 0, part, ""});
        const auto back = tools::lower(tools::onnx_source(tools::view(bytes), "m.onnx"), {});
        const auto& again = std::get<tools::Graph>(back.graph);
        CHECK(again.fingerprint() == from.fingerprint());
        REQUIRE(again.parameters().size() == from.parameters().size());
        CHECK(std::memcmp(again.parameters().data(), from.parameters().data(),
                          from.parameters().size() * sizeof(float)) == 0);
    }
}

TEST_CASE("an int8 model written as ONNX comes back to the bit, whole and in parts") {
    require_built(tools::kOnnxFormat);
    for (const bool per_output : {true, false}) {
        for (const Part part : {Part::whole, Part::encoder, Part::decoder}) {
            const tools::Int8Graph from = small_graph(per_output).extract(part);
            const tools::Bytes bytes = tools::onnx_bytes({from, {}, from.rows(), 0, part, ""});
            const auto back = tools::lower(tools::onnx_source(tools::view(bytes), "m.onnx"), {});
            CHECK(std::get<tools::Int8Graph>(back.graph).file_bytes(Packing::canonical) ==
                  from.file_bytes(Packing::canonical));
        }
    }
}

TEST_CASE("models of images written as ONNX come back to the bit, in floats and in int8") {
    require_built(tools::kOnnxFormat);
    const auto back = [](const tools::AnyGraph& graph) {
        const tools::Bytes bytes = tools::onnx_bytes({graph, {}, {}, 0, Part::whole, ""});
        return tools::lower(tools::onnx_source(tools::view(bytes), "m.onnx"), {});
    };
    for (const char* layers : kImageModels) {
        INFO(layers);
        const tools::Graph graph = image_model(layers);
        for (const Part part : {Part::whole, Part::encoder, Part::decoder}) {
            const tools::Graph from = graph.extract(part);
            CHECK(same_model(std::get<tools::Graph>(back(from).graph), from));
        }
        const tools::Int8Graph codes = int8_image_model(graph, true);
        CHECK(std::get<tools::Int8Graph>(back(codes).graph).file_bytes(Packing::canonical) ==
              codes.file_bytes(Packing::canonical));
    }
}

TEST_CASE("an int8 model that ONNX has no words for is refused, naming the layer") {
    require_built(tools::kOnnxFormat);
    const auto refused = [](const tools::Int8Graph& graph, const char* words) {
        CHECK_THROWS_WITH_AS((void)tools::onnx_bytes({graph, {}, graph.rows(), 0, Part::whole, ""}),
                             doctest::Contains(words), tools::Error);
    };
    const tools::Int8Graph graph = small_graph(true);
    refused(small_graph(true, true), "layer 2 (dense): its codes have fewer than 8 bits");
    std::vector<tools::Int8Layer> layers = graph.layers();
    layers[3].table[17] = static_cast<int8_t>(layers[3].table[17] ^ 1);
    refused({graph.rows(), graph.code_layer(), layers}, "layer 4 (dense): its activation is a");
}

TEST_CASE("an ONNX graph that is no chain of known layers is refused, naming the node") {
    require_built(tools::kOnnxFormat);
    const TemporaryFolder folder;
    const std::string w = tensor("w", {2, 2}, ones(4));
    const auto refused = [&](const std::vector<std::string>& nodes,
                             const std::vector<std::string>& tensors,
                             const std::vector<std::string>& words) {
        check_import_refused(folder.file("m.onnx", model(nodes, tensors)), words);
    };
    (void)tools::import_model(folder.file("m.onnx", model({node("MatMul", {"x", "w"}, "y")}, {w})),
                              "", {});
    refused({node("LSTM", {"x", "w"}, "y")}, {w}, {"LSTM 'y' (node 0)", "Gemm"});
    refused({node("MatMul", {"x", "w"}, "a"), node("Add", {"a", "x"}, "y")}, {w},
            {"Add 'y' (node 1)", "\"x\"", "branches"});
    refused({node("MatMul", {"x", "w"}, "a"), node("Mul", {"a", "a"}, "y")}, {w}, {"twice"});
    refused({node("MatMul", {"w", "x"}, "y")}, {w}, {"first input"});
    refused({node("MatMul", {"x", "w"}, "z")}, {w}, {"not its output"});
    refused({node("MatMul", {"x", "nothing"}, "y")}, {w}, {"\"nothing\""});
    refused({node("Gemm", {"x", "w"}, "y", int_attribute("transA", 1))}, {w}, {"transA"});
    refused({node("Flatten", {"x"}, "y", int_attribute("axis", 0))}, {}, {"axis"});
    refused({node("Softmax", {"x"}, "y")}, {}, {"Softmax"});
    refused({node("Gemm", {"x"}, "y")}, {}, {"input 1", "no constant"});
    refused({node("BatchNormalization", {"x", "w", "w", "w", "w"}, "y",
                  int_attribute("training_mode", 1))},
            {w}, {"training"});
    refused({node("Relu", {"x"}, "y")}, {}, {"how many values"});
    refused({field(1, "x") + field(4, "Relu")}, {}, {"no output"});
    refused({node("MatMul", {"x", "w"}, "x")}, {w}, {"not its output"});
    refused({node("MatMul", {"", "w"}, "y")}, {w}, {"not its output"});
    // A graph within the graph, and another library's operation of a name that we know.
    refused({node("If", {"x"}, "y", field(5, field(1, "then_branch") + field(6, "")))}, {}, {"If"});
    refused({node("Relu", {"x"}, "y") + field(7, "my.own")}, {}, {"my.own"});
    const std::string statistics = tensor("s", {2}, ones(2));
    const auto normalized = [&](const std::string& variance, const std::string& attributes,
                                const std::vector<std::string>& words) {
        refused({node("MatMul", {"x", "w"}, "a"),
                 node("BatchNormalization", {"a", "s", "s", "s", "v"}, "y", attributes)},
                {w, statistics, variance}, words);
    };
    normalized(tensor("v", {2}, floats(2, -1.0f)), "", {"not greater than 0"});
    normalized(tensor("v", {2}, ones(2)), float_attribute("epsilon", -1.0f),
               {"not greater than 0"});
    normalized(tensor("v", {3}, ones(3)), "", {"variance has 3 values, its mean 2"});
    refused({node("Gemm", {"x", "w"}, "y", float_attribute("alpha", INFINITY))}, {w},
            {"Gemm 'y' (node 0)", "infinity"});
}

TEST_CASE("damaged and hostile ONNX files are refused in one line") {
    require_built(tools::kOnnxFormat);
    const TemporaryFolder folder;
    const std::vector<std::string> chain{node("MatMul", {"x", "w"}, "y")};
    const auto refused = [&](const std::string& weight, const std::vector<std::string>& words) {
        check_import_refused(folder.file("m.onnx", model(chain, {weight})), words);
    };
    const uint64_t negative = ~uint64_t{0}, huge = uint64_t{1} << 40;
    const std::string elsewhere =
        field(13, field(1, "location") + field(2, "../../../etc/passwd")) + varint(14, 1);
    refused(tensor("w", {2, 2}, "", 1, elsewhere), {"\"w\"", "another file"});
    refused(tensor("w", {2, 2}, ones(4), 1, varint(14, 1)), {"another file"});
    refused(tensor("w", {huge, huge}, ones(4)), {"2^28"});
    refused(tensor("w", {negative, 2}, ones(4)), {"negative"});
    refused(tensor("w", {2, 2}, ones(3)), {"12 bytes", "[2][2]"});
    refused(tensor("w", {0, 2}, ""), {"1 to 2^20"});
    refused(tensor("w", {2, 2, 1}, ones(4)), {"two sides"});
    refused(tensor("w", std::vector<uint64_t>(9, 1), ones(1)), {"9 dimensions"});
    refused(tensor("w", {2, 2}, ones(4), 8), {"element type 8"});
    refused(tensor("w", {2, 2}, std::string("\0\0\xc0\x7f", 4) + ones(3)), {"NaN"});
    // Groups inside groups, which a field that is unknown may be.
    check_import_refused(folder.file("m.onnx", std::string(100000, '\x0b')), {"ONNX"});
    check_import_refused(folder.file("m.onnx", ""), {"ONNX"});
    check_import_refused(folder.file("m.onnx", varint(1, 7) + field(7, "")), {"no input"});
    const std::string valid = read_back(data_path("onnx/autoencoder_opset17.onnx"));
    // What follows the graph are the versions of its operators, which a chain does without.
    for (size_t size = 0; size + 32 < valid.size(); size += 13) {
        const std::string path = folder.file("cut.onnx", valid.substr(0, size));
        CHECK_THROWS_AS((void)tools::import_model(path, "", {}), tools::Error);
    }
    const std::string codes = read_back(data_path("onnx/int8_channel.onnx"));
    // The first scale of the activations, 1/255, becomes 0.
    const std::string scale("\x81\x80\x80\x3b", 4);
    check_import_refused(folder.file("m.onnx", replaced(codes, scale, std::string(4, '\0'))),
                         {"QuantizeLinear", "scale"});
    // 4 MiB of weights that 40 operations share, each of which would have a copy.
    std::vector<std::string> shared;
    for (int i = 0; i < 40; i++) {
        shared.push_back(node("MatMul", {i == 0 ? "x" : "y" + std::to_string(i - 1), "w"},
                              i == 39 ? "y" : "y" + std::to_string(i)));
    }
    const std::string large = tensor("w", {1024, 1024}, floats(1 << 20, 0.5f));
    check_import_refused(folder.file("m.onnx", model(shared, {large})), {"node 32", "128 MiB"});
}
