// SPDX-License-Identifier: MIT
// Constant tensors of ONNX graphs: stored ones, and those that a graph computes from stored ones.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tensor.hpp"

namespace nutshell::onnx {
class Tensor;
class Node;
}  // namespace nutshell::onnx

namespace nutshell::tools {

/// What ONNX calls its element types, as far as weights have them.
enum OnnxType : int32_t {
    kOnnxFloat = 1,
    kOnnxUint8 = 2,
    kOnnxInt8 = 3,
    kOnnxInt32 = 6,
    kOnnxInt64 = 7,
    kOnnxFloat16 = 10,
    kOnnxDouble = 11,
    kOnnxBfloat16 = 16
};

/// A tensor whose values a graph always has.
struct OnnxConstant {
    std::vector<uint64_t> shape;
    int32_t type = kOnnxFloat;
    std::vector<float> values;      ///< also of codes: what they stand for
    std::vector<int64_t> integers;  ///< of an integer type, or the codes of a dequantized tensor

    // Of a dequantized tensor:
    std::vector<float> scale;         ///< one, or one for each index of the axis; else empty
    std::vector<int64_t> zero_point;  ///< as many
    int64_t axis = 1;

    bool is_matrix() const { return shape.size() == 2; }
};

/// A stored tensor. Throws Error, beginning with `where`, when its bytes lie in another file, do
/// not fit its shape, or are no numbers.
OnnxConstant read_constant(const onnx::Tensor& tensor, const std::string& where);

/// [rows][columns] -> [columns][rows].
OnnxConstant turned(const OnnxConstant& matrix);

/// Codes with their scale and zero point, one of each or one for each index of the axis. Throws
/// Error, beginning with `where`, when they do not fit.
OnnxConstant dequantized(const OnnxConstant& codes, const OnnxConstant& scale,
                         const OnnxConstant* zero_point, int64_t axis, const std::string& where);

}  // namespace nutshell::tools
