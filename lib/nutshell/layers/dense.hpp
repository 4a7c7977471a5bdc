// SPDX-License-Identifier: MIT
// Fully connected layer: y[out] = activation(W * x[in] + bias[out]).
//
// The longer side of W is contiguous: [out][in] when out <= in, else [in][out], so that every
// product of a wide-narrow-wide model runs along the wide side.
#pragma once
#include "../packing_int4.hpp"
#include "activation.hpp"
#include "row.hpp"

namespace nutshell {

struct DenseLayer : LayerFunctions {
    static constexpr bool has_int8 = true;

    static constexpr bool rows_are_outputs(const Row& row) noexcept {
        return row.out.size() <= row.in.size();
    }

    /// Where the weight of an output and an input lies.
    static constexpr int32_t weight_index(const Row& row, int32_t output, int32_t input) noexcept {
        return rows_are_outputs(row) ? output * row.in.size() + input
                                     : input * row.out.size() + output;
    }

    static constexpr TensorSizes tensor_sizes(const Row& row) noexcept {
        return {row.in.size() * row.out.size(), row.out.size()};
    }
    static constexpr WeightMatrix weight_matrix(const Row& row) noexcept {
        return {row.in.size(), row.out.size()};
    }
    static constexpr Fans fans(const Row& row) noexcept { return {row.in.size(), row.out.size()}; }
    static constexpr int32_t int8_scratch_bytes(const Row& row, ScratchRule rule) noexcept {
        return scratch_bytes(row.in.size(), rule);
    }
    static constexpr double multiply_adds(const Row& row) noexcept {
        return static_cast<double>(row.in.size()) * row.out.size();
    }

    /// True when the shapes are flat and the weights number at most 2^24.
    static constexpr bool valid_shapes(const Row& row) noexcept {
        return row.in == flat(row.in.size()) && row.out == flat(row.out.size()) &&
               fits(row.in.size(), row.out.size(), 1 << 24);
    }
    static constexpr bool valid(const Row& row) noexcept {
        return valid_shapes(row) && row.window == Window{};
    }

    /// x[rows][in] -> y[rows][out].
    static void forward(const Row& row, Activation activation, Tensors tensors, Pass pass,
                        const float* x, float* y) noexcept {
        const int in = row.in.size(), out = row.out.size();
        const Clamp clamp = clamp_of(activation);
        if (rows_are_outputs(row)) {
            kernels::gemm_nt(pass.rows, out, in, x, tensors.weight, tensors.bias, clamp, y);
        } else {
            kernels::gemm_nn(pass.rows, out, in, x, tensors.weight, out, tensors.bias, clamp, y);
        }
        activate(activation, row.slope, pass.rows * out, y);
    }

    /// x[in] -> y[out] in int8. scratch as kernels::dense_int8 says.
    static void forward(const Row& row, const Int8Tensors& tensors, const int8_t* x, int8_t* y,
                        void* scratch) noexcept {
        const int in = row.in.size(), out = row.out.size();
        kernels::dense_int8(in, out, tensors.weight, requantization_of(row.activation, tensors), x,
                            y, scratch);
        if (tensors.table) kernels::look_up(out, tensors.table, y);
    }

    /// The same when the layer's weights may have 4 bits.
    static void forward_int4(const Row& row, const Int8Tensors& tensors, const int8_t* x, int8_t* y,
                             void* scratch) noexcept {
        if (!tensors.int4) return forward(row, tensors, x, y, scratch);
        const int in = row.in.size(), out = row.out.size();
        kernels::dense_int4(in, out, reinterpret_cast<const uint8_t*>(tensors.weight),
                            requantization_of(row.activation, tensors), x, y, scratch);
        if (tensors.table) kernels::look_up(out, tensors.table, y);
    }

    /// Outputs that forward_slice is asked for at a time: 112 are whole blocks of every packing and
    /// of the float kernels.
    static constexpr int32_t slice_size(const Row& row) noexcept {
        return row.out.size() < 112 ? row.out.size() : 112;
    }

    /// Some outputs of one sample, x[in] -> y[slice.count], with the bits that forward gives them.
    static void forward_slice(const Row& row, Tensors tensors, Slice slice, const float* x,
                              float* y) noexcept {
        const int in = row.in.size(), out = row.out.size();
        const Clamp clamp = clamp_of(row.activation);
        const float* const bias = tensors.bias + slice.first;
        const float* const weight = tensors.weight + weight_index(row, slice.first, 0);
        if (rows_are_outputs(row)) {
            kernels::gemm_nt(1, slice.count, in, x, weight, bias, clamp, y);
        } else {
            kernels::gemm_nn(1, slice.count, in, x, weight, out, bias, clamp, y);
        }
        activate(row.activation, row.slope, slice.count, y);
    }

    /// The same in int8. slice.first begins a block of the packing.
    static void forward_slice(const Row& row, const Int8Tensors& tensors, Slice slice,
                              const int8_t* x, int8_t* y, void* scratch) noexcept {
        const int32_t in = row.in.size();
        const int8_t* const weight = tensors.weight + packed_row(tensors.packing, in, slice.first);
        kernels::dense_int8(in, slice.count, weight, slice_rule(row, tensors, slice), x, y,
                            scratch);
        if (tensors.table) kernels::look_up(slice.count, tensors.table, y);
    }

    /// The same when the layer's weights may have 4 bits.
    static void forward_slice_int4(const Row& row, const Int8Tensors& tensors, Slice slice,
                                   const int8_t* x, int8_t* y, void* scratch) noexcept {
        if (!tensors.int4) return forward_slice(row, tensors, slice, x, y, scratch);
        const int32_t in = row.in.size();
        const uint8_t* const weight = reinterpret_cast<const uint8_t*>(tensors.weight) +
                                      packed_int4_bytes(tensors.packing, in, slice.first);
        kernels::dense_int4(in, slice.count, weight, slice_rule(row, tensors, slice), x, y,
                            scratch);
        if (tensors.table) kernels::look_up(slice.count, tensors.table, y);
    }

    /// The same for a sparse x. The weight has the order [in][out] here, whatever is canonical:
    /// a sample then reads only the weights of its own inputs.
    static void forward(const Row& row, Activation activation, Tensors tensors, Pass pass,
                        SparseBytes x, float* y) noexcept {
        const int out = row.out.size();
        kernels::sparse_gemm_nn(pass.rows, out, x, tensors.weight, tensors.bias,
                                clamp_of(activation), y);
        activate(activation, row.slope, pass.rows * out, y);
    }

    /// dy[rows][out], the gradient of the output y, is overwritten with that of the sum. Writes
    /// dx[rows][in] unless dx is null, then adds target.alpha times the gradients of the tensors:
    /// in this order, so that the target may be the weights themselves.
    static void backward(const Row& row, Activation activation, Tensors tensors, Pass pass,
                         const float* x, const float* y, float* dy, float* dx,
                         Target target) noexcept {
        const int in = row.in.size(), out = row.out.size(), rows = pass.rows;
        const Clamp none = clamp_of(Activation::linear);
        gradient_of_sum(activation, row.slope, pass.rows * row.out.size(), y, dy);
        if (rows_are_outputs(row)) {
            if (dx) kernels::gemm_nn(rows, in, out, dy, tensors.weight, in, nullptr, none, dx);
            kernels::gemm_tn(out, in, rows, target.alpha, dy, x, target.weight);
        } else {
            if (dx) kernels::gemm_nt(rows, in, out, dy, tensors.weight, nullptr, none, dx);
            kernels::gemm_tn(in, out, rows, target.alpha, x, dy, target.weight);
        }
        kernels::add_rows(rows, out, target.alpha, dy, target.bias);
    }

    /// The same for a sparse x, whose own gradient nobody asks for. target.weight has the order
    /// [in][out].
    static void backward(const Row& row, Activation activation, Pass pass, SparseBytes x,
                         const float* y, float* dy, Target target) noexcept {
        const int out = row.out.size();
        gradient_of_sum(activation, row.slope, pass.rows * row.out.size(), y, dy);
        kernels::sparse_gemm_tn(pass.rows, out, target.alpha, x, dy, target.weight);
        kernels::add_rows(pass.rows, out, target.alpha, dy, target.bias);
    }

  private:
    static Requantization slice_rule(const Row& row, const Int8Tensors& tensors,
                                     Slice slice) noexcept {
        return rule_from(requantization_of(row.activation, tensors), tensors.packing,
                         row.out.size(), slice.first);
    }
};

/// Dense<784, 24, Relu>: 784 inputs, 24 outputs. Dense layers read images as flat vectors.
template <int In, int Out, class ActivationType = Linear>
struct Dense : DenseLayer {
    static constexpr Row row{Kind::dense, ActivationType::kind, flat(In), flat(Out),
                             ActivationType::slope};
    static_assert(row.in.valid() && row.out.valid(),
                  "nutshell: a layer's sizes must be between 1 and 2^20");
    static_assert(valid(row), "nutshell: a dense layer has at most 2^24 weights");
};

}  // namespace nutshell
