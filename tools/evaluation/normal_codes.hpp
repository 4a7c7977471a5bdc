// SPDX-License-Identifier: MIT
// Codes drawn at random, of which a decoder makes samples.
#pragma once
#include "tools/data/dataset.hpp"

namespace nutshell::tools {

/// The codes [first, first + count) of a seed, each `size` independent standard normal numbers:
/// those of random_code(), for which variational and adversarial models are trained.
Dataset normal_codes(int first, int count, int size, uint32_t seed);

}  // namespace nutshell::tools
