// SPDX-License-Identifier: MIT
// What the fuzz targets share. A target is a file of this folder with LLVMFuzzerTestOneInput; bytes
// are refused with Error, in one line, or taken; everything else is a finding.
#pragma once
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "tools/error.hpp"
#include "tools/formats/source_model.hpp"

/// Freed memory is kept from reuse for a few inputs, not for 256 MB of them, which are in no cache,
/// and an allocation remembers who asked for it, not thirty callers: both take half of the time.
extern "C" __attribute__((used)) inline const char* __asan_default_options() {
    return "quarantine_size_mb=1:thread_local_quarantine_size_kb=64:malloc_context_size=2:"
           "allocator_may_return_null=1:max_allocation_size_mb=256";
}

namespace nutshell::fuzz {

inline void require(bool holds) {
    if (!holds) std::abort();
}

/// Runs a reader that may refuse.
template <class Read>
int read_or_refuse(Read read) {
    try {
        read();
    } catch (const tools::Error& error) {
        require(std::strchr(error.what(), '\n') == nullptr && error.what()[0] != '\0');
    }
    return 0;
}

/// The .nut file of a graph.
inline std::vector<uint8_t> nut_bytes(const tools::Graph& graph) {
    size_t size = 0;
    const tools::AlignedFloats floats = tools::to_file_bytes(graph, size);
    const auto* begin = reinterpret_cast<const uint8_t*>(floats.data());
    return {begin, begin + size};
}
inline std::vector<uint8_t> nut_bytes(const tools::Int8Graph& graph) {
    return graph.file_bytes(Packing::canonical);
}
inline std::vector<uint8_t> nut_bytes(const tools::AnyGraph& graph) {
    return std::visit([](const auto& model) { return nut_bytes(model); }, graph);
}

/// A model that is written and read again in a moment.
inline bool is_small(const tools::AnyGraph& graph) {
    constexpr size_t most = 1 << 15;
    if (const auto* floats = std::get_if<tools::Graph>(&graph)) {
        return floats->parameters().size() <= most &&
               static_cast<size_t>(floats->totals().inner) <= most;
    }
    return static_cast<size_t>(std::get<tools::Int8Graph>(graph).parameter_count()) <= most;
}

}  // namespace nutshell::fuzz
