// SPDX-License-Identifier: MIT
// Keras models of images and signals compute what NumPy in double precision, or TensorFlow.js
// itself, computes: convolutions of every kind, pools, upsamplings, and normalizations between
// them.
#include "import_fixture.hpp"

using namespace nutshell;
using namespace nutshell::tests;
using tools::Part;

namespace {

/// Float32 weights and sums of at most 40 products against double precision.
constexpr double kRounding = 1e-6;

const tools::Graph& graph_of(const tools::Imported& imported) {
    return std::get<tools::Graph>(imported.graph);
}

void check_model(const std::string& name) {
    const auto x = array("keras/" + name + "_input.npy");
    for (const std::string ending : {".h5", ".keras"}) {
        INFO(name, ending);
        const auto model = import_data("keras/" + name + ending);
        CHECK(difference(model, Part::whole, x, array("keras/" + name + "_output.npy")) <
              kRounding);
        CHECK(difference(model, Part::encoder, x, array("keras/" + name + "_code.npy")) <
              kRounding);
    }
}

int rows_of(const tools::Graph& graph, Kind kind) {
    const auto& rows = graph.rows();
    return static_cast<int>(
        std::count_if(rows.begin(), rows.end(), [&](const Row& row) { return row.kind == kind; }));
}

}  // namespace

TEST_CASE("a convolutional autoencoder of pictures with a code that is a vector") {
    require_built(tools::kKerasFormat);
    check_model("pictures");
    const auto model = import_data("keras/pictures.h5");
    const tools::Graph& graph = graph_of(model);
    CHECK(graph.code_layer() == 6);
    CHECK(graph.rows()[5].out == flat(5));
    // The flat code becomes an image by a layer; the image is flat to the dense layer as it is.
    CHECK(rows_of(graph, Kind::reshape) == 1);
    CHECK(rows_of(graph, Kind::batch_norm) == 0);
    CHECK(rows_of(graph, Kind::transposed_conv2d) == 2);
}

TEST_CASE("a convolutional autoencoder of signals with a code that is a signal") {
    require_built(tools::kKerasFormat);
    check_model("signals");
    const auto model = import_data("keras/signals.keras");
    CHECK(graph_of(model).rows().front().in == Shape{1, 23, 2});
    CHECK(graph_of(model).code_layer() == 4);
}

TEST_CASE("a convolutional model that TensorFlow.js saved computes what TensorFlow.js computes") {
    const auto model = import_data("tensorflowjs/pictures.json");
    const auto rows = [](const char* name) {
        return json_rows("tensorflowjs/pictures_answers.json", name);
    };
    // Its arithmetic is float32 too: both sides round.
    CHECK(difference(model, Part::whole, rows("input"), rows("output")) < 2 * kRounding);
    CHECK(difference(model, Part::encoder, rows("input"), rows("code")) < 2 * kRounding);
}

TEST_CASE("a convolutional encoder is taken out of its Keras file, and inspect tells its origin") {
    require_built(tools::kKerasFormat);
    const Desk desk;
    const std::string file = data_path("keras/pictures.h5");
    const auto facts = desk.run_json("convert " + file + " e.nut --part encoder --check " +
                                     data_path("keras/pictures_input.npy") + " " +
                                     data_path("keras/pictures_code.npy") + " --tolerance 1e-6");
    CHECK(facts["part"] == "encoder");
    CHECK(facts["check"]["accepted"] == true);
    CHECK(facts["origin"][0].get<std::string>().find("BatchNormalization 'batch_normalization'") !=
          std::string::npos);
    const auto other = desk.run_json("inspect " + file + " --code depthwise_conv2d");
    CHECK(other["code_layer"] == 3);
}

TEST_CASE("what a window cannot be is refused, naming the layer and what can be") {
    const TemporaryFolder folder;
    const std::string valid = read_back(data_path("tensorflowjs/pictures.json"));
    folder.file("pictures.bin", read_back(data_path("tensorflowjs/pictures.bin")));
    const auto refused = [&](const std::string& from, const std::string& to,
                             const std::vector<std::string>& words) {
        check_import_refused(folder.file("m.json", replaced(valid, from, to)), words);
    };
    (void)tools::import_model(folder.file("m.json", valid), "", {});
    refused("\"kernel_size\":[3,2]", "\"kernel_size\":[2,3]", {"'conv2d_Conv2D1'", "[3][2][2][4]"});
    refused("\"kernel_size\":[3,2]", "\"kernel_size\":[-3,2]", {"'conv2d_Conv2D1'", "kernel"});
    refused("\"kernel_size\":[3,2]", "\"kernel_size\":\"3\"", {"'conv2d_Conv2D1'", "kernel"});
    refused("\"kernel_size\":[3,2]", "\"kernel_size\":[3]", {"2 whole numbers"});
    refused("\"filters\":4", "\"filters\":5", {"'conv2d_Conv2D1'", "[4]", "[5]"});
    refused("\"strides\":[2,2]", "\"strides\":[0,2]", {"stride along the height of 0"});
    refused("\"strides\":[2,2]", "\"strides\":[2,1000000000000]", {"stride along the width"});
    refused("\"strides\":[2,2]", "\"strides\":[2.5,2]", {"whole numbers"});
    refused("\"dilation_rate\":[1,1]", "\"dilation_rate\":[9223372036854775807,1]", {"dilation"});
    refused("\"padding\":\"same\"", "\"padding\":\"full\"", {"'full'", "valid, same"});
    refused("\"data_format\":\"channels_last\"", "\"data_format\":\"channels_first\"",
            {"'conv2d_Conv2D1'", "channels_last"});
    std::string open = valid;
    for (int i = 0; i < 2; i++) open = replaced(open, "[null,11,9,2]", "[null,null,null,2]");
    check_import_refused(folder.file("m.json", open), {"'conv2d_Conv2D1'", "fixed height"});
    refused("\"batch_input_shape\":[null,11,9,2]", "\"batch_input_shape\":[null,11,9,3]",
            {"for 2 channels", "have 3"});
    refused("\"batch_input_shape\":[null,11,9,2]", "\"batch_input_shape\":[null,3,3,2]",
            {"reaches over 3 pixels of a height of 2"});
    refused("\"pool_size\":[2,2]", "\"pool_size\":[0,2]", {"MaxPooling2D", "kernel"});
    refused("\"pool_size\":[2,2]", "\"pool_size\":[300,2]", {"MaxPooling2D", "1 to 255"});
    refused("\"target_shape\":[2,3,2]", "\"target_shape\":[2,3,3]", {"Reshape", "2x3x3 of 12"});
    refused("\"size\":[2,1]", "\"size\":[2,70000]", {"UpSampling2D", "factor"});
    refused("\"size\":[2,1]", "\"size\":[255,255]", {"UpSampling2D", "2^20"});
    refused("\"interpolation\":\"nearest\"", "\"interpolation\":\"bicubic\"", {"'bicubic'"});
    refused("\"class_name\":\"MaxPooling2D\"", "\"class_name\":\"MaxPooling3D\"",
            {"MaxPooling3D", "Conv2DTranspose"});
    refused("\"shape\":[3,4,3,2]", "\"shape\":[3,4,2,3]", {"Conv2DTranspose1", "2 filters, not 3"});
    refused("\"shape\":[3,3,4,1]", "\"shape\":[3,3,1,4]", {"DepthwiseConv2D1", "for 1 channels"});
    check_cuts_refused(folder, "m.json", valid, 211);
}
