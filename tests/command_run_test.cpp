// SPDX-License-Identifier: MIT
// nutshell run, evaluate and inspect on a trained model: parts that add up to the whole, and
// numbers that agree with each other.
#include <cmath>

#include "command.hpp"
#include "tools/data/npy.hpp"
#include "tools/model/model_file.hpp"

using namespace nutshell;
using namespace nutshell::tests;
using tools::load_data;

namespace {

/// Three layers on six columns, trained, beside its data.
struct TrainedDesk : Desk {
    TrainedDesk() {
        file("rows.csv", six_columns(70));
        const Outcome outcome = run(
            "train --data rows.csv --layers 6,4:tanh,2:linear,6 --lr 0.02 --epochs 20 --out m.nut");
        REQUIRE(outcome.status == 0);
    }
    std::vector<float> floats(const std::string& name) const {
        return load_data(path(name)).train.floats;
    }
};

}  // namespace

TEST_CASE("the encoder's output through the decoder is the whole model's output to the bit") {
    const TrainedDesk desk;
    REQUIRE(desk.run("run m.nut --in rows.csv --out whole.npy").status == 0);
    REQUIRE(desk.run("run m.nut --in rows.csv --part encoder --out code.npy").status == 0);
    REQUIRE(desk.run("run m.nut --in code.npy --part decoder --out back.npy").status == 0);
    CHECK(load_data(desk.path("code.npy")).train.shape == flat(2));
    CHECK(desk.floats("whole.npy").size() == 70 * 6);
    CHECK(desk.read("whole.npy") == desk.read("back.npy"));
}

TEST_CASE("an encoder file and a decoder file do what those parts of the whole model do") {
    const TrainedDesk desk;
    const tools::Graph graph = tools::read_model(desk.path("m.nut"));
    tools::write_model(graph.extract(tools::Part::encoder), desk.path("encoder.nut"));
    tools::write_model(graph.extract(tools::Part::decoder), desk.path("decoder.nut"));
    REQUIRE(desk.run("run m.nut --in rows.csv --out whole.npy").status == 0);
    REQUIRE(desk.run("run encoder.nut --in rows.csv --out code.npy").status == 0);
    REQUIRE(desk.run("run decoder.nut --in code.npy --part decoder --out back.npy").status == 0);
    CHECK(desk.read("whole.npy") == desk.read("back.npy"));
    CHECK(desk.run_json("inspect encoder.nut")["model_id"] ==
          desk.run_json("inspect m.nut")["model_id"]);
    desk.check_refused("run encoder.nut --in code.npy --part decoder --out x.npy --json",
                       {"encoder alone", "no decoder"});
    desk.check_refused("run decoder.nut --in rows.csv --part encoder --out x.npy --json",
                       {"decoder alone", "no encoder"});
}

TEST_CASE("images go in and come out as images of the same shape") {
    const Desk desk;
    REQUIRE(desk.run("train --data sample --layers 784,4,784 --epochs 1 --batch 1000 --json "
                     "--out m.nut")
                .status == 0);
    const nlohmann::json found = desk.run_json("run m.nut --in sample --out y.npy");
    CHECK(found["samples"] == 1000);
    CHECK(found["outputs"] == 784);
    const tools::Dataset data = load_data(desk.path("y.npy")).train;
    CHECK(data.shape == Shape{28, 28, 1});
    CHECK(data.count == 1000);
    CHECK(desk.run_json("run m.nut --in sample --set train --out y.npy")["samples"] == 5000);
}

TEST_CASE("evaluate prints what the outputs of run say about the error") {
    const TrainedDesk desk;
    const nlohmann::json found = desk.run_json("evaluate m.nut --data rows.csv");
    REQUIRE(desk.run("run m.nut --in rows.csv --out y.npy").status == 0);
    const std::vector<float> x = desk.floats("rows.csv"), y = desk.floats("y.npy");
    REQUIRE(x.size() == y.size());
    double squares = 0, entropy = 0;
    for (size_t i = 0; i < x.size(); i++) {
        const double target = static_cast<double>(x[i]), output = static_cast<double>(y[i]);
        squares += (target - output) * (target - output);
        entropy -= target * std::log(output) + (1 - target) * std::log(1 - output);
    }
    const double count = static_cast<double>(x.size());
    // Single samples' errors are kept as floats (6e-8); outputs near 1/2 lose as much in the logs.
    CHECK(found["test_mse"].get<double>() == doctest::Approx(squares / count).epsilon(1e-6));
    CHECK(found["test_bce"].get<double>() == doctest::Approx(entropy / count).epsilon(1e-6));
    CHECK(found["test_psnr"].is_number());
    CHECK(found["code"].size() == 2);
    for (const char* key : {"mean", "deviation", "minimum", "maximum", "zeros"}) {
        CHECK(found["code"][0].contains(key));
    }
    const Outcome text = desk.run("evaluate m.nut --data rows.csv");
    CHECK(text.out.find("70 samples of ") == 0);
    CHECK(text.out.find("0 of them dead") != std::string::npos);
}

TEST_CASE("inspect says what is in a file, layer by layer") {
    const TrainedDesk desk;
    const nlohmann::json found = desk.run_json("inspect m.nut");
    CHECK(found["layer_sizes"] == "6-4-2-6");
    CHECK(found["code_layer"] == 2);
    CHECK(found["parameters"] == (6 * 4 + 4) + (4 * 2 + 2) + (2 * 6 + 6));
    CHECK(found["bytes"] == desk.read("m.nut").size());
    CHECK(found["checksums"] == "ok");
    REQUIRE(found["layers"].size() == 3);
    CHECK(found["layers"][0]["activation"] == "tanh");
    CHECK(found["layers"][1]["activation"] == "linear");
    CHECK(found["layers"][2]["weight_order"] == "[in][out]");
    const Outcome text = desk.run("inspect m.nut");
    CHECK(text.out.find("m.nut: 6-4-2-6, 56 parameters") == 0);
    CHECK(text.out.find("<- code") != std::string::npos);
}

TEST_CASE("a platform can be chosen by option and by environment") {
    TrainedDesk desk;
    CHECK(desk.run("inspect m.nut --platform reference").status == 0);
    desk.check_refused("inspect m.nut --platform abacus --json", {"abacus", "reference"});
    desk.environment = {"NUTSHELL_PLATFORM=reference"};
    CHECK(desk.run("inspect m.nut").status == 0);
    desk.environment = {"NUTSHELL_PLATFORM=abacus"};
    desk.check_refused("inspect m.nut --json", {"abacus", "reference"});
}

TEST_CASE("--help and --version answer on standard output") {
    const Desk desk;
    for (const char* line : {"--help", "--version", "train --help", "evaluate --help", "run --help",
                             "inspect --help", "show --help"}) {
        INFO(line);
        const Outcome outcome = desk.run(line);
        CHECK(outcome.status == 0);
        CHECK(outcome.out != "");
        CHECK(outcome.err == "");
    }
}
