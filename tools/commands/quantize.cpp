// SPDX-License-Identifier: MIT
// nutshell quantize: an int8 model from a float one, and what that costs.
#include <cstdio>

#include "commands.hpp"
#include "tools/error.hpp"
#include "tools/model_file.hpp"
#include "tools/quantization.hpp"

namespace nutshell::tools {
namespace {

struct Options {
    std::string model, data, output;
    QuantizationSettings settings;
    bool per_tensor = false;
    double tolerance = 0.01;
};

/// What is told of a quantization.
struct Cost {
    double float_mse, int8_mse;
    std::vector<double> decibels;  // one a layer
    size_t float_bytes, int8_bytes;
    double ratio() const { return float_mse > 0 ? int8_mse / float_mse : 1; }
};

nlohmann::ordered_json to_json(const Cost& cost, const Dataset& data, bool accepted) {
    nlohmann::ordered_json layers = nlohmann::ordered_json::array();
    for (const double decibels : cost.decibels) layers.push_back(number_or_null(decibels));
    return {{"data", data.name},
            {"samples", data.count},
            {"float_mse", cost.float_mse},
            {"int8_mse", cost.int8_mse},
            {"ratio", cost.ratio()},
            {"signal_to_noise_db", layers},
            {"float_bytes", cost.float_bytes},
            {"int8_bytes", cost.int8_bytes},
            {"accepted", accepted}};
}

void print_table(const Cost& cost, const Dataset& data) {
    for (size_t i = 0; i < cost.decibels.size(); i++) {
        std::printf("layer %zu: signal to quantization noise %s dB\n", i + 1,
                    significant(cost.decibels[i]).c_str());
    }
    std::printf("mean squared error on %d samples of %s: float %s, int8 %s, %s times as much\n",
                data.count, data.name.c_str(), significant(cost.float_mse, 5).c_str(),
                significant(cost.int8_mse, 5).c_str(), significant(cost.ratio(), 5).c_str());
    std::printf("%zu bytes became %zu\n", cost.float_bytes, cost.int8_bytes);
}

int run(Options options, const Common& common) {
    options.settings.per_output = !options.per_tensor;
    const Graph graph = read_model(options.model);
    const DataSource source = load_data(options.data);
    const Int8Graph quantized = quantize(graph, source.train, options.settings);
    const Dataset& data = source.test.count > 0 ? source.test : source.train;
    const Evaluation exact = evaluate(graph, data);
    Cost cost{exact.mse, evaluate(quantized, data).mse, signal_to_noise(graph, quantized, data), 0,
              0};
    to_file_bytes(graph, cost.float_bytes);
    cost.int8_bytes = quantized.file_bytes(Packing::canonical).size();
    const bool accepted = cost.int8_mse <= cost.float_mse * (1 + options.tolerance);
    if (accepted) write_model(quantized, options.output, Packing::canonical);
    if (common.json) {
        print_json(to_json(cost, data, accepted));
    } else {
        print_table(cost, data);
    }
    if (accepted) return kSuccess;
    std::fprintf(stderr,
                 "nutshell: int8 has %s times the float model's error, more than --tolerance %s "
                 "allows; nothing is written\n",
                 significant(cost.ratio(), 5).c_str(), significant(options.tolerance).c_str());
    return kAnswerIsNo;
}

}  // namespace

void add_quantize(CLI::App& app, Common& common) {
    static Options options;
    CLI::App* command = add_command(app, common, "quantize", "Make an int8 model of a float model",
                                    [&common] { return run(options, common); });
    command->add_option("MODEL", options.model, "A .nut file of floats")->required();
    command
        ->add_option("--calibrate", options.data,
                     "Data that show the ranges; a test part, if there is one, measures the error")
        ->required();
    command->add_option("--out", options.output, "Where the int8 model goes")->required();
    command->add_option("--samples", options.settings.samples, "Samples to calibrate with")
        ->check(between(1, 1e6))
        ->capture_default_str();
    add_choice<RangeChoice>(*command, "--range", options.settings.range,
                            {{"minmax", RangeChoice::min_max},
                             {"percentile", RangeChoice::percentile},
                             {"mse", RangeChoice::least_error}},
                            "Cover all values, 99.99 % of them, or those with the least error",
                            "minmax");
    command->add_flag("--per-tensor", options.per_tensor, "One scale for all weights of a layer");
    add_choice<int>(*command, "--weight-bits", options.settings.largest_weight,
                    {{"8", 127}, {"4", 7}}, "Bits of a weight, each stored in a byte", "8");
    command
        ->add_option("--tolerance", options.tolerance,
                     "Fail when the squared error grows by more than this part")
        ->check(not_negative())
        ->capture_default_str();
}

}  // namespace nutshell::tools
