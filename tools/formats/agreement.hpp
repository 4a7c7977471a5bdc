// SPDX-License-Identifier: MIT
// How well a model gives the outputs that its original gave.
#pragma once
#include "tools/data/dataset.hpp"
#include "tools/model/model_file.hpp"

namespace nutshell::tools {

struct Agreement {
    int rows = 0;
    bool codes = false;      ///< int8 codes are compared, else values
    double largest = 0;      ///< absolute difference; NaN never hides in it
    double mean_square = 0;  ///< of the differences
    size_t different = 0;    ///< values that are not equal
};

/// Runs a part on the inputs. Where both are arrays of int8 the codes are compared. Throws Error
/// when rows or sizes do not fit.
Agreement compare(const AnyGraph& graph, Part part, const Dataset& inputs, const Dataset& expected);

}  // namespace nutshell::tools
