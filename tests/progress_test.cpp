// SPDX-License-Identifier: MIT
// The progress line at every width, when it appears, and what it leaves behind.
#include "tools/progress.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <stdexcept>

#include "tools/picture/utf8.hpp"

using namespace nutshell::tools;

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

ProgressState half_way() {
    ProgressState state;
    state.label = "train";
    state.epoch = 7, state.epochs = 50;
    state.done = 0.5;
    state.loss = 0.10418;
    state.images_per_second = 51234;
    state.seconds_left = 65;
    return state;
}

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

/// A terminal of 100 columns whose clock the test moves.
struct FakeTerminal {
    double now = 1000;
    int writes = 0;
    std::string text;
    ProgressOutput output() {
        return {true, false, [] { return 100; }, [this] { return now; },
                [this](const std::string& more) { text += more, ++writes; }};
    }
};

}  // namespace

TEST_CASE("a wide progress line tells epoch, part, time left, loss and speed") {
    CHECK(format_progress(half_way(), 100, false) ==
          "train  epoch  7/50  [############.............]   50%  1 min 05 s left"
          "  loss 0.1042  51,234 images/s");
    CHECK(format_progress(half_way(), 100, false).size() == 100);
    const std::string line = format_progress(half_way(), 100, true);
    CHECK(contains(line, "\u2588\u2591"));
}

TEST_CASE("a progress line never exceeds its width and gives up the least needed first") {
    for (const bool utf8 : {false, true})
        for (int width = 0; width <= 200; ++width)
            CHECK(count_characters(format_progress(half_way(), width, utf8)) <= width);
    CHECK(format_progress(half_way(), 60, false) ==
          "train  epoch  7/50   50%  1 min 05 s left  loss 0.1042");
    CHECK(format_progress(half_way(), 43, false) == "train  epoch  7/50   50%  1 min 05 s left");
    CHECK(format_progress(half_way(), 10, false) == "train  epo");
    CHECK(format_progress(half_way(), 0, false) == "");
}

TEST_CASE("a progress line leaves out what is not known") {
    ProgressState state;
    state.label = "read";
    CHECK(format_progress(state, 30, false) == "read  [................]    0%");
    state.done = kNaN;
    CHECK(contains(format_progress(state, 30, false), "  0%"));
    state.done = 7;
    CHECK(contains(format_progress(state, 30, false), "100%"));
    state.done = 0.999;  // all is said only when all is done
    CHECK(contains(format_progress(state, 30, false), " 99%"));
}

TEST_CASE("durations read as people say them") {
    CHECK(format_duration(0) == "0 s");
    CHECK(format_duration(59.4) == "59 s");
    CHECK(format_duration(59.6) == "1 min 00 s");
    CHECK(format_duration(185) == "3 min 05 s");
    CHECK(format_duration(2 * 3600 + 7 * 60 + 3) == "2 h 07 min");
    CHECK(format_duration(kNaN) == "?");
    CHECK(format_duration(1e300) == "?");
}

TEST_CASE("nothing is written when standard error is no terminal") {
    FakeTerminal fake;
    ProgressOutput output = fake.output();
    output.terminal = false;
    {
        Progress progress("train", 2, 100, output);
        fake.now += 60;
        progress.update(1, 50, 0.5);
        progress.note("a note");
    }
    CHECK(fake.text == "");
}

TEST_CASE("a job shorter than half a second shows no progress") {
    FakeTerminal fake;
    {
        Progress progress("train", 1, 100, fake.output());
        fake.now += 0.4;
        progress.update(1, 100, 0.5);
    }
    CHECK(fake.text == "");
}

TEST_CASE("progress redraws at most ten times a second and ends on a fresh line") {
    FakeTerminal fake;
    {
        Progress progress("train", 2, 1000, fake.output());
        for (int i = 1; i <= 1000; ++i) {
            fake.now += 0.002;  // two seconds in all
            progress.update(1, i, 0.5);
        }
        CHECK(fake.writes >= 14);
        CHECK(fake.writes <= 16);  // the last 1.5 of two seconds
        CHECK(contains(fake.text, "2 s left"));
        CHECK(contains(fake.text, "500 images/s"));
        CHECK(fake.text.find('\n') == std::string::npos);
    }
    CHECK(fake.text.back() == '\n');
    CHECK(contains(fake.text, "in 2 s"));
}

TEST_CASE("a note stands on a line of its own above the progress") {
    FakeTerminal fake;
    Progress progress("train", 2, 100, fake.output());
    fake.now += 1;
    progress.update(1, 50, 0.5);
    fake.text.clear();
    progress.note("saved model.nut");
    CHECK(fake.text.rfind("\r\x1b[Ksaved model.nut\n\r\x1b[Ktrain", 0) == 0);
    progress.finish();
    fake.text.clear();
    progress.update(2, 50, 0.5);
    progress.finish();
    CHECK(fake.text == "");
}

TEST_CASE("progress survives a terminal that fails") {
    FakeTerminal fake;
    ProgressOutput output = fake.output();
    output.write = [](const std::string&) { throw std::runtime_error("gone"); };
    Progress progress("train", 2, 100, output);
    fake.now += 1;
    progress.update(1, 50, 0.5);
    progress.note("x");
    progress.finish();
    CHECK(fake.text == "");
}
