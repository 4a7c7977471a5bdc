// SPDX-License-Identifier: MIT
// nutshell train --kind, as a user runs it, and what it says of each.
#include "command.hpp"
#include "tools/model_file.hpp"

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
