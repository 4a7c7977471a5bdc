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

/// A model as ONNX, its operations in scopes "encoder" and "decoder"; an int8 one with
/// QuantizeLinear and DequantizeLinear behind each of them. Throws Error for what ONNX cannot hold.
Bytes onnx_bytes(const Export& model);

/// Where the writer leaves a model's and its float model's identity: keys of the metadata, 8
/// hexadecimal digits each.
constexpr char kOnnxModelId[] = "nutshell.model_id", kOnnxParentId[] = "nutshell.parent_id";

}  // namespace nutshell::tools
