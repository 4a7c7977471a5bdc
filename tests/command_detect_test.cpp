// SPDX-License-Identifier: MIT
// nutshell detect and nutshell search as a user runs them: figures, files, pictures, and bad input.
#include "command.hpp"
#include "xml_check.hpp"

using namespace nutshell;
using namespace nutshell::tests;
using test::xml_error;

namespace {

/// A model of one digit, float and int8, and a model of rows.
struct DigitsDesk : Desk {
    DigitsDesk() {
        const std::string shape = " --layers 784,8,784 --lr 0.01 --batch 64 --epochs 8 --json ";
        REQUIRE(run("train --data sample:1" + shape + "--out one.nut").status == 0);
        REQUIRE(run("quantize one.nut --calibrate sample:1 --out one8.nut --tolerance 9").status ==
                0);
    }
};

}  // namespace

TEST_CASE("a model of ones finds the other digits, in float and in int8") {
    const DigitsDesk desk;
    const std::string line = " --data sample:1 --anomalies sample:-1 --false-alarms 0.05";
    const nlohmann::json floats = desk.run_json("detect one.nut" + line + " --out p.svg");
    const nlohmann::json bytes = desk.run_json("detect one8.nut" + line);
    CHECK(floats["auc"] > 0.95);
    CHECK(std::abs(floats["auc"].get<double>() - bytes["auc"].get<double>()) < 0.005);
    CHECK(floats["held_out"] == true);
    CHECK(floats["false_alarms"] < 0.2);
    CHECK(floats["detected"] > 0.8);
    CHECK(xml_error(desk.read("p.svg")) == "");
    CHECK(desk.run("detect one.nut" + line).out.find("AUC") != std::string::npos);
}

TEST_CASE("every score is written, as CSV or JSON, with its verdict") {
    const DigitsDesk desk;
    const std::string line = "detect one.nut --data sample:1 --sigmas 3 --anomalies sample:7";
    const nlohmann::json found = desk.run_json(line + " --scores s.csv");
    const nlohmann::json again = desk.run_json(line + " --scores s.json");
    const size_t count = found["normal"].get<size_t>() + found["anomalous"].get<size_t>();
    const std::string csv = desk.read("s.csv");
    CHECK(csv.rfind("set,sample,score,anomalous\nnormal,0,", 0) == 0);
    CHECK(static_cast<size_t>(std::count(csv.begin(), csv.end(), '\n')) == count + 1);
    const nlohmann::json json = nlohmann::json::parse(desk.read("s.json"));
    CHECK(json["scores"].size() == count);
    CHECK(json["threshold"] == again["threshold"]);
    size_t alarms = 0;
    for (const nlohmann::json& score : json["scores"]) alarms += score["anomalous"] ? 1 : 0;
    CHECK(static_cast<double>(alarms) ==
          doctest::Approx(found["detected"].get<double>() * found["anomalous"].get<double>() +
                          found["false_alarms"].get<double>() * found["normal"].get<double>()));
}

TEST_CASE("detect refuses what it cannot measure, and says what to do") {
    DigitsDesk desk;
    desk.file("rows.csv", six_columns(50));
    REQUIRE(desk.run(kSmall + "--out rows.nut").status == 0);
    desk.check_refused("detect rows.nut --data rows.csv", {"50 normal samples", "1000 are needed"});
    desk.check_refused("detect rows.nut --data rows.csv:1", {"no labels", "leave :1 away"});
    desk.check_refused("detect one.nut --data sample:11", {"only 11", "no such sample"});
    desk.check_refused("detect one.nut --data rows.csv", {"rows.csv", "6"});
    desk.check_refused("detect one.nut --data sample --out p.jpg", {"p.jpg", ".png or .svg"});
    desk.check_refused("detect one.nut --data sample --false-alarms 2", {"between"});
    desk.check_refused("detect one.nut --data sample --anomalies none", {"none", "no such file"});
    desk.file("empty.csv", "");
    desk.file("names.csv", "a,b,c,d,e,f\n");
    for (const char* file : {"empty.csv", "names.csv"}) {  // a ROC needs two classes
        desk.check_refused("detect rows.nut --data rows.csv --anomalies " + std::string(file),
                           {file});
    }
    CHECK(desk.run("detect rows.nut --data rows.csv --sigmas 3").status == 0);
}

TEST_CASE("search finds digits of the same label, in all kinds of codes") {
    const DigitsDesk desk;
    REQUIRE(desk.run("train --data sample --layers 784,8,784 --lr 0.01 --batch 100 --epochs 5 "
                     "--json --out all.nut")
                .status == 0);
    const nlohmann::json found =
        desk.run_json("search all.nut --data sample --k 5 --pca --out p.svg --table t.csv");
    REQUIRE(found["ways"].size() == 4);
    CHECK(found["queries"] == 1000);
    for (const nlohmann::json& way : found["ways"]) {
        INFO(way["codes"]);
        const double least = way["codes"] == "sign bits" ? 0.2 : 0.4;  // guessing is 0.1
        CHECK(way["accuracy"].get<double>() > least);
        CHECK(way["precision"].get<double>() > least);
    }
    CHECK(found["ways"][0]["bytes"] == 32);
    CHECK(found["ways"][1]["bytes"] == 8);
    CHECK(found["ways"][2]["bytes"] == 1);
    CHECK(found["ways"][3]["codes"] == "PCA-8");
    CHECK(xml_error(desk.read("p.svg")) == "");
    const std::string table = desk.read("t.csv");
    CHECK(std::count(table.begin(), table.end(), '\n') == 5001);
}

TEST_CASE("an index is kept in a file and searched again; another model's is refused") {
    DigitsDesk desk;
    const nlohmann::json made =
        desk.run_json("search one.nut --data sample --codes int8 --save index.codes");
    const nlohmann::json read = desk.run_json("search one.nut --data sample --index index.codes");
    CHECK(read["ways"][0]["codes"] == "int8");
    CHECK(read["ways"][0]["accuracy"] == made["ways"][0]["accuracy"]);
    desk.check_refused("search one8.nut --data sample --index index.codes",
                       {"index.codes", "another model"});
    desk.check_refused("search one.nut --data sample --index one.nut", {"one.nut", "no index"});
    desk.check_refused("search one.nut --data sample --save x --codes bits", {"thresholds"});
    desk.check_refused("search one.nut --data sample --save x", {"--codes"});
    desk.check_refused("search one.nut --data sample --k 5001", {"5001", "5000"});
    desk.check_refused("search one.nut --data sample:1 --index index.codes", {"only"});
    desk.file("empty.csv", "");
    desk.check_refused("search one.nut --data empty.csv", {"empty.csv", "empty"});
}

TEST_CASE("without labels there is no accuracy, and search says so") {
    Desk desk;
    desk.file("rows.csv", six_columns(50));
    REQUIRE(desk.run(kSmall + "--out rows.nut").status == 0);
    const Outcome found = desk.run("search rows.nut --data rows.csv --k 3 --table t.csv");
    CHECK(found.status == 0);
    CHECK(found.out.find("without labels") != std::string::npos);
    CHECK(desk.has("t.csv"));
}
