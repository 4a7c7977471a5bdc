// SPDX-License-Identifier: MIT
// Every layer kind, and the calls that find a row's kind at run time: for the plan, the file
// reader and the tools' Graph. A type calls its layers directly and never comes here.
#pragma once
#include "dense.hpp"

namespace nutshell {

/// Calls visitor(<functions of the kind>{}) and returns what it returns; `unknown` for a kind not
/// in the list.
template <class Visitor, class Result>
constexpr Result visit_kind(Kind kind, Result unknown, Visitor visitor) noexcept {
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

/// True for a row that this library can run: known kind and activation, valid shapes that the kind
/// accepts, a slope exactly where it means something.
constexpr bool valid(const Row& row) noexcept {
    if (!row.in.valid() || !row.out.valid()) return false;
    if (row.activation > Activation::tanh) return false;
    const bool leaky = row.activation == Activation::leaky_relu;
    const bool slope_fits = leaky ? row.slope >= 1e-6f && row.slope < 1.0f : row.slope == 0.0f;
    return slope_fits && visit_kind(row.kind, false, [&](auto layer) noexcept {
               return decltype(layer)::valid(row);
           });
}

}  // namespace nutshell
