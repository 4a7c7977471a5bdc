// SPDX-License-Identifier: MIT
// nutshell train, as a user runs it: what it leaves behind, what it says, how it can be stopped.
#include <chrono>
#include <cmath>
#include <set>
#include <thread>

#include "command.hpp"
#include "tools/model/model_file.hpp"
#include "tools/training/history.hpp"
#include "xml_check.hpp"

using namespace nutshell;
using namespace nutshell::tests;
using test::xml_error;

namespace {

struct SmallDesk : Desk {
    SmallDesk() { file("rows.csv", six_columns(80)); }
};

double lowest_test_loss(const std::vector<tools::Epoch>& epochs) {
    double lowest = INFINITY;
    for (const tools::Epoch& epoch : epochs) lowest = std::min(lowest, epoch.watched_loss);
    return lowest;
}

}  // namespace

TEST_CASE("training on the sample leaves a model that gives digits back, and prints what it did") {
    const Desk desk;
    const Outcome outcome =
        desk.run("train --data sample --layers 784,8,784 --lr 0.01 --epochs 3 --out m.nut");
    INFO(outcome.err);
    REQUIRE(outcome.status == 0);
    CHECK(outcome.out.find("m.nut: 784-8-784, finished after 3 epochs") == 0);
    CHECK(outcome.out.find("BCE 0.") != std::string::npos);
    CHECK(outcome.out.find("PCA") != std::string::npos);
    CHECK(desk.names() == std::vector<std::string>{"m.nut"});
    const nlohmann::json found = desk.run_json("evaluate m.nut --data sample");
    CHECK(found["samples"] == 1000);
    // A model that gives back the mean digit, whatever it sees, has 0.0674 (PCA of no components).
    CHECK(found["test_mse"] < 0.06);
}

TEST_CASE("what is piped holds no progress bar and no escape codes") {
    const Desk desk;
    const Outcome outcome =
        desk.run("train --data sample --layers 784,8,784 --epochs 4 --out m.nut");
    REQUIRE(outcome.status == 0);
    CHECK(outcome.err == "");
    CHECK(outcome.out.find_first_of("\x1b\r") == std::string::npos);
}

TEST_CASE("train --json prints the numbers that scripts rely on, and nothing else") {
    const SmallDesk desk;
    const nlohmann::json found = desk.run_json(kSmall + "--out m.nut --seed 9");
    for (const char* key : {"test_bce", "test_mse", "test_psnr", "seconds_per_epoch", "gflops"}) {
        INFO(key);
        REQUIRE(found.contains(key));
        CHECK(found[key].is_number());
        CHECK(found[key] > 0);
    }
    CHECK(found["epochs"] == 5);
    CHECK(found["platform"].is_string());
    CHECK(found["threads"] >= 1);
    CHECK(found["seed"] == 9);
}

TEST_CASE("the same seed gives the same file, another seed another one") {
    const SmallDesk desk;
    for (const char* how : {"", "--per-sample "}) {
        const std::string line = kSmall + how;
        REQUIRE(desk.run(line + "--seed 3 --out a.nut").status == 0);
        REQUIRE(desk.run(line + "--seed 3 --out b.nut").status == 0);
        REQUIRE(desk.run(line + "--seed 4 --out c.nut").status == 0);
        CHECK(desk.read("a.nut") == desk.read("b.nut"));
        CHECK(desk.read("a.nut") != desk.read("c.nut"));
    }
}

TEST_CASE("every optimizer, schedule, initializer and loss trains, each in its own way") {
    const SmallDesk desk;
    std::set<std::string> models;
    const std::vector<std::string> ways{"--optimizer adam",
                                        "--optimizer sgd",
                                        "--optimizer momentum",
                                        "--schedule linear",
                                        "--schedule cosine",
                                        "--init he",
                                        "--schedule step --step-every 2",
                                        "--optimizer momentum --momentum 0.5",
                                        "--loss mse",
                                        "--loss mse --output linear",
                                        "--clip 0.001 --optimizer sgd",
                                        "--weight-decay 0.1",
                                        "--per-sample",
                                        "--batch 7",
                                        "--activation tanh",
                                        "--activation leaky_relu(0.3)",
                                        "--hold-out 0.5"};
    for (const std::string& way : ways) {
        const Outcome outcome = desk.run(kSmall + "--out m.nut " + way);
        INFO(way, "\n", outcome.err);
        CHECK(outcome.status == 0);
        models.insert(desk.read("m.nut"));
    }
    CHECK(models.size() == ways.size());
}

TEST_CASE("updating after each sample learns") {
    const SmallDesk desk;
    const std::string line = "train --data rows.csv --layers 6,3:tanh,6 --per-sample --lr 0.5 ";
    const double first = desk.run_json(line + "--epochs 1 --out m.nut")["test_mse"];
    const double last = desk.run_json(line + "--epochs 200 --out m.nut")["test_mse"];
    CHECK(last < first / 2);
}

TEST_CASE("patience stops early and keeps the best epoch's model") {
    const SmallDesk desk;
    const nlohmann::json found = desk.run_json(
        "train --data rows.csv --layers 6,2,6 --lr 0.05 --epochs 5000 --patience 3 --out m.nut "
        "--history h.csv");
    CHECK(found["end"] == "stopped early");
    const tools::History history = tools::read_history(desk.path("h.csv"));
    CHECK(history.epochs.size() < 5000);
    const size_t kept = found["kept_epoch"];
    CHECK(kept + 3 == history.epochs.size());
    const double lowest = lowest_test_loss(history.epochs);
    CHECK(history.epochs[kept - 1].watched_loss == lowest);
    // The history has nine digits, float sums a little fewer.
    CHECK(std::fabs(static_cast<double>(found["test_bce"]) - lowest) < 1e-6);
}

TEST_CASE("the history holds one line an epoch, and can be drawn") {
    const SmallDesk desk;
    REQUIRE(desk.run(kSmall + "--out m.nut --history h.csv --loss mse").status == 0);
    const tools::History history = tools::read_history(desk.path("h.csv"));
    CHECK(history.loss == tools::LossKind::mean_squared_error);
    REQUIRE(history.epochs.size() == 5);
    CHECK(history.epochs[4].number == 5);
    REQUIRE(desk.run("show m.nut --what losses --history h.csv --out l.svg").status == 0);
    CHECK(xml_error(desk.read("l.svg")) == "");
}

TEST_CASE("Ctrl-C ends training with success and the best model so far") {
    const SmallDesk desk;
    Desk::Job job = desk.start(
        "train --data rows.csv --layers 6,2,6 --lr 0.01 --epochs 1000000 --save-every 1 --json "
        "--out m.nut");
    while (!desk.has("m.nut") && job.running()) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    job.send(SIGINT);
    const Outcome outcome = job.wait();
    INFO(outcome.err);
    REQUIRE(outcome.status == 0);
    const nlohmann::json found = nlohmann::json::parse(outcome.out);
    CHECK(found["end"] == "interrupted");
    CHECK(found["epochs"] >= 1);
    CHECK(found["kept_epoch"] >= 1);
    CHECK(desk.contents().size() == 2);  // rows.csv and the model: no temporary
    CHECK(tools::read_model(desk.path("m.nut")).layer_count() == 2);
}

TEST_CASE("--save-every leaves a whole model while training goes on") {
    const SmallDesk desk;
    Desk::Job job = desk.start(
        "train --data rows.csv --layers 6,2,6 --epochs 1000000 --save-every 2 --out m.nut");
    while (!desk.has("m.nut") && job.running()) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    CHECK(job.running());
    CHECK(tools::read_model(desk.path("m.nut")).layer_count() == 2);
    job.send(SIGKILL);
    CHECK(job.wait().status == -1);
    CHECK(tools::read_model(desk.path("m.nut")).layer_count() == 2);
}

TEST_CASE("a rate that diverges at once writes no model and names the epoch") {
    const SmallDesk desk;
    desk.file("m.nut", "old");
    desk.check_refused(
        "train --data rows.csv --layers 6,2,6 --loss mse --output linear --optimizer sgd "
        "--batch 5 --lr 1e6 --out m.nut --json",
        {"diverged in epoch 1", "--lr 1e+06", "no model", "lower --lr"}, 1);
}

TEST_CASE("a rate that diverges later keeps the last good model and says so") {
    const SmallDesk desk;
    const Outcome outcome = desk.run(
        "train --data rows.csv --layers 6,2,6 --activation linear --output linear --loss mse "
        "--optimizer sgd --lr 1.5 --epochs 60 --out m.nut --json --history h.csv");
    CHECK(outcome.status == 1);
    CHECK(outcome.err.find("nutshell: training diverged in epoch ") == 0);
    CHECK(outcome.err.find("kept the model of epoch ") != std::string::npos);
    const nlohmann::json found = nlohmann::json::parse(outcome.out);
    CHECK(found["end"] == "diverged");
    CHECK(found["kept_epoch"] >= 2);
    const tools::History history = tools::read_history(desk.path("h.csv"));
    const double lowest = lowest_test_loss(history.epochs);
    CHECK(history.epochs[found["kept_epoch"].get<size_t>() - 1].watched_loss == lowest);
    // The history has nine digits; the two sums are taken in another order.
    CHECK(std::fabs(found["test_mse"].get<double>() - lowest) < 1e-5);
    CHECK(tools::read_model(desk.path("m.nut")).layer_count() == 2);
}

TEST_CASE("the report is one page with the pictures and the same numbers as --json") {
    const SmallDesk desk;
    const nlohmann::json found = desk.run_json(kSmall + "--out m.nut --report r.html");
    const std::string page = desk.read("r.html");
    CHECK(xml_error(page.substr(page.find("<html"))) == "");
    char bce[32];
    std::snprintf(bce, sizeof bce, ">%.5g<", static_cast<double>(found["test_bce"]));
    CHECK(page.find(bce) != std::string::npos);
    CHECK(page.find("--layers 6,2,6") != std::string::npos);
    CHECK(page.find("src=") == std::string::npos);  // it needs no other file
    size_t figures = 0;
    for (size_t at = 0; (at = page.find("<figcaption>", at)) != std::string::npos; figures++) {
        at += 12;
        const std::string caption = page.substr(at, page.find('<', at) - at);
        INFO(caption);
        CHECK(page.find(">" + caption + "<") == at - 1);  // said once, not in the picture too
        CHECK(page.find(">" + caption + "<", at) == std::string::npos);
    }
    CHECK(figures == 4);
}
