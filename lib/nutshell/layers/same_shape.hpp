// SPDX-License-Identifier: MIT
// What layers share that give back what they read, but for something that only training does.
#pragma once
#include <string.h>

#include "row.hpp"

namespace nutshell {

struct SameShapeLayer : LayerFunctions {
    /// True when nothing but the row's parameter says something.
    static constexpr bool is_same_shape(const Row& row) noexcept {
        return row.in == row.out && row.activation == Activation::linear &&
               row.window == only_parameter(row.window.parameter);
    }

    static constexpr Window only_parameter(uint32_t parameter) noexcept {
        Window window{};
        window.parameter = parameter;
        return window;
    }

    static constexpr Row same_shape_row(Kind kind, int size, float parameter) noexcept {
        return {kind,       Activation::linear,
                flat(size), flat(size),
                0.0f,       only_parameter(float_bits(parameter))};
    }

    /// The row's parameter, whose IEEE 754 bits it has.
    static float parameter_of(const Row& row) noexcept {
        float value;
        memcpy(&value, &row.window.parameter, sizeof value);
        return value;
    }

    /// x -> y, unchanged.
    static void pass_on(const Row& row, Pass pass, const float* x, float* y) noexcept {
        memcpy(y, x,
               sizeof(float) * static_cast<size_t>(pass.rows) * static_cast<size_t>(row.in.size()));
    }
};

}  // namespace nutshell
