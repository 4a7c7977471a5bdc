// SPDX-License-Identifier: MIT
// nutshell train for kinds of models that are a generator and a discriminator.
#pragma once
#include "commands.hpp"
#include "train_options.hpp"

namespace nutshell::tools {

/// Trains the kind that the options name and writes its generator. Returns the exit status.
int train_adversarial(const CLI::App& command, TrainOptions& options, const Common& common);

}  // namespace nutshell::tools
