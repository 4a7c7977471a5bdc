// SPDX-License-Identifier: MIT
// "Did you mean": which word a mistyped one is taken for, and when none is.
#include "tools/suggest.hpp"

#include <doctest/doctest.h>

using nutshell::tools::nearest;

TEST_CASE("a dropped, doubled, wrong or swapped letter still finds the word") {
    const std::vector<std::string> words{"train", "evaluate", "run", "inspect", "show"};
    CHECK(nearest("tran", words) == "train");
    CHECK(nearest("traain", words) == "train");
    CHECK(nearest("traim", words) == "train");
    CHECK(nearest("rtain", words) == "train");
    CHECK(nearest("evalaute", words) == "evaluate");
    CHECK(nearest("run", words) == "run");
}

TEST_CASE("nothing is suggested for a word that is like no other") {
    CHECK(nearest("zzzzzzzz", {"train", "evaluate"}) == "");
    CHECK(nearest("train", {}) == "");
}

TEST_CASE("of two words the nearer one is suggested") {
    CHECK(nearest("--epoch", {"--patience", "--epochs", "--each"}) == "--epochs");
}
