// SPDX-License-Identifier: MIT
// Graphs from and to .nut files on disk.
#pragma once
#include <string>
#include <variant>
#include <vector>

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

/// The bytes of a .nut file where a File can look at them, on the boundary that it asks for.
struct CheckedFile {
    AlignedFloats bytes;
    File file;
};

/// Throws Error that begins with the path when the content is no .nut file.
CheckedFile checked_file(const std::vector<uint8_t>& content, const std::string& path);

/// Writes a .nut file; the old one stays until the new one is whole. Throws Error.
void write_model(const Graph& graph, const std::string& path);
void write_model(const Int8Graph& graph, const std::string& path, Packing packing);

/// Gives a graph that has no model id the one that its contents make.
void identify(Graph& graph);

/// The bytes of the .nut file of a graph, with a self-test.
AlignedFloats to_file_bytes(const Graph& graph, size_t& size);

}  // namespace nutshell::tools
