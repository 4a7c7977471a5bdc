// SPDX-License-Identifier: MIT
// Graphs from and to .nut files on disk.
#pragma once
#include <string>

#include "graph.hpp"

namespace nutshell::tools {

/// Reads and checks a .nut file. Throws Error with the path, the reason and what to do.
Graph read_model(const std::string& path);

/// Writes a .nut file; the old one stays until the new one is whole. Throws Error.
void write_model(const Graph& graph, const std::string& path);

/// The bytes of the .nut file of a graph.
AlignedFloats to_file_bytes(const Graph& graph, size_t& size);

}  // namespace nutshell::tools
