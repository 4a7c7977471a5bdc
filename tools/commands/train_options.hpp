// SPDX-License-Identifier: MIT
// What a user may ask of `nutshell train`.
#pragma once
#include <CLI/CLI.hpp>
#include <string>

#include "tools/model/graph.hpp"
#include "tools/model/layer_list.hpp"
#include "tools/training/fit.hpp"

namespace nutshell::tools {

struct TrainOptions {
    std::string data, kind, layers, output, report, log;
    std::string augment, weights;    // as text, and a file
    std::string checkpoint, resume;  // files of a training that goes on later, that went before
    LayerDefaults defaults;
    FitSettings fit;
    std::string optimizer = "adam";
    float momentum = 0.9f, weight_decay = 0.0f;
    Initializer initializer = Initializer::glorot_uniform;
    double hold_out = 0.1;    // part for a test set, when the data have none
    double validation = 0.0;  // part of what is left, to watch
    int save_every = 0;       // epochs
};

/// Adds them to the subcommand, which fills `options`.
void add_train_options(CLI::App& command, TrainOptions& options);

/// The model that --kind or --layers asks for. What the user did not say of the settings becomes
/// what suits the kind.
Graph make_graph(const CLI::App& command, TrainOptions& options);

/// The optimizer that its name and numbers ask for.
void set_optimizer(TrainOptions& options);

}  // namespace nutshell::tools
