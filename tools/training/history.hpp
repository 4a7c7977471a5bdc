// SPDX-License-Identifier: MIT
// The losses of a training as a file: a table (.csv: epoch,train_bce,test_bce,seconds) or .json.
#pragma once
#include <string>
#include <vector>

#include "fit.hpp"

namespace nutshell::tools {

struct History {
    LossKind loss = LossKind::binary_cross_entropy;
    std::string watched = "test";  // what the watched samples are: "test" or "validation"
    std::vector<Epoch> epochs;
};

/// JSON when the path ends with .json, else CSV. Written whole or not at all. Throws Error.
void write_history(const std::string& path, const History& history);

/// Either of them. Throws Error naming the line or the entry that is wrong.
History read_history(const std::string& path);

}  // namespace nutshell::tools
