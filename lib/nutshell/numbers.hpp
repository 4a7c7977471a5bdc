// SPDX-License-Identifier: MIT
// What a model computes in: Float32, Int8, or Int4, which is Int8 with weights of 8 or 4 bits in
// each layer. A part of a model is written once, over one of these.
#pragma once
#include "incremental_check.hpp"
#include "status.hpp"

namespace nutshell {

struct Float32 {
    using Element = float;
    using Tensors = nutshell::Tensors;
    static constexpr NumberType type = NumberType::float32;

    /// Whether bytes[size] are a file of such numbers, in an order that the bound platform reads.
    /// OnlyDense: no layer but dense ones will do.
    template <bool OnlyDense>
    static Status check(const void* bytes, size_t size, File& file) noexcept {
        return check_float32(bytes, size, file);
    }
    /// What is right with a file if it is in an order that the bound platform reads.
    static constexpr Status check_packing(Status status, const File&) noexcept { return status; }
    static void read(const File& file, int layer, Tensors& tensors) noexcept {
        tensors = file.tensors(layer);
    }
    static constexpr int input_bits(const Tensors&) noexcept { return 32; }
    static constexpr int output_bits(const Tensors&) noexcept { return 32; }
    static constexpr Quantization input_quantization(const Tensors&) noexcept { return {1.0f, 0}; }
    static constexpr Quantization output_quantization(const Tensors&) noexcept { return {1.0f, 0}; }
    static constexpr int scratch_bytes(const Row& row) noexcept {
        return scratch_floats(row, Mode::inference) * static_cast<int>(sizeof(float));
    }
    template <class Layer>
    static void forward_slice(const Row& row, const Tensors& tensors, Slice slice, const float* x,
                              float* y, void*) noexcept {
        Layer::forward_slice(row, tensors, slice, x, y);
    }
    template <class Layer>
    static void forward(const Row& row, const Tensors& tensors, const float* x, float* y,
                        void* scratch) noexcept {
        Pass pass{1};
        pass.scratch = static_cast<float*>(scratch);
        Layer::forward(row, row.activation, tensors, pass, x, y);
    }
    /// Any code is a number; a float may be none.
    static bool acceptable(const float* x, int32_t n) noexcept { return all_finite(x, n); }
};

struct Int8 {
    using Element = int8_t;
    using Tensors = Int8Tensors;
    static constexpr NumberType type = NumberType::int8;

    template <bool OnlyDense>
    static Status check(const void* bytes, size_t size, File& file) noexcept {
        return check_packing(
            OnlyDense ? check_int8_dense(bytes, size, file) : check_int8(bytes, size, file), file);
    }
    static Status check_packing(Status status, const File& file) noexcept {
        if (status != Status::ok) return status;
        return file.packing() == kernels::int8_packing() ? Status::ok : Status::wrong_packing;
    }
    /// (Apart from its caller, whose stack is the largest while it checks.)
    [[gnu::noinline]] static void read(const File& file, int layer, Tensors& tensors) noexcept {
        tensors = file.int8_tensors(layer);
    }
    static int input_bits(const Tensors& tensors) noexcept { return 8 - tensors.in.unused_bits; }
    static int output_bits(const Tensors& tensors) noexcept { return 8 - tensors.out.unused_bits; }
    static Quantization input_quantization(const Tensors& tensors) noexcept { return tensors.in; }
    static Quantization output_quantization(const Tensors& tensors) noexcept { return tensors.out; }
    static constexpr int scratch_bytes(const Row& row) noexcept { return int8_scratch_bytes(row); }
    template <class Layer>
    static void forward_slice(const Row& row, const Tensors& tensors, Slice slice, const int8_t* x,
                              int8_t* y, void* scratch) noexcept {
        Layer::forward_slice(row, tensors, slice, x, y, scratch);
    }
    template <class Layer>
    static void forward(const Row& row, const Tensors& tensors, const int8_t* x, int8_t* y,
                        void* scratch) noexcept {
        static_assert(Layer::has_int8, "nutshell: a layer of this kind does not run in int8");
        Layer::forward(row, tensors, x, y, scratch);
    }
    static bool acceptable(const int8_t*, int32_t) noexcept { return true; }
};

struct Int4 : Int8 {
    static constexpr NumberType type = NumberType::int4;

    /// Of an int8 file, too.
    template <bool OnlyDense>
    static Status check(const void* bytes, size_t size, File& file) noexcept {
        return check_packing(check_int4(bytes, size, file), file);
    }
    template <class Layer>
    static void forward_slice(const Row& row, const Tensors& tensors, Slice slice, const int8_t* x,
                              int8_t* y, void* scratch) noexcept {
        Layer::forward_slice_int4(row, tensors, slice, x, y, scratch);
    }
    template <class Layer>
    static void forward(const Row& row, const Tensors& tensors, const int8_t* x, int8_t* y,
                        void* scratch) noexcept {
        Layer::forward_int4(row, tensors, x, y, scratch);
    }
};

}  // namespace nutshell
