// SPDX-License-Identifier: MIT
// Quantized models for the tests of int8 models, and what they should compute: in 64-bit integers.
#pragma once
#include "int8_fixture.hpp"
#include "nutshell/packing_int4.hpp"
#include "nutshell/quantize.hpp"

namespace nutshell::tests {

/// A float model with random weights, quantized with ranges that random inputs in -1..1 stay
/// within. Weights are codes of at most `largest`: 127, or 7 for 4 bits.
template <class Float>
struct QuantizedModel {
    static constexpr int kLayers = Float::Chain::count;
    int largest;
    std::vector<Int8Layer> layers;  // in canonical order, for the oracle
    std::vector<std::vector<int8_t>> tables;
    LayerQuantization quantization[kLayers];

    explicit QuantizedModel(int largest_code = 127) : largest(largest_code) {
        static typename Float::Parameters parameters;
        initialize<Float>(parameters, 3);
        Quantization in{2.0f / 255.0f, 0};
        for (int i = 0; i < kLayers; i++) {
            const Row& row = Float::Chain::rows[i];
            Quantization sum;
            REQUIRE(quantization_of({-3.0f, 3.0f}, sum) == Status::ok);
            const Quantization out = row.activation == Activation::sigmoid ? sigmoid_output()
                                     : row.activation == Activation::tanh  ? tanh_output()
                                                                           : sum;
            quantization[i] = {in, sum, out};
            add(row, Float::Chain::tensors(parameters.data, i), quantization[i]);
            in = out;
        }
    }

    void add(const Row& row, Tensors tensors, const LayerQuantization& meaning) {
        const size_t n = static_cast<size_t>(row.out.size());
        Int8Layer layer{row.in.size(), row.out.size(), {}, {}, {}, {}, 0, 0, 127};
        layer.weights.resize(n * static_cast<size_t>(row.in.size()));
        layer.bias.resize(n);
        layer.multiplier.resize(n);
        layer.shift.resize(n);
        std::vector<int8_t> table(needs_table(row.activation) ? 256 : 0);
        REQUIRE(quantize_layer(row, tensors, meaning, {largest, true, nullptr},
                               {layer.weights.data(), layer.bias.data(), layer.multiplier.data(),
                                layer.shift.data(), table.data()}) == Status::ok);
        layer.zero_point = meaning.sum.zero_point;
        layer.low = row.activation == Activation::relu ? layer.zero_point : int8_t{-128};
        layers.push_back(layer);
        tables.push_back(table);
    }

    /// Layers [first, last) in 64-bit integers.
    std::vector<int8_t> expected(std::vector<int8_t> x, int first, int last) const {
        for (size_t i = static_cast<size_t>(first); i < static_cast<size_t>(last); i++) {
            x = layers[i].expected(x);
            for (int8_t& code : x) {
                if (!tables[i].empty()) code = tables[i][static_cast<uint8_t>(code)];
            }
        }
        return x;
    }
};

/// The layers in the packing of the bound platform, and the views that a model binds to.
template <class Float>
struct BoundModel {
    std::vector<std::unique_ptr<PackedInt8Layer>> packed;
    std::vector<std::vector<uint8_t>> halves;  // of a model with 4 bits
    Int8Tensors tensors[Float::Chain::count];

    explicit BoundModel(const QuantizedModel<Float>& model) {
        const Packing packing = kernels::int8_packing();
        for (int i = 0; i < Float::Chain::count; i++) {
            const size_t at = static_cast<size_t>(i);
            const Int8Layer& layer = model.layers[at];
            packed.push_back(std::make_unique<PackedInt8Layer>(layer, packing, Side::end));
            const LayerQuantization& meaning = model.quantization[i];
            tensors[i].weight = packed[at]->weights.data();
            tensors[i].bias = packed[at]->bias.data();
            tensors[i].multiplier = packed[at]->multiplier.data();
            tensors[i].shift = packed[at]->shift.data();
            tensors[i].table = model.tables[at].empty() ? nullptr : model.tables[at].data();
            tensors[i].in = meaning.in;
            tensors[i].sum = meaning.sum;
            tensors[i].out = meaning.out;
            tensors[i].packing = packing;
            tensors[i].per_output = true;
            if (model.largest > 7) continue;
            halves.emplace_back(
                static_cast<size_t>(packed_int4_bytes(packing, layer.in, layer.out)));
            pack_int4(packing, layer.in, layer.out, layer.weights.data(), halves.back().data());
            tensors[i].weight = reinterpret_cast<const int8_t*>(halves.back().data());
            tensors[i].int4 = true;
        }
    }
};

}  // namespace nutshell::tests
