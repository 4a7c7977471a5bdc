// SPDX-License-Identifier: MIT
// nutshell bench: the speed of this machine against its own measured peak.
#include "tools/bench/bench.hpp"

#include <cmath>
#include <cstdio>
#include <deque>
#include <limits>

#include "bench_search.hpp"
#include "bench_sizes.hpp"
#include "tools/error.hpp"
#include "tools/model/layer_list.hpp"
#include "tools/picture/picture.hpp"

namespace nutshell::tools {
namespace {

struct Options {
    std::string data = "sample", layers = "784,24,784", only, sweep;
    int epochs = 10, threads = 2;
    bool search = false;
};

PlatformSpeed measure(const platform::Platform& platform, const Graph& graph, const Dataset& data,
                      const Options& options) {
    if (platform::use(platform.name) != Status::ok) throw Error("a platform went away");
    PlatformSpeed speed;
    speed.name = platform.name;
    speed.kernels = measure_kernels(graph);
    speed.single = measure_single(graph, platform.peak);
    speed.int8 = measure_int8(graph);
    std::deque<TrainingMeter> meters;
    meters.emplace_back(graph, data, 1);
    if (meters[0].skips_zeros()) meters.emplace_back(graph, data, 1, false);
    if (options.threads > 1) meters.emplace_back(graph, data, options.threads);
    speed.peak_gflops = std::numeric_limits<double>::quiet_NaN();
    for (int epoch = 0; epoch < options.epochs; epoch++) {  // in turn: all meet the same weather
        if (platform.peak)
            speed.peak_gflops = std::fmax(speed.peak_gflops, measure_peak(*platform.peak));
        for (TrainingMeter& meter : meters) meter.run_epoch();
    }
    for (const TrainingMeter& meter : meters) speed.training.push_back(meter.speed());
    return speed;
}

double stream_gbytes(const SingleSpeed& single) {
    return static_cast<double>(single.weights_bytes) / single.stream;
}

nlohmann::ordered_json to_json(const PlatformSpeed& speed) {
    nlohmann::ordered_json kernels = nlohmann::ordered_json::array();
    for (const KernelSpeed& kernel : speed.kernels) {
        nlohmann::ordered_json entry{{"name", kernel.name}, {"shape", kernel.shape}};
        if (kernel.gflops > 0) {
            entry["gflops"] = kernel.gflops;
            entry["fraction_of_peak"] = number_or_null(kernel.gflops / speed.peak_gflops);
        } else {
            entry["nanoseconds_per_element"] = kernel.nanoseconds_per_element;
        }
        kernels.push_back(entry);
    }
    nlohmann::ordered_json training = nlohmann::ordered_json::array();
    for (const TrainingSpeed& run : speed.training) {
        training.push_back(
            {{"threads", run.threads},
             {"skips_zeros", run.skips_zeros},
             {"seconds_per_epoch", run.seconds_per_epoch},
             {"gflops", run.gflops},
             {"fraction_of_peak", number_or_null(run.gflops / speed.peak_gflops / run.threads)}});
    }
    return {
        {"platform", speed.name},
        {"peak_gflops", number_or_null(speed.peak_gflops)},
        {"training", training},
        {"float_encode_ns", speed.single.encode},
        {"float_decode_ns", speed.single.decode},
        {"float_reconstruct_ns", speed.single.reconstruct},
        {"int8_encode_ns", number_or_null(speed.int8.encode)},
        {"int8_decode_ns", number_or_null(speed.int8.decode)},
        {"int8_reconstruct_ns", number_or_null(speed.int8.reconstruct)},
        {"weights_stream_ns", number_or_null(speed.single.stream)},
        {"weights_stream_gbytes_per_second", number_or_null(stream_gbytes(speed.single))},
        {"reconstruct_over_stream", number_or_null(speed.single.reconstruct / speed.single.stream)},
        {"kernels", kernels}};
}

void print_table(const PlatformSpeed& speed) {
    const auto percent = [&](double gflops) {
        return speed.peak_gflops > 0 ? significant(100 * gflops / speed.peak_gflops, 3) + " %"
                                     : "-";
    };
    std::printf("%s: %s GFLOP/s of multiply-adds at most\n", speed.name.c_str(),
                significant(speed.peak_gflops).c_str());
    for (const TrainingSpeed& run : speed.training) {
        const TrainingSpeed& first = speed.training[0];
        std::printf("  training, %d thread%s   %8.4f s an epoch %8.1f GFLOP/s  %s", run.threads,
                    run.threads == 1 ? " " : "s", run.seconds_per_epoch, run.gflops,
                    percent(run.gflops / run.threads).c_str());
        if (run.threads > 1) std::printf(", %.2f times one thread", run.gflops / first.gflops);
        if (run.skips_zeros != first.skips_zeros)
            std::printf(", zeros multiplied too: skipping them is %.2f times as fast",
                        first.gflops / run.gflops);
        std::printf("\n");
    }
    std::printf("  one sample            encode %.0f ns, decode %.0f ns, reconstruct %.0f ns\n",
                speed.single.encode, speed.single.decode, speed.single.reconstruct);
    if (speed.single.stream > 0) {
        std::printf(
            "                        %.2f times the %.0f ns of loading %zu bytes of weights, "
            "%.1f GB/s\n",
            speed.single.reconstruct / speed.single.stream, speed.single.stream,
            speed.single.weights_bytes, stream_gbytes(speed.single));
    }
    if (speed.int8.encode > 0) {
        std::printf("  one sample, int8      encode %.0f ns, decode %.0f ns, reconstruct %.0f ns\n",
                    speed.int8.encode, speed.int8.decode, speed.int8.reconstruct);
    }
    for (const KernelSpeed& kernel : speed.kernels) {
        if (kernel.gflops > 0) {
            std::printf("  %-21s %-13s %8.1f GFLOP/s  %s\n", kernel.name.c_str(),
                        kernel.shape.c_str(), kernel.gflops, percent(kernel.gflops).c_str());
        } else {
            std::printf("  %-21s %-13s %8.3f ns an element\n", kernel.name.c_str(),
                        kernel.shape.c_str(), kernel.nanoseconds_per_element);
        }
    }
    std::printf("\n");
}

int bench(const Options& options, const Common& common) {
    if (options.search) return bench_search(options.only, common);
    const LayerList layers = parse_layers(options.layers, {});
    Graph graph(layers.rows, layers.code_layer);
    graph.initialize(1, Initializer::glorot_uniform);
    const Dataset data = load_data(options.data).train;
    require_fit(graph, data, LossKind::binary_cross_entropy);
    if (!options.sweep.empty())
        (void)picture_bytes(options.sweep, Picture{1, 1, "", [](Canvas&) {}});
    if (!common.json) {
        std::printf(
            "The fastest of many short runs by the clock on the wall. Training: %d epochs of %d "
            "samples of %s,\nof each update its fastest; %% of the highest multiply-add peak "
            "measured in between.\n\n",
            options.epochs, data.count, data.name.c_str());
    }
    nlohmann::ordered_json platforms = nlohmann::ordered_json::array();
    std::vector<SizeSweep> sweeps;
    for (int i = 0; i < platform::count(); i++) {
        const platform::Platform& platform = platform::at(i);
        if (!platform.usable() || (!options.only.empty() && options.only != platform.name))
            continue;
        const PlatformSpeed speed = measure(platform, graph, data, options);
        const bool sweep = !options.sweep.empty() && platform.peak;
        if (sweep) sweeps.push_back(measure_sizes(platform));
        if (common.json) {
            platforms.push_back(to_json(speed));
            if (sweep) platforms.back()["sizes"] = to_json(sweeps.back());
        } else {
            print_table(speed);
            if (sweep) print_sweep(sweeps.back());
        }
    }
    if (!options.sweep.empty() && sweeps.empty()) {
        throw Error("--sweep compares with the peak of an instruction set; the reference has none");
    }
    if (!options.sweep.empty()) save_picture(options.sweep, picture_of_sweeps(sweeps));
    if (common.json) {
        print_json({{"layers", layer_sizes(graph)},
                    {"data", data.name},
                    {"samples", data.count},
                    {"batch", FitSettings{}.batch},
                    {"platforms", platforms}});
    }
    return kSuccess;
}

}  // namespace

void add_bench(CLI::App& app, Common& common) {
    static Options options;
    CLI::App* command = add_command(app, common, "bench",
                                    "Measure this machine's speed against its own peak", [&common] {
                                        if (!common.platform.empty())
                                            options.only = common.platform;
                                        return bench(options, common);
                                    });
    command->add_option("--data", options.data, "What to train on")->capture_default_str();
    command->add_option("--layers", options.layers, "The model")->capture_default_str();
    command
        ->add_option(
            "--epochs", options.epochs,
            "Of training; each update's fastest counts. More of them help on a busy machine")
        ->check(between(1, 1000))
        ->capture_default_str();
    command->add_option("--threads", options.threads, "Of the second training; 1: none")
        ->check(between(1, 64))
        ->capture_default_str();
    command->add_flag("--search", options.search,
                      "Measure only how fast the nearest of 60,000 codes are found");
    command->add_option("--sweep", options.sweep,
                        "Also measure the products at sizes 1 to 1024 and draw them: a .png or "
                        ".svg file");
}

}  // namespace nutshell::tools
