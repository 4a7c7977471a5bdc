// SPDX-License-Identifier: MIT
// Every layer kind, and the calls that find a row's kind at run time: for the plan, the file
// reader and the tools' Graph. A type calls its layers directly and never comes here.
#pragma once
#include "batch_norm.hpp"
#include "conv2d.hpp"
#include "dense.hpp"
#include "depthwise_conv2d.hpp"
#include "dropout.hpp"
#include "gaussian_noise.hpp"
#include "gaussian_sampler.hpp"
#include "l1_penalty.hpp"
#include "pool2d.hpp"
#include "reshape.hpp"
#include "tied_dense.hpp"
#include "transposed_conv2d.hpp"
#include "upsample2d.hpp"

namespace nutshell {

/// Calls visitor(<functions of the kind>{}) and returns what it returns; `unknown` for a kind not
/// in the list.
template <class Visitor, class Result>
constexpr Result visit_kind(Kind kind, Result unknown, const Visitor& visitor) noexcept {
    switch (kind) {
#define NUTSHELL_CASE(name, functions, number) \
    case Kind::name:                           \
        return visitor(functions{});
        NUTSHELL_LAYER_KINDS(NUTSHELL_CASE)
#undef NUTSHELL_CASE
    }
    return unknown;
}

constexpr TensorSizes tensor_sizes(const Row& row) noexcept {
    return visit_kind(row.kind, TensorSizes{0, 0},
                      [&](auto layer) noexcept { return decltype(layer)::tensor_sizes(row); });
}

constexpr WeightMatrix weight_matrix(const Row& row) noexcept {
    return visit_kind(row.kind, WeightMatrix{0, 0},
                      [&](auto layer) noexcept { return decltype(layer)::weight_matrix(row); });
}
constexpr int32_t weight_index(const Row& row, int32_t output, int32_t input) noexcept {
    return visit_kind(row.kind, 0, [&](auto layer) noexcept {
        return decltype(layer)::weight_index(row, output, input);
    });
}
constexpr Fans fans(const Row& row) noexcept {
    return visit_kind(row.kind, Fans{0, 0},
                      [&](auto layer) noexcept { return decltype(layer)::fans(row); });
}
constexpr int32_t shares_weights(const Row& row) noexcept {
    return visit_kind(row.kind, 0,
                      [&](auto layer) noexcept { return decltype(layer)::shares_weights(row); });
}
constexpr bool can_share(const Row& row, const Row& owner) noexcept {
    return visit_kind(row.kind, false,
                      [&](auto layer) noexcept { return decltype(layer)::can_share(row, owner); });
}

/// True when rows[i] has weights of its own, or shares those of an earlier one that can lend them.
constexpr bool finds_weights(const Row* rows, int i) noexcept {
    const int32_t back = shares_weights(rows[i]);
    return back == 0 || (back <= i && can_share(rows[i], rows[i - back]));
}
constexpr int32_t scratch_floats(const Row& row, Mode mode) noexcept {
    return visit_kind(row.kind, 0, [&](auto layer) noexcept {
        return decltype(layer)::scratch_floats(row, mode);
    });
}
constexpr int32_t int8_scratch_bytes(const Row& row, ScratchRule rule = {}) noexcept {
    return visit_kind(row.kind, 0, [&](auto layer) noexcept {
        return decltype(layer)::int8_scratch_bytes(row, rule);
    });
}
constexpr bool packs(Kind kind) noexcept {
    return visit_kind(kind, true, [](auto layer) noexcept { return decltype(layer)::packs; });
}
/// The packing of a layer's int8 weights in a model that has this one.
constexpr Packing packing_of(Kind kind, Packing packing) noexcept {
    return packs(kind) ? packing : Packing::canonical;
}
constexpr int32_t slice_size(const Row& row) noexcept {
    return visit_kind(row.kind, row.out.size(),
                      [&](auto layer) noexcept { return decltype(layer)::slice_size(row); });
}
constexpr double multiply_adds(const Row& row) noexcept {
    return visit_kind(row.kind, 0.0,
                      [&](auto layer) noexcept { return decltype(layer)::multiply_adds(row); });
}
constexpr bool has_int8(Kind kind) noexcept {
    return visit_kind(kind, false, [](auto layer) noexcept { return decltype(layer)::has_int8; });
}

/// True for a row that this library can run: known kind and activation, valid shapes that the kind
/// accepts (which the first of these leaves open), a slope exactly where it means something: 1e-6
/// to 1, given by its IEEE 754 bits, so that an int8 program needs no floating point here.
constexpr bool valid_apart_from_kind(const Row& row, uint32_t slope_bits) noexcept {
    if (!row.in.valid() || !row.out.valid() || (row.zero[0] | row.zero[1]) != 0) return false;
    if (row.activation > Activation::tanh) return false;
    const bool leaky = row.activation == Activation::leaky_relu;
    return leaky ? slope_bits >= float_bits(1e-6f) && slope_bits < float_bits(1.0f)
                 : slope_bits == 0;
}
constexpr bool valid(const Row& row, uint32_t slope_bits) noexcept {
    return valid_apart_from_kind(row, slope_bits) &&
           visit_kind(row.kind, false,
                      [&](auto layer) noexcept { return decltype(layer)::valid(row); });
}

/// The same for a row that does not come from a file.
constexpr bool valid(const Row& row) noexcept {
    const bool leaky = row.slope >= 1e-6f && row.slope < 1.0f;
    return valid(row, row.slope == 0.0f ? 0u : leaky ? float_bits(0.5f) : float_bits(2.0f));
}

}  // namespace nutshell
