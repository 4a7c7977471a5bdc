// SPDX-License-Identifier: MIT
// Models of images for the tests of writers: every kind of layer, border, stride and activation.
#pragma once
#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "nutshell/random.hpp"
#include "tools/model/layer_list.hpp"
#include "tools/model/quantization.hpp"

namespace nutshell::tests {

/// From 12 x 12 x 1 to 144 values.
inline const char* const kImageModels[] = {
    "12x12x1,conv6k3s2,pool2,conv5k3valid,3:linear,4,2x2x1,up3,deconv5k3s1,up2bilinear,"
    "conv1k3:linear",
    "12x12x1,conv4k5d2:leaky_relu(0.2),avgpool3s2same,depthwisek3:linear,6:linear,36,6x6x1,"
    "deconv1k3:linear",
    "12x12x1,conv3k1,depthwisek3s2:relu,conv4k2s2,8,36:linear,3x3x4,deconv4k2s2valid:leaky_relu(0."
    "3),"
    "deconv3k4,conv1k1:linear",
    "1x144x1,conv4k5s2,pool2,conv3k3:linear,up4,conv1k5:linear"};

/// First weights, and biases that are not zero.
inline tools::Graph image_model(const std::string& layers) {
    const tools::LayerList list = tools::parse_layers(layers, {});
    tools::Graph graph(list.rows, list.code_layer);
    graph.initialize(11, Initializer::he_uniform);
    for (int i = 0; i < graph.layer_count(); i++) {
        const Row& row = graph.rows()[static_cast<size_t>(i)];
        const Spot spot = graph.spots()[static_cast<size_t>(i)];
        const TensorSizes sizes = tensor_sizes(row);
        float* parameters = graph.parameters().data();
        for (int32_t o = 0; o < sizes.bias; o++) {
            parameters[spot.bias + o] = 0.05f * static_cast<float>(o % 5 - 1);
        }
        for (int32_t o = 0; o < sizes.state; o++) {
            parameters[spot.state + o] = 0.5f + 0.1f * static_cast<float>(o % 3);
        }
    }
    graph.model_id = 0;
    return graph;
}

/// Values in 0..1 that differ from row to row.
inline std::vector<float> image_rows(int rows, int size) {
    std::vector<float> x;
    for (int i = 0; i < rows * size; i++) {
        x.push_back(uniform(random_word(9, Purpose::shuffle, 0, static_cast<uint32_t>(i))));
    }
    return x;
}

inline tools::Int8Graph int8_image_model(const tools::Graph& graph, bool per_output) {
    const Shape in = graph.rows().front().in;
    const tools::Dataset data{"x", 20, in, {}, image_rows(20, in.size()), {}};
    tools::QuantizationSettings settings;
    settings.per_output = per_output;
    return tools::quantize(graph, data, settings);
}

/// Whether two graphs have the same layers and the same bits.
inline bool same_model(const tools::Graph& a, const tools::Graph& b) {
    return a.fingerprint() == b.fingerprint() && a.parameters().size() == b.parameters().size() &&
           std::memcmp(a.parameters().data(), b.parameters().data(),
                       a.parameters().size() * sizeof(float)) == 0;
}

}  // namespace nutshell::tests
