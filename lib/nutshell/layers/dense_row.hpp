// SPDX-License-Identifier: MIT
// A row that is known to be a dense layer's. What finds a row's kind at run time is answered by the
// compiler for it, so that firmware whose layers are all dense checks its file without the code of
// any other kind.
#pragma once
#include "layers.hpp"

namespace nutshell {

struct DenseRow : Row {};

/// Whether a row can be such a one.
constexpr bool may_be(const Row&, Kind) noexcept { return true; }
constexpr bool may_be(const DenseRow&, Kind kind) noexcept { return kind == Kind::dense; }

constexpr TensorSizes tensor_sizes(const DenseRow& row) noexcept {
    return DenseLayer::tensor_sizes(row);
}
constexpr WeightMatrix weight_matrix(const DenseRow& row) noexcept {
    return DenseLayer::weight_matrix(row);
}
constexpr bool has_int8(const DenseRow&) noexcept { return DenseLayer::has_int8; }
constexpr bool has_int8(const Row& row) noexcept { return has_int8(row.kind); }
constexpr Packing packing_of(const DenseRow&, Packing packing) noexcept { return packing; }
constexpr Packing packing_of(const Row& row, Packing packing) noexcept {
    return packing_of(row.kind, packing);
}
constexpr bool has_weights(const DenseRow&) noexcept { return true; }
constexpr bool has_weights(const Row& row) noexcept { return weight_matrix(row).outputs > 0; }
inline bool valid(const DenseRow& row, uint32_t slope_bits) noexcept {
    // The window is all zero, which in a loop over its bytes is less code than field by field.
    const uint8_t* const window = reinterpret_cast<const uint8_t*>(&row.window);
    uint8_t any = 0;
    for (size_t i = 0; i < sizeof row.window; i++) any = static_cast<uint8_t>(any | window[i]);
    return any == 0 && valid_apart_from_kind(row, slope_bits) && DenseLayer::valid_shapes(row);
}

}  // namespace nutshell
