// SPDX-License-Identifier: MIT
// Transposed convolution: the way back through the window of a convolution, from its result to the
// image. Weights are [kernel height][kernel width][in][out].
#pragma once
#include "patch_int8.hpp"

namespace nutshell {

struct TransposedConv2DLayer : LayerFunctions {
    static constexpr bool has_int8 = true;

    /// The convolution that goes the other way: from this layer's output to its input.
    static constexpr WindowMap map(const Row& row) noexcept {
        return WindowMap::of(row.out, row.in, row.window);
    }
    static constexpr int32_t taps(const Row& row) noexcept {
        return row.window.height * row.window.width;
    }

    static constexpr TensorSizes tensor_sizes(const Row& row) noexcept {
        return {taps(row) * row.in.channels * row.out.channels, row.out.channels};
    }
    static constexpr WeightMatrix weight_matrix(const Row& row) noexcept {
        return {taps(row) * row.in.channels, row.out.channels};
    }
    static constexpr int32_t weight_index(const Row& row, int32_t output, int32_t input) noexcept {
        return input * row.out.channels + output;
    }
    static constexpr Fans fans(const Row& row) noexcept {
        return {taps(row) * row.in.channels, taps(row) * row.out.channels};
    }
    static constexpr double multiply_adds(const Row& row) noexcept {
        return static_cast<double>(taps(row) * row.out.channels) * row.in.size();
    }
    static constexpr int32_t int8_scratch_bytes(const Row& row, ScratchRule rule) noexcept {
        return detail::BackScratch::of(map(row), rule).bytes;
    }
    /// Of a training pass: the gradient of the output in its frame, and the weights transposed or
    /// their gradient so.
    static constexpr int32_t scratch_floats(const Row& row, Mode mode) noexcept {
        const int32_t back = map(row).frame_back().floats();
        if (mode == Mode::inference) return back;
        const int32_t there = map(row).frame().floats() + tensor_sizes(row).weight;
        return there > back ? there : back;
    }

    static constexpr bool valid(const Row& row) noexcept {
        return row.window.parameter == 0 && (row.window.zero[0] | row.window.zero[1]) == 0 &&
               map(row).valid() && fits(taps(row), row.in.channels, 1 << 24) &&
               fits(taps(row) * row.in.channels, row.out.channels, 1 << 24);
    }

    /// x[rows][in] -> y[rows][out].
    static void forward(const Row& row, Activation activation, Tensors tensors, Pass pass,
                        const float* x, float* y) noexcept {
        detail::map_back(map(row), pass, x, tensors.weight, tensors.bias, clamp_of(activation),
                         pass.scratch, y);
        activate(activation, row.slope, pass.rows * row.out.size(), y);
    }

    /// x[in] -> y[out] in int8.
    static void forward(const Row& row, const Int8Tensors& tensors, const int8_t* x, int8_t* y,
                        void* scratch) noexcept {
        detail::patches_back(row, map(row), tensors, x, y, scratch);
    }
    static void forward_int4(const Row& row, const Int8Tensors& tensors, const int8_t* x, int8_t* y,
                             void* scratch) noexcept {
        if (tensors.int4) return detail::patches_back_int4(row, map(row), tensors, x, y, scratch);
        forward(row, tensors, x, y, scratch);
    }

    /// As DenseLayer::backward.
    static void backward(const Row& row, Activation activation, Tensors tensors, Pass pass,
                         const float* x, const float* y, float* dy, float* dx,
                         Target target) noexcept {
        gradient_of_sum(activation, row.slope, pass.rows * row.out.size(), y, dy);
        const int32_t in = row.in.channels, out = row.out.channels,
                      weights = tensor_sizes(row).weight;
        float* const transposed = pass.scratch;
        Pass rest = pass;
        rest.scratch += weights;
        if (dx) {
            detail::transpose_taps(taps(row), in, out, tensors.weight, transposed);
            detail::map_there(map(row), rest, dy, transposed, nullptr, clamp_of(Activation::linear),
                              dx);
        }
        // The gradient comes as [taps][out][in].
        memset(transposed, 0, static_cast<size_t>(weights) * sizeof *transposed);
        detail::map_gradient(map(row), rest, target.alpha, dy, x, transposed);
        for (int32_t tap = 0; tap < taps(row); tap++) {
            const float* from = transposed + tap * in * out;
            float* to = target.weight + tap * in * out;
            for (int32_t i = 0; i < in; i++) {
                for (int32_t o = 0; o < out; o++) to[i * out + o] += from[o * in + i];
            }
        }
        kernels::add_rows(pass.rows * row.out.height * row.out.width, out, target.alpha, dy,
                          target.bias);
    }
};

/// TransposedConv2D<7, 7, 8, 16, 3, Relu>: images of 7 x 7 x 8 become 14 x 14 x 16. With
/// Padding::same the output is Stride times as large, with valid as large as all windows reach.
template <int Height, int Width, int In, int Out, int Kernel, class ActivationType = Linear,
          int Stride = 2, Padding Border = Padding::same>
struct TransposedConv2D : TransposedConv2DLayer {
    static constexpr Shape in{Height, Width, In};
    static_assert(in.valid() && Out >= 1, "nutshell: a layer's sizes must be between 1 and 2^20");
    static_assert(Stride >= 1 && Kernel >= 1, "nutshell: kernel and stride are at least 1");
    static constexpr Row row{Kind::transposed_conv2d,
                             ActivationType::kind,
                             in,
                             transposed_shape(in, Kernel, Kernel, Stride, Border, Out),
                             ActivationType::slope,
                             window_of(transposed_shape(in, Kernel, Kernel, Stride, Border, Out),
                                       Kernel, Kernel, Stride, 1, Border)};
    static_assert(row.out.valid() && valid(row),
                  "nutshell: a transposed convolution has at most 2^24 weights, and a kernel no "
                  "larger than 255 or twice the image");
};

}  // namespace nutshell
