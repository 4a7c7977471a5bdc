// SPDX-License-Identifier: MIT
// The same numbers in another shape: a flat code as an image. (A dense layer reads an image as a
// flat vector as it is.)
#pragma once
#include <string.h>

#include "activation.hpp"
#include "row.hpp"

namespace nutshell {

struct ReshapeLayer : LayerFunctions {
    static constexpr bool has_int8 = true;

    static constexpr bool valid(const Row& row) noexcept {
        return row.in.size() == row.out.size() && row.activation == Activation::linear &&
               row.window == Window{};
    }
    static void forward(const Row& row, Activation, Tensors, Pass pass, const float* x,
                        float* y) noexcept {
        copy(row, pass, x, y);
    }
    static void backward(const Row& row, Activation, Tensors, Pass pass, const float*, const float*,
                         float* dy, float* dx, Target) noexcept {
        if (dx) copy(row, pass, dy, dx);
    }

    static void forward(const Row& row, const Int8Tensors&, const int8_t* x, int8_t* y,
                        void*) noexcept {
        memcpy(y, x, static_cast<size_t>(row.in.size()));
    }
    static void forward_int4(const Row& row, const Int8Tensors& tensors, const int8_t* x, int8_t* y,
                             void* scratch) noexcept {
        forward(row, tensors, x, y, scratch);
    }

  private:
    static void copy(const Row& row, Pass pass, const float* from, float* to) noexcept {
        memcpy(to, from,
               static_cast<size_t>(pass.rows) * static_cast<size_t>(row.in.size()) * sizeof *to);
    }
};

/// Reshape<4, 4, 8>: 128 numbers as an image of 4 x 4 x 8. Reshape<4, 4, 8, 8, 8, 2>: an image of
/// 8 x 8 x 2 as one.
template <int Height, int Width, int Channels, int FromHeight = 0, int FromWidth = 0,
          int FromChannels = 0>
struct Reshape : ReshapeLayer {
    static constexpr Shape out{Height, Width, Channels};
    static_assert(out.valid(), "nutshell: a layer's sizes must be between 1 and 2^20");
    static constexpr Shape in =
        FromHeight == 0 ? flat(out.size()) : Shape{FromHeight, FromWidth, FromChannels};
    static_assert(in.valid() && in.size() == out.size(), "nutshell: a reshape keeps all numbers");
    static constexpr Row row{Kind::reshape, Activation::linear, in, out};
};

/// Flatten<4, 4, 8>: an image of 4 x 4 x 8 as 128 numbers.
template <int Height, int Width, int Channels>
struct Flatten : ReshapeLayer {
    static constexpr Shape in{Height, Width, Channels};
    static_assert(in.valid(), "nutshell: a layer's sizes must be between 1 and 2^20");
    static constexpr Row row{Kind::reshape, Activation::linear, in, flat(in.size())};
};

}  // namespace nutshell
