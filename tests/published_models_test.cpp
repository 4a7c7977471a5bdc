// SPDX-License-Identifier: MIT
// MLPerf Tiny's anomaly detector as TensorFlow saved it, through the command: int8 to the bit,
// floats within a bound, and out again as .tflite. Needs the published files, which are not part of
// this project: without ../shared/models the test is skipped.
#include <iostream>

#include "command.hpp"
#include "tflite_interpreter.hpp"
#include "tools/data/bytes.hpp"
#include "tools/data/npy.hpp"
#include "tools/formats/formats.hpp"

using namespace nutshell;
using namespace nutshell::tests;

namespace {

const std::string kModels =
    std::filesystem::path(NUTSHELL_SHARED_MODELS).lexically_normal().string() + "/mlperf_tiny_ad/";
constexpr size_t kRows = 64, kWidth = 640;

/// Ends the program with 77, saying what is missing, when these tests cannot be made.
void need(const std::vector<std::string>& names) {
    for (const std::string& name : names) {
        if (std::filesystem::exists(kModels + name)) continue;
        std::cout << "skipped: " << name << " of ../shared/models/mlperf_tiny_ad is not there\n";
        std::exit(77);
    }
    if (tools::kTfliteFormat.lacks.empty()) return;
    std::cout << "skipped: this build lacks " << tools::kTfliteFormat.lacks << "\n";
    std::exit(77);
}

/// The last numbers of an array file, behind its header.
template <class T>
std::vector<T> array(const std::string& path) {
    const std::vector<uint8_t> bytes = tools::read_file(path);
    std::vector<T> values(kRows * kWidth);
    REQUIRE(bytes.size() > values.size() * sizeof(T));
    std::memcpy(values.data(), bytes.data() + bytes.size() - values.size() * sizeof(T),
                values.size() * sizeof(T));
    return values;
}

void convert(const Desk& desk, const std::string& from, const std::string& to) {
    const Outcome outcome = desk.run("convert " + from + " " + to);
    INFO(outcome.err);
    REQUIRE(outcome.status == 0);
}

}  // namespace

TEST_CASE(
    "ad01_int8.tflite gives all 64 golden rows to the bit, and so does what it is exported to") {
    need({"ad01_int8.tflite", "ad01_int8_in.npy", "ad01_int8_out.npy"});
    const Desk desk;
    convert(desk, kModels + "ad01_int8.tflite", "ad01.nut");
    convert(desk, "ad01.nut", "again.tflite");
    convert(desk, "again.tflite", "again.nut");
    CHECK(desk.read("again.nut") == desk.read("ad01.nut"));

    const auto golden = array<int8_t>(kModels + "ad01_int8_out.npy");
    const Outcome outcome =
        desk.run("run ad01.nut --int8 --in " + kModels + "ad01_int8_in.npy --out y.npy");
    REQUIRE(outcome.status == 0);
    CHECK((array<int8_t>(desk.path("y.npy")) == golden));

    const auto inputs = array<int8_t>(kModels + "ad01_int8_in.npy");
    const TfliteInterpreter interpreter(tools::read_file(desk.path("again.tflite")));
    int wrong = 0;
    for (size_t row = 0; row < kRows; row += 9) {
        const int8_t* x = inputs.data() + row * kWidth;
        const std::vector<double> y = interpreter.run({x, x + kWidth});
        for (size_t i = 0; i < kWidth; i++) wrong += y[i] != golden[row * kWidth + i];
    }
    CHECK(wrong == 0);
}

TEST_CASE("ad01_fp32.tflite is within 1e-3 of its golden rows, and comes back with the same bits") {
    need({"ad01_fp32.tflite", "ad01_fp32_in.npy", "ad01_fp32_out.npy"});
    const Desk desk;
    convert(desk, kModels + "ad01_fp32.tflite", "ad01.nut");
    convert(desk, "ad01.nut", "again.tflite");
    convert(desk, "again.tflite", "again.nut");
    CHECK(desk.read("again.nut") == desk.read("ad01.nut"));
    const Outcome outcome =
        desk.run("run ad01.nut --in " + kModels + "ad01_fp32_in.npy --out y.npy");
    REQUIRE(outcome.status == 0);
    const auto y = array<float>(desk.path("y.npy"));
    const auto golden = array<float>(kModels + "ad01_fp32_out.npy");
    float most = 0;
    for (size_t i = 0; i < y.size(); i++) most = std::max(most, std::abs(y[i] - golden[i]));
    MESSAGE("largest difference: " << most);
    CHECK(most < 1e-3f);
}

TEST_CASE("quantizing ad01.h5 with a scale for each output beats the published int8 model") {
    need({"ad01.h5", "ad01_h5_in.npy", "ad01_fp32.tflite", "ad01_int8.tflite"});
    const Desk desk;
    if (desk.run("--version").out.find("keras-h5 (HDF5") == std::string::npos) {
        std::cout << "skipped: this build lacks HDF5\n";
        std::exit(77);
    }
    // The rows that sound like machines; the first 32 of them, without anomalies, calibrate.
    constexpr int calibrating = 32, measured = 44;
    const auto rows = array<float>(kModels + "ad01_h5_in.npy");
    tools::write_npy(desk.path("calibrate.npy"), rows.data(), calibrating,
                     flat(static_cast<int>(kWidth)));
    tools::write_npy(desk.path("rows.npy"), rows.data(), measured, flat(static_cast<int>(kWidth)));
    const auto error = [&](const std::string& quantized, const std::string& original) {
        REQUIRE(desk.run("run " + original + " --in rows.npy --out floats.npy").status == 0);
        const nlohmann::json facts = desk.run_json("convert " + quantized +
                                                   " x.nut --tolerance 1e9 --check rows.npy "
                                                   "floats.npy");
        return facts["check"]["mean_squared_difference"].get<double>();
    };
    REQUIRE(desk.run("quantize " + kModels +
                     "ad01.h5 --calibrate calibrate.npy --hold-out 0 --tolerance 1 --out ours.nut")
                .status == 0);
    const double ours = error("ours.nut", kModels + "ad01.h5");
    const double published = error(kModels + "ad01_int8.tflite", kModels + "ad01_fp32.tflite");
    MESSAGE("mean squared error, each against its own float model: ours "
            << ours << ", published " << published << ", " << published / ours << " times");
    CHECK(published >= 3 * ours);
}
