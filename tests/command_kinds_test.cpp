// SPDX-License-Identifier: MIT
// nutshell train --kind, as a user runs it, and what it says of each.
#include "command.hpp"
#include "nutshell/philox.hpp"
#include "tools/data/npy.hpp"
#include "tools/evaluation/normal_codes.hpp"
#include "tools/model/model_file.hpp"

using namespace nutshell;
using namespace nutshell::tests;

namespace {

const std::string kQuick = "train --data sample --epochs 1 --out m.nut ";

}  // namespace

TEST_CASE("a variational model has its evidence") {
    const Desk desk;
    const nlohmann::json found = desk.run_json(kQuick + "--kind variational");
    CHECK(found["layers"] == "784-256-48-24-256-784");
    CHECK(found["negative_elbo"] > 784 * static_cast<double>(found["test_bce"]));
    CHECK(found["negative_elbo"] < 784 * 0.7);  // half gray everywhere has 543
}

TEST_CASE("a denoising model is measured on noise, and a tied one shares its weights") {
    const Desk desk;
    const nlohmann::json found = desk.run_json(kQuick + "--kind denoising");
    const double noisy = found["noisy_psnr"], restored = found["restored_psnr"];
    CHECK(noisy > 9);
    CHECK(noisy < 10);  // noise of a half, cut off at black and white
    CHECK(restored > noisy + 1);
    REQUIRE(desk.run(kQuick + "--kind tied").status == 0);
    CHECK(tools::read_model(desk.path("m.nut")).totals().parameters == 784 * 24 + 24 + 784);
    REQUIRE(desk.run(kQuick + "--kind sparse --report r.html").status == 0);
}

TEST_CASE("a kind that is none, or that the data or other options do not fit, is refused") {
    const Desk desk;
    desk.file("rows.csv", six_columns(60));
    const std::string line = "train --data rows.csv --out m.nut --json ";
    desk.check_refused(line + "--kind deep", {"rows.csv", "6 values", "--kind deep reads 784"});
    desk.check_refused(line + "--kind deeep", {"--kind", "deeep", "did you mean deep"});
    desk.check_refused(line, {"--layers", "--kind"});
    desk.check_refused(line + "--kind deep --layers 6,2,6", {"--kind", "--layers"});
    desk.check_refused("train --data sample --out m.nut --json --kind mlperf-tiny",
                       {"784 values", "reads 640"});
}

TEST_CASE("a generator learns against a discriminator, makes samples, and these are judged") {
    const Desk desk;
    const std::string line = "train --data sample:3 --epochs 1 --out g.nut --kind adversarial ";
    const nlohmann::json found = desk.run_json(line);
    CHECK(found["layers"] == "64-1568-1568-3136-784");
    CHECK(found["end"] == "finished");
    // Nobody is certain after so few updates: the losses are near ln 2 and twice that.
    CHECK(found["generator_loss"] > 0.1);
    CHECK(found["generator_loss"] < 3);
    REQUIRE(desk.run(kQuick + "--layers 784,8,784").status == 0);
    const nlohmann::json made = desk.run_json(
        "generate g.nut --data sample --what normal --judge m.nut --out g.png --array g.npy");
    CHECK(made["samples"] == 96);
    double sum = 0;
    for (const double share : made["made"]["shares"]) sum += share;
    CHECK(std::abs(sum - 1) < 1e-9);
    CHECK(made["real"]["entropy_bits"] > 3.2);  // of log2(10) = 3.32: all digits are as frequent
    desk.check_refused("generate g.nut --data sample --out g.png --json", {"no encoder"});
    desk.check_refused(line + "--json --patience 3", {"--patience", "--kind adversarial"});
    desk.file("rows.csv", six_columns(60));
    desk.check_refused("train --data rows.csv --out g.nut --json --kind adversarial",
                       {"rows.csv", "6 values", "makes 784"});
}

TEST_CASE("the decoder of the course draws digits from the codes that a board draws, too") {
    const Desk desk;
    const std::string model = std::string(NUTSHELL_TEST_DATA) + "/../../examples/generator.nut";
    const tools::Dataset codes = tools::normal_codes(0, 10, 24, 7);
    std::vector<float> expected(24);
    random_code(7, 9, 24, expected.data());
    CHECK(std::equal(expected.begin(), expected.end(), codes.floats.begin() + 9 * 24));
    tools::write_npy(desk.path("codes.npy"), codes.floats.data(), 10, codes.shape);
    REQUIRE(desk.run("run " + model + " --in codes.npy --out digits.npy").status == 0);
    REQUIRE(desk.run("generate " + model +
                     " --data sample --what normal --seed 7 --rows 10 "
                     "--columns 1 --array made.npy")
                .status == 0);
    CHECK(tools::load_data(desk.path("made.npy")).train.floats ==
          tools::load_data(desk.path("digits.npy")).train.floats);
    CHECK(desk.run_json("show " + model + " --data sample --out p.svg")["what"] == "inventions");
}
