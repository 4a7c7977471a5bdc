// SPDX-License-Identifier: MIT
#include "bench.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "nutshell/random.hpp"
#include "stopwatch.hpp"
#include "tools/error.hpp"
#include "tools/training/training_report.hpp"

namespace nutshell::tools {
namespace {

constexpr int kRows = 32;  // samples together, as in training

std::string product_shape(int m, int n, int k) {
    return std::to_string(m) + "x" + std::to_string(n) + "x" + std::to_string(k);
}

/// The three products of a layer of `in` inputs and `out` outputs.
void measure_products(int in, int out, std::vector<KernelSpeed>& speeds) {
    const int wide = std::max(in, out), narrow = std::min(in, out);
    const size_t rows = kRows;
    AlignedFloats weight(static_cast<size_t>(wide) * static_cast<size_t>(narrow));
    AlignedFloats x(rows * static_cast<size_t>(wide)), y(rows * static_cast<size_t>(narrow));
    std::fill_n(weight.data(), weight.size(), 0.01f);
    std::fill_n(x.data(), x.size(), 0.5f);
    std::fill_n(y.data(), y.size(), 0.5f);
    const Clamp clamp{-1e30f, 1e30f};
    const double operations = 2.0 * kRows * wide * narrow;
    const auto add = [&](const char* name, int m, int n, int k, auto work) {
        speeds.push_back({name, product_shape(m, n, k), operations / best_time(work) / 1e9, 0});
    };
    add("gemm_nt", kRows, narrow, wide, [&] {
        kernels::gemm_nt(kRows, narrow, wide, x.data(), weight.data(), nullptr, clamp, y.data());
    });
    add("gemm_nn", kRows, wide, narrow, [&] {
        kernels::gemm_nn(kRows, wide, narrow, y.data(), weight.data(), wide, nullptr, clamp,
                         x.data());
    });
    std::fill_n(x.data(), x.size(), 1e-6f);  // so that the sums stay small
    add("gemm_tn", narrow, wide, kRows,
        [&] { kernels::gemm_tn(narrow, wide, kRows, 1.0f, y.data(), x.data(), weight.data()); });
}

/// A convolution there and its gradient, on one image in its frame.
void measure_convolution(const Row& row, std::vector<KernelSpeed>& speeds) {
    const WindowMap map = Conv2DLayer::map(row);
    const TensorSizes sizes = tensor_sizes(row);
    AlignedFloats image(static_cast<size_t>(row.in.size())), y(static_cast<size_t>(row.out.size()));
    AlignedFloats frame(static_cast<size_t>(map.frame().floats()));
    AlignedFloats weight(static_cast<size_t>(sizes.weight));
    std::fill_n(image.data(), image.size(), 1e-6f);  // so that the sums stay small
    std::fill_n(y.data(), y.size(), 1e-6f);
    const float* x = map.frame().put(image.data(), frame.data());
    const Convolution convolution = map.there(row.in.channels, row.out.channels);
    const std::string shape = std::to_string(row.out.height) + "x" + std::to_string(row.out.width) +
                              "x" + std::to_string(row.out.channels) + "x" +
                              std::to_string(weight_matrix(row).inputs);
    const double operations = 2.0 * multiply_adds(row);
    const auto add = [&](const char* name, auto work) {
        speeds.push_back({name, shape, operations / best_time(work) / 1e9, 0});
    };
    add("convolve", [&] {
        kernels::convolve(convolution, x, weight.data(), nullptr, {-1e30f, 1e30f}, y.data());
    });
    add("convolve_gradient",
        [&] { kernels::convolve_gradient(convolution, 1.0f, x, y.data(), weight.data()); });
}

/// In place, again and again: each of these keeps its values within ordinary numbers.
void measure_passes(int width, std::vector<KernelSpeed>& speeds) {
    AlignedFloats x(static_cast<size_t>(width)), target(static_cast<size_t>(width));
    const auto add = [&](const char* name, auto work) {
        for (int i = 0; i < width; i++) x.data()[i] = static_cast<float>(i % 17 - 8);
        const double seconds = best_time(work);
        speeds.push_back({name, std::to_string(width), 0, seconds * 1e9 / width});
    };
    add("sigmoid", [&] { kernels::sigmoid(width, x.data()); });
    add("tanh", [&] { kernels::tanh(width, x.data()); });
    add("sigmoid_cross_entropy",
        [&] { (void)kernels::sigmoid_cross_entropy(width, 0.1f, target.data(), x.data()); });
    add("squared_error",
        [&] { (void)kernels::squared_error(width, 0.5f, target.data(), x.data()); });
}

void measure_step(int floats, std::vector<KernelSpeed>& speeds) {
    const size_t n = static_cast<size_t>(floats);
    AlignedFloats weights(n), gradients(n), first(n), second(n);
    const double seconds = best_time([&] {
        kernels::adam_step(floats, {1e-3f, 1.0f, 0.0f}, {0.9f, 0.999f, 0.1f, 0.001f, 1e-7f},
                           weights.data(), gradients.data(), first.data(), second.data());
    });
    speeds.push_back({"adam_step", std::to_string(floats), 0, seconds * 1e9 / floats});
}

FitSettings settings_for(int threads, bool skip_zeros) {
    FitSettings settings;
    settings.threads = threads;
    settings.skip_zeros = skip_zeros;
    return settings;
}

}  // namespace

double measure_peak(const platform::Peak& peak) {
    constexpr int rounds = 1000;
    volatile float sink = 0;
    const double seconds = best_time([&] { sink = peak.multiply_adds(rounds); });
    return peak.operations_per_round * rounds / seconds / 1e9;
}

std::vector<KernelSpeed> measure_kernels(const Graph& graph) {
    std::vector<KernelSpeed> speeds;
    const Row& first = graph.rows()[0];
    if (first.kind == Kind::dense) measure_products(first.in.size(), first.out.size(), speeds);
    for (const Row& row : graph.rows()) {
        if (row.kind == Kind::conv2d) measure_convolution(row, speeds);
    }
    measure_passes(graph.last().out.size(), speeds);
    measure_step(graph.totals().floats, speeds);
    return speeds;
}

SingleSpeed measure_single(const Graph& graph, const platform::Peak* peak) {
    constexpr int rounds = 5;      // in turn, so that a change of clock meets them all
    constexpr size_t block = 128;  // peak->read takes multiples of it
    const auto nanoseconds = [&](Part part) {
        const Graph::Range range = graph.range(part);
        AlignedFloats x(static_cast<size_t>(graph.input_size(range)));
        AlignedFloats y(static_cast<size_t>(graph.output_size(range)));
        std::fill_n(x.data(), x.size(), 0.5f);
        Graph::Workspace work(graph);
        return 1e9 * best_time([&] { graph.run(range, x.data(), 1, y.data(), work); });
    };
    size_t weights = 0;
    for (const Row& row : graph.rows()) weights += static_cast<size_t>(tensor_sizes(row).weight);
    // The model's own memory: where its pages lie decides how fast a cache that holds them is.
    const AlignedFloats& loaded = graph.parameters();
    const int floats = static_cast<int>(loaded.size() / block * block);
    volatile float sink = 0;
    const auto stream = [&] {
        return 1e9 * best_time([&] { sink = peak->read(floats, loaded.data()); }) *
               static_cast<double>(weights) / floats;
    };
    constexpr double none = std::numeric_limits<double>::infinity();
    SingleSpeed best{none, none, none, none, weights * sizeof(float)};
    for (int round = 0; round < rounds; round++) {
        best.encode = std::min(best.encode, nanoseconds(Part::encoder));
        best.decode = std::min(best.decode, nanoseconds(Part::decoder));
        best.reconstruct = std::min(best.reconstruct, nanoseconds(Part::whole));
        if (peak && floats > 0) best.stream = std::min(best.stream, stream());
    }
    if (!std::isfinite(best.stream)) best.stream = std::numeric_limits<double>::quiet_NaN();
    return best;
}

TrainingMeter::TrainingMeter(const Graph& graph, const Dataset& data, int threads, bool skip_zeros)
    : graph_(graph),
      data_(data),
      settings_(settings_for(threads, skip_zeros)),
      updater_(graph, data, settings_),
      fastest_(static_cast<size_t>((data.count + settings_.batch - 1) / settings_.batch) + 2,
               std::numeric_limits<double>::infinity()) {}

void TrainingMeter::run_epoch() {
    size_t stretch = 0;
    double last = seconds_now();
    const auto lap = [&] {
        const double now = seconds_now();
        fastest_[stretch] = std::min(fastest_[stretch], now - last);
        stretch++;
        last = now;
    };
    std::vector<uint32_t> order(static_cast<size_t>(data_.count));
    std::iota(order.begin(), order.end(), 0u);
    shuffle(order.data(), static_cast<uint32_t>(order.size()), settings_.seed, 1);
    lap();
    for (int at = 0; at < data_.count; at += settings_.batch, lap()) {
        const int left = data_.count - at;
        const double loss = updater_.step(order.data() + at, std::min(settings_.batch, left), left,
                                          {update_++, 1, settings_.rate});
        if (!std::isfinite(loss)) throw Error("training diverges, so its speed means nothing");
    }
    Graph trained = graph_;
    updater_.copy_weights(trained);
    lap();
}

TrainingSpeed TrainingMeter::speed() const {
    const double seconds = std::accumulate(fastest_.begin(), fastest_.end(), 0.0);
    return {settings_.threads, skips_zeros(), seconds,
            operations_per_sample(graph_) * data_.count / seconds / 1e9};
}

}  // namespace nutshell::tools
