// SPDX-License-Identifier: MIT
#include "quantization.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "layer_list.hpp"
#include "tools/error.hpp"

namespace nutshell::tools {
namespace {

/// Of the values seen, the part that a percentile range keeps.
constexpr double kKept = 0.9999;

std::vector<float> samples_of(const Dataset& data, int count) {
    const size_t size = static_cast<size_t>(data.shape.size());
    std::vector<float> samples(size * static_cast<size_t>(count));
    for (int i = 0; i < count; i++) {
        data.copy_sample(i, samples.data() + static_cast<size_t>(i) * size);
    }
    return samples;
}

Quantization meaning_of(const std::vector<float>& values, RangeChoice choice,
                        const std::string& where, int unused_bits = 0) {
    Histogram histogram;
    histogram.observe(values.data(), static_cast<int32_t>(values.size()));
    Status status = histogram.status();
    Quantization quantization{};
    if (status == Status::ok) {
        const Range range = choice == RangeChoice::percentile ? histogram.percentile(kKept)
                            : choice == RangeChoice::least_error
                                ? histogram.least_error(unused_bits)
                                : histogram.range();
        status = quantization_of(range, quantization, unused_bits);
    }
    if (status != Status::ok) throw Error(where + ": " + to_string(status));
    return quantization;
}

/// True when the layer's codes are the numbers of the model's code: behind it come only layers
/// that leave codes their meaning.
bool makes_code(const Graph& graph, int layer) {
    if (layer >= graph.code_layer()) return false;
    for (int i = layer + 1; i < graph.code_layer(); i++) {
        if (weight_matrix(graph.rows()[static_cast<size_t>(i)]).outputs > 0) return false;
    }
    return true;
}

/// The sums of a layer, before its activation.
std::vector<float> sums_of(const Graph& graph, int layer, const std::vector<float>& x, int count) {
    const Row& row = graph.rows()[static_cast<size_t>(layer)];
    std::vector<float> y(static_cast<size_t>(row.out.size()) * static_cast<size_t>(count));
    AlignedFloats scratch(static_cast<size_t>(graph.totals().scratch));
    Pass pass{count};
    pass.scratch = scratch.data();
    visit_kind(row.kind, 0, [&](auto kind) noexcept {
        decltype(kind)::forward(row, Activation::linear, graph.tensors(layer), pass, x.data(),
                                y.data());
        return 0;
    });
    return y;
}

std::vector<float> outputs_of(const Graph& graph, int layer, const std::vector<float>& x,
                              int count) {
    const Graph::Range range{layer, layer + 1};
    std::vector<float> y(static_cast<size_t>(graph.output_size(range)) *
                         static_cast<size_t>(count));
    graph.run(range, x.data(), count, y.data());
    return y;
}

double squared_difference(const std::vector<float>& a, const std::vector<float>& b) {
    double sum = 0;
    for (size_t i = 0; i < a.size(); i++) {
        const double off = static_cast<double>(a[i]) - static_cast<double>(b[i]);
        sum += off * off;
    }
    return sum;
}

/// The largest magnitude of each number of the code.
std::vector<float> reaches_of_code(const Graph& graph, const std::vector<float>& x, int count) {
    const Graph::Range encoder = graph.range(Part::encoder);
    const size_t width = static_cast<size_t>(graph.output_size(encoder));
    std::vector<float> codes(width * static_cast<size_t>(count)), reach(width);
    graph.run(encoder, x.data(), count, codes.data());
    for (size_t i = 0; i < codes.size(); i++) {
        reach[i % width] = std::max(reach[i % width], std::abs(codes[i]));
    }
    return reach;
}

/// An output of a layer becomes `factor` times as large, and the next layer reads it as before.
void scale_unit(Graph& graph, int layer, int unit, float factor) {
    const Row& from = graph.rows()[static_cast<size_t>(layer)];
    const Row& to = graph.rows()[static_cast<size_t>(layer) + 1];
    const Spot out = graph.spots()[static_cast<size_t>(layer)];
    const Spot in = graph.spots()[static_cast<size_t>(layer) + 1];
    float* parameters = graph.parameters().data();
    parameters[out.bias + unit] *= factor;
    for (int i = 0; i < from.in.size(); i++) {
        parameters[out.weight + DenseLayer::weight_index(from, unit, i)] *= factor;
    }
    for (int o = 0; o < to.out.size(); o++) {
        parameters[in.weight + DenseLayer::weight_index(to, o, unit)] /= factor;
    }
}

}  // namespace

void require_calibrates(const Graph& graph, const Dataset& data) {
    if (data.count < 1) throw Error(data.name + ": holds no samples to calibrate with");
    if (data.shape.size() != graph.rows()[0].in.size()) {
        throw Error(data.name + ": a sample has " + std::to_string(data.shape.size()) +
                    " values, the model reads " + std::to_string(graph.rows()[0].in.size()));
    }
}

std::vector<int> largest_codes(const Graph& graph, const QuantizationSettings& settings) {
    std::vector<int> codes;
    for (int i = 0; i < graph.layer_count(); i++) {
        const int bits = i < graph.code_layer() ? settings.encoder_bits : settings.decoder_bits;
        const bool packed = packs(graph.rows()[static_cast<size_t>(i)].kind);
        codes.push_back(packed ? (1 << (bits - 1)) - 1 : 127);
    }
    return codes;
}

Graph with_equal_code_ranges(const Graph& graph, const Dataset& data, int samples) {
    require_calibrates(graph, data);
    Graph result = graph;
    const int layer = graph.code_layer() - 1;
    if (layer < 0 || layer + 1 == graph.layer_count()) return result;
    if (graph.rows()[static_cast<size_t>(layer)].kind != Kind::dense ||
        graph.rows()[static_cast<size_t>(layer) + 1].kind != Kind::dense) {
        return result;
    }
    const Activation activation = graph.rows()[static_cast<size_t>(layer)].activation;
    if (activation == Activation::sigmoid || activation == Activation::tanh) return result;
    const int count = std::min(data.count, samples);
    const std::vector<float> reach = reaches_of_code(graph, samples_of(data, count), count);
    const float widest = *std::max_element(reach.begin(), reach.end());
    for (int unit = 0; unit < static_cast<int>(reach.size()); unit++) {
        const float own = reach[static_cast<size_t>(unit)];
        if (own > 0) scale_unit(result, layer, unit, widest / own);
    }
    return result;
}

Int8Graph quantize(const Graph& graph, const Dataset& data, const QuantizationSettings& settings) {
    require_calibrates(graph, data);
    for (int i = 0; i < graph.layer_count(); i++) {
        const Kind kind = graph.rows()[static_cast<size_t>(i)].kind;
        if (has_int8(kind)) continue;
        throw Error("layer " + std::to_string(i + 1) + " (" + name_of(kind) +
                    ") does not run in int8 yet");
    }
    const int count = std::min(data.count, settings.samples);
    std::vector<float> x = samples_of(data, count);
    const auto [low, high] = std::minmax_element(x.begin(), x.end());
    if (*low == *high) {
        throw Error(data.name + ": all values are the same; calibrate with data that vary");
    }
    Quantization in = kPixels;
    // What a decoder alone reads are the numbers of the code.
    const int unused_in = graph.code_layer() == 0 ? 8 - settings.code_bits : 0;
    if (data.bytes.empty()) in = meaning_of(x, settings.range, data.name, unused_in);
    std::vector<Int8Layer> layers;
    const std::vector<int> largest = largest_codes(graph, settings);
    const float* scales = settings.scales.empty() ? nullptr : settings.scales.data();
    for (int i = 0; i < graph.layer_count(); i++) {
        const Row& row = graph.rows()[static_cast<size_t>(i)];
        const std::string name = "layer " + std::to_string(i + 1);
        std::vector<float> y = outputs_of(graph, i, x, count);
        const int unused_bits = makes_code(graph, i) ? 8 - settings.code_bits : 0;
        Quantization out = sigmoid_output(unused_bits);
        if (row.activation == Activation::tanh) out = tanh_output(unused_bits);
        if (row.activation != Activation::tanh && row.activation != Activation::sigmoid) {
            out = meaning_of(y, settings.range, name, unused_bits);
        }
        if (weight_matrix(row).outputs == 0) out = in;
        Quantization sum = out;
        if (needs_table(row.activation)) {
            sum = meaning_of(sums_of(graph, i, x, count), settings.range, name);
        }
        // A scale for a single output is one for the whole layer, as foreign files have it.
        const bool per_output = settings.per_output && weight_matrix(row).outputs != 1;
        layers.push_back(Int8Layer::of(row, {in, sum, out}, per_output));
        layers.back().weight_bits = largest[static_cast<size_t>(i)] == 7 ? 4 : 8;
        const Status status = quantize_layer(row, graph.tensors(i), layers.back().quantization,
                                             {largest[static_cast<size_t>(i)], per_output, scales},
                                             layers.back().arrays());
        if (status != Status::ok) throw Error(name + ": " + to_string(status));
        if (scales) scales += weight_matrix(row).outputs;
        in = out;
        x = std::move(y);
    }
    Int8Graph result(graph.rows(), graph.code_layer(), std::move(layers));
    result.parent_id = graph.model_id;
    return result;
}

std::vector<double> signal_to_noise(const Graph& graph, const Int8Graph& quantized,
                                    const Dataset& data) {
    constexpr int kSamples = 1000;
    require_calibrates(graph, data);
    const int count = std::min(data.count, kSamples);
    std::vector<float> exact = samples_of(data, count), rounded = exact;
    std::vector<double> decibels;
    for (int i = 0; i < graph.layer_count(); i++) {
        exact = outputs_of(graph, i, exact, count);
        std::vector<float> next(exact.size());
        quantized.run({i, i + 1}, rounded.data(), count, next.data());
        rounded = std::move(next);
        const std::vector<float> zeros(exact.size());
        const double noise = squared_difference(exact, rounded);
        const double signal = squared_difference(exact, zeros);
        decibels.push_back(noise > 0 ? 10 * std::log10(signal / noise)
                                     : std::numeric_limits<double>::infinity());
    }
    return decibels;
}

}  // namespace nutshell::tools
