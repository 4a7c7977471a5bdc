// SPDX-License-Identifier: MIT
// The estimates of nutshell footprint against linked images: their sizes, stack and counted
// instructions are what tools/bench_firmware.sh measured last (firmware/budget.tsv).
#include "tools/footprint/footprint.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

#include "command.hpp"
#include "tools/error.hpp"

using namespace nutshell;
using namespace nutshell::tools;
using namespace nutshell::tests;

namespace {

/// A line of the budget.
struct Measured {
    std::string board, core, example, model;
    double flash, ram, stack, instructions;
};

std::vector<Measured> measured_inferences() {
    std::ifstream file(NUTSHELL_TEST_DATA "/../firmware/budget.tsv");
    std::vector<Measured> all;
    for (std::string line; std::getline(file, line);) {
        std::istringstream fields(line);
        Measured m;
        std::getline(fields, m.board, '\t');
        std::getline(fields, m.core, '\t');
        std::getline(fields, m.example, '\t');
        std::getline(fields, m.model, '\t');
        if (m.example != "inference") continue;
        fields >> m.flash >> m.ram >> m.stack >> m.instructions;
        all.push_back(m);
    }
    return all;
}

/// The models of the budget that are there.
std::map<std::string, AnyGraph> models(Desk& desk) {
    const std::string data = NUTSHELL_TEST_DATA, digits = data + "/../../examples/digits.nut";
    REQUIRE(desk.run("quantize " + digits + " --calibrate sample --out int8.nut").status == 0);
    std::map<std::string, AnyGraph> all;
    all.emplace("784-24-784", read_any_model(desk.path("int8.nut")));
    all.emplace("784-24-784 float", read_any_model(digits));
    all.emplace("21-13-5-17-21", read_any_model(data + "/models/exported_int8.nut"));
    all.emplace("21-13-5-17-21 float", read_any_model(data + "/models/exported_float.nut"));
    const std::string images = data + "/digits/t10k-images-idx3-ubyte.gz";
    const std::string windows = "28x28,avgpool2,conv4k3,pool2,depthwisek3,up2,deconv1k3s2";
    for (const auto& [name, layers] :
         {std::pair<std::string, std::string>{"convolutional", "--kind convolutional"},
          {"windows", "--layers " + windows}}) {
        const std::string in_floats = name + ".nut", in_int8 = name + "_int8.nut";
        REQUIRE(desk.run("train " + layers + " --data " + images +
                         " --hold-out 0.9 --epochs 1 --out " + in_floats)
                    .status == 0);
        REQUIRE(desk.run("quantize " + in_floats + " --calibrate " + images + " --tolerance 1" +
                         " --out " + in_int8)
                    .status == 0);
        all.emplace(name + " float", read_any_model(desk.path(in_floats)));
        all.emplace(name, read_any_model(desk.path(in_int8)));
    }
    const std::string ad01 = NUTSHELL_SHARED_MODELS "/mlperf_tiny_ad/ad01_int8.tflite";
    if (std::ifstream(ad01) && desk.run("convert " + ad01 + " ad01.nut").status == 0) {
        all.emplace("ad01", read_any_model(desk.path("ad01.nut")));
    }
    return all;
}

void check_within(double estimate, double measured, double part, const std::string& what) {
    CAPTURE(what);
    CAPTURE(estimate);
    CAPTURE(measured);
    CHECK(std::fabs(estimate - measured) <= part * measured);
}

/// Those of dense layers are named after their sizes, or "ad01".
bool only_dense(const Measured& image) {
    return image.model.find_first_of("0123456789") != std::string::npos;
}

/// How much of the instructions that were counted an estimate may be off.
double part_of_instructions(const Measured& image) {
    const bool floats = image.model.find("float") != std::string::npos;
    const bool small = image.model.rfind("21-", 0) == 0;
    // How long a product of floats takes in software depends on the numbers: a zero is fast, and
    // small images and those with borders and relus have many.
    const bool in_software = floats && (image.core == "cortex-m0" || image.core == "cortex-m3" ||
                                        image.core == "riscv32");
    if (in_software) return small ? 0.5 : only_dense(image) ? 0.06 : 0.1;
    // Five numbers take a vector unit as long as eight.
    const bool vectors = image.core == "aarch64" || image.core == "armhf";
    return small && floats && vectors ? 0.25 : 0.03;
}

}  // namespace

TEST_CASE("flash and RAM are within 3 % of the linked images, stack and instructions near") {
    Desk desk;
    const std::map<std::string, AnyGraph> all = models(desk);
    int compared = 0;
    for (const Measured& image : measured_inferences()) {
        const auto model = all.find(image.model);
        if (model == all.end()) continue;
        CAPTURE(image.core);
        CAPTURE(image.model);
        const Footprint found = footprint_of(model->second, target_named(image.core));
        check_within(static_cast<double>(found.flash), image.flash, 0.03, "flash");
        check_within(static_cast<double>(found.ram), image.ram, 0.03, "RAM");
        // Which of different layers the compiler puts into one function, whose frame then is
        // larger, nobody knows beforehand.
        check_within(static_cast<double>(found.stack), image.stack, only_dense(image) ? 0.03 : 0.25,
                     "stack");
        const double part = part_of_instructions(image);
        REQUIRE(found.instructions.has_value());
        check_within(*found.instructions, image.instructions, part, "instructions");
        compared++;
    }
    CHECK(compared >= 72);
}

TEST_CASE("a model is estimated as it is exported: with copies of weights that are tied") {
    Desk desk;
    const std::string images = NUTSHELL_TEST_DATA "/digits/t10k-images-idx3-ubyte.gz";
    REQUIRE(
        desk.run("train --layers 784,8,tied784 --hold-out 0.9 --epochs 1 --out tied.nut --data " +
                 images)
            .status == 0);
    const nlohmann::json found = desk.run_json("footprint tied.nut --target cortex-m4");
    const std::string exported = desk.run("convert tied.nut tied.hpp").out;
    CHECK(exported.find(" " + found["model"].dump() + " bytes") != std::string::npos);
    CHECK(found["model"] > 2 * 8 * 784 * 4);
}

TEST_CASE("nutshell footprint prints all targets or one, and knows which there are") {
    Desk desk;
    const std::string model = NUTSHELL_TEST_DATA "/models/exported_int8.nut";
    const Outcome all = desk.run("footprint " + model + " --json");
    REQUIRE(all.status == 0);
    CHECK(nlohmann::json::parse(all.out)["targets"].size() == targets().size());
    const Outcome one = desk.run("footprint " + model + " --target cortex-m4 --json");
    REQUIRE(one.status == 0);
    const nlohmann::json object = nlohmann::json::parse(one.out);
    CHECK(object["target"] == "cortex-m4");
    CHECK(object["flash"] > object["model"]);
    CHECK(object["ram"] > object["stack"]);
    const Outcome encoder =
        desk.run("footprint " + model + " --target cortex-m4 --part encoder --json");
    REQUIRE(encoder.status == 0);
    CHECK(nlohmann::json::parse(encoder.out)["flash"] < object["flash"]);
    const Outcome unknown = desk.run("footprint " + model + " --target cortex-m5");
    CHECK(unknown.status == 2);
    CHECK(unknown.err.find("cortex-m55") != std::string::npos);
}

TEST_CASE("instructions that are not estimated are a dash, and null for scripts") {
    Desk desk;
    const std::string digits = NUTSHELL_TEST_DATA "/../../examples/digits.nut";
    const std::string quantize =
        " --calibrate sample --encoder-bits 4 --tolerance 1 --out int4.nut";
    REQUIRE(desk.run("quantize " + digits + quantize).status == 0);
    const std::string command = "footprint int4.nut --target cortex-m4";
    CHECK(desk.run_json(command)["instructions"].is_null());
    const Outcome table = desk.run(command);
    REQUIRE(table.status == 0);
    const size_t end = table.out.find('\n', table.out.find("cortex-m4"));
    CHECK(table.out.substr(end - 2, 2) == " -");
    CHECK(table.out.find("- is for weights of 4 bits") != std::string::npos);
}
