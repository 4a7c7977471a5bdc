// SPDX-License-Identifier: MIT
// Convolutional PyTorch models, exported with opsets 9 to 17, compute what PyTorch computes in
// double precision, images with their channels last; what cannot be converted is named.
#include "onnx_fixture.hpp"
#include "tools/formats/onnx_model.hpp"

using namespace nutshell;
using namespace nutshell::tests;
using tools::Part;

namespace {

/// Float32 weights and sums of at most 40 products against double precision.
constexpr double kRounding = 1e-6;

void check_model(const std::string& name, const std::vector<int>& opsets) {
    require_built(tools::kOnnxFormat);
    const std::string base = "onnx/" + name;
    for (const int opset : opsets) {
        INFO(name, " ", opset);
        const auto imported = import_data(base + "_opset" + std::to_string(opset) + ".onnx");
        const auto x = array(base + "_input.npy");
        CHECK(difference(imported, Part::whole, x, array(base + "_output.npy")) < kRounding);
        CHECK(difference(imported, Part::encoder, x, array(base + "_code.npy")) < kRounding);
        CHECK(imported.code_from == "the output of the sub-model 'encoder'");
    }
}

/// The outputs of a model for 0, 1, 2, ... in the file's order of an image of 2 channels, 3 x 3
/// pixels.
std::vector<float> outputs(const std::string& file) {
    const tools::ByteView bytes{reinterpret_cast<const uint8_t*>(file.data()), file.size()};
    const auto imported = tools::lower(tools::onnx_source(bytes, "m.onnx"), {});
    const auto& graph = std::get<tools::Graph>(imported.graph);
    std::vector<float> x, y(static_cast<size_t>(graph.output_size(graph.range(Part::whole))));
    for (int pixel = 0; pixel < 9; pixel++) {
        for (int channel = 0; channel < 2; channel++) {
            x.push_back(static_cast<float>(channel * 9 + pixel));
        }
    }
    graph.run(graph.range(Part::whole), x.data(), 1, y.data());
    return y;
}

}  // namespace

TEST_CASE("pictures: a code that is a vector, batch normalization, groups, pools of every kind") {
    check_model("pictures", {9, 11, 17});
    const auto imported = import_data("onnx/pictures_opset17.onnx");
    const auto& rows = std::get<tools::Graph>(imported.graph).rows();
    // Channels come last within the layers: no layer moves values, but for the one Reshape.
    CHECK(rows.front().in == Shape{12, 8, 2});
    CHECK(std::count_if(rows.begin(), rows.end(),
                        [](const Row& row) { return row.kind == Kind::reshape; }) == 1);
}

TEST_CASE("a code that is an image, and bilinear upsampling") {
    check_model("bilinear", {11, 17});
    const auto imported = import_data("onnx/bilinear_opset11.onnx");
    std::string notes;
    for (const std::string& note : imported.notes) notes += note + "\n";
    CHECK(notes.find("input's images are channels last") != std::string::npos);
    CHECK(notes.find("output's values come channels last") != std::string::npos);
}

TEST_CASE("signals") { check_model("signals", {9, 17}); }

TEST_CASE("transposes in front of and behind convolutions cancel") {
    check_model("channels_last", {9, 17});
    const auto imported = import_data("onnx/channels_last_opset9.onnx");
    CHECK(std::get<tools::Graph>(imported.graph).layer_count() == 5);
}

TEST_CASE("automatic padding, averages that count zeros, and the whole image") {
    require_built(tools::kOnnxFormat);
    const std::vector<uint64_t> sides{2, 3, 3};
    // Behind a convolution that changes nothing: a model has weights.
    const std::string first = node("Conv", {"x", "w"}, "c", int_attribute("group", 2));
    const auto of = [&](const std::string& one) {
        return outputs(model({first, one}, {tensor("w", {2, 1, 1, 1}, ones(2))}, sides));
    };
    const std::string two = ints_attribute("kernel_shape", {2, 2});
    using Values = std::vector<float>;
    // Pixels 0..8 in a channel, 9 more in the other.
    CHECK(of(node("MaxPool", {"c"}, "y", two + text_attribute("auto_pad", "SAME_UPPER"))) ==
          Values{4, 13, 5, 14, 5, 14, 7, 16, 8, 17, 8, 17, 7, 16, 8, 17, 8, 17});
    CHECK(of(node("MaxPool", {"c"}, "y", two + text_attribute("auto_pad", "SAME_LOWER"))) ==
          Values{0, 9, 1, 10, 2, 11, 3, 12, 4, 13, 5, 14, 6, 15, 7, 16, 8, 17});
    CHECK(of(node("GlobalAveragePool", {"c"}, "y")) == Values{4, 13});
    CHECK(of(node("GlobalMaxPool", {"c"}, "y")) == Values{8, 17});
    const std::string corner =
        two + ints_attribute("strides", {3, 3}) + ints_attribute("pads", {1, 1, 0, 0});
    CHECK(of(node("AveragePool", {"c"}, "y", corner)) == Values{0, 9});
    CHECK(of(node("AveragePool", {"c"}, "y", corner + int_attribute("count_include_pad", 1))) ==
          Values{0, 2.25f});
    const std::string up = two + ints_attribute("strides", {2, 2}) + int_attribute("ceil_mode", 1);
    CHECK(of(node("MaxPool", {"c"}, "y", up)) == Values{4, 13, 5, 14, 7, 16, 8, 17});
}

TEST_CASE("operations on images that no layer has are refused, naming them and what can be") {
    require_built(tools::kOnnxFormat);
    const TemporaryFolder folder;
    const uint64_t negative = ~uint64_t{0}, huge = uint64_t{1} << 62;
    const std::string w = tensor("w", {3, 2, 3, 3}, ones(54));
    const std::vector<uint64_t> sides{2, 6, 6};
    const auto refused = [&](const std::string& attributes, const std::vector<std::string>& words,
                             const std::string& kind = "Conv") {
        check_import_refused(
            folder.file("m.onnx", model({node(kind, {"x", "w"}, "y", attributes)}, {w}, sides)),
            words);
    };
    refused(ints_attribute("kernel_shape", {3, 2}), {"Conv 'y' (node 0)", "kernel_shape"});
    refused(ints_attribute("kernel_shape", {3}), {"1 numbers, not 2"});
    refused(ints_attribute("strides", {0, 1}), {"stride along the height of 0"});
    refused(ints_attribute("strides", {1, huge}), {"stride along the width"});
    refused(ints_attribute("dilations", {negative, 1}), {"dilation"});
    refused(ints_attribute("dilations", {200, 1}), {"reaches over 401 pixels"});
    refused(ints_attribute("pads", {negative, 0, 0, 0}), {"padding in front"});
    refused(ints_attribute("pads", {0, 0, huge, 0}), {"padding behind"});
    refused(ints_attribute("pads", {0, 0}), {"2 pads, not 4"});
    refused(ints_attribute("pads", {3, 0, 0, 0}), {"paddings are smaller"});
    refused(int_attribute("group", 2), {"for 4 channels"});
    refused(int_attribute("group", 0), {"0 groups"});
    refused(int_attribute("group", huge), {"groups"});
    refused(text_attribute("auto_pad", "SAME"), {"auto_pad SAME"});
    refused(ints_attribute("output_shape", {9, 9}), {"output_padding"}, "ConvTranspose");
    refused(int_attribute("group", 2), {"2 groups do not divide its 3"}, "ConvTranspose");
    refused("", {"for 3 channels"}, "ConvTranspose");
    refused("", {"MaxPool", "kernel_shape"}, "MaxPool");
    refused(ints_attribute("kernel_shape", {2, 2}) + ints_attribute("dilations", {2, 2}),
            {"MaxPool", "no layer here"}, "MaxPool");
    refused(text_attribute("mode", "cubic"), {"whole factors"}, "Resize");
    refused(text_attribute("mode", "reflect"), {"zeros around"}, "Pad");
    const auto chain = [&](const std::vector<std::string>& nodes, const std::string& weight,
                           const std::vector<std::string>& words,
                           const std::vector<uint64_t>& input = {2, 6, 6}) {
        check_import_refused(folder.file("m.onnx", model(nodes, {weight}, input)), words);
    };
    const std::vector<std::string> conv{node("Conv", {"x", "w"}, "y")};
    chain(conv, tensor("w", {3, 2, 3}, ones(18)), {"[3][2][3]", "4 sides"});
    chain(conv, tensor("w", {3, 0, 3, 3}, ""), {"1 to 2^20"});
    chain(conv, tensor("w", {1, 2, 7, 7}, ones(98)), {"reaches over 7 pixels"});
    chain(conv, w, {"has 0 sides", "known sides"}, {});
    chain(conv, w, {"has 1 sides"}, {72});
    chain({node("Transpose", {"x"}, "y", ints_attribute("perm", {1, 0, 2, 3}))}, w,
          {"between samples"});
    chain({node("Transpose", {"x"}, "y", ints_attribute("perm", {0, 2, 2, 3}))}, w, {"order"});
    chain({node("Pad", {"x"}, "y", ints_attribute("pads", {0, 0, 1, 1, 0, 0, 1, 1}))}, w,
          {"last operation is a Pad"});
    chain({node("Pad", {"x"}, "p", ints_attribute("pads", {0, 0, 1, 1, 0, 0, 1, 1})),
           node("Relu", {"p"}, "y")},
          w, {"Relu", "Pad"});
    chain({node("Conv", {"x", "w"}, "c"), node("Flatten", {"c"}, "f"),
           node("Reshape", {"f", "s"}, "r"), node("Conv", {"r", "w"}, "y")},
          w, {"\"s\""});
    chain({node("Transpose", {"x"}, "t", ints_attribute("perm", {0, 2, 3, 1})),
           node("Conv", {"t", "w"}, "y")},
          w, {"would have to move"});
    chain({node("AveragePool", {"x"}, "y",
                ints_attribute("kernel_shape", {255, 255}) +
                    ints_attribute("pads", {254, 254, 254, 254}) +
                    int_attribute("count_include_pad", 1))},
          w, {"2^24 weights"}, {1 << 20, 1, 1});
    chain({node("MaxPool", {"x"}, "y", ints_attribute("kernel_shape", {2, 2}))}, w,
          {"no layer with weights"});
    chain({node("MatMul", {"x", "w"}, "y")}, tensor("w", {6, 4}, ones(24)),
          {"last side", "flatten"});
    chain({node("ConvTranspose", {"x", "w"}, "y", ints_attribute("output_padding", {1, 0}))},
          tensor("w", {2, 3, 3, 3}, ones(54)), {"make no height"});
}
