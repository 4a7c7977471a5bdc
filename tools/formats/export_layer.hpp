// SPDX-License-Identifier: MIT
// A layer on its way into another project's format: what the writers share.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "nutshell/layers/layers.hpp"
#include "tools/model/graph.hpp"
#include "tools/model/int8_graph.hpp"

namespace nutshell::tools {

/// The tensors of a layer in an order that every format begins with, and in the terms of formats
/// that hold scales where a .nut file holds multipliers.
struct ExportLayer {
    ExportLayer(const Row& r, size_t i) : row(r), index(i) {}

    Row row;
    size_t index;  ///< in the chain, from 0

    // Of a float layer:
    std::vector<float> weight;  ///< [out][in]; of convolutions [out][height][width][in], without
                                ///< [in] when depthwise; of batch_norm [channels]
    std::vector<float> bias;    ///< [out]
    std::vector<float> state;   ///< of batch_norm: mean[channels], variance[channels]

    // Of an int8 layer:
    std::optional<LayerQuantization> codes;
    std::vector<int8_t> weight_codes;  ///< ordered as weight
    int weight_bits = 8;
    std::vector<float> weight_scale;  ///< [out], or [1] for the whole tensor
    std::vector<float> bias_scale;    ///< as many: input scale times weight scale
    std::vector<int32_t> bias_codes;  ///< [out], without the input's zero point

    bool is_int8() const { return codes.has_value(); }
};

ExportLayer export_layer(const Graph& graph, size_t index);

/// The weight scales are those from which TensorFlow Lite computes the layer's multipliers. Throws
/// Error for what `format` cannot hold: codes of fewer than 8 bits, tables of another activation.
ExportLayer export_layer(const Int8Graph& graph, size_t index, const std::string& format);

/// Throws Error: "layer 3 (max_pool2d): <why>; write .nut or .hpp".
[[noreturn]] void refuse(const ExportLayer& layer, const std::string& why);

/// Throws Error when the weights of these rows take more than 1 GiB, which `format` cannot hold:
/// neither FlatBuffers nor protobuf address more than twice that.
void require_size(const std::vector<Row>& rows, size_t bytes_per_weight, const std::string& format);

/// The sides of a layer's weight as PyTorch and ONNX have it: [out][in], of a convolution
/// [out][in][height][width], of a transposed one [in][out][height][width], of a depthwise one
/// [channels][1][height][width].
std::vector<int64_t> channels_first_sides(const Row& row);

/// Where a weight of [out][height][width][in], at `at`, is in that order.
size_t channels_first_place(const Row& row, size_t at);

/// The weights in that order, and back.
template <class Number>
std::vector<Number> channels_first(const Row& row, const std::vector<Number>& weight) {
    std::vector<Number> result(weight.size());
    for (size_t at = 0; at < weight.size(); at++) {
        result[channels_first_place(row, at)] = weight[at];
    }
    return result;
}
template <class Number>
std::vector<Number> channels_last(const Row& row, const std::vector<Number>& weight) {
    std::vector<Number> result(weight.size());
    for (size_t at = 0; at < weight.size(); at++) {
        result[at] = weight[channels_first_place(row, at)];
    }
    return result;
}

}  // namespace nutshell::tools
