// SPDX-License-Identifier: MIT
#include "train_options.hpp"

#include "commands.hpp"
#include "fitting.hpp"
#include "tools/error.hpp"
#include "tools/model/model_kinds.hpp"

namespace nutshell::tools {
namespace {

void add_model_options(CLI::App& command, TrainOptions& options) {
    std::string kinds = "A model with settings that suit it, in place of --layers: ";
    for (const ModelKind& kind : model_kinds()) {
        kinds += std::string(&kind == &model_kinds().front() ? "" : "; ") + kind.name + " (" +
                 kind.what + ")";
    }
    CLI::Option* kind = command.add_option("--kind", options.kind, kinds);
    command.add_option("--layers", options.layers, layer_list_help())->excludes(kind);
    command.add_option("--activation", options.defaults.hidden, "Of layers that name none")
        ->capture_default_str();
    command.add_option("--output", options.defaults.output, "Activation of the last layer")
        ->capture_default_str();
    add_choice<Initializer>(
        command, "--init", options.initializer,
        {{"glorot", Initializer::glorot_uniform}, {"he", Initializer::he_uniform}},
        "How weights begin: glorot or he", "glorot");
}

void add_update_options(CLI::App& command, TrainOptions& options) {
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

void add_loop_options(CLI::App& command, TrainOptions& options) {
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
    fit.threads = usual_threads();
    command.add_option("--threads", fit.threads, "Any number gives the same weights, bit for bit")
        ->check(CLI::Range(1, 64))
        ->capture_default_str();
}

void add_sample_options(CLI::App& command, TrainOptions& options) {
    command.add_option(
        "--augment", options.augment,
        "Change samples anew in every epoch: shift:PIXELS,flip move what goes in and "
        "what shall come out; noise:DEVIATION,mask:PART only what goes in");
    command.add_option("--weights", options.weights,
                       "How much each value of a sample counts in the loss: a .csv or .npy file "
                       "with as many numbers, 0 or more; only their ratios matter");
}

void add_watching_options(CLI::App& command, TrainOptions& options) {
    command
        .add_option("--hold-out", options.hold_out,
                    "Part of the data to test on when it has no test set of its own")
        ->check(between(0.0, 0.9))
        ->capture_default_str();
    command
        .add_option("--validation", options.validation,
                    "Part of the training data to measure the loss on after each epoch, instead of "
                    "the test set")
        ->check(between(0.0, 0.9))
        ->capture_default_str();
    command
        .add_option("--patience", options.fit.patience,
                    "Stop after so many epochs without a better loss on these (or the test set) "
                    "and keep the best; 0: never")
        ->check(not_negative())
        ->capture_default_str();
    command.add_option("--checkpoint", options.checkpoint,
                       "A file to go on from, written after every epoch");
    command.add_option("--resume", options.resume,
                       "Go on from such a file, with the same bits as without an interruption");
    command
        .add_option("--save-every", options.save_every,
                    "Write the model every so many epochs, too; 0: only at the end")
        ->check(not_negative())
        ->capture_default_str();
}

}  // namespace

void add_train_options(CLI::App& command, TrainOptions& options) {
    command
        .add_option("--data", options.data,
                    "mnist, fashion-mnist, sample, a folder of IDX files or of images, or one "
                    "IDX (also .gz), .npy or .csv file")
        ->required();
    add_model_options(command, options);
    add_loop_options(command, options);
    add_sample_options(command, options);
    add_watching_options(command, options);
    add_update_options(command, options);
    command.add_option("--out", options.output, "The model, a .nut file")->required();
    command.add_option("--report", options.report, "A page with pictures and numbers, .html");
    command.add_option("--log,--history", options.log, "Losses of every epoch, .csv or .json");
}

Graph make_graph(const CLI::App& command, TrainOptions& options) {
    if (options.kind.empty()) {
        if (options.layers.empty()) {
            throw Error("name --layers, as in 784,24,784, or a --kind of model");
        }
        const LayerList layers = parse_layers(options.layers, options.defaults);
        return Graph(layers.rows, layers.code_layer);
    }
    const ModelKind& kind = find_kind(options.kind);
    FitSettings& fit = options.fit;
    if (command.count("--loss") == 0) fit.loss = kind.loss;
    if (command.count("--epochs") == 0) fit.epochs = kind.epochs;
    if (command.count("--batch") == 0) fit.batch = kind.batch;
    if (command.count("--lr") == 0) fit.rate = kind.rate;
    if (options.augment.empty()) fit.augmentation = kind.augmentation;
    return Graph(kind.rows, kind.code_layer);
}

void set_optimizer(TrainOptions& options) {
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

}  // namespace nutshell::tools
