// SPDX-License-Identifier: MIT
// A device quantizes what it has learned, over the very memory of its float weights, and goes on in
// int8: ranges are seen one sample at a time (Calibration), then each layer is quantized in one
// bounded step (InPlaceInt8).
#pragma once
#include "autoencoder.hpp"
#include "quantize.hpp"

namespace nutshell {

/// The ranges of a model's values, as samples show them.
template <class Model>
class Calibration {
    using Chain = typename Model::Chain;

  public:
    /// Forgets what was seen.
    void reset() noexcept {
        for (MinMax& range : sums_) range = {};
    }

    /// Runs x[input_size] through float weights. non_finite_input leaves the ranges as they were.
    Status observe(const typename Model::Parameters& parameters, const float* x) noexcept {
        if (!x) return Status::null_argument;
        if (!all_finite(x, Model::input_size)) return Status::non_finite_input;
        observe_layers<0>(parameters.data, x);
        return Status::ok;
    }

    /// What the codes of a layer mean; those of the model's input mean `in`. bad_calibration before
    /// anything was seen, or when weights are not finite.
    Status meaning_of(int layer, Quantization in, LayerQuantization& meaning) const noexcept {
        meaning.in = in;
        for (int i = 0; i <= layer; i++) {
            if (i > 0) meaning.in = meaning.out;
            const Status status = meaning_of_output(i, meaning);
            if (status != Status::ok) return status;
        }
        return Status::ok;
    }

  private:
    template <int Index>
    void observe_layers(const float* parameters, const float* x) noexcept {
        constexpr Row row = Chain::rows[Index];
        constexpr int size = row.out.size();
        constexpr bool relu = row.activation == Activation::relu;
        float* y = outputs_ + Chain::plan.tape[Index];
        // Where codes become others in a table, both ranges count; relu cuts sums off as they come.
        Chain::template Layer<Index>::forward(row, relu ? Activation::relu : Activation::linear,
                                              Chain::tensors(parameters, Index), Pass{1}, x, y);
        sums_[Index].observe(y, size);
        if constexpr (Index + 1 < Chain::count) {
            activate(row.activation, row.slope, size, y);
            observe_layers<Index + 1>(parameters, y);
        }
    }

    Status meaning_of_output(int layer, LayerQuantization& meaning) const noexcept {
        const Row& row = Chain::rows[layer];
        const MinMax& seen = sums_[layer];
        if (seen.status() != Status::ok) return seen.status();
        Range range = seen.range();
        const Status status = quantization_of(range, meaning.sum);
        if (status != Status::ok) return status;
        switch (row.activation) {
            case Activation::sigmoid:
                meaning.out = sigmoid_output();
                return Status::ok;
            case Activation::tanh:
                meaning.out = tanh_output();
                return Status::ok;
            case Activation::leaky_relu:
                if (range.low < 0.0f) range.low *= row.slope;
                return quantization_of(range, meaning.out);
            default:
                meaning.out = meaning.sum;
                return Status::ok;
        }
    }

    // All zero, as what a program keeps for good should begin: it then costs no flash.
    MinMax sums_[Chain::count] = {};
    float outputs_[Chain::plan.totals.tape] = {};
};

/// An int8 model whose weights lie where its float weights were, and its other tensors here.
template <class Model>
class InPlaceInt8 {
    using Chain = typename Model::Chain;
    static constexpr int layers = Chain::count;
    static constexpr bool all_dense() noexcept {
        for (const Row& row : Chain::rows) {
            if (row.kind != Kind::dense) return false;
        }
        return true;
    }
    static_assert(all_dense(), "nutshell: only dense layers can be quantized in place");

  public:
    /// Quantizes one layer, the first one first; the others stay floats. `parameters` must outlive
    /// this object and not move. input: what the codes that the model reads mean. Errors as in
    /// Calibration::meaning_of and quantize_layer_in_place.
    Status quantize_layer(int layer, typename Model::Parameters& parameters,
                          const Calibration<Model>& seen, Quantization input) noexcept {
        LayerQuantization meaning;
        Status status = seen.meaning_of(layer, input, meaning);
        if (status != Status::ok) return status;
        const Row& row = Chain::rows[layer];
        const int first = first_output(layer);
        const Int8Arrays into{weights_of(parameters, layer), bias_ + kBiasForms * first,
                              multiplier_ + first, shift_ + first, table_[first_table(layer)]};
        status = quantize_layer_in_place(row, Chain::tensors(parameters.data, layer),
                                         bytes_of(layer), meaning, kernels::int8_packing(), into);
        if (status != Status::ok) return status;
        tensors_[layer] = view_of(row, meaning, true, into);
        tensors_[layer].packing = kernels::int8_packing();
        if (layer + 1 == layers) model_.bind_layers(tensors_);
        return Status::ok;
    }

    /// All layers.
    Status quantize(typename Model::Parameters& parameters, const Calibration<Model>& seen,
                    Quantization input) noexcept {
        Status status = Status::ok;
        for (int i = 0; i < layers && status == Status::ok; i++) {
            status = quantize_layer(i, parameters, seen, input);
        }
        return status;
    }

    /// Its calls return not_loaded before the last layer is quantized.
    const Int8Model<Model>& model() const noexcept { return model_; }

    /// A layer's tensors, once it is quantized.
    const Int8Tensors& tensors(int layer) const noexcept { return tensors_[layer]; }

  private:
    /// Where a layer's first output stands in the arrays of all; padded as any packing does.
    static constexpr int first_output(int layer) noexcept {
        int first = 0;
        for (int i = 0; i < layer; i++) first += align_up(Chain::rows[i].out.size(), 8);
        return first;
    }
    static constexpr int first_table(int layer) noexcept {
        int first = 0;
        for (int i = 0; i < layer; i++) first += needs_table(Chain::rows[i].activation) ? 1 : 0;
        return first;
    }
    /// The bytes of a layer's floats, weights and biases; these are not needed either then.
    static constexpr size_t bytes_of(int layer) noexcept {
        const int end =
            layer + 1 < layers ? Chain::plan.spots[layer + 1].weight : Chain::plan.totals.floats;
        return sizeof(float) * static_cast<size_t>(end - Chain::plan.spots[layer].weight);
    }
    static int8_t* weights_of(typename Model::Parameters& parameters, int layer) noexcept {
        return reinterpret_cast<int8_t*>(parameters.data + Chain::plan.spots[layer].weight);
    }

    Int8Model<Model> model_ = {};
    Int8Tensors tensors_[layers] = {};
    int32_t bias_[kBiasForms * first_output(layers)] = {};
    int32_t multiplier_[first_output(layers)] = {};
    int8_t shift_[first_output(layers)] = {};
    int8_t table_[first_table(layers) + 1][256] = {};  // one more, for layers without
};

}  // namespace nutshell
