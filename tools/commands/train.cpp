// SPDX-License-Identifier: MIT
// nutshell train: from data to a model file.
#include <cmath>
#include <cstdio>

#include "commands.hpp"
#include "fitting.hpp"
#include "platform/platform.hpp"
#include "tools/atomic_file.hpp"
#include "tools/error.hpp"
#include "tools/history.hpp"
#include "tools/hold_out.hpp"
#include "tools/layer_list.hpp"
#include "tools/model_file.hpp"
#include "tools/progress.hpp"
#include "tools/training_report.hpp"

namespace nutshell::tools {
namespace {

struct Options {
    std::string data, layers, output, report, history;
    LayerDefaults defaults;
    FitSettings fit;
    std::string optimizer = "adam";
    float momentum = 0.9f, weight_decay = 0.0f;
    Initializer initializer = Initializer::glorot_uniform;
    double hold_out = 0.1;
    int checkpoint_every = 0;
};

void set_optimizer(Options& options) {
    if (options.optimizer == "adam") {
        Adam adam;
        adam.weight_decay = options.weight_decay;
        options.fit.optimizer = adam;
    } else if (options.optimizer == "momentum") {
        options.fit.optimizer = Momentum{options.momentum, options.weight_decay};
    } else {
        options.fit.optimizer = Sgd{options.weight_decay};
    }
}

/// Fails before the work is done rather than after it.
void require_writable(const Options& options) {
    for (const std::string* path : {&options.output, &options.report, &options.history}) {
        if (!path->empty()) AtomicFile probe(*path);
    }
}

const char* describe(FitEnd end) {
    switch (end) {
        case FitEnd::finished:
            break;
        case FitEnd::stopped_early:
            return "stopped early";
        case FitEnd::interrupted:
            return "interrupted";
        case FitEnd::diverged:
            return "diverged";
    }
    return "finished";
}

std::string advice_after_divergence(const FitResult& result, const Options& options) {
    std::string text = "training diverged in epoch " + std::to_string(result.diverged_epoch) +
                       " at --lr " + significant(static_cast<double>(options.fit.rate));
    return result.kept_epoch > 0
               ? text + "; kept the model of epoch " + std::to_string(result.kept_epoch) +
                     "; try a lower --lr"
               : text + " before any epoch was complete; no model written; try a lower --lr";
}

void print_summary(const TrainingSummary& summary, const Options& options) {
    const FitResult& result = *summary.result;
    std::printf("%s: %s, %s after %zu epoch%s, %s of training\n", options.output.c_str(),
                layer_sizes(*summary.graph).c_str(), describe(result.end), result.epochs.size(),
                result.epochs.size() == 1 ? "" : "s", format_duration(result.seconds).c_str());
    std::printf("  %s: BCE %s, MSE %s, PSNR %s dB\n", summary.test->name.c_str(),
                significant(summary.evaluation.bce, 5).c_str(),
                significant(summary.evaluation.mse, 4).c_str(),
                significant(summary.evaluation.psnr, 4).c_str());
    if (std::isfinite(summary.pca_mse)) {
        std::printf("  PCA with as many code numbers: MSE %s\n",
                    significant(summary.pca_mse, 4).c_str());
    }
    print_preview(*summary.graph, *summary.test);
}

void print_result(const TrainingSummary& summary, const Options& options) {
    const FitResult& result = *summary.result;
    print_json({{"model", options.output},
                {"layers", layer_sizes(*summary.graph)},
                {"data", summary.train->name},
                {"end", describe(result.end)},
                {"epochs", result.epochs.size()},
                {"kept_epoch", result.kept_epoch},
                {"test_bce", number_or_null(summary.evaluation.bce)},
                {"test_mse", summary.evaluation.mse},
                {"test_psnr", summary.evaluation.psnr},
                {"pca_mse", number_or_null(summary.pca_mse)},
                {"seconds_per_epoch", number_or_null(summary.seconds_per_epoch())},
                {"gflops", number_or_null(summary.gflops())},
                {"platform", platform::current().name},
                {"threads", options.fit.threads},
                {"seed", options.fit.seed}});
}

int train(Options& options, const Common& common) {
    set_optimizer(options);
    const LayerList layers = parse_layers(options.layers, options.defaults);
    Graph graph(layers.rows, layers.code_layer);
    require_writable(options);
    const DataSource source =
        with_test_set(load_data(options.data), options.hold_out, options.fit.seed);
    require_fit(graph, source.train, options.fit.loss);
    graph.initialize(options.fit.seed, options.initializer);

    const FitResult result =
        fit_with_progress("train", graph, source, options.fit, [&](const Epoch& epoch) {
            const int every = options.checkpoint_every;
            if (every > 0 && epoch.number % every == 0) write_model(graph, options.output);
        });
    const bool nothing_to_keep = result.end == FitEnd::diverged && result.kept_epoch == 0;
    if (result.end == FitEnd::diverged) {
        std::fprintf(stderr, "nutshell: %s\n", advice_after_divergence(result, options).c_str());
    }
    if (nothing_to_keep) return kAnswerIsNo;
    write_model(graph, options.output);
    if (!options.history.empty()) write_history(options.history, result.epochs, options.fit.loss);

    const TrainingSummary summary =
        summarize(graph, source, options.fit, result, !options.report.empty() || !common.json);
    if (!options.report.empty()) {
        write_training_report(options.report, summary, common.command_line);
    }
    if (common.json) {
        print_result(summary, options);
    } else {
        print_summary(summary, options);
    }
    return result.end == FitEnd::diverged ? kAnswerIsNo : kSuccess;
}

void add_model_options(CLI::App& command, Options& options) {
    command
        .add_option("--layers", options.layers,
                    "Sizes from input to output, as in 784,24,784; an activation may follow a "
                    "size: 784,128:tanh,24,784")
        ->required();
    command.add_option("--activation", options.defaults.hidden, "Of layers that name none")
        ->capture_default_str();
    command.add_option("--output", options.defaults.output, "Activation of the last layer")
        ->capture_default_str();
    add_choice<Initializer>(
        command, "--init", options.initializer,
        {{"glorot", Initializer::glorot_uniform}, {"he", Initializer::he_uniform}},
        "How weights begin: glorot or he", "glorot");
}

void add_update_options(CLI::App& command, Options& options) {
    FitSettings& fit = options.fit;
    command.add_option("--lr", fit.rate, "Learning rate")->check(positive())->capture_default_str();
    command.add_option("--optimizer", options.optimizer, "adam, momentum or sgd")
        ->check(CLI::IsMember({"adam", "momentum", "sgd"}))
        ->capture_default_str();
    command.add_option("--momentum", options.momentum, "Of the optimizer of this name")
        ->check(between(0.0, 0.9999))
        ->capture_default_str();
    command.add_option("--weight-decay", options.weight_decay, "Decoupled weight decay")
        ->check(not_negative());
    command.add_option("--clip", fit.max_gradient_norm, "Largest norm of the gradient; 0: any")
        ->check(not_negative());
    add_choice<Schedule>(command, "--schedule", fit.schedule,
                         {{"constant", Schedule::constant},
                          {"linear", Schedule::linear},
                          {"step", Schedule::step},
                          {"cosine", Schedule::cosine}},
                         "Learning rate over time: constant, linear or cosine (to 0), step",
                         "constant");
    command
        .add_option("--step-every", fit.step_every, "Epochs between two steps of --schedule step")
        ->check(positive())
        ->capture_default_str();
    command
        .add_option("--step-factor", fit.step_factor, "What each of them multiplies the rate with")
        ->check(between(0.0, 1.0))
        ->capture_default_str();
    command.add_flag("--per-sample", fit.per_sample,
                     "Update after each sample by plain gradient descent without gradient buffers, "
                     "as a small board does; --batch and --optimizer do not apply");
}

void add_loop_options(CLI::App& command, Options& options) {
    FitSettings& fit = options.fit;
    command.add_option("--epochs", fit.epochs, "Passes over the data")
        ->check(between(1, 1000000))
        ->capture_default_str();
    command.add_option("--batch", fit.batch, "Samples an update")
        ->check(between(1, 1 << 20))
        ->capture_default_str();
    add_choice<LossKind>(
        command, "--loss", fit.loss,
        {{"bce", LossKind::binary_cross_entropy}, {"mse", LossKind::mean_squared_error}},
        "bce (binary cross-entropy) or mse (mean squared error)", "bce");
    command.add_option("--seed", fit.seed, "Of weights and shuffling")
        ->check(between(0, 4294967295.0))
        ->capture_default_str();
    command
        .add_option("--hold-out", options.hold_out,
                    "Part of the data to test on when it has no test set of its own")
        ->check(between(0.0, 0.9))
        ->capture_default_str();
    fit.threads = usual_threads();
    command.add_option("--threads", fit.threads, "Any number gives the same weights, bit for bit")
        ->check(CLI::Range(1, 64))
        ->capture_default_str();
    command
        .add_option("--patience", fit.patience,
                    "Stop after so many epochs without a better test loss and keep the best; 0: "
                    "never")
        ->check(not_negative())
        ->capture_default_str();
    command
        .add_option("--checkpoint", options.checkpoint_every,
                    "Write the model every so many epochs, too; 0: only at the end")
        ->check(not_negative())
        ->capture_default_str();
}

}  // namespace

void add_train(CLI::App& app, Common& common) {
    static Options options;
    CLI::App* command = add_command(app, common, "train", "Train an autoencoder on data",
                                    [&common] { return train(options, common); });
    command
        ->add_option("--data", options.data,
                     "mnist, fashion-mnist, sample, a folder of IDX files or of images, or one "
                     "IDX (also .gz), .npy or .csv file")
        ->required();
    add_model_options(*command, options);
    add_loop_options(*command, options);
    add_update_options(*command, options);
    command->add_option("--out", options.output, "The model, a .nut file")->required();
    command->add_option("--report", options.report, "A page with pictures and numbers, .html");
    command->add_option("--history", options.history, "Losses of every epoch, .csv");
}

}  // namespace nutshell::tools
