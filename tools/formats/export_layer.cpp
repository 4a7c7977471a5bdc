// SPDX-License-Identifier: MIT
#include "export_layer.hpp"

#include <cmath>

#include "tools/error.hpp"
#include "tools/model/layer_list.hpp"

namespace nutshell::tools {
namespace {

constexpr uint64_t kMostBytes = 1ULL << 30;

size_t size_of(int32_t n) { return static_cast<size_t>(n); }

/// The weight scale from which TensorFlow Lite computes this multiplier.
float weight_scale(const ExportLayer& layer, const Int8Layer& from, size_t channel) {
    const float in = from.quantization.in.scale;
    const auto out = static_cast<double>(from.quantization.sum.scale);
    // Of a dense layer with one scale the product is a float first.
    const bool exact = from.multiplier.size() > 1 || layer.row.kind != Kind::dense;
    const FixedPoint wanted{from.multiplier[channel], from.shift[channel]};
    // A multiplier of zero stands for factors below 2^-32.
    const double factor =
        wanted.multiplier == 0
            ? std::ldexp(1.0, -34)
            : std::ldexp(static_cast<double>(wanted.multiplier), wanted.shift - 31);
    auto scale = static_cast<float>(factor * out / static_cast<double>(in));
    for (int step = 0; step < 8; step++) scale = std::nextafter(scale, 0.0f);
    for (int step = 0; step < 17; step++, scale = std::nextafter(scale, INFINITY)) {
        const double product = exact ? static_cast<double>(in) * static_cast<double>(scale)
                                     : static_cast<double>(in * scale);
        FixedPoint found;
        if (std::isnormal(scale) && fixed_point_of(product / out, found) == Status::ok &&
            found.multiplier == wanted.multiplier && found.shift == wanted.shift) {
            return scale;
        }
    }
    refuse(layer, "no weight scale gives output " + std::to_string(channel) +
                      " its multiplier; quantize the float model again");
}

/// What the layer holds is what others compute: no other table, no codes of fewer bits.
void require_expressible(const ExportLayer& layer, const Int8Layer& from,
                         const std::string& format) {
    const LayerQuantization& codes = from.quantization;
    if ((codes.in.unused_bits | codes.sum.unused_bits | codes.out.unused_bits) != 0) {
        refuse(layer, "its codes have fewer than 8 bits, for which " + format +
                          " has no form; quantize with --code-bits 8");
    }
    if (!needs_table(layer.row.activation)) return;
    std::vector<int8_t> table(256);
    if (activation_table(layer.row.activation, layer.row.slope, codes, table.data()) ==
            Status::ok &&
        table == from.table) {
        return;
    }
    refuse(layer, "its activation is a table that " + format +
                      " does not compute; quantize the float model again");
}

/// The biases without the input's zero point, which others add as they run.
std::vector<int32_t> unfolded_biases(const ExportLayer& layer, const Int8Layer& from) {
    const auto inputs = size_of(weight_matrix(layer.row).inputs);
    std::vector<int32_t> biases;
    for (size_t o = 0; o < from.bias.size(); o++) {
        int64_t sum = 0;
        for (size_t i = 0; i < inputs; i++) sum += from.weight[o * inputs + i];
        const int64_t bias = from.bias[o] + from.quantization.in.zero_point * sum;
        if (bias != static_cast<int32_t>(bias)) {
            refuse(layer, "the bias of output " + std::to_string(o) + " does not fit 32 bits");
        }
        biases.push_back(static_cast<int32_t>(bias));
    }
    return biases;
}

}  // namespace

ExportLayer export_layer(const Graph& graph, size_t index) {
    ExportLayer layer(graph.rows()[index], index);
    const Row& row = layer.row;
    const Tensors tensors = graph.tensors(static_cast<int>(index));
    const TensorSizes sizes = tensor_sizes(row);
    const auto [inputs, outputs] = weight_matrix(row);
    layer.weight.reserve(size_of(sizes.weight));
    for (int32_t o = 0; o < outputs; o++) {
        for (int32_t i = 0; i < inputs; i++) {
            layer.weight.push_back(tensors.weight[weight_index(row, o, i)]);
        }
    }
    if (outputs == 0) layer.weight.assign(tensors.weight, tensors.weight + sizes.weight);
    layer.bias.assign(tensors.bias, tensors.bias + sizes.bias);
    layer.state.assign(tensors.state, tensors.state + sizes.state);
    return layer;
}

ExportLayer export_layer(const Int8Graph& graph, size_t index, const std::string& format) {
    const Int8Layer& from = graph.layers()[index];
    ExportLayer layer(graph.rows()[index], index);
    layer.codes = from.quantization;
    require_expressible(layer, from, format);
    layer.weight_codes = from.weight;
    layer.weight_bits = from.weight_bits;
    for (size_t channel = 0; channel < from.multiplier.size(); channel++) {
        layer.weight_scale.push_back(weight_scale(layer, from, channel));
        layer.bias_scale.push_back(from.quantization.in.scale * layer.weight_scale.back());
    }
    layer.bias_codes = unfolded_biases(layer, from);
    return layer;
}

std::vector<int64_t> channels_first_sides(const Row& row) {
    const int64_t in = row.in.channels, out = row.out.channels;
    const int64_t height = row.window.height, width = row.window.width;
    switch (row.kind) {
        case Kind::conv2d:
            return {out, in, height, width};
        case Kind::transposed_conv2d:
            return {in, out, height, width};
        case Kind::depthwise_conv2d:
            return {out, 1, height, width};
        case Kind::batch_norm:
            return {out};
        default:
            return {row.out.size(), row.in.size()};
    }
}

size_t channels_first_place(const Row& row, size_t at) {
    const bool transposed = row.kind == Kind::transposed_conv2d;
    if (row.kind != Kind::conv2d && !transposed) return at;
    const auto taps = static_cast<size_t>(row.window.height * row.window.width);
    const size_t in = size_of(row.in.channels), out = size_of(row.out.channels);
    const size_t i = at % in, tap = at / in % taps, o = at / in / taps;
    return (transposed ? i * out + o : o * in + i) * taps + tap;
}

void refuse(const ExportLayer& layer, const std::string& why) {
    throw Error("layer " + std::to_string(layer.index + 1) + " (" + name_of(layer.row.kind) +
                "): " + why);
}

void require_size(const std::vector<Row>& rows, size_t bytes_per_weight,
                  const std::string& format) {
    uint64_t bytes = 0;
    for (const Row& row : rows) {
        const TensorSizes sizes = tensor_sizes(row);
        bytes += static_cast<uint64_t>(sizes.weight) * bytes_per_weight +
                 4 * static_cast<uint64_t>(sizes.bias + sizes.state);
    }
    if (bytes <= kMostBytes) return;
    throw Error("the weights take " + std::to_string(bytes >> 20) + " MiB; " + format +
                " holds 1024 at most: write .nut or .hpp");
}

}  // namespace nutshell::tools
