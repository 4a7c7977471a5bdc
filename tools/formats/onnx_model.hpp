// SPDX-License-Identifier: MIT
// ONNX models as bytes: what onnx.cpp reads and writes.
#pragma once
#include <string>

#include "formats.hpp"
#include "tools/data/bytes.hpp"

namespace nutshell::tools {

/// The chain of operations from a graph's input to its output. Constants are computed, shapes that
/// the graph works out itself are followed, branches are refused. Throws Error, beginning with
/// `path` or naming the operation.
SourceModel onnx_source(ByteView file, const std::string& path);

/// A model as ONNX: Gemm and activation for each layer, in scopes "encoder" and "decoder".
Bytes onnx_bytes(const Export& model);

}  // namespace nutshell::tools
