// SPDX-License-Identifier: MIT
// What the reader and the writer of .tflite files share.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "formats.hpp"

namespace nutshell::tools {

/// The model in a .tflite file's bytes, verified before anything else. Throws Error.
Imported read_tflite(const std::vector<uint8_t>& bytes, const ImportOptions& options);

/// The bytes of a .tflite file that gives the graph's outputs, to the bit when it is of int8.
/// Throws Error when TensorFlow Lite has no words for the graph.
std::vector<uint8_t> tflite_bytes(const AnyGraph& graph);

/// The metadata entry in which the writer leaves what the format has no place for: the number of
/// layers in front of the code, the model id and the parent id, 4 little-endian bytes each.
constexpr char kTfliteMetadata[] = "nutshell";
constexpr size_t kTfliteMetadataBytes = 12;

}  // namespace nutshell::tools
