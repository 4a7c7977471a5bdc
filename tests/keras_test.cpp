// SPDX-License-Identifier: MIT
// Keras models as Keras 2, Keras 3 and TensorFlow.js write them compute what NumPy in double
// precision, or the framework itself, computes; what cannot be converted is named.
#include "import_fixture.hpp"

using namespace nutshell;
using namespace nutshell::tests;
using tools::Part;

namespace {

/// Float32 weights and sums of at most 12 products against double precision.
constexpr double kRounding = 1e-6;

int code_layer(const tools::Imported& imported) {
    return std::get<tools::Graph>(imported.graph).code_layer();
}

}  // namespace

TEST_CASE("the tutorial's encoder, decoder and autoencoder compute what NumPy computes") {
    require_built(tools::kKerasFormat);
    const auto x = array("keras/tutorial_input.npy"), code = array("keras/tutorial_code.npy"),
               y = array("keras/tutorial_output.npy");
    for (const std::string ending : {".h5", ".keras"}) {
        const auto whole = import_data("keras/tutorial_autoencoder" + ending);
        CHECK(difference(whole, Part::whole, x, y) < kRounding);
        CHECK(difference(whole, Part::encoder, x, code) < kRounding);
        CHECK(difference(whole, Part::decoder, code, y) < kRounding);
        const auto encoder = import_data("keras/tutorial_encoder" + ending);
        CHECK(difference(encoder, Part::encoder, x, code) < kRounding);
        CHECK(code_layer(encoder) == 1);
        const auto decoder = import_data("keras/tutorial_decoder" + ending);
        CHECK(difference(decoder, Part::decoder, code, y) < kRounding);
        CHECK(code_layer(decoder) == 0);
    }
}

TEST_CASE("models inside models, normalization folded, activations fused, noise left out") {
    require_built(tools::kKerasFormat);
    const auto x = array("keras/deep_input.npy");
    for (const std::string ending : {".h5", ".keras"}) {
        const auto model = import_data("keras/deep" + ending);
        CHECK(difference(model, Part::whole, x, array("keras/deep_output.npy")) < kRounding);
        CHECK(difference(model, Part::encoder, x, array("keras/deep_code.npy")) < kRounding);
        CHECK(code_layer(model) == 2);
        CHECK(model.code_from.find("encoder") != std::string::npos);
        std::string notes;
        for (const std::string& note : model.notes) notes += note + "\n";
        for (const std::string name : {"'dropout'", "'gaussian_noise'", "'flatten'", "'reshape'",
                                       "'batch_normalization'", "'batch_normalization_1'"}) {
            INFO(name, " in ", notes);
            CHECK(notes.find(name) != std::string::npos);
        }
    }
}

TEST_CASE("a model that TensorFlow.js saved computes what TensorFlow.js computes") {
    const auto model = import_data("tensorflowjs/autoencoder.json");
    const auto rows = [](const char* name) { return json_rows("tensorflowjs/answers.json", name); };
    // Its arithmetic is float32 too: both sides round.
    CHECK(difference(model, Part::whole, rows("input"), rows("output")) < 2 * kRounding);
    CHECK(difference(model, Part::encoder, rows("input"), rows("code")) < 2 * kRounding);
    CHECK(model.producer.find("TensorFlow.js") != std::string::npos);
}

TEST_CASE("ad01.h5, saved by Keras 2.4, computes its golden outputs") {
    require_built(tools::kKerasH5Format);
    const std::string folder = std::string(NUTSHELL_SHARED_MODELS) + "/mlperf_tiny_ad/";
    if (!std::filesystem::exists(folder + "ad01.h5")) {
        std::cout << "skipped: ad01.h5 of ../shared/models/mlperf_tiny_ad is not there\n";
        std::exit(77);
    }
    const auto model = tools::import_model(folder + "ad01.h5", "", {});
    const auto last = [&](const std::string& name) {
        const tools::Bytes file = tools::read_file(folder + name);
        constexpr size_t size = 64 * 640 * 4;
        REQUIRE(file.size() > size);
        return tools::to_floats(tools::ElementType::float32, {&file[file.size() - size], size});
    };
    CHECK(difference(model, Part::whole, last("ad01_h5_in.npy"), last("ad01_h5_out.npy")) < 1e-3);
    CHECK(code_layer(model) == 5);
    CHECK(model.producer == "keras 2.4.0");
}

TEST_CASE("what a TensorFlow.js model cannot say is refused, naming the layer") {
    const TemporaryFolder folder;
    const std::string valid = read_back(data_path("tensorflowjs/autoencoder.json"));
    folder.file("autoencoder.bin", read_back(data_path("tensorflowjs/autoencoder.bin")));
    const auto refused = [&](const std::string& from, const std::string& to,
                             const std::vector<std::string>& words) {
        check_import_refused(folder.file("m.json", replaced(valid, from, to)), words);
    };
    (void)tools::import_model(folder.file("m.json", valid), "", {});
    refused("\"class_name\":\"Dropout\"", "\"class_name\":\"Lambda\"",
            {"Lambda 'dropout'", "code"});
    refused("\"class_name\":\"Dropout\"", "\"class_name\":\"Conv3D\"", {"Conv3D 'dropout'"});
    refused("\"class_name\":\"Model\"", "\"class_name\":\"VAE\"", {"'VAE'", "functional"});
    refused("\"activation\":\"tanh\"", "\"activation\":\"softmax\"", {"'code'", "softmax"});
    refused("\"units\":9", "\"units\":8", {"Dense 'dense'", "[12][9]", "[12][8]"});
    refused("\"units\":9", "\"units\":-1", {"Dense 'dense'"});
    refused("[[[\"encoder\",1,0,{}]]]", "[[[\"encoder\",9,0,{}]]]", {"'encoder'", "nothing"});
    refused("[[[\"encoder\",1,0,{}]]]", "[[[\"decoder\",1,0,{}]]]", {"feed themselves"});
    refused("[[[\"encoder\",1,0,{}]]]", "[[[\"input\",0,0,{}],[\"encoder\",1,0,{}]]]",
            {"2 inputs"});
    refused("[[\"decoder\",1,0]]", "[[\"decoder\",1,0],[\"encoder\",1,0]]", {"2 outputs"});
    refused("autoencoder.bin", "../autoencoder.bin", {"beside"});
    refused("autoencoder.bin", "/etc/passwd", {"beside"});
    refused("autoencoder.bin", "missing.bin", {"missing.bin"});
    refused("\"shape\":[12,9]", "\"shape\":[4294967296,4294967296]", {"2^28"});
    refused("\"shape\":[12,9]", "\"shape\":[12,900]", {"behind the end"});
    refused("\"shape\":[12,9]", "\"shape\":[12,8]", {"bytes"});
    refused("\"dtype\":\"float32\"},{\"name\":\"dense/bias\"",
            "\"dtype\":\"uint8\"},{\"name\":\"dense/bias\"", {"dense/kernel", "float32"});
    refused("\"alpha\":0.125", "\"alpha\":1e300", {"'leaky'"});
    refused("\"epsilon\":0.001", "\"epsilon\":-1e9", {"'norm'"});
    std::filesystem::create_symlink("autoencoder.bin", folder.path("link.bin"));
    refused("autoencoder.bin", "link.bin", {"link"});
    check_import_refused(folder.file("deep.json", std::string(100000, '[')), {"levels"});
    check_cuts_refused(folder, "m.json", valid, 97);
}
