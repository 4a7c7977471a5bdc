// SPDX-License-Identifier: MIT
#include "evaluate.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "nutshell/loss.hpp"
#include "tools/error.hpp"

namespace nutshell::tools {
namespace {

constexpr int kSlice = 64;

/// Calls use(first, rows, samples) with slices of the data as floats.
template <class Use>
void for_each_slice(const Dataset& data, Use use) {
    const size_t size = static_cast<size_t>(data.shape.size());
    std::vector<float> samples(size * kSlice);
    for (int first = 0; first < data.count; first += kSlice) {
        const int rows = std::min(kSlice, data.count - first);
        for (int i = 0; i < rows; i++) {
            data.copy_sample(first + i, samples.data() + static_cast<size_t>(i) * size);
        }
        use(first, rows, samples.data());
    }
}

/// Sums over samples, of means over their values.
struct Losses {
    double loss = 0;
    double penalty = 0;  // of the layers
};

/// loss(rows, targets, z) gives the sum of the losses of some rows.
template <class RowsLoss>
Losses sum_losses(const Graph& graph, const Dataset& data, Mode mode, RowsLoss loss) {
    std::vector<float> tape(static_cast<size_t>(graph.totals().tape) * kSlice);
    AlignedFloats scratch(static_cast<size_t>(graph.totals().training_scratch));
    Losses sums;
    for_each_slice(data, [&](int first, int rows, const float* samples) {
        Pass pass{rows, mode};
        pass.scratch = scratch.data();
        pass.first = static_cast<uint32_t>(first);
        pass.penalty = &sums.penalty;
        graph.forward(graph.parameters().data(), pass, samples, tape.data());
        sums.loss +=
            loss(rows, samples, tape.data() + static_cast<ptrdiff_t>(graph.last_tape()) * rows);
    });
    return sums;
}

template <class Loss>
Losses sum_losses(const Graph& graph, const Dataset& data, Mode mode,
                  const std::vector<float>& weights = {}) {
    const Row& last = graph.last();
    return sum_losses(graph, data, mode, [&](int rows, const float* targets, float* z) {
        const auto gradient = [&](auto kind, auto any_targets) {
            return decltype(kind)::gradient(last.activation, last.slope, rows, last.out.size(),
                                            1.0f, any_targets, z);
        };
        if (weights.empty()) return gradient(Loss{}, targets);
        return gradient(Weighted<Loss>{}, WeightedTargets<const float*>{targets, weights.data()});
    });
}

double range_of(const Dataset& data) {
    if (data.floats.empty()) return 1.0;
    const auto [low, high] = std::minmax_element(data.floats.begin(), data.floats.end());
    return static_cast<double>(*high) - static_cast<double>(*low);
}

double psnr_of(double mse, const Dataset& data) {
    const double range = range_of(data);
    return 10.0 * std::log10(range * range / std::max(mse, 1e-30));
}

template <class AnyGraph>
std::vector<float> squared_errors(const AnyGraph& graph, const Dataset& data) {
    const LayerRange whole = graph.range(Part::whole);
    const size_t size = static_cast<size_t>(data.shape.size());
    std::vector<float> output(size * kSlice), errors(static_cast<size_t>(data.count));
    for_each_slice(data, [&](int first, int rows, const float* samples) {
        graph.run(whole, samples, rows, output.data());
        for (int row = 0; row < rows; row++) {
            double sum = 0;
            for (size_t i = 0; i < size; i++) {
                const size_t at = static_cast<size_t>(row) * size + i;
                const double error =
                    static_cast<double>(output[at]) - static_cast<double>(samples[at]);
                sum += error * error;
            }
            errors[static_cast<size_t>(first + row)] =
                static_cast<float>(sum / static_cast<double>(size));
        }
    });
    return errors;
}

CodeStatistics statistics_of(const std::vector<float>& codes, size_t width, size_t unit) {
    double sum = 0, squares = 0, zeros = 0;
    double low = std::numeric_limits<double>::infinity(), high = -low;
    const double count = static_cast<double>(codes.size() / width);
    for (size_t i = unit; i < codes.size(); i += width) {
        const double value = static_cast<double>(codes[i]);
        sum += value;
        squares += value * value;
        low = std::min(low, value);
        high = std::max(high, value);
        if (value == 0) zeros++;
    }
    const double mean = sum / count;
    return {mean, std::sqrt(std::max(0.0, squares / count - mean * mean)), low, high,
            zeros / count};
}

template <class AnyGraph>
void require_reads(const AnyGraph& graph, Part part, const Dataset& data) {
    const int reads = graph.input_size(graph.range(part));
    if (reads == data.shape.size()) return;
    throw Error(data.name + ": a sample has " + std::to_string(data.shape.size()) +
                " values, the model's " + name_of(part) + " part reads " + std::to_string(reads));
}

template <class AnyGraph>
std::vector<float> outputs_of(const AnyGraph& graph, Part part, const Dataset& data) {
    require_reads(graph, part, data);
    const LayerRange range = graph.range(part);
    const size_t width = static_cast<size_t>(graph.output_size(range));
    std::vector<float> outputs(width * static_cast<size_t>(data.count));
    for_each_slice(data, [&](int first, int rows, const float* samples) {
        graph.run(range, samples, rows, outputs.data() + static_cast<size_t>(first) * width);
    });
    return outputs;
}

/// Of a model with one sampler, one sample of the code for each sample of the data.
void measure_evidence(const Graph& graph, const Dataset& data, Evaluation& result) {
    const auto is_sampler = [](const Row& row) { return row.kind == Kind::gaussian_sampler; };
    const auto sampler = std::find_if(graph.rows().begin(), graph.rows().end(), is_sampler);
    const auto penalizes = [](const Row& row) { return row.kind == Kind::l1_penalty; };
    if (sampler == graph.rows().end() ||
        std::any_of(graph.rows().begin(), graph.rows().end(), penalizes)) {
        return;
    }
    const Losses sums = sum_losses<BinaryCrossEntropy>(graph, data, Mode::batch);
    const double weight = static_cast<double>(GaussianSamplerLayer::parameter_of(*sampler));
    result.divergence = sums.penalty / weight / data.count;
    result.negative_elbo = sums.loss * data.shape.size() / data.count + result.divergence;
}

/// All but the cross-entropy. The graph gives back what it reads.
template <class AnyGraph>
Evaluation measure(const AnyGraph& graph, const Dataset& data) {
    Evaluation result{};
    result.bce = result.negative_elbo = result.divergence =
        std::numeric_limits<double>::quiet_NaN();
    result.sample_mse = squared_errors(graph, data);
    double sum = 0;
    for (float error : result.sample_mse) sum += static_cast<double>(error);
    result.mse = sum / data.count;
    result.psnr = psnr_of(result.mse, data);
    if (graph.code_layer() > 0) {
        const std::vector<float> codes = outputs_of(graph, Part::encoder, data);
        const size_t width = codes.size() / static_cast<size_t>(data.count);
        for (size_t unit = 0; unit < width; unit++) {
            result.code.push_back(statistics_of(codes, width, unit));
            if (result.code.back().minimum == result.code.back().maximum) result.dead++;
        }
    }
    return result;
}

}  // namespace

Evaluation evaluate(const Graph& graph, const Dataset& data) {
    if (data.count < 1) throw Error(data.name + ": holds no samples");
    require_reconstructs(graph, data);
    Evaluation result = measure(graph, data);
    if (BinaryCrossEntropy::accepts(graph.last().activation) && within_unit_range(data)) {
        result.bce = sum_losses<BinaryCrossEntropy>(graph, data, Mode::inference).loss / data.count;
        measure_evidence(graph, data, result);
    }
    return result;
}

Evaluation evaluate(const Int8Graph& graph, const Dataset& data) {
    if (data.count < 1) throw Error(data.name + ": holds no samples");
    require_reconstructs(graph, data);
    return measure(graph, data);
}

double psnr_against(const Dataset& data, const std::vector<float>& outputs) {
    const size_t size = static_cast<size_t>(data.shape.size());
    double sum = 0;
    for_each_slice(data, [&](int first, int rows, const float* samples) {
        const float* out = outputs.data() + static_cast<size_t>(first) * size;
        for (size_t i = 0; i < static_cast<size_t>(rows) * size; i++) {
            const double error = static_cast<double>(out[i]) - static_cast<double>(samples[i]);
            sum += error * error;
        }
    });
    return psnr_of(sum / static_cast<double>(outputs.size()), data);
}

bool within_unit_range(const Dataset& data) {
    return std::all_of(data.floats.begin(), data.floats.end(),
                       [](float value) { return value >= 0.0f && value <= 1.0f; });
}

void require_reconstructs(const Graph& graph, const Dataset& data) {
    require_fit(graph, data, LossKind::mean_squared_error);
}

void require_reconstructs(const Int8Graph& graph, const Dataset& data) {
    const LayerRange whole = graph.range(Part::whole);
    const int size = data.shape.size();
    if (graph.input_size(whole) != size || graph.output_size(whole) != size) {
        throw Error(data.name + ": a sample has " + std::to_string(size) +
                    " values, the model goes from " + std::to_string(graph.input_size(whole)) +
                    " to " + std::to_string(graph.output_size(whole)));
    }
}

double mean_loss(const Graph& graph, const Dataset& data, LossKind loss,
                 const std::vector<float>& weights) {
    const Losses sums = loss == LossKind::binary_cross_entropy
                            ? sum_losses<BinaryCrossEntropy>(graph, data, Mode::inference, weights)
                            : sum_losses<MeanSquaredError>(graph, data, Mode::inference, weights);
    return (sums.loss + sums.penalty) / data.count;
}

std::vector<float> run_all(const Graph& graph, Part part, const Dataset& data) {
    return outputs_of(graph, part, data);
}

std::vector<float> run_all(const Int8Graph& graph, Part part, const Dataset& data) {
    const std::vector<int8_t> codes = run_all_to_codes(graph, part, data);
    std::vector<float> outputs(codes.size());
    dequantize_values(codes.data(), static_cast<int32_t>(codes.size()),
                      graph.output(graph.range(part)), outputs.data());
    return outputs;
}

std::vector<int8_t> run_all_to_codes(const Int8Graph& graph, Part part, const Dataset& data) {
    require_reads(graph, part, data);
    const LayerRange range = graph.range(part);
    const int in = graph.input_size(range), out = graph.output_size(range);
    const Quantization meaning = data.int8 ? Quantization{1.0f, 0} : graph.input(range);
    std::vector<int8_t> codes(static_cast<size_t>(in) * kSlice);
    std::vector<int8_t> outputs(static_cast<size_t>(out) * static_cast<size_t>(data.count));
    for_each_slice(data, [&](int first, int rows, const float* samples) {
        quantize_values(samples, rows * in, meaning, codes.data());
        graph.run(range, codes.data(), rows, outputs.data() + static_cast<ptrdiff_t>(first) * out);
    });
    return outputs;
}

}  // namespace nutshell::tools
