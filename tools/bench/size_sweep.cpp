// SPDX-License-Identifier: MIT
#include "size_sweep.hpp"

#include <algorithm>
#include <set>

#include "bench.hpp"
#include "stopwatch.hpp"

namespace nutshell::tools {
namespace {

constexpr int kRows = 32;    // samples together, as in training
constexpr int kNarrow = 24;  // the tutorial's code
constexpr int kLargest = 1024;
constexpr int kPasses = 8;         // over all sizes, so that a disturbed moment spoils none
constexpr double kEnough = 0.001;  // seconds a measurement

/// All up to 64, then steps of an eighth of the size or less, and the neighbours of the sizes where
/// vectors, tiles and pages of memory end.
std::vector<int> sizes() {
    std::set<int> all;
    for (int n = 1; n <= 64; n++) all.insert(n);
    for (int n = 72; n <= 128; n += 8) all.insert(n);
    for (int n = 144; n <= 256; n += 16) all.insert(n);
    for (int n = 288; n <= kLargest; n += 32) all.insert(n);
    for (const int n : {96, 128, 192, 256, 384, 512, 768, 784, kLargest}) {
        all.insert({n - 1, n});
        if (n < kLargest) all.insert(n + 1);
    }
    return {all.begin(), all.end()};
}

/// Memory for the products of the largest layer.
struct Operands {
    AlignedFloats weight{static_cast<size_t>(kLargest) * kLargest};
    AlignedFloats x{static_cast<size_t>(kRows) * kLargest}, y{x.size()};
};

/// Seconds of one run, on the average of all within kEnough: a clock that stands still for a moment
/// makes no size too fast.
template <class Work>
double mean_time(Work work, int repeats) {
    const double start = seconds_now();
    double seconds = 0;
    int runs = 0;
    for (; seconds < kEnough; seconds = seconds_now() - start, runs += repeats) {
        for (int i = 0; i < repeats; i++) work();
    }
    return seconds / runs;
}

/// GFLOP/s of the products of a layer of n inputs and `out` outputs.
void measure(Operands& at, int n, int out, double best[3]) {
    const Clamp clamp{-1e30f, 1e30f};
    float *weight = at.weight.data(), *x = at.x.data(), *y = at.y.data();
    const double operations = 2.0 * kRows * n * out;
    // Enough runs between two looks at the clock to last about 20 microseconds at 10 GFLOP/s.
    const int repeats = std::max(1, static_cast<int>(2e5 / operations));
    const auto add = [&](int product, auto work) {
        best[product] = operations / mean_time(work, repeats) / 1e9;
    };
    std::fill_n(x, at.x.size(), 1e-3f);
    add(0, [&] { kernels::gemm_nt(kRows, out, n, x, weight, nullptr, clamp, y); });
    add(1, [&] { kernels::gemm_nn(kRows, n, out, y, weight, n, nullptr, clamp, x); });
    std::fill_n(x, at.x.size(), 1e-6f);  // so that the sums stay small
    std::fill_n(y, at.y.size(), 1e-3f);
    add(2, [&] { kernels::gemm_tn(out, n, kRows, 1.0f, y, x, weight); });
}

}  // namespace

SizeSweep measure_sizes(const platform::Platform& platform) {
    SizeSweep sweep{platform.name, 0, sizes(), {}};
    const size_t count = sweep.sizes.size();
    for (const char* layer : {"n to n", "n to 24"}) {
        for (const char* product : {"gemm_nt", "gemm_nn", "gemm_tn"}) {
            sweep.curves.push_back({product, layer, std::vector<double>(count)});
        }
    }
    Operands operands;
    std::fill_n(operands.weight.data(), operands.weight.size(), 1e-3f);
    for (int pass = 0; pass < kPasses; pass++) {
        sweep.peak_gflops = std::max(sweep.peak_gflops, measure_peak(*platform.peak));
        for (size_t i = 0; i < count; i++) {
            for (const size_t family : {size_t{0}, size_t{1}}) {
                const int n = sweep.sizes[i];
                double best[3] = {};
                measure(operands, n, family == 0 ? n : kNarrow, best);
                for (size_t p = 0; p < 3; p++) {
                    double& known = sweep.curves[3 * family + p].gflops[i];
                    known = std::max(known, best[p]);
                }
            }
        }
    }
    return sweep;
}

Drop worst_drop(const SizeSweep& sweep, const SpeedCurve& curve, int smallest) {
    Drop worst;
    for (size_t i = 1; i < sweep.sizes.size(); i++) {
        const double part = 1 - curve.gflops[i] / curve.gflops[i - 1];
        if (sweep.sizes[i - 1] < smallest || part <= worst.part) continue;
        worst = {sweep.sizes[i - 1], sweep.sizes[i], part};
    }
    return worst;
}

}  // namespace nutshell::tools
