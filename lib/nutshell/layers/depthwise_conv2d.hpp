// SPDX-License-Identifier: MIT
// Depthwise convolution: each channel has a filter of its own. Weights are [kernel height][kernel
// width][channels].
#pragma once
#include "patch_int8.hpp"

namespace nutshell {

struct DepthwiseConv2DLayer : LayerFunctions {
    static constexpr bool has_int8 = true;
    static constexpr bool packs = false;

    static constexpr WindowMap map(const Row& row) noexcept {
        return WindowMap::of(row.in, row.out, row.window);
    }
    static constexpr int32_t taps(const Row& row) noexcept {
        return row.window.height * row.window.width;
    }

    static constexpr TensorSizes tensor_sizes(const Row& row) noexcept {
        return {taps(row) * row.in.channels, row.in.channels};
    }
    static constexpr WeightMatrix weight_matrix(const Row& row) noexcept {
        return {taps(row), row.in.channels};
    }
    static constexpr int32_t weight_index(const Row& row, int32_t output, int32_t input) noexcept {
        return input * row.in.channels + output;
    }
    static constexpr Fans fans(const Row& row) noexcept { return {taps(row), taps(row)}; }
    static constexpr double multiply_adds(const Row& row) noexcept {
        return static_cast<double>(taps(row)) * row.out.size();
    }
    static constexpr int32_t int8_scratch_bytes(const Row& row, ScratchRule rule) noexcept {
        return detail::DepthwiseScratch::of(taps(row), row.in.channels, rule).bytes;
    }
    static constexpr int32_t scratch_floats(const Row& row, Mode mode) noexcept {
        const int32_t there = map(row).frame().floats();
        if (mode == Mode::inference) return there;
        const int32_t back = map(row).frame_back().floats();
        return there > back ? there : back;
    }

    static constexpr bool valid(const Row& row) noexcept {
        return row.window.parameter == 0 && (row.window.zero[0] | row.window.zero[1]) == 0 &&
               row.in.channels == row.out.channels && map(row).valid() &&
               fits(taps(row), row.in.channels, 1 << 24);
    }

    /// x[rows][in] -> y[rows][out].
    static void forward(const Row& row, Activation activation, Tensors tensors, Pass pass,
                        const float* x, float* y) noexcept {
        const WindowMap window = map(row);
        const Frame frame = window.frame();
        const Convolution there = convolution(row);
        float* const first = y;
        frame.clear(pass.scratch);
        for (int r = 0; r < pass.rows; r++, x += row.in.size(), y += row.out.size()) {
            kernels::depthwise(there, frame.put(x, pass.scratch), tensors.weight, tensors.bias,
                               clamp_of(activation), y);
        }
        activate(activation, row.slope, pass.rows * row.out.size(), first);
    }

    /// x[in] -> y[out] in int8; its weights have 8 bits.
    static void forward(const Row& row, const Int8Tensors& tensors, const int8_t* x, int8_t* y,
                        void* scratch) noexcept {
        detail::patches_depthwise(row, map(row), tensors, x, y, scratch);
    }
    static void forward_int4(const Row& row, const Int8Tensors& tensors, const int8_t* x, int8_t* y,
                             void* scratch) noexcept {
        forward(row, tensors, x, y, scratch);
    }

    /// As DenseLayer::backward.
    static void backward(const Row& row, Activation activation, Tensors tensors, Pass pass,
                         const float* x, const float* y, float* dy, float* dx,
                         Target target) noexcept {
        const WindowMap window = map(row);
        const int32_t channels = row.in.channels;
        gradient_of_sum(activation, row.slope, pass.rows * row.out.size(), y, dy);
        if (dx) input_gradient(window, pass, tensors.weight, dy, dx);
        const Frame frame = window.frame();
        const Convolution there = convolution(row);
        frame.clear(pass.scratch);
        for (int r = 0; r < pass.rows; r++) {
            kernels::depthwise_gradient(there, target.alpha,
                                        frame.put(x + r * row.in.size(), pass.scratch),
                                        dy + r * row.out.size(), target.weight);
        }
        kernels::add_rows(pass.rows * row.out.height * row.out.width, channels, target.alpha, dy,
                          target.bias);
    }

  private:
    /// A tap's weights are one for each channel.
    static constexpr Convolution convolution(const Row& row) noexcept {
        Convolution there = map(row).there(1, row.in.channels);
        there.run = row.in.channels;
        return there;
    }

    static void input_gradient(const WindowMap& window, Pass pass, const float* weight,
                               const float* dy, float* dx) noexcept {
        const Frame frame = window.frame_back();
        const int32_t channels = window.wide.channels;
        frame.clear(pass.scratch);
        for (int r = 0; r < pass.rows; r++, dy += window.narrow.size(), dx += window.wide.size()) {
            const float* framed = frame.put(dy, pass.scratch);
            window.back(
                channels, channels, channels,
                [&](const Convolution& part, ptrdiff_t from, ptrdiff_t w, ptrdiff_t to) noexcept {
                    kernels::depthwise(part, framed + from, weight + w, nullptr,
                                       clamp_of(Activation::linear), dx + to);
                });
        }
    }
};

/// DepthwiseConv2D<14, 14, 8, 3, Relu>: images of 14 x 14 x 8, a filter of 3 x 3 for each channel.
template <int Height, int Width, int Channels, int Kernel, class ActivationType = Linear,
          int Stride = 1, Padding Border = Padding::same, int Dilation = 1>
struct DepthwiseConv2D : DepthwiseConv2DLayer {
    static constexpr Shape in{Height, Width, Channels};
    static_assert(in.valid(), "nutshell: a layer's sizes must be between 1 and 2^20");
    static_assert(Stride >= 1 && Dilation >= 1 && Kernel >= 1,
                  "nutshell: kernel, stride and dilation are at least 1");
    static constexpr Row row{Kind::depthwise_conv2d,
                             ActivationType::kind,
                             in,
                             shape_behind(in, Kernel, Kernel, Stride, Dilation, Border, Channels),
                             ActivationType::slope,
                             window_of(in, Kernel, Kernel, Stride, Dilation, Border)};
    static_assert(row.out.height >= 1 && row.out.width >= 1,
                  "nutshell: the kernel is larger than the image");
    static_assert(row.out.valid() && valid(row),
                  "nutshell: a kernel is no larger than 255 or twice the image");
};

}  // namespace nutshell
