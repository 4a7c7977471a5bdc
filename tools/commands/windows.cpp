// SPDX-License-Identifier: MIT
// nutshell windows: cuts a log into the samples that a model reads. nutshell synthetic: a made-up
// log to try it with.
#include <cmath>
#include <cstdio>

#include "commands.hpp"
#include "nutshell/random.hpp"
#include "tools/atomic_file.hpp"
#include "tools/data/bytes.hpp"
#include "tools/data/npy.hpp"
#include "tools/data/time_series.hpp"
#include "tools/error.hpp"

namespace nutshell::tools {
namespace {

struct Options {
    std::string log, output, scales, scales_output;
    std::vector<std::string> dropped;
    int size = 64, hop = 32;
    bool split = false;
};

struct SyntheticOptions {
    std::string output;
    double seconds = 60, rate = 1000, fault = 0;
    uint32_t seed = 1;
};

ChannelScales read_scales(const std::string& path) {
    const Bytes file = read_file(path);
    const nlohmann::json json = nlohmann::json::parse(file.begin(), file.end(), nullptr, false);
    ChannelScales scales;
    try {
        scales.mean = json.at("mean").get<std::vector<float>>();
        scales.deviation = json.at("deviation").get<std::vector<float>>();
    } catch (const nlohmann::json::exception&) {
        throw Error(path + ": is no file of scales; make one with --scales-out");
    }
    bool good = scales.mean.size() == scales.deviation.size();
    for (const float deviation : scales.deviation) good = good && deviation > 0;
    if (!good) throw Error(path + ": its means and deviations do not fit each other");
    return scales;
}

void write_scales(const std::string& path, const TimeSeries& series, const ChannelScales& scales) {
    const nlohmann::ordered_json json{
        {"channels", series.channels}, {"mean", scales.mean}, {"deviation", scales.deviation}};
    const std::string text = json.dump(2) + "\n";
    write_file(path, text.data(), text.size());
}

int cut(const Options& options, const Common& common) {
    const TimeSeries series = read_time_series(options.log, options.dropped);
    const ChannelScales scales =
        options.scales.empty() ? scales_of(series) : read_scales(options.scales);
    const Dataset windows = cut_windows(series, scales, options.size, options.hop, options.split);
    write_npy(options.output, windows.floats.data(), windows.count, windows.shape);
    if (!options.scales_output.empty()) write_scales(options.scales_output, series, scales);
    if (common.json) {
        print_json({{"readings", series.count()},
                    {"channels", series.channels},
                    {"windows", windows.count},
                    {"values", windows.shape.size()},
                    {"file", options.output}});
    } else {
        std::printf("%s: %s of %s from %s of %s\n", options.output.c_str(),
                    counted(static_cast<size_t>(windows.count), "window").c_str(),
                    counted(static_cast<size_t>(windows.shape.size()), "value").c_str(),
                    counted(series.count(), "reading").c_str(),
                    counted(series.channels.size(), "channel").c_str());
    }
    return kSuccess;
}

/// A shaft of 29.5 turns a second with harmonics and noise; a faulty bearing adds a ringing of
/// 210 Hz each time a ball passes, 105 times a second.
float vibration(const SyntheticOptions& options, int i) {
    constexpr double turn = 2 * 3.14159265358979323846;
    const double t = i / options.rate;
    double value = std::sin(turn * 29.5 * t) + 0.5 * std::sin(turn * 59.0 * t + 1) +
                   0.2 * std::sin(turn * 118.0 * t + 2);
    const double since_ball = std::fmod(t, 1 / 105.0);
    value += options.fault * 3 * std::exp(-since_ball * 400) * std::sin(turn * 210.0 * since_ball);
    const uint32_t index = static_cast<uint32_t>(i);
    return static_cast<float>(value) +
           0.1f * normal(random_word(options.seed, Purpose::augment, 0, index));
}

int synthesize(const SyntheticOptions& options, const Common& common) {
    const int count = static_cast<int>(options.seconds * options.rate);
    std::string text = "seconds,synthetic_vibration\n";
    for (int i = 0; i < count; i++) {
        text += significant(i / options.rate, 9) + "," +
                significant(static_cast<double>(vibration(options, i)), 6) + "\n";
    }
    write_file(options.output, text.data(), text.size());
    if (common.json) {
        print_json({{"kind", "synthetic"}, {"readings", count}, {"file", options.output}});
    } else {
        std::printf("%s: %d readings of a synthetic vibration\n", options.output.c_str(), count);
    }
    return kSuccess;
}

}  // namespace

void add_windows(CLI::App& app, Common& common) {
    static Options options;
    CLI::App* command = add_command(app, common, "windows", "Cut a log into samples of a model",
                                    [&common] { return cut(options, common); });
    command
        ->add_option("LOG", options.log,
                     "A .csv file: the time in seconds, then a column for each channel")
        ->required();
    command->add_option("--out", options.output, "The windows, as .npy")->required();
    command->add_option("--size", options.size, "Readings of a window")
        ->check(between(1, 65536))
        ->capture_default_str();
    command->add_option("--hop", options.hop, "Readings from one window to the next")
        ->check(between(1, 65536))
        ->capture_default_str();
    command->add_option("--drop", options.dropped, "A channel to leave out; as often as needed")
        ->allow_extra_args(false);
    command->add_flag("--split-gaps", options.split,
                      "Begin anew behind gaps in time, instead of refusing them");
    auto* own = command->add_option("--scales-out", options.scales_output,
                                    "Keep each channel's mean and deviation, as .json");
    command
        ->add_option("--scales", options.scales,
                     "Scale by those of another log, as a model needs it that was trained on that")
        ->excludes(own);

    static SyntheticOptions synthetic;
    CLI::App* made = add_command(app, common, "synthetic", "Make up the vibration of a machine",
                                 [&common] { return synthesize(synthetic, common); });
    made->add_option("--out", synthetic.output, "The log, as .csv")->required();
    made->add_option("--seconds", synthetic.seconds, "How long")
        ->check(between(0.1, 3600))
        ->capture_default_str();
    made->add_option("--rate", synthetic.rate, "Readings a second")
        ->check(between(500, 100000))
        ->capture_default_str();
    made->add_option("--fault", synthetic.fault, "Of a bearing: 0 is none, 1 a strong one")
        ->check(between(0, 10))
        ->capture_default_str();
    made->add_option("--seed", synthetic.seed, "Of the noise")->capture_default_str();
}

}  // namespace nutshell::tools
