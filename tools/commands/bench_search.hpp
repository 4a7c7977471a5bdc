// SPDX-License-Identifier: MIT
// nutshell bench --search: the part of `bench` that measures the search for near codes.
#pragma once
#include "commands.hpp"
#include "platform/platform.hpp"

namespace nutshell::tools {

/// Measures and prints every usable platform, or the one named.
int bench_search(const std::string& only, const Common& common);

}  // namespace nutshell::tools
