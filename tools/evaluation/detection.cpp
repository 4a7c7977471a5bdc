// SPDX-License-Identifier: MIT
#include "detection.hpp"

#include <algorithm>
#include <cmath>

#include "evaluate.hpp"
#include "nutshell/anomaly.hpp"
#include "tools/error.hpp"
#include "tools/text.hpp"

namespace nutshell::tools {
namespace {

constexpr int kRows = 64;  // samples that run together

/// The score of a sample x[size], restored as y[size], which is overwritten: the sums of a device
/// that has a slice of its last layer's outputs at a time, and so its bits.
template <class Error, class Element>
float score_of(Error error, const Row& last, const Element* x, Element* y) {
    const int size = last.out.size(), slice = slice_size(last);
    for (int at = 0; at < size; at += slice) error.add(x + at, y + at, std::min(slice, size - at));
    return static_cast<float>(error.sum() / size);
}

std::vector<float> scores_of(const Graph& graph, const Dataset& data) {
    require_reconstructs(graph, data);
    const int size = data.shape.size();
    std::vector<float> samples(static_cast<size_t>(size) * kRows), restored(samples.size()), scores;
    for (int first = 0; first < data.count; first += kRows) {
        const int rows = std::min(kRows, data.count - first);
        for (int i = 0; i < rows; i++) {
            data.copy_sample(first + i, samples.data() + static_cast<ptrdiff_t>(i) * size);
        }
        graph.run(graph.range(Part::whole), samples.data(), rows, restored.data());
        for (int i = 0; i < rows; i++) {
            const ptrdiff_t at = static_cast<ptrdiff_t>(i) * size;
            scores.push_back(score_of(nutshell::detail::SquaredError({}, {}), graph.rows().back(),
                                      samples.data() + at, restored.data() + at));
        }
    }
    return scores;
}

std::vector<float> scores_of(const Int8Graph& graph, const Dataset& data) {
    require_reconstructs(graph, data);
    const LayerRange whole = graph.range(Part::whole);
    const int size = data.shape.size();
    const Quantization in = graph.input(whole), out = graph.output(whole);
    std::vector<float> sample(static_cast<size_t>(size)), scores;
    std::vector<int8_t> codes(sample.size()), restored(sample.size());
    for (int i = 0; i < data.count; i++) {
        data.copy_sample(i, sample.data());
        quantize_values(sample.data(), size, data.int8 ? Quantization{1.0f, 0} : in, codes.data());
        graph.run(whole, codes.data(), 1, restored.data());
        scores.push_back(score_of(nutshell::detail::CodedSquaredError(in, out), graph.rows().back(),
                                  codes.data(), restored.data()));
    }
    return scores;
}

template <class Threshold>
float fit(Threshold threshold, const std::vector<float>& scores, const std::string& name) {
    for (const float score : scores) (void)threshold.add(score);  // those of no number do not count
    float limit = 0;
    const Status status = threshold.threshold(limit);
    if (status == Status::too_few_samples) {
        throw Error(name + ": " + std::to_string(threshold.count()) +
                    " normal samples are too few for this threshold, " +
                    std::to_string(threshold.needed()) +
                    " are needed; give more, or allow more false alarms");
    }
    if (status != Status::ok) throw Error(name + ": " + to_string(status));
    return limit;
}

}  // namespace

std::vector<float> anomaly_scores(const AnyGraph& any, const Dataset& data) {
    return std::visit([&](const auto& graph) { return scores_of(graph, data); }, any);
}

float fit_threshold(const ThresholdRule& rule, const std::vector<float>& scores,
                    const std::string& name) {
    if (rule.sigmas > 0) {
        return fit(DeviationThreshold(static_cast<float>(rule.sigmas)), scores, name);
    }
    return fit(QuantileThreshold(static_cast<float>(rule.false_alarms)), scores, name);
}

Roc roc_of(const std::vector<float>& normal, const std::vector<float>& anomalous) {
    if (normal.empty() || anomalous.empty()) {
        throw Error(
            "a ROC needs normal and anomalous samples; give the latter with --anomalies, which "
            "must not be empty");
    }
    struct Sample {
        float score;
        bool anomalous;
    };
    std::vector<Sample> all;
    const auto rank = [](float score) {  // NaN is anomalous whatever the threshold
        return std::isnan(score) ? std::numeric_limits<float>::infinity() : score;
    };
    for (const float score : normal) all.push_back({rank(score), false});
    for (const float score : anomalous) all.push_back({rank(score), true});
    std::sort(all.begin(), all.end(),
              [](const Sample& a, const Sample& b) { return a.score > b.score; });
    Roc roc;
    double false_alarms = 0, detections = 0;
    const double normals = static_cast<double>(normal.size());
    const double anomalies = static_cast<double>(anomalous.size());
    roc.false_alarms.push_back(0);
    roc.detections.push_back(0);
    for (size_t i = 0; i < all.size(); i++) {
        (all[i].anomalous ? detections : false_alarms)++;
        if (i + 1 < all.size() && all[i + 1].score == all[i].score) continue;
        const double x = false_alarms / normals, y = detections / anomalies;
        roc.area += (x - roc.false_alarms.back()) * (y + roc.detections.back()) / 2;
        roc.false_alarms.push_back(x);
        roc.detections.push_back(y);
    }
    return roc;
}

double part_above(const std::vector<float>& scores, float threshold) {
    const auto above = std::count_if(scores.begin(), scores.end(),
                                     [=](float score) { return is_anomalous(score, threshold); });
    return static_cast<double>(above) / static_cast<double>(std::max<size_t>(scores.size(), 1));
}

}  // namespace nutshell::tools
