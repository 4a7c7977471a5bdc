// SPDX-License-Identifier: MIT
// The goldens: arrays of any rank as flat lists, and weights between the goldens' order, [out][in],
// and the library's.
#pragma once
#include <doctest/doctest.h>

#include <cstring>
#include <string>
#include <vector>

#include "nutshell/nutshell.hpp"
#include "tools/data/bytes.hpp"

namespace nutshell::tests {

/// The numbers of golden/<name>.npy.
inline std::vector<float> golden(const std::string& name) {
    const tools::Bytes file =
        tools::read_file(std::string(NUTSHELL_TEST_DATA) + "/golden/" + name + ".npy");
    REQUIRE(file.size() > 10);
    const size_t body = 10 + file[8] + 256u * file[9];
    REQUIRE(file.size() > body);
    const std::string header(file.begin() + 10, file.begin() + static_cast<ptrdiff_t>(body));
    REQUIRE(header.find("<f4") != std::string::npos);
    std::vector<float> values;
    for (size_t i = body; i + 4 <= file.size(); i += 4) {
        values.push_back(tools::float_from_bits(
            static_cast<uint32_t>(tools::little_endian(file.data() + i, 4))));
    }
    return values;
}

/// Where weight [out][in] of a dense layer lies: the longer side is contiguous.
inline size_t weight_place(const Row& row, int out, int in) {
    const int at =
        row.out.size() <= row.in.size() ? out * row.in.size() + in : in * row.out.size() + out;
    return static_cast<size_t>(at);
}

/// Puts a golden's weights and bias into a model's parameters.
template <class Model>
void place(typename Model::Parameters& parameters, int layer, const std::vector<float>& weight,
           const std::vector<float>& bias) {
    const Row& row = Model::Chain::rows[layer];
    const Spot spot = Model::Chain::plan.spots[layer];
    const int in = row.in.size(), out = row.out.size();
    REQUIRE(weight.size() == static_cast<size_t>(in * out));
    REQUIRE(bias.size() == static_cast<size_t>(out));
    for (int o = 0; o < out; o++) {
        parameters.data[spot.bias + o] = bias[static_cast<size_t>(o)];
        for (int i = 0; i < in; i++) {
            parameters.data[static_cast<size_t>(spot.weight) + weight_place(row, o, i)] =
                weight[static_cast<size_t>(o * in + i)];
        }
    }
}

/// A layer's weights as [out][in].
template <class Model>
std::vector<float> weight_of(const typename Model::Parameters& parameters, int layer) {
    const Row& row = Model::Chain::rows[layer];
    const float* weight = parameters.data + Model::Chain::plan.spots[layer].weight;
    std::vector<float> values;
    for (int o = 0; o < row.out.size(); o++) {
        for (int i = 0; i < row.in.size(); i++) values.push_back(weight[weight_place(row, o, i)]);
    }
    return values;
}

template <class Model>
std::vector<float> bias_of(const typename Model::Parameters& parameters, int layer) {
    const float* bias = parameters.data + Model::Chain::plan.spots[layer].bias;
    return {bias, bias + Model::Chain::rows[layer].out.size()};
}

}  // namespace nutshell::tests
