// SPDX-License-Identifier: MIT
// What a long training needs, as a user runs it: validation, a log, checkpoints and going on.
#include <chrono>
#include <thread>

#include "command.hpp"
#include "tools/training/history.hpp"

using namespace nutshell;
using namespace nutshell::tests;

namespace {

struct SmallDesk : Desk {
    SmallDesk() { file("rows.csv", six_columns(80)); }
};

const std::string kTrain = "train --data rows.csv --layers 6,2,6 --lr 0.01 ";

}  // namespace

TEST_CASE("a training that goes on after a kill leaves the model and the losses it would have") {
    const SmallDesk desk;
    const std::string how = "--epochs 40 --validation 0.2 --schedule linear ";
    REQUIRE(desk.run(kTrain + how + "--out whole.nut --log whole.csv").status == 0);
    Desk::Job job = desk.start(kTrain + how + "--out cut.nut --checkpoint c --threads 1");
    while (!desk.has("c") && job.running()) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    job.send(SIGKILL);
    job.wait();
    const nlohmann::json found = desk.run_json(
        kTrain + how + "--resume c --checkpoint c --out cut.nut --log cut.csv --threads 2");
    CHECK(found["epochs"] == 40);
    CHECK(desk.read("cut.nut") == desk.read("whole.nut"));
    const tools::History whole = tools::read_history(desk.path("whole.csv"));
    const tools::History cut = tools::read_history(desk.path("cut.csv"));
    REQUIRE(cut.epochs.size() == whole.epochs.size());
    for (size_t i = 0; i < whole.epochs.size(); i++) {
        CHECK(cut.epochs[i].train_loss == whole.epochs[i].train_loss);
        CHECK(cut.epochs[i].watched_loss == whole.epochs[i].watched_loss);
    }
    // It is over: going on once more changes nothing.
    REQUIRE(desk.run(kTrain + how + "--resume c --out again.nut").status == 0);
    CHECK(desk.read("again.nut") == desk.read("whole.nut"));
}

TEST_CASE("a checkpoint of another training is refused with what differs, before any work") {
    const SmallDesk desk;
    desk.file("m.nut", "old");
    desk.file("other.csv", six_columns(81));
    REQUIRE(desk.run(kTrain + "--epochs 2 --out x.nut --checkpoint c").status == 0);
    const std::string line = " --resume c --out m.nut --epochs 1000000 --json ";
    const auto refused = [&](const std::string& options, const std::vector<std::string>& words) {
        desk.check_refused("train" + line + options, words);
    };
    refused("--data rows.csv --layers 6,3,6 --lr 0.01", {"c: ", "another training", "6-2-6"});
    refused("--data other.csv --layers 6,2,6 --lr 0.01", {"c: ", "training data"});
    refused("--data rows.csv --layers 6,2,6 --lr 0.02", {"c: ", "--lr is 0.01, not 0.02"});
    refused("--data rows.csv --layers 6,2,6 --lr 0.01 --validation 0.3", {"c: ", "data"});
    refused("--data rows.csv --layers 6,2,6 --lr 0.01 --per-sample", {"c: ", "--optimizer"});
    refused("--data rows.csv --layers 6,2,6 --lr 0.01 --resume gone", {"--resume"});
    desk.file("c", "no checkpoint");
    refused("--data rows.csv --layers 6,2,6 --lr 0.01", {"c: is no checkpoint"});
    desk.check_refused(kTrain + "--out m.nut --checkpoint none/c", {"none/c", "No such file"});
}

TEST_CASE("validation samples are watched instead of the test set, and stop training") {
    const SmallDesk desk;
    const nlohmann::json found = desk.run_json(
        "train --data rows.csv --layers 6,2,6 --epochs 5000 --lr 0.05 --patience 3 --validation "
        "0.3 "
        "--out m.nut --log l.json");
    CHECK(found["end"] == "stopped early");
    CHECK(found["watched"] == "validation");
    const nlohmann::json log = nlohmann::json::parse(desk.read("l.json"));
    CHECK(log["watched"] == "validation");
    const nlohmann::json& kept = log["epochs"].at(found["kept_epoch"].get<size_t>() - 1);
    CHECK(kept["validation"] == found["watched_loss"]);
    CHECK(found["watched_loss"] != found["test_bce"]);
    desk.check_refused(kTrain + "--out m.nut --validation 0.001", {"rows.csv", "--validation"});
    REQUIRE(desk.run("show m.nut --what losses --history l.json --out l.svg").status == 0);
    CHECK(desk.read("l.svg").find("validation") != std::string::npos);
}

TEST_CASE("a log and a checkpoint are there while training goes on") {
    const SmallDesk desk;
    Desk::Job job = desk.start(kTrain + "--epochs 1000000 --checkpoint c --log l.csv --out m.nut");
    while (!desk.has("l.csv") && job.running()) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    CHECK(job.running());
    job.send(SIGKILL);
    job.wait();
    CHECK(tools::read_history(desk.path("l.csv")).epochs.size() > 1);
    CHECK(desk.has("c"));
}

TEST_CASE("weights and changed samples come back with a resume, and wrong ones are refused") {
    const SmallDesk desk;
    desk.file("w.csv", "1,1,0,2,2,3\n");
    const std::string how = "--weights w.csv --augment noise:0.05,mask:0.1 ";
    REQUIRE(desk.run(kTrain + how + "--epochs 6 --out whole.nut").status == 0);
    REQUIRE(desk.run(kTrain + how + "--epochs 3 --out m.nut --checkpoint c").status == 0);
    REQUIRE(desk.run(kTrain + how + "--epochs 6 --out m.nut --resume c").status == 0);
    CHECK(desk.read("m.nut") == desk.read("whole.nut"));
    const auto refused = [&](const std::string& options, const std::vector<std::string>& words) {
        desk.check_refused(kTrain + "--epochs 6 --out m.nut --json " + options, words);
    };
    refused("--resume c", {"c: ", "--weights"});
    refused("--resume c --weights w.csv", {"c: ", "--augment", "noise:0.05,mask:0.1"});
    refused("--augment blur:2", {"--augment", "'blur:2'", "noise:DEVIATION"});
    refused("--augment shift:1", {"rows.csv", "no images", "--augment"});
    desk.file("short.csv", "1,1,1\n");
    refused("--weights short.csv", {"short.csv", "3 numbers", "6 values"});
    desk.file("bad.csv", "1,1,1,1,1,-1\n");
    refused("--weights bad.csv", {"bad.csv", "0 or more"});
    desk.file("zero.csv", "0,0,0,0,0,0\n");
    refused("--weights zero.csv", {"zero.csv", "not all 0"});
    refused("--weights gone.csv", {"gone.csv"});
}
