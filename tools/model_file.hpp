// SPDX-License-Identifier: MIT
// Graphs from and to .nut files on disk.
#pragma once
#include <string>
#include <variant>

#include "graph.hpp"
#include "int8_graph.hpp"

namespace nutshell::tools {

/// Reads and checks a .nut file of floats. Throws Error with the path, the reason and what to do.
Graph read_model(const std::string& path);

/// What a .nut file can hold.
using AnyGraph = std::variant<Graph, Int8Graph>;

/// The same for floats or int8, in any packing.
AnyGraph read_any_model(const std::string& path);

/// What a checked file in memory holds.
AnyGraph graph_in(const File& file);

/// Writes a .nut file; the old one stays until the new one is whole. Throws Error.
void write_model(const Graph& graph, const std::string& path);
void write_model(const Int8Graph& graph, const std::string& path, Packing packing);

/// Gives a graph that has no model id the one that its contents make.
void identify(Graph& graph);

/// The bytes of the .nut file of a graph, with a self-test.
AlignedFloats to_file_bytes(const Graph& graph, size_t& size);

}  // namespace nutshell::tools
