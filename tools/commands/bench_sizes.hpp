// SPDX-License-Identifier: MIT
// What `nutshell bench --sweep` shows of the products' speed over sizes.
#pragma once
#include <vector>

#include "commands.hpp"
#include "tools/bench/size_sweep.hpp"
#include "tools/picture/canvas.hpp"

namespace nutshell::tools {

/// Sizes, and for each curve its speeds and worst drops.
nlohmann::ordered_json to_json(const SizeSweep& sweep);

/// A line a curve; with blocks that show it where the terminal knows them.
void print_sweep(const SizeSweep& sweep);

/// A chart for each platform and kind of layer.
Picture picture_of_sweeps(const std::vector<SizeSweep>& sweeps);

}  // namespace nutshell::tools
