// SPDX-License-Identifier: MIT
#include "bench_sizes.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "tools/picture/charts.hpp"
#include "tools/picture/picture.hpp"
#include "tools/picture/ticks.hpp"
#include "tools/terminal.hpp"

namespace nutshell::tools {
namespace {

constexpr int kLargeFrom = 64;  // below, a rest of a vector is a large part of a product

nlohmann::ordered_json to_json(const Drop& drop) {
    return {{"from", drop.from}, {"to", drop.to}, {"part", drop.part}};
}

std::string text(const Drop& drop) {
    if (drop.part <= 0) return "never falls";
    return format_number(100 * drop.part, 2) + " %, " + std::to_string(drop.from) + " to " +
           std::to_string(drop.to);
}

/// The curve in `columns` blocks, sizes on a scale of doublings; each shows the slowest size in it.
std::string blocks(const SizeSweep& sweep, const SpeedCurve& curve, int columns) {
    static const char* const kBlocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    const double largest = std::log(sweep.sizes.back() + 1.0);
    std::vector<double> slowest(static_cast<size_t>(columns), HUGE_VAL);
    for (size_t i = 0; i < sweep.sizes.size(); i++) {
        const auto column = static_cast<size_t>(columns * std::log(sweep.sizes[i]) / largest);
        slowest[column] = std::min(slowest[column], curve.gflops[i] / sweep.peak_gflops);
    }
    std::string line;
    double last = 0;
    for (const double part : slowest) {
        last = std::isfinite(part) ? part : last;  // no size there: as the one before
        line += kBlocks[std::clamp(static_cast<int>(8 * last), 0, 7)];
    }
    return line;
}

}  // namespace

nlohmann::ordered_json to_json(const SizeSweep& sweep) {
    nlohmann::ordered_json curves = nlohmann::ordered_json::array();
    for (const SpeedCurve& curve : sweep.curves) {
        curves.push_back({{"product", curve.product},
                          {"layer", curve.layer},
                          {"gflops", curve.gflops},
                          {"worst_drop", to_json(worst_drop(sweep, curve, 1))},
                          {"worst_drop_from_64", to_json(worst_drop(sweep, curve, kLargeFrom))}});
    }
    return {{"peak_gflops", sweep.peak_gflops}, {"sizes", sweep.sizes}, {"curves", curves}};
}

void print_sweep(const SizeSweep& sweep) {
    constexpr int kColumns = 40;
    const bool utf8 = terminal_speaks_utf8();
    std::printf("%s over sizes 1 to %d, of %.0f GFLOP/s; worst drops between neighbours\n",
                sweep.platform.c_str(), sweep.sizes.back(), sweep.peak_gflops);
    for (const SpeedCurve& curve : sweep.curves) {
        std::printf("  %s %-8s %s %5.1f %% at %d   drop from %d on: %s\n", curve.product.c_str(),
                    curve.layer.c_str(), utf8 ? blocks(sweep, curve, kColumns).c_str() : "",
                    100 * curve.gflops.back() / sweep.peak_gflops, sweep.sizes.back(), kLargeFrom,
                    text(worst_drop(sweep, curve, kLargeFrom)).c_str());
    }
    std::printf("\n");
}

Picture picture_of_sweeps(const std::vector<SizeSweep>& sweeps) {
    std::vector<Picture> pictures;
    for (const SizeSweep& sweep : sweeps) {
        for (size_t c = 0; c < sweep.curves.size(); c += 3) {
            const std::string& layer = sweep.curves[c].layer;
            SpeedCurves chart;
            chart.title = sweep.platform + ": products of a layer of " + layer;
            chart.explanation = "Batches of 32 samples. The peak, " +
                                format_number(sweep.peak_gflops, 3) +
                                " GFLOP/s, was measured in the same run. Rings: worst drops.";
            chart.size_name = "n";
            chart.sizes = sweep.sizes;
            for (size_t i = c; i < c + 3; i++) {
                const SpeedCurve& curve = sweep.curves[i];
                const Drop drop = worst_drop(sweep, curve, kLargeFrom);
                SpeedCurves::Curve drawn{curve.product, {}, drop.to, {}};
                for (const double gflops : curve.gflops)
                    drawn.parts.push_back(gflops / sweep.peak_gflops);
                drawn.notes = {"worst drop from " + std::to_string(kLargeFrom) + " on:",
                               text(drop)};
                chart.curves.push_back(drawn);
            }
            pictures.push_back(speed_curves(chart));
        }
    }
    return stack_pictures("Speed of the matrix products over sizes", pictures);
}

}  // namespace nutshell::tools
