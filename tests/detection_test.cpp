// SPDX-License-Identifier: MIT
// ROC curves against the definition of their area, thresholds, and what cannot be measured.
#include "tools/evaluation/detection.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <functional>

#include "tools/error.hpp"
#include "tools/model/quantization.hpp"
#include "twin_fixture.hpp"

using namespace nutshell;
using namespace nutshell::tests;
using namespace nutshell::tools;

namespace {

/// The part of pairs in which the anomalous score is the larger one.
double pairs_in_order(const std::vector<float>& normal, const std::vector<float>& anomalous) {
    double right = 0;
    for (const float a : anomalous) {
        for (const float n : normal) right += a > n ? 1.0 : a == n ? 0.5 : 0.0;
    }
    return right / static_cast<double>(normal.size() * anomalous.size());
}

std::string message_of(const std::function<void()>& action) {
    try {
        action();
    } catch (const Error& error) {
        return error.what();
    }
    return "";
}

constexpr int kSamples = 150;  // more than run together

Dataset samples_of(int size) {
    Dataset data;
    data.name = "samples";
    data.shape = flat(size);
    data.count = kSamples;
    data.floats = Numbers(3).list(static_cast<size_t>(size) * kSamples, 0, 1);
    return data;
}

/// What a device that runs the type sees of the samples.
template <class Model, class Element>
std::vector<float> scores_on_device(const Model& model, const std::vector<Element>& samples) {
    const AnomalyDetector<Model> detector(model);
    typename AnomalyDetector<Model>::Workspace work;
    std::vector<float> scores(kSamples);
    for (size_t i = 0; i < kSamples; i++) {
        const Element* const x = samples.data() + i * static_cast<size_t>(Model::input_size);
        REQUIRE(detector.score(x, scores[i], work) == Status::ok);
    }
    return scores;
}

template <class Model>
void check_scores() {
    static typename Model::Parameters parameters;
    initialize<Model>(parameters, 7);
    Model model;
    model.bind(parameters);
    const Graph graph = twin_of<Model>(parameters);
    const Dataset data = samples_of(Model::input_size);
    CHECK(same_bits(anomaly_scores(graph, data), scores_on_device(model, data.floats)));

    const Int8Graph coded = quantize(graph, data, {});
    const std::vector<uint8_t> file = coded.file_bytes(kernels::int8_packing());
    AlignedFloats aligned(file.size() / sizeof(float) + 1);
    std::memcpy(aligned.data(), file.data(), file.size());
    Int8Model<Model> twin;
    REQUIRE(twin.load(aligned.data(), file.size()) == Status::ok);
    std::vector<int8_t> codes(data.floats.size());
    quantize_values(data.floats.data(), static_cast<int32_t>(codes.size()),
                    twin.input_quantization(), codes.data());
    CHECK(same_bits(anomaly_scores(coded, data), scores_on_device(twin, codes)));
}

}  // namespace

TEST_CASE("the command's scores are a device's, float and int8, to the bit: so are thresholds") {
    check_scores<Tutorial>();
    check_scores<Deep>();
    // The outputs come in slices of 112, 112 and 76.
    check_scores<Autoencoder<Sequential<Dense<300, 7>>, Sequential<Dense<7, 300, Tanh>>>>();
}

TEST_CASE("the area under a ROC curve is the part of pairs in order, ties count half") {
    for (uint64_t seed = 1; seed <= 40; seed++) {
        Numbers numbers(seed);
        const size_t normals = 1 + seed * 7 % 50, anomalies = 1 + seed * 11 % 60;
        std::vector<float> normal = numbers.list(normals, 0, 1);
        std::vector<float> anomalous = numbers.list(anomalies, 0.3f, 1.2f);
        if (seed % 2 == 0) {  // many equal scores
            for (float& score : normal) score = std::floor(5 * score);
            for (float& score : anomalous) score = std::floor(5 * score);
        }
        const Roc roc = roc_of(normal, anomalous);
        CHECK(roc.area == doctest::Approx(pairs_in_order(normal, anomalous)).epsilon(1e-12));
        CHECK(roc.false_alarms.front() == 0.0);
        CHECK(roc.detections.front() == 0.0);
        CHECK(roc.false_alarms.back() == 1.0);
        CHECK(roc.detections.back() == 1.0);
        for (size_t i = 1; i < roc.false_alarms.size(); i++) {
            CHECK(roc.false_alarms[i] >= roc.false_alarms[i - 1]);
            CHECK(roc.detections[i] >= roc.detections[i - 1]);
        }
    }
}

TEST_CASE("a score that is no number is an alarm whatever the threshold") {
    const std::vector<float> normal{1, 2, 3}, anomalous{std::nanf(""), 0.5f};
    CHECK(roc_of(normal, anomalous).area == doctest::Approx(0.5));
    CHECK(part_above(anomalous, 100.0f) == 0.5);
}

TEST_CASE("a threshold lets as many normal samples exceed it as it was asked to") {
    Numbers numbers(5);
    const std::vector<float> scores = numbers.list(20000, 0, 1);
    ThresholdRule rule;
    for (const double rate : {0.5, 0.1, 0.01}) {
        rule.false_alarms = rate;
        const float threshold = fit_threshold(rule, scores, "scores");
        CHECK(part_above(scores, threshold) == doctest::Approx(rate).epsilon(0.1));
    }
    rule.sigmas = 1;  // of a uniform distribution: 1 / sqrt(12) above a half
    CHECK(fit_threshold(rule, scores, "scores") == doctest::Approx(0.7887).epsilon(0.02));
}

TEST_CASE("too few samples and single classes are refused, with what is needed") {
    const std::vector<float> few(99, 1.0f);
    const std::string too_few = message_of([&] { (void)fit_threshold({}, few, "log.csv"); });
    CHECK(too_few.find("log.csv: 99 normal samples") != std::string::npos);
    CHECK(too_few.find("1000 are needed") != std::string::npos);
    CHECK(message_of([&] { (void)roc_of(few, {}); }).find("anomalous") != std::string::npos);
    CHECK(message_of([&] { (void)roc_of({}, few); }).find("normal") != std::string::npos);
}
