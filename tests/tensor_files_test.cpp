// SPDX-License-Identifier: MIT
// Arrays without their layers: a PyTorch state_dict as .npz and .safetensors with a layer list
// computes what PyTorch computes; what is written comes back to the bit; wrong lists, damaged and
// hostile files are refused.
#include "tools/formats/tensor_files.hpp"

#include "image_models.hpp"
#include "import_fixture.hpp"
#include "tools/model/layer_list.hpp"
#include "zip_sums.hpp"

using namespace nutshell;
using namespace nutshell::tests;
using tools::Part;

namespace {

constexpr char kLayers[] = "12,4:relu,12:sigmoid";
/// Float32 weights and sums of at most 12 products against double precision.
constexpr double kRounding = 1e-6;

/// A safetensors file with this header.
std::string safetensors(const std::string& header, const std::string& data) {
    std::string bytes;
    for (int i = 0; i < 8; i++) bytes += static_cast<char>(header.size() >> 8 * i);
    return bytes + header + data;
}

std::string entry(const std::string& name, const std::string& shape, const std::string& offsets,
                  const std::string& type = "F32") {
    return "\"" + name + "\":{\"dtype\":\"" + type + "\",\"shape\":" + shape +
           ",\"data_offsets\":" + offsets + "}";
}

}  // namespace

TEST_CASE("a PyTorch state_dict with its layer list computes what PyTorch computes") {
    require_built(tools::kNpzFormat);
    const auto x = array("onnx/input.npy");
    for (const std::string name :
         {"npz/sequential.npz", "npz/sequential_compressed.npz",
          "safetensors/sequential.safetensors", "safetensors/encoder_decoder.safetensors"}) {
        const auto imported = import_data(name, kLayers);
        CHECK(difference(imported, Part::whole, x, array("onnx/sequential_output.npy")) <
              kRounding);
        CHECK(difference(imported, Part::encoder, x, array("onnx/sequential_code.npy")) <
              kRounding);
    }
}

TEST_CASE("a model written as npz or safetensors comes back to the bit without a list") {
    require_built(tools::kNpzFormat);
    std::vector<Row> rows;
    for (int i = 0; i < 12; i++) {  // numbers of two digits in the names
        const int in = i < 6 ? 14 - i : 3 + i, out = i < 5 ? 13 - i : 4 + i;
        rows.push_back({Kind::dense, i == 5 ? Activation::linear : Activation::leaky_relu, flat(in),
                        flat(out), i == 5 ? 0.0f : 0.3f});
    }
    tools::Graph graph(rows, 6);
    graph.initialize(5, Initializer::glorot_uniform);
    for (const Part part : {Part::whole, Part::encoder, Part::decoder}) {
        const tools::Graph from = graph.extract(part);
        const tools::Export model{from, {}, from.rows(), 0, part, ""};
        const tools::Bytes npz = tools::npz_bytes(model), safe = tools::safetensors_bytes(model);
        CHECK(npz == tools::npz_bytes(model));
        for (const auto& source :
             {tools::npz_source(tools::view(npz), "", "m.npz"),
              tools::safetensors_source(tools::view(safe), "", "m.safetensors")}) {
            const auto back = tools::lower(source, {});
            const auto& again = std::get<tools::Graph>(back.graph);
            CHECK(again.fingerprint() == from.fingerprint());
            REQUIRE(again.parameters().size() == from.parameters().size());
            CHECK(std::memcmp(again.parameters().data(), from.parameters().data(),
                              from.parameters().size() * sizeof(float)) == 0);
        }
    }
}

TEST_CASE("a layer list that does not fit is refused, saying what is there") {
    require_built(tools::kNpzFormat);
    const std::string path = data_path("npz/sequential.npz");
    check_import_refused(path, {"--layers 784,24:relu"});
    check_import_refused(path, {"2 weights", "3 layers"}, "12,4,4,12");
    check_import_refused(path, {"0.weight", "[4][12]", "12 inputs and 5 outputs"}, "12,5,12");
    check_import_refused(path, {"0.weight", "11 inputs"}, "11,4,12");
    check_import_refused(path, {"0.weight", "[4][12]", "[4][1][3][3]", "kernel [3][3][1][4]"},
                         "8x8x1,conv4k3,pool2,3");
    check_import_refused(data_path("npz/images.npz"), {"encoder.2", "normalization"},
                         "8x8x2,conv4k3s2p1,norm,depthwisek3,pool2,flat,5,36,3x3x4,"
                         "deconv3k3s2p1o1,deconv2k5s1p3");
}

TEST_CASE("a PyTorch state_dict of an autoencoder of images computes what PyTorch computes") {
    require_built(tools::kNpzFormat);
    const auto imported =
        import_data("npz/images.npz",
                    "8x8x2,conv4k3s2p1,depthwisek3:linear,norm(1e-05):relu,pool2,"
                    "flat,5:linear,36,3x3x4,deconv3k3s2p1o1,deconv2k5s1p3:sigmoid");
    const auto x = array("npz/images_input.npy");
    CHECK(difference(imported, Part::whole, x, array("npz/images_output.npy")) < kRounding);
    // Sums of some units.
    CHECK(difference(imported, Part::encoder, x, array("npz/images_code.npy")) < 4 * kRounding);
    const auto& graph = std::get<tools::Graph>(imported.graph);
    const tools::Export model{graph, {}, graph.rows(), 0, Part::whole, ""};
    const auto again =
        tools::lower(tools::npz_source(tools::view(tools::npz_bytes(model)), "", "m.npz"), {});
    CHECK(same_model(std::get<tools::Graph>(again.graph), graph));
}

TEST_CASE("models of images written as npz or safetensors come back to the bit without a list") {
    require_built(tools::kNpzFormat);
    for (const char* layers : kImageModels) {
        for (const Part part : {Part::whole, Part::encoder, Part::decoder}) {
            INFO(layers);
            const tools::Graph from = image_model(layers).extract(part);
            const tools::Export model{from, {}, from.rows(), 0, part, ""};
            const tools::Bytes npz = tools::npz_bytes(model),
                               safe = tools::safetensors_bytes(model);
            for (const auto& source :
                 {tools::npz_source(tools::view(npz), "", "m.npz"),
                  tools::safetensors_source(tools::view(safe), "", "m.safetensors")}) {
                const auto back = tools::lower(source, {});
                CHECK(same_model(std::get<tools::Graph>(back.graph), from));
                CHECK(std::get<tools::Graph>(back.graph).code_layer() == from.code_layer());
            }
        }
    }
}

TEST_CASE("a window that a layer list has no words for is not written as arrays") {
    Window window{3, 3, 2, 1, 1, 1, 1, 0, 0, 0, {0, 0}, 0};
    const tools::Graph graph({{Kind::conv2d, Activation::relu, {5, 5, 1}, {2, 3, 1}, 0.0f, window},
                              {Kind::dense, Activation::linear, flat(6), flat(2)}},
                             1);
    const tools::Export model{graph, {}, graph.rows(), 1, Part::whole, ""};
    const TemporaryFolder folder;
    for (const tools::Format* format : {&tools::kNpzFormat, &tools::kSafetensorsFormat}) {
        if (format->write == nullptr) continue;
        CHECK_THROWS_WITH_AS((void)format->write(model, folder.path("m")),
                             doctest::Contains("layer 1 (conv2d): a layer list has no words"),
                             tools::Error);
    }
    CHECK(folder.names().empty());
}

TEST_CASE("arrays in Keras' order are turned; square ones must say their order") {
    const TemporaryFolder folder;
    std::string data;
    for (int i = 0; i < 16; i++) data += std::string("\0\0", 2) + static_cast<char>(i * 8) + '\x3f';
    const auto read = [&](const std::string& first, const std::string& second) {
        return tools::safetensors_source(tools::view(tools::Bytes(second.begin(), second.end())),
                                         first, "m");
    };
    const std::string header = "{" + entry("a.kernel", "[2,2]", "[0,16]") + "," +
                               entry("b.weight", "[2,2]", "[16,32]") + "}";
    const auto source = read("2,2:linear,2:linear", safetensors(header, data));
    CHECK(source.layers[0].weight[1] > source.layers[0].weight[2]);
    CHECK(source.layers[1].weight[1] < source.layers[1].weight[2]);
    check_import_refused(
        folder.file("m.safetensors", safetensors("{" + entry("w1", "[2,2]", "[0,16]") + "," +
                                                     entry("w2", "[2,2]", "[16,32]") + "}",
                                                 data)),
        {"\"w1\"", "square", "kernel"}, "2,2,2");
}

TEST_CASE("damaged and hostile safetensors files are refused in one line") {
    const TemporaryFolder folder;
    const std::string data(64, '\0');
    const auto refused = [&](const std::string& entries, const std::vector<std::string>& words) {
        check_import_refused(folder.file("m.safetensors", safetensors("{" + entries + "}", data)),
                             words, "2,1,2");
    };
    refused(entry("0.weight", "[2,2]", "[0,999]"), {"0.weight", "does not fit"});
    refused(entry("0.weight", "[2,2]", "[16,0]"), {"does not fit"});
    refused(entry("0.weight", "[2,2]", "[0,12]"), {"does not fit"});
    refused(entry("0.weight", "[4294967296,4294967296]", "[0,16]"), {"2^28"});
    refused(entry("0.weight", "[-1,2]", "[0,16]"), {"no shape"});
    refused(entry("0.weight", "[2,2]", "[0]"), {"no offsets"});
    refused(entry("0.weight", "[2,2]", "[18446744073709551615,18446744073709551615]"), {"fit"});
    refused(entry("0.weight", "[2,2]", "[0,16]", "I64"), {"I64"});
    refused(entry("0.weight", "[1,1,1,1,1,1,1,1,1]", "[0,4]"), {"9 dimensions"});
    refused(entry("running_mean", "[2]", "[0,8]"), {"no weight"});
    refused(entry("0.weight", "[2]", "[0,8]") + "," + entry("0.bias", "[2]", "[8,16]"),
            {"1 weights"});
    refused("\"a\":", {"JSON"});
    refused("\"a\":" + std::string(1000, '['), {"levels"});
    const auto file = [&](const std::string& bytes) {
        check_import_refused(folder.file("m.safetensors", bytes), {"cut short"}, "2,1,2");
    };
    file("");
    file(std::string(8, '\xff'));
    file(std::string("\x10\0\0\0\0\0\0\0{}", 10));
    check_import_refused(folder.file("m.safetensors", safetensors("[]", "")), {"no object"});
    check_cuts_refused(folder, "m.safetensors",
                       read_back(data_path("safetensors/sequential.safetensors")), 7, kLayers);
}

TEST_CASE("damaged and hostile npz files are refused in one line") {
    require_built(tools::kNpzFormat);
    const TemporaryFolder folder;
    const std::string valid = read_back(data_path("npz/sequential.npz"));
    check_cuts_refused(folder, "m.npz", valid, 31, kLayers);
    // The sum of a member, and its stored content, no longer agree.
    check_import_refused(folder.file("m.npz", replaced(valid, "(4, 12)", "(12, 4)")),
                         {"0.weight.npy", "damaged"}, kLayers);
    std::string other = valid;
    for (int i = 0; i < 2; i++) other = replaced(other, "0.bias.npy", "0.bias.txt");
    check_import_refused(folder.file("m.npz", other), {"0.bias.txt", "no array"}, kLayers);
    check_import_refused(folder.file("m.npz", ""), {"zip"}, kLayers);
}

TEST_CASE("arrays that lie, in archives whose sums are right, are refused in one line") {
    require_built(tools::kNpzFormat);
    const TemporaryFolder folder;
    const std::string valid = read_back(data_path("npz/sequential.npz"));
    const auto refused = [&](const std::string& from, std::string to,
                             const std::vector<std::string>& words) {
        to.resize(from.size(), ' ');
        const std::string lie = replaced(valid, from, to);
        tools::Bytes bytes(lie.begin(), lie.end());
        REQUIRE(repair_zip_sums(bytes));
        check_import_refused(folder.file("m.npz", {bytes.begin(), bytes.end()}), words, kLayers);
    };
    const std::string shape = "(4, 12), }" + std::string(40, ' ');
    // Python objects, which NumPy reads by running what the file says.
    refused("'<f4',", "'|O',", {"0.weight", "\"|O\""});
    refused("'<f4',", "'>f4',", {"0.weight", "\">f4\""});
    refused("'<f4',", "'<f8',", {"0.weight", "promises 384 bytes, but 192 follow"});
    refused(shape, "(4, 13), }", {"0.weight", "promises 208 bytes, but 192 follow"});
    refused(shape, "(0, 12), }", {"0.weight", "promises 0 bytes, but 192 follow"});
    refused(shape, "(-4, 12), }", {"0.weight", "cannot be understood"});
    refused(shape, "(4294967296, 4294967296), }", {"0.weight", "2^28"});
    refused(shape, "(18446744073709551616, 12), }", {"0.weight", "cannot be understood"});
    refused(shape, "(1, 1, 1, 1, 1, 1, 1, 4, 12), }", {"0.weight", "9 dimensions"});
    refused(shape, "(4, 2, 6), }", {"0.weight", "no layer"});
    refused("\x93NUMPY\1", "\x93NUMPY\3", {"version 3.0"});
}
