// SPDX-License-Identifier: MIT
// nutshell quantize: an int8 model from a float one, and what that costs.
#include <cmath>
#include <cstdio>

#include "exchange.hpp"
#include "fitting.hpp"
#include "nutshell/loss.hpp"
#include "nutshell/packet.hpp"
#include "tools/atomic_file.hpp"
#include "tools/error.hpp"
#include "tools/evaluation/normal_codes.hpp"
#include "tools/model/folding.hpp"
#include "tools/model/inference_form.hpp"
#include "tools/model/quantization.hpp"
#include "tools/picture/picture.hpp"
#include "tools/pictures_of_model.hpp"
#include "tools/training/hold_out.hpp"

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

/// The data that are drawn, not loaded.
constexpr const char* kNormalCodes = "normal";
constexpr int kTestCodes = 1000;  // to measure on

/// What is told of a quantization.
struct Cost {
    bool alone;                          // a part alone, which gives back no samples
    double float_mse = 0, int8_mse = 0;  // of a whole model, against the samples
    std::vector<double> decibels;        // one a layer
    size_t float_bytes = 0, int8_bytes = 0;

    double ratio() const { return float_mse > 0 ? int8_mse / float_mse : 1; }
    /// Of a part alone: the squared error of its outputs as a part of their squares.
    double share() const { return std::pow(10.0, -decibels.back() / 10); }
    bool within(double tolerance) const {
        return alone ? share() <= tolerance : int8_mse <= float_mse * (1 + tolerance);
    }
};

nlohmann::ordered_json to_json(const Cost& cost, const Dataset& data, bool accepted) {
    nlohmann::ordered_json facts{{"data", data.name}, {"samples", data.count}}, layers;
    for (const double decibels : cost.decibels) layers.push_back(number_or_null(decibels));
    if (cost.alone) {
        facts["error_share"] = cost.share();
    } else {
        facts["float_mse"] = cost.float_mse;
        facts["int8_mse"] = cost.int8_mse;
        facts["ratio"] = cost.ratio();
    }
    facts["signal_to_noise_db"] = layers;
    facts["float_bytes"] = cost.float_bytes;
    facts["int8_bytes"] = cost.int8_bytes;
    facts["accepted"] = accepted;
    return facts;
}

void print_table(const Cost& cost, const Dataset& data) {
    for (size_t i = 0; i < cost.decibels.size(); i++) {
        std::printf("layer %zu: signal to quantization noise %s dB\n", i + 1,
                    significant(cost.decibels[i]).c_str());
    }
    if (cost.alone) {
        std::printf(
            "squared error of the outputs for %d of %s: %s %% of the float outputs' squares\n",
            data.count, data.name.c_str(), significant(100 * cost.share()).c_str());
    } else {
        std::printf("mean squared error on %d samples of %s: float %s, int8 %s, %s times as much\n",
                    data.count, data.name.c_str(), significant(cost.float_mse, 5).c_str(),
                    significant(cost.int8_mse, 5).c_str(), significant(cost.ratio(), 5).c_str());
    }
    std::printf("%zu bytes became %zu\n", cost.float_bytes, cost.int8_bytes);
}

void print_refusal(const Cost& cost, double tolerance) {
    const std::string limit = "--tolerance " + significant(tolerance);
    const std::string what =
        cost.alone ? "has an error of " + significant(cost.share()) + " of its outputs' squares"
                   : "has " + significant(cost.ratio(), 5) + " times the float model's error";
    std::fprintf(stderr, "nutshell: int8 %s, more than %s allows; no model is written\n",
                 what.c_str(), limit.c_str());
}

Graph float_graph(const Imported& imported, const std::string& path) {
    if (const Graph* graph = std::get_if<Graph>(&imported.graph)) return *graph;
    throw Error(path + ": is an int8 model; give the float model that it was made from");
}

/// Without its other half there is nothing to give samples back.
bool is_alone(const Graph& graph) {
    return graph.code_layer() == 0 || graph.code_layer() == graph.layer_count();
}

/// What --calibrate names, for a graph of which the part will be written.
DataSource calibration_data(const Graph& graph, const Options& options) {
    const uint32_t seed = options.fine_tuning.seed;
    if (options.data != kNormalCodes) {
        return with_test_set(load_data(options.data), options.hold_out, seed);
    }
    if (options.to.part != Part::decoder && graph.code_layer() > 0) {
        throw Error("--calibrate normal: codes go into a decoder; add --part decoder");
    }
    const int size = graph.input_size(graph.range(Part::decoder));
    const int count = options.settings.samples;
    return {normal_codes(0, count, size, seed), normal_codes(count, kTestCodes, size, seed)};
}

/// The model, or of one whose decoder will be written that alone, when the data are codes for it.
Graph part_for(const Graph& graph, const DataSource& source, const Options& options) {
    if (options.to.part != Part::decoder || graph.code_layer() == 0) return graph;
    const int size = source.train.shape.size(), reads = graph.rows()[0].in.size();
    const bool codes = size != reads && size == graph.input_size(graph.range(Part::decoder));
    return codes || options.data == kNormalCodes ? graph.extract(Part::decoder) : graph;
}

/// Trains with rounded weights from where the model is, and keeps the scales that were learned.
Graph fine_tune(Graph graph, const DataSource& source, Options& options) {
    FitSettings& fit = options.fine_tuning;
    if (fit.epochs == 0) return graph;
    if (is_alone(graph)) {
        throw Error("--fine-tune trains a whole model to give back samples, not a part alone");
    }
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

Cost cost_of(const Graph& graph, const Int8Graph& quantized, const Dataset& data) {
    Cost cost{is_alone(graph), 0, 0, signal_to_noise(graph, quantized, data)};
    if (!cost.alone) {
        cost.float_mse = evaluate(graph, data).mse;
        cost.int8_mse = evaluate(quantized, data).mse;
    }
    to_file_bytes(graph, cost.float_bytes);
    cost.int8_bytes = quantized.file_bytes(Packing::canonical).size();
    return cost;
}

int run(Options options, const Common& common) {
    options.settings.per_output = !options.per_tensor;
    const Format& target = target_format(options.to, options.output);
    const Imported imported = import_model(options.model, options.from);
    Graph graph = fold_batch_norms(inference_form(float_graph(imported, options.model)));
    const DataSource source = calibration_data(graph, options);
    graph = part_for(graph, source, options);
    require_calibrates(graph, source.train);
    if (is_alone(graph) && !options.picture.empty()) {
        throw Error(
            "--picture shows what a whole model gives back; draw with nutshell generate what a "
            "decoder makes");
    }
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
    const Cost cost = cost_of(graph, quantized, data);
    const bool accepted = cost.within(options.tolerance);
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
    print_refusal(cost, options.tolerance);
    return kAnswerIsNo;
}

void add_calibration_options(CLI::App& command, Options& options) {
    command
        .add_option("--calibrate", options.data,
                    "Data that show the ranges; its test part measures the error. For a decoder "
                    "alone (--part decoder) an array of codes, or normal: the independent normal "
                    "numbers of which variational and adversarial models make samples")
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
    command.add_option("--seed", fit.seed, "Of holding out, shuffling and normal codes")
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
                     "Fail when the squared error grows by more than this part; of a part alone, "
                     "when it is more than this part of its outputs' squares")
        ->check(not_negative())
        ->capture_default_str();
}

}  // namespace nutshell::tools
