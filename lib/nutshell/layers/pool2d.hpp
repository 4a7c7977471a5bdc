// SPDX-License-Identifier: MIT
// Pooling: the largest, or the mean, of each channel in a window. What lies outside of the image
// counts as nothing: windows at the border are smaller.
#pragma once
#include "convolution.hpp"

namespace nutshell {

/// The rules of both kinds.
struct Pool2DLayer : LayerFunctions {
    static constexpr bool has_int8 = true;

    static constexpr bool valid(const Row& row) noexcept {
        const Window& w = row.window;
        return row.activation == Activation::linear && w.parameter == 0 &&
               (w.zero[0] | w.zero[1]) == 0 && w.dilation_height == 1 && w.dilation_width == 1 &&
               row.in.channels == row.out.channels &&
               WindowMap::of(row.in, row.out, row.window).valid();
    }
};

struct MaxPool2DLayer : Pool2DLayer {
    /// x[rows][in] -> y[rows][out].
    static void forward(const Row& row, Activation, Tensors, Pass pass, const float* x,
                        float* y) noexcept;
    /// The gradient goes to the first one of the largest.
    static void backward(const Row& row, Activation, Tensors, Pass pass, const float* x,
                         const float* y, float* dy, float* dx, Target) noexcept;
    /// x[in] -> y[out] in int8; the codes mean the same in both.
    static void forward(const Row& row, const Int8Tensors& tensors, const int8_t* x, int8_t* y,
                        void* scratch) noexcept;
    static void forward_int4(const Row& row, const Int8Tensors& tensors, const int8_t* x, int8_t* y,
                             void* scratch) noexcept {
        forward(row, tensors, x, y, scratch);
    }
};

struct AveragePool2DLayer : Pool2DLayer {
    static void forward(const Row& row, Activation, Tensors, Pass pass, const float* x,
                        float* y) noexcept;
    static void backward(const Row& row, Activation, Tensors, Pass pass, const float* x,
                         const float* y, float* dy, float* dx, Target) noexcept;
    /// x[in] -> y[out] in int8; the codes mean the same in both.
    static void forward(const Row& row, const Int8Tensors& tensors, const int8_t* x, int8_t* y,
                        void* scratch) noexcept;
    static void forward_int4(const Row& row, const Int8Tensors& tensors, const int8_t* x, int8_t* y,
                             void* scratch) noexcept {
        forward(row, tensors, x, y, scratch);
    }
};

namespace detail {

/// The row of a pool with square windows.
template <Kind PoolKind, int Height, int Width, int Channels, int Size, int Stride, Padding Border>
struct Pool2D {
    static constexpr Shape in{Height, Width, Channels};
    static_assert(in.valid(), "nutshell: a layer's sizes must be between 1 and 2^20");
    static_assert(Size >= 1 && Stride >= 1, "nutshell: pool and stride are at least 1");
    static constexpr Row row{PoolKind, Activation::linear,
                             in,       shape_behind(in, Size, Size, Stride, 1, Border, Channels),
                             0.0f,     window_of(in, Size, Size, Stride, 1, Border)};
    static_assert(row.out.height >= 1 && row.out.width >= 1,
                  "nutshell: the pool is larger than the image");
    static_assert(row.out.valid() && Pool2DLayer::valid(row),
                  "nutshell: a pool is no larger than 255 or twice the image");
};

}  // namespace detail

/// MaxPool2D<28, 28, 16, 2>: images of 28 x 28 x 16 become 14 x 14 x 16. With Padding::same 7 x 7
/// become 4 x 4.
template <int Height, int Width, int Channels, int Size, int Stride = Size,
          Padding Border = Padding::valid>
struct MaxPool2D : MaxPool2DLayer,
                   detail::Pool2D<Kind::max_pool2d, Height, Width, Channels, Size, Stride, Border> {
};

template <int Height, int Width, int Channels, int Size, int Stride = Size,
          Padding Border = Padding::valid>
struct AveragePool2D
    : AveragePool2DLayer,
      detail::Pool2D<Kind::average_pool2d, Height, Width, Channels, Size, Stride, Border> {};

}  // namespace nutshell
