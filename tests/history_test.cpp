// SPDX-License-Identifier: MIT
// The losses of a training as a file: what is written comes back, and what is no history is named.
#include "tools/training/history.hpp"

#include <cmath>
#include <limits>

#include "data_files.hpp"

using namespace nutshell;
using namespace nutshell::tests;
using tools::LossKind;

namespace {

std::string refusal_of(const std::string& path) {
    try {
        (void)tools::read_history(path);
    } catch (const tools::Error& error) {
        return error.what();
    }
    return "";
}

}  // namespace

TEST_CASE("a history comes back as it was written, with and without a test set") {
    const TemporaryFolder folder;
    const double none = std::numeric_limits<double>::quiet_NaN();
    const std::vector<tools::Epoch> epochs{{1, 0.25, 0.5, 1.5}, {2, 0.125, none, 2.25}};
    for (const char* name : {"h.csv", "h.json"}) {
        for (const LossKind loss : {LossKind::binary_cross_entropy, LossKind::mean_squared_error}) {
            for (const char* watched : {"test", "validation"}) {
                tools::write_history(folder.path(name), {loss, watched, epochs});
                const tools::History history = tools::read_history(folder.path(name));
                CHECK(history.loss == loss);
                CHECK(history.watched == watched);
                REQUIRE(history.epochs.size() == 2);
                CHECK(history.epochs[0].number == 1);
                CHECK(history.epochs[0].train_loss == 0.25);
                CHECK(history.epochs[0].watched_loss == 0.5);
                CHECK(history.epochs[0].seconds == 1.5);
                CHECK(history.epochs[1].train_loss == 0.125);
                CHECK(std::isnan(history.epochs[1].watched_loss));
                CHECK(history.epochs[1].seconds == 2.25);
            }
        }
    }
}

TEST_CASE("a history is a table that other programs read") {
    const TemporaryFolder folder;
    tools::write_history(folder.path("h.csv"),
                         {LossKind::binary_cross_entropy, "test", {{1, 0.25, 0.5, 1.5}}});
    CHECK(read_back(folder.path("h.csv")) ==
          "epoch,train_bce,test_bce,seconds\n1,0.25,0.5,1.500\n");
}

TEST_CASE("a file that is no history is refused with its line") {
    const TemporaryFolder folder;
    const std::string header = "epoch,train_mse,test_mse,seconds\n";
    const std::string path = folder.path("h.csv");
    CHECK(refusal_of(path).find("No such file") != std::string::npos);
    folder.file("h.csv", "");
    CHECK(refusal_of(path).find("line 1") != std::string::npos);
    folder.file("h.csv", "1,2,3\n");
    CHECK(refusal_of(path).find("line 1") != std::string::npos);
    folder.file("h.csv", header);
    CHECK(refusal_of(path).find("no epoch") != std::string::npos);
    folder.file("h.csv", header + "1,0.5,0.5,1\n2,half,0.5,1\n");
    CHECK(refusal_of(path).find("line 3") != std::string::npos);
    folder.file("h.csv", header + "1,0.5\n");
    CHECK(refusal_of(path).find("line 2") != std::string::npos);
}

TEST_CASE("a .json that is no history is refused by name") {
    const TemporaryFolder folder;
    for (const char* text : {"", "{", "[]", "{\"loss\":\"bce\",\"watched\":\"test\"}",
                             "{\"loss\":\"bce\",\"watched\":\"test\",\"epochs\":[]}",
                             "{\"loss\":1,\"watched\":\"test\",\"epochs\":[]}",
                             "{\"loss\":\"bce\",\"watched\":\"test\",\"epochs\":[{}]}"}) {
        CAPTURE(text);
        folder.file("h.json", text);
        CHECK(refusal_of(folder.path("h.json")).find("h.json: ") != std::string::npos);
    }
}
