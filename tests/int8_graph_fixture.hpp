// SPDX-License-Identifier: MIT
// A small int8 model as data and as a type, for the tests of files and of the runtime graph.
#pragma once
#include <doctest/doctest.h>

#include <cstring>

#include "nutshell/autoencoder.hpp"
#include "tools/model/model_file.hpp"

namespace nutshell::tests {

using SmallModel = Autoencoder<Sequential<Dense<21, 13, Relu>, Dense<13, 5, Linear>>,
                               Sequential<Dense<5, 17, Tanh>, Dense<17, 21, Sigmoid>>>;
using Small = Int8Model<SmallModel>;
using SmallInt4 = Int4Model<SmallModel>;

/// Glorot weights, quantized with ranges that such layers keep to. tanh and sigmoid get tables.
/// With `int4`, every second layer's weights have 4 bits, and the code has 6.
inline tools::Int8Graph small_graph(bool per_output, bool int4 = false) {
    tools::Graph graph({SmallModel::Chain::rows, SmallModel::Chain::rows + 4},
                       SmallModel::code_layer);
    graph.initialize(7, Initializer::glorot_uniform);
    const Quantization wide{4.0f / 255.0f, 3};
    const Quantization code = int4 ? Quantization{4.0f / 63.0f, -97, 2} : wide;
    const LayerQuantization meanings[] = {{kPixels, wide, wide},
                                          {wide, code, code},
                                          {code, wide, tanh_output()},
                                          {tanh_output(), wide, sigmoid_output()}};
    std::vector<tools::Int8Layer> layers;
    for (int i = 0; i < 4; i++) {
        const Row& row = graph.rows()[static_cast<size_t>(i)];
        layers.push_back(tools::Int8Layer::of(row, meanings[i], per_output));
        const bool halves = int4 && i % 2 == 0;
        layers.back().weight_bits = halves ? 4 : 8;
        REQUIRE(quantize_layer(row, graph.tensors(i), meanings[i],
                               {halves ? 7 : 127, per_output, nullptr},
                               layers.back().arrays()) == Status::ok);
    }
    tools::Int8Graph result(graph.rows(), graph.code_layer(), std::move(layers));
    result.parent_id = 0x1234u;
    return result;
}

/// Bytes where check() and load() accept them.
struct AlignedBytes {
    tools::AlignedFloats floats;
    size_t size;
    explicit AlignedBytes(const std::vector<uint8_t>& from)
        : floats(from.size() / sizeof(float)), size(from.size()) {
        std::memcpy(floats.data(), from.data(), size);
    }
};

}  // namespace nutshell::tests
