// SPDX-License-Identifier: MIT
// The losses of a training as a CSV file: epoch,train_loss,test_loss,seconds.
#pragma once
#include <string>
#include <vector>

#include "fit.hpp"

namespace nutshell::tools {

/// Written whole or not at all. Throws Error.
void write_history(const std::string& path, const std::vector<Epoch>& epochs, LossKind loss);

struct History {
    std::vector<Epoch> epochs;
    LossKind loss;
};

/// Throws Error naming the line that is wrong.
History read_history(const std::string& path);

}  // namespace nutshell::tools
