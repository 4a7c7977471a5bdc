// SPDX-License-Identifier: MIT
// The sweep of the products over sizes: the worst drop, what is measured, and the picture of it.
#include "tools/bench/size_sweep.hpp"

#include <doctest/doctest.h>

#include "command.hpp"
#include "tools/picture/charts.hpp"
#include "tools/picture/svg.hpp"
#include "xml_check.hpp"

using namespace nutshell;
using namespace nutshell::tools;

TEST_CASE("the worst drop is the largest loss between neighbouring sizes from the one asked on") {
    const SizeSweep sweep{"any", 10, {1, 2, 3, 64, 65, 66}, {}};
    const SpeedCurve curve{"gemm_nt", "n to n", {8, 2, 4, 10, 9, 6}};
    const Drop all = worst_drop(sweep, curve, 1);
    CHECK(all.from == 1);
    CHECK(all.to == 2);
    CHECK(all.part == doctest::Approx(0.75));
    const Drop large = worst_drop(sweep, curve, 64);
    CHECK(large.from == 65);
    CHECK(large.to == 66);
    CHECK(large.part == doctest::Approx(1.0 / 3));
    const Drop none = worst_drop(sweep, {"gemm_nt", "n to n", {1, 2, 3, 3, 4, 5}}, 1);
    CHECK(none.part == 0);
}

TEST_CASE("a chart of speeds names its curves, and rings the size that was marked") {
    const SpeedCurves::Curve curve{"gemm_nt", {0.1, 0.5, 0.25, 0.75}, 3, {"a note"}};
    SpeedCurves chart{"Speed", "Explained.", "n", {1, 2, 3, 1024}, {curve}};
    const std::string marked = to_svg(speed_curves(chart));
    CHECK(test::xml_error(marked) == "");
    for (const char* text : {"Speed", "Explained.", "gemm_nt", "a note", "% of the peak"}) {
        CAPTURE(text);
        CHECK(marked.find(text) != std::string::npos);
    }
    chart.curves[0].marked_size = 0;
    const std::string plain = to_svg(speed_curves(chart));
    CHECK(plain.size() < marked.size());
    chart.curves[0].marked_size = 512;  // no such size
    CHECK(to_svg(speed_curves(chart)) == plain);
}

TEST_CASE("a sweep whose picture could not be written is refused before anything is measured") {
    const tests::Desk desk;
    const tests::Outcome outcome = desk.run("bench --sweep speeds.bmp");
    CHECK(outcome.status == 2);
    CHECK(outcome.err.find("speeds.bmp") != std::string::npos);
}
