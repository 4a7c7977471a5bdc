// SPDX-License-Identifier: MIT
// nutshell quantize: an int8 model from a float one, and what that costs.
#include <cstdio>

#include "exchange.hpp"
#include "fitting.hpp"
#include "nutshell/loss.hpp"
#include "nutshell/packet.hpp"
#include "tools/atomic_file.hpp"
#include "tools/error.hpp"
#include "tools/folding.hpp"
#include "tools/hold_out.hpp"
#include "tools/inference_form.hpp"
#include "tools/picture/picture.hpp"
#include "tools/pictures_of_model.hpp"
#include "tools/quantization.hpp"

namespace nutshell::tools {
namespace {

struct Options {
    std::string model, data, output, picture;
    ImportChoice from;
    ExportChoice to;
    QuantizationSettings settings;
    FitSettings fine_tuning;
    bool per_tensor = false;
    double tolerance = 0.01, hold_out = 0.1;
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

Graph float_graph(const Imported& imported, const std::string& path) {
    if (const Graph* graph = std::get_if<Graph>(&imported.graph)) return *graph;
    throw Error(path + ": is an int8 model; give the float model that it was made from");
}

/// Trains with rounded weights from where the model is, and keeps the scales that were learned.
Graph fine_tune(Graph graph, const DataSource& source, Options& options) {
    FitSettings& fit = options.fine_tuning;
    if (fit.epochs == 0) return graph;
    if (options.per_tensor) {
        throw Error("--fine-tune learns a scale for each output; leave --per-tensor away");
    }
    const bool cross_entropy = BinaryCrossEntropy::accepts(graph.last().activation) &&
                               within_unit_range(source.train) && within_unit_range(source.test);
    fit.loss = cross_entropy ? LossKind::binary_cross_entropy : LossKind::mean_squared_error;
    fit.optimizer = Adam{};
    fit.schedule = Schedule::linear;
    fit.largest_codes = largest_codes(graph, options.settings);
    const FitResult result = fit_with_progress("fine-tune", graph, source.train, source.test, fit);
    if (result.end == FitEnd::diverged) {
        throw Error("fine-tuning diverged at --lr " + significant(double{fit.rate}) +
                    "; try a lower one");
    }
    options.settings.scales = result.scales;
    return graph;
}

int run(Options options, const Common& common) {
    options.settings.per_output = !options.per_tensor;
    const Format& target = target_format(options.to, options.output);
    const Imported imported = import_model(options.model, options.from);
    Graph graph = fold_batch_norms(inference_form(float_graph(imported, options.model)));
    const DataSource source =
        with_test_set(load_data(options.data), options.hold_out, options.fine_tuning.seed);
    require_calibrates(graph, source.train);
    if (options.settings.code_bits < kMaxCodeBits) {
        graph = with_equal_code_ranges(graph, source.train, options.settings.samples);
    }
    for (const std::string* path : {&options.output, &options.picture}) {
        if (!path->empty()) AtomicFile probe(*path);
    }
    Int8Graph quantized =
        quantize(fine_tune(graph, source, options), source.train, options.settings);
    quantized.parent_id = graph.model_id;
    const Dataset& data = source.test.count > 0 ? source.test : source.train;
    const Evaluation exact = evaluate(graph, data);
    Cost cost{exact.mse, evaluate(quantized, data).mse, signal_to_noise(graph, quantized, data), 0,
              0};
    to_file_bytes(graph, cost.float_bytes);
    cost.int8_bytes = quantized.file_bytes(Packing::canonical).size();
    const bool accepted = cost.int8_mse <= cost.float_mse * (1 + options.tolerance);
    if (!options.picture.empty()) {
        save_picture(options.picture, picture_of_quantization(graph, quantized, data));
    }
    const Export model = export_of(quantized, options.to);
    if (accepted) target.write(model, options.output);
    if (common.json) {
        nlohmann::ordered_json facts = to_json(cost, data, accepted);
        add_provenance(imported, facts);
        print_json(facts);
    } else {
        print_provenance(imported);
        print_table(cost, data);
    }
    if (accepted) return kSuccess;
    std::fprintf(stderr,
                 "nutshell: int8 has %s times the float model's error, more than --tolerance %s "
                 "allows; no model is written\n",
                 significant(cost.ratio(), 5).c_str(), significant(options.tolerance).c_str());
    return kAnswerIsNo;
}

void add_calibration_options(CLI::App& command, Options& options) {
    command
        .add_option("--calibrate", options.data,
                    "Data that show the ranges; its test part measures the error")
        ->required();
    command
        .add_option("--hold-out", options.hold_out,
                    "Part of the data to measure on when it has no test part of its own")
        ->check(between(0.0, 0.9))
        ->capture_default_str();
    command.add_option("--samples", options.settings.samples, "Samples to calibrate with")
        ->check(between(1, 1e6))
        ->capture_default_str();
    add_choice<RangeChoice>(command, "--range", options.settings.range,
                            {{"minmax", RangeChoice::min_max},
                             {"percentile", RangeChoice::percentile},
                             {"mse", RangeChoice::least_error}},
                            "Cover all values, 99.99 % of them, or those with the least error",
                            "minmax");
}

void add_weight_options(CLI::App& command, QuantizationSettings& settings, bool& per_tensor) {
    command.add_flag("--per-tensor", per_tensor, "One scale for all weights of a layer");
    const auto bits = [&command](const std::string& option, int& value, const std::string& of) {
        add_choice<int>(command, option, value, {{"8", 8}, {"4", 4}}, "Bits of a weight" + of, "8");
    };
    bits("--encoder-bits", settings.encoder_bits, " in the encoder");
    bits("--decoder-bits", settings.decoder_bits, " in the decoder");
    command
        .add_option("--code-bits", settings.code_bits,
                    "Bits of a number of the code, 4 to 8: shorter packets")
        ->check(CLI::Range(kMinCodeBits, kMaxCodeBits))
        ->capture_default_str();
}

void add_fine_tuning_options(CLI::App& command, FitSettings& fit) {
    fit.epochs = 0;
    fit.threads = usual_threads();
    command
        .add_option("--fine-tune", fit.epochs,
                    "Epochs of training with rounded weights and learned scales, which weights of "
                    "4 bits need; 0: none")
        ->check(between(0, 1000000))
        ->capture_default_str();
    command.add_option("--lr", fit.rate, "Learning rate at the beginning; it falls to 0 in a line")
        ->check(positive())
        ->capture_default_str();
    command.add_option("--seed", fit.seed, "Of holding out and shuffling")
        ->check(between(0, 4294967295.0))
        ->capture_default_str();
    command.add_option("--threads", fit.threads, "Any number gives the same weights, bit for bit")
        ->check(CLI::Range(1, 64))
        ->capture_default_str();
}

}  // namespace

void add_quantize(CLI::App& app, Common& common) {
    static Options options;
    CLI::App* command = add_command(app, common, "quantize", "Make an int8 model of a float model",
                                    [&common] { return run(options, common); });
    add_model_argument(*command, "MODEL", options.model, options.from);
    command
        ->add_option(
            "--out", options.output,
            "Where the int8 model goes: " + writable_formats() + " (x.hpp writes x.cpp too)")
        ->required();
    add_part_option(*command, options.to.part);
    add_export_options(*command, options.to);
    add_calibration_options(*command, options);
    add_weight_options(*command, options.settings, options.per_tensor);
    add_fine_tuning_options(*command, options.fine_tuning);
    command->add_option("--picture", options.picture,
                        "Samples as both models give them back, .png or .svg");
    command
        ->add_option("--tolerance", options.tolerance,
                     "Fail when the squared error grows by more than this part")
        ->check(not_negative())
        ->capture_default_str();
}

}  // namespace nutshell::tools
