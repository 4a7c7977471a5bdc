// SPDX-License-Identifier: MIT
// The estimates of nutshell footprint against linked images: their sizes, stack and counted
// instructions are what tools/bench_firmware.sh measured last (firmware/budget.tsv).
#include "tools/footprint.hpp"

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

}  // namespace

TEST_CASE("flash, RAM, stack and instructions are within 3 % of the linked images") {
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
        check_within(static_cast<double>(found.stack), image.stack, 0.03, "stack");
        // How long a product of floats takes in software depends on the numbers: a zero is fast,
        // and a small image has many.
        const bool in_software =
            image.model.find("float") != std::string::npos &&
            (image.core == "cortex-m0" || image.core == "cortex-m3" || image.core == "riscv32");
        const bool small = image.model.rfind("21-", 0) == 0;
        // Five numbers take a vector unit as long as eight.
        const bool in_parts_of_vectors = small && image.model.find("float") != std::string::npos &&
                                         (image.core == "aarch64" || image.core == "armhf");
        const double part = in_parts_of_vectors ? 0.25 : !in_software ? 0.03 : small ? 0.5 : 0.06;
        REQUIRE(found.instructions.has_value());
        check_within(*found.instructions, image.instructions, part, "instructions");
        compared++;
    }
    CHECK(compared >= 36);
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
