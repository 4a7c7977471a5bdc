// SPDX-License-Identifier: MIT
// nutshell windows: logs become samples; logs that are wrong are refused with their line. And the
// made-up vibration, from log to ROC.
#include "command.hpp"

using namespace nutshell;
using namespace nutshell::tests;

namespace {

/// A log of two channels, one reading every hundredth of a second.
std::string log_of(int readings) {
    std::string text = "seconds,speed,load\n";
    for (int i = 0; i < readings; i++) {
        text += std::to_string(100 + i / 100) + "." +
                std::to_string(1000 + i % 100 * 10).substr(1) + "," + std::to_string(i % 7) + "," +
                std::to_string(i % 3 * 2) + "\n";
    }
    return text;
}

}  // namespace

TEST_CASE("a log becomes windows, scaled by its own moments or by another log's") {
    Desk desk;
    desk.file("log.csv", log_of(50));
    const nlohmann::json made =
        desk.run_json("windows log.csv --size 8 --hop 4 --out w.npy --scales-out s.json");
    CHECK(made["readings"] == 50);
    CHECK(made["windows"] == 11);
    CHECK(made["values"] == 16);
    const nlohmann::json scales = nlohmann::json::parse(desk.read("s.json"));
    CHECK(scales["channels"] == nlohmann::json({"speed", "load"}));
    CHECK(scales["mean"][0].get<double>() == doctest::Approx(2.94).epsilon(1e-5));
    CHECK(desk.run_json(
              "windows log.csv --size 8 --hop 4 --out again.npy --scales s.json")["windows"] == 11);
    CHECK(desk.read("again.npy") == desk.read("w.npy"));
    CHECK(desk.run_json("windows log.csv --size 8 --out one.npy --drop load")["values"] == 8);
    desk.check_refused("windows log.csv --size 8 --out x.npy --drop load --scales s.json",
                       {"1 channels", "2"});
}

TEST_CASE("time that stands still or goes back, gaps and constant channels are refused by place") {
    Desk desk;
    desk.file("back.csv", "t,a\n1,5\n2,6\n1.5,7\n");
    desk.file("still.csv", "1,5\n1,6\n");
    desk.file("gap.csv", "t,a\n1,5\n2,6\n3,7\n4,8\n9,5\n10,6\n11,7\n");
    desk.file("flat.csv", "t,a,b\n1,5,1\n2,5,2\n3,5,3\n");
    desk.file("time.csv", "t\n1\n2\n");
    desk.file("scales.json", "{}");
    const std::string rest = " --size 2 --hop 1 --out w.npy";
    desk.check_refused("windows back.csv" + rest, {"back.csv", "line 4", "1.5", "sort"});
    desk.check_refused("windows still.csv" + rest, {"still.csv", "line 2", "not after"});
    desk.check_refused("windows gap.csv" + rest, {"reading 5", "gap of 5 s", "--split-gaps"});
    desk.check_refused("windows flat.csv" + rest, {"'a'", "never changes", "--drop a"});
    desk.check_refused("windows flat.csv --drop x" + rest, {"no channel 'x'"});
    desk.check_refused("windows time.csv" + rest, {"first column"});
    desk.check_refused("windows gap.csv --split-gaps --size 9 --out w.npy", {"no window of 9"});
    desk.check_refused("windows gap.csv --split-gaps --scales scales.json" + rest,
                       {"scales.json", "--scales-out"});
    CHECK(desk.run_json("windows gap.csv --split-gaps" + rest)["windows"] == 5);
    CHECK(desk.run_json("windows flat.csv --drop a" + rest)["windows"] == 2);
}

TEST_CASE("a model of a healthy machine's synthetic vibration hears a faulty bearing") {
    Desk desk;
    REQUIRE(desk.run("synthetic --seconds 40 --out healthy.csv").status == 0);
    REQUIRE(desk.run("synthetic --seconds 10 --fault 0.5 --seed 2 --out faulty.csv").status == 0);
    CHECK(desk.read("healthy.csv").rfind("seconds,synthetic_vibration\n0,", 0) == 0);
    REQUIRE(desk.run("windows healthy.csv --out healthy.npy --scales-out s.json").status == 0);
    REQUIRE(desk.run("windows faulty.csv --out faulty.npy --scales s.json").status == 0);
    REQUIRE(desk.run("train --data healthy.npy --layers 64,8,64 --activation tanh --output linear "
                     "--loss mse --epochs 40 --batch 32 --lr 0.003 --json --out m.nut")
                .status == 0);
    const nlohmann::json found =
        desk.run_json("detect m.nut --data healthy.npy --anomalies faulty.npy");
    CHECK(found["auc"] > 0.95);
}
