// SPDX-License-Identifier: MIT
// Upsampling by a whole factor. The window's height and width are the factors, its parameter is 1
// for bilinear interpolation (between the pixels' centers, as TensorFlow 2 and PyTorch without
// align_corners have it), 0 for the nearest pixel.
#pragma once
#include "activation.hpp"
#include "row.hpp"

namespace nutshell {

enum class Interpolation : uint8_t { nearest = 0, bilinear = 1 };

struct Upsample2DLayer : LayerFunctions {
    static constexpr bool has_int8 = true;

    static constexpr Window window(int height, int width, Interpolation interpolation) noexcept {
        Window window{};
        window.height = static_cast<uint8_t>(height);
        window.width = static_cast<uint8_t>(width);
        window.parameter = static_cast<uint32_t>(interpolation);
        return window;
    }

    static constexpr bool valid(const Row& row) noexcept {
        const Window& w = row.window;
        return row.activation == Activation::linear && w.height >= 1 && w.width >= 1 &&
               w.parameter <= static_cast<uint32_t>(Interpolation::bilinear) &&
               w == window(w.height, w.width, static_cast<Interpolation>(w.parameter)) &&
               fits(row.in.height, w.height, kMaxSize) && fits(row.in.width, w.width, kMaxSize) &&
               row.out == Shape{row.in.height * w.height, row.in.width * w.width, row.in.channels};
    }

    /// x[rows][in] -> y[rows][out].
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

/// Upsample2D<4, 4, 8, 2>: images of 4 x 4 x 8 become 8 x 8 x 8.
template <int Height, int Width, int Channels, int Factor,
          Interpolation Between = Interpolation::nearest>
struct Upsample2D : Upsample2DLayer {
    static constexpr Shape in{Height, Width, Channels};
    static_assert(in.valid(), "nutshell: a layer's sizes must be between 1 and 2^20");
    static_assert(Factor >= 1 && Factor <= 255, "nutshell: a factor is between 1 and 255");
    static constexpr Row row{Kind::upsample2d,
                             Activation::linear,
                             in,
                             {Height * Factor, Width* Factor, Channels},
                             0.0f,
                             window(Factor, Factor, Between)};
    static_assert(valid(row), "nutshell: a layer has at most 2^20 outputs");
};

}  // namespace nutshell
