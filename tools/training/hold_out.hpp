// SPDX-License-Identifier: MIT
// Samples set apart: a test set for data that comes without one, and a validation set.
#pragma once
#include <cstdint>

#include "tools/data/dataset.hpp"

namespace nutshell::tools {

/// The source itself when it has a test part or `part` is 0; else with `part` (0..0.9) of its
/// samples, chosen at random by the seed, moved from the training to the test part. Throws Error
/// when that leaves nothing to train on.
DataSource with_test_set(DataSource source, double part, uint32_t seed);

/// Moves `part` (0..0.9) of the training samples, chosen at random by the seed and apart from any
/// test set, into the set that is returned; empty when part is 0. Throws Error when either side
/// would be.
Dataset take_validation_set(Dataset& train, double part, uint32_t seed);

}  // namespace nutshell::tools
