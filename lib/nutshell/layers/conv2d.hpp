// SPDX-License-Identifier: MIT
// Convolution: y[height][width][out] = activation(sum over the taps of x * weight + bias), on
// images in NHWC. Weights are [kernel height][kernel width][in][out].
#pragma once
#include "patch_int8.hpp"

namespace nutshell {

struct Conv2DLayer : LayerFunctions {
    static constexpr bool has_int8 = true;

    static constexpr WindowMap map(const Row& row) noexcept {
        return WindowMap::of(row.in, row.out, row.window);
    }
    static constexpr int32_t sums(const Row& row) noexcept {
        return row.window.height * row.window.width * row.in.channels;
    }

    static constexpr TensorSizes tensor_sizes(const Row& row) noexcept {
        return {sums(row) * row.out.channels, row.out.channels};
    }
    static constexpr WeightMatrix weight_matrix(const Row& row) noexcept {
        return {sums(row), row.out.channels};
    }
    static constexpr int32_t weight_index(const Row& row, int32_t output, int32_t input) noexcept {
        return input * row.out.channels + output;
    }
    static constexpr Fans fans(const Row& row) noexcept {
        return {sums(row), row.window.height * row.window.width * row.out.channels};
    }
    static constexpr double multiply_adds(const Row& row) noexcept {
        return static_cast<double>(sums(row)) * row.out.size();
    }
    static constexpr int32_t int8_scratch_bytes(const Row& row, ScratchRule rule) noexcept {
        return detail::patch_scratch_bytes(sums(row), rule);
    }
    static constexpr int32_t scratch_floats(const Row& row, Mode mode) noexcept {
        const int32_t there = map(row).frame().floats();
        if (mode == Mode::inference) return there;
        const int32_t back = map(row).frame_back().floats() + tensor_sizes(row).weight;
        return there > back ? there : back;
    }

    /// True when the window fits the shapes and the weights number at most 2^24.
    static constexpr bool valid(const Row& row) noexcept {
        return row.window.parameter == 0 && (row.window.zero[0] | row.window.zero[1]) == 0 &&
               map(row).valid() &&
               fits(row.window.height * row.window.width, row.in.channels, 1 << 24) &&
               fits(sums(row), row.out.channels, 1 << 24);
    }

    /// x[rows][in] -> y[rows][out].
    static void forward(const Row& row, Activation activation, Tensors tensors, Pass pass,
                        const float* x, float* y) noexcept {
        detail::map_there(map(row), pass, x, tensors.weight, tensors.bias, clamp_of(activation), y);
        activate(activation, row.slope, pass.rows * row.out.size(), y);
    }

    /// x[in] -> y[out] in int8.
    static void forward(const Row& row, const Int8Tensors& tensors, const int8_t* x, int8_t* y,
                        void* scratch) noexcept {
        detail::patches_there(row, map(row), tensors, detail::product_int8, x, y, scratch);
    }
    static void forward_int4(const Row& row, const Int8Tensors& tensors, const int8_t* x, int8_t* y,
                             void* scratch) noexcept {
        detail::patches_there(row, map(row), tensors,
                              tensors.int4 ? detail::product_int4 : detail::product_int8, x, y,
                              scratch);
    }

    /// As DenseLayer::backward.
    static void backward(const Row& row, Activation activation, Tensors tensors, Pass pass,
                         const float* x, const float* y, float* dy, float* dx,
                         Target target) noexcept {
        gradient_of_sum(activation, row.slope, pass.rows * row.out.size(), y, dy);
        if (dx) {
            const TensorSizes sizes = tensor_sizes(row);
            detail::transpose_taps(row.window.height * row.window.width, row.in.channels,
                                   row.out.channels, tensors.weight, pass.scratch);
            detail::map_back(map(row), pass, dy, pass.scratch, nullptr,
                             clamp_of(Activation::linear), pass.scratch + sizes.weight, dx);
        }
        detail::map_gradient(map(row), pass, target.alpha, x, dy, target.weight);
        kernels::add_rows(pass.rows * row.out.height * row.out.width, row.out.channels,
                          target.alpha, dy, target.bias);
    }
};

/// Conv2D<28, 28, 1, 16, 3, Relu>: images of 28 x 28 x 1, 16 filters of 3 x 3.
template <int Height, int Width, int In, int Out, int Kernel, class ActivationType = Linear,
          int Stride = 1, Padding Border = Padding::same, int Dilation = 1>
struct Conv2D : Conv2DLayer {
    static constexpr Shape in{Height, Width, In};
    static_assert(in.valid() && Out >= 1, "nutshell: a layer's sizes must be between 1 and 2^20");
    static_assert(Stride >= 1 && Dilation >= 1 && Kernel >= 1,
                  "nutshell: kernel, stride and dilation are at least 1");
    static constexpr Row row{Kind::conv2d,
                             ActivationType::kind,
                             in,
                             shape_behind(in, Kernel, Kernel, Stride, Dilation, Border, Out),
                             ActivationType::slope,
                             window_of(in, Kernel, Kernel, Stride, Dilation, Border)};
    static_assert(row.out.height >= 1 && row.out.width >= 1,
                  "nutshell: the kernel is larger than the image");
    static_assert(row.out.valid() && valid(row),
                  "nutshell: a convolution has at most 2^24 weights, and a kernel no larger than "
                  "255 or twice the image");
};

/// Conv1D<640, 1, 8, 5, Relu>: 640 values of 1 channel, 8 filters of 5: a convolution whose images
/// have a height of 1.
template <int Length, int In, int Out, int Kernel, class ActivationType = Linear, int Stride = 1,
          Padding Border = Padding::same, int Dilation = 1>
struct Conv1D : Conv2DLayer {
    static constexpr Shape in{1, Length, In};
    static_assert(in.valid() && Out >= 1, "nutshell: a layer's sizes must be between 1 and 2^20");
    static_assert(Stride >= 1 && Dilation >= 1 && Kernel >= 1,
                  "nutshell: kernel, stride and dilation are at least 1");
    static constexpr Row row{Kind::conv2d,
                             ActivationType::kind,
                             in,
                             shape_behind(in, 1, Kernel, Stride, Dilation, Border, Out),
                             ActivationType::slope,
                             window_of(in, 1, Kernel, Stride, Dilation, Border)};
    static_assert(row.out.width >= 1, "nutshell: the kernel is larger than the signal");
    static_assert(row.out.valid() && valid(row),
                  "nutshell: a convolution has at most 2^24 weights, and a kernel no larger than "
                  "255 or twice the signal");
};

}  // namespace nutshell
