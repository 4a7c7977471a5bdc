// SPDX-License-Identifier: MIT
// The detector against double precision over whole reconstructions, thresholds against sorting and
// two-pass formulas, alarms case by case. Runs over every platform.
#include "nutshell/anomaly.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <numeric>

#include "int8_model_fixture.hpp"

using namespace nutshell;
using namespace nutshell::tests;

namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// The last layer's weights lie [out][in] here, [in][out] in the tutorial's and the deep model;
/// both leave a rest behind their slices.
using Narrowing =
    Autoencoder<Sequential<Dense<150, 160, Tanh>>, Sequential<Dense<160, 150, Sigmoid>>>;
using Several = Autoencoder<Sequential<Dense<300, 40, Tanh>, Dense<40, 7>>,
                            Sequential<Dense<7, 40, LeakyRelu<>>, Dense<40, 300>>>;

/// What a sample costs: a slice and the widest inner activation, not a reconstruction.
static_assert(sizeof(AnomalyDetector<Tutorial>::Workspace) == 4 * (24 + 112));
static_assert(sizeof(AnomalyDetector<Int8Model<Tutorial>>::Workspace) ==
              32 + 112 + scratch_bytes(784));
static_assert(Several::slice_size == 112 && Deep::slice_size == 16);

/// The mean of squared differences, in double precision.
double mean_square(const std::vector<double>& x, const std::vector<double>& y) {
    double sum = 0;
    for (size_t i = 0; i < x.size(); i++) sum += (x[i] - y[i]) * (x[i] - y[i]);
    return sum / static_cast<double>(x.size());
}

std::vector<double> doubles(const std::vector<float>& values) {
    return {values.begin(), values.end()};
}

std::vector<double> doubles(const std::vector<int8_t>& codes, Quantization meaning) {
    std::vector<double> values;
    for (const int8_t code : codes)
        values.push_back(static_cast<double>(meaning.scale) * (code - meaning.zero_point));
    return values;
}

/// The outputs that come in slices, put together.
template <class Model, class Element>
std::vector<Element> in_slices(const Model& model, const std::vector<Element>& x) {
    typename Model::Workspace work;
    Guarded<Element> slice(std::vector<Element>(Model::slice_size), Side::end);
    std::vector<Element> all;
    REQUIRE(model.reconstruct_in_slices(x.data(), slice.data(), work, [&](Slice part) {
        REQUIRE(part.first == static_cast<int>(all.size()));
        all.insert(all.end(), slice.data(), slice.data() + part.count);
    }) == Status::ok);
    return all;
}

/// The blames that sorting all features gives.
std::vector<Blame> sorted_blames(const std::vector<double>& x, const std::vector<double>& y) {
    std::vector<Blame> all;
    const double sum = mean_square(x, y) * static_cast<double>(x.size());
    for (size_t i = 0; i < x.size(); i++) {
        const double error = x[i] - y[i];
        all.push_back({static_cast<int32_t>(i), static_cast<float>(error),
                       static_cast<float>(error * error / sum)});
    }
    std::stable_sort(all.begin(), all.end(), [](const Blame& a, const Blame& b) {
        return std::fabs(a.error) > std::fabs(b.error);
    });
    return all;
}

/// The first `count` blames are the oracle's, each error within `off`.
template <class Model, class Element>
void check_blames(const AnomalyDetector<Model>& detector, const std::vector<Element>& x,
                  const std::vector<Blame>& expected, double off) {
    typename AnomalyDetector<Model>::Workspace work;
    for (const int count : {1, 3, Model::input_size}) {
        std::vector<Blame> most(static_cast<size_t>(count));
        REQUIRE(detector.blame(x.data(), most.data(), count, work) == Status::ok);
        double share = 0;
        std::vector<bool> seen(x.size());
        for (size_t i = 0; i < most.size(); i++) {
            const size_t feature = static_cast<size_t>(most[i].feature);
            REQUIRE(feature < x.size());
            CHECK_FALSE(seen[feature]);
            seen[feature] = true;
            CHECK(std::fabs(most[i].error) ==
                  doctest::Approx(std::fabs(expected[i].error)).epsilon(1e-4));
            CHECK(std::fabs(static_cast<double>(most[i].share - expected[i].share)) <= off);
            share += static_cast<double>(most[i].share);
        }
        if (count == Model::input_size) CHECK(share == doctest::Approx(1.0));
    }
}

template <class Model>
void check_float(uint64_t seed) {
    static typename Model::Parameters parameters;
    initialize<Model>(parameters, 5);
    Model model;
    model.bind(parameters);
    const AnomalyDetector<Model> detector(model);
    typename AnomalyDetector<Model>::Workspace work;
    typename Model::Workspace model_work;
    Numbers numbers(seed);
    for (int i = 0; i < 10; i++) {
        const std::vector<float> x = numbers.list(Model::input_size);
        std::vector<float> y(Model::output_size);
        REQUIRE(model.reconstruct(x.data(), y.data(), model_work) == Status::ok);
        CHECK(same_bits(in_slices(model, x), y));
        float score = 0;
        REQUIRE(detector.score(x.data(), score, work) == Status::ok);
        // A float subtraction, a product and a sum of at most 784 of them.
        CHECK(static_cast<double>(score) ==
              doctest::Approx(mean_square(doubles(x), doubles(y))).epsilon(1e-5));
        check_blames(detector, x, sorted_blames(doubles(x), doubles(y)), 1e-5);
    }
}

template <template <class> class Twin, class Model>
void check_int8(int largest) {
    const QuantizedModel<Model> quantized(largest);
    const BoundModel<Model> bound(quantized);
    Twin<Model> model;
    model.bind_layers(bound.tensors);
    const AnomalyDetector<Twin<Model>> detector(model);
    typename AnomalyDetector<Twin<Model>>::Workspace work;
    Int8Numbers numbers(9);
    for (int i = 0; i < 10; i++) {
        const std::vector<int8_t> x = numbers.codes(Model::input_size);
        const std::vector<int8_t> y = quantized.expected(x, 0, Model::Chain::count);
        CHECK(in_slices(model, x) == y);
        const std::vector<double> in = doubles(x, model.input_quantization());
        const std::vector<double> out = doubles(y, model.output_quantization());
        float score = 0;
        REQUIRE(detector.score(x.data(), score, work) == Status::ok);
        // The sums are exact: what is left is one rounding to float.
        CHECK(static_cast<double>(score) ==
              doctest::Approx(mean_square(in, out)).epsilon(2 * kRoundoff));
        check_blames(detector, x, sorted_blames(in, out), 1e-5);
    }
}

/// The score that as many of `scores` exceed as a threshold says.
double part_beyond(const std::vector<float>& scores, float threshold) {
    const auto beyond = std::count_if(scores.begin(), scores.end(),
                                      [&](float score) { return is_anomalous(score, threshold); });
    return static_cast<double>(beyond) / static_cast<double>(scores.size());
}

/// Scores of normal samples as they may be distributed.
std::vector<std::vector<float>> scores(size_t n) {
    Numbers numbers(11);
    std::vector<float> even(n), decaying(n), bell(n), rising(n), coarse(n);
    for (size_t i = 0; i < n; i++) {
        even[i] = numbers.in(2.0f, 3.0f);
        decaying[i] = -std::log(1.0f - numbers.in(0.0f, 1.0f));
        for (int j = 0; j < 12; j++) bell[i] += numbers.in(-0.5f, 0.5f);
        rising[i] = static_cast<float>(i) + numbers.in(0.0f, 100.0f);
        coarse[i] = std::floor(numbers.in(0.0f, 50.0f));
    }
    return {even, decaying, bell, rising, coarse};
}

template <class Threshold>
float threshold_of(Threshold threshold, const std::vector<float>& scores) {
    for (const float score : scores) REQUIRE(threshold.add(score) == Status::ok);
    float found = kNan;
    REQUIRE(threshold.threshold(found) == Status::ok);
    return found;
}

}  // namespace

TEST_CASE("a float detector's slices are the reconstruction's bits, its score and blame doubles'") {
    check_float<Tutorial>(1);
    check_float<Deep>(2);
    check_float<Narrowing>(3);
    check_float<Several>(4);
}

TEST_CASE("an int8 detector's slices are the oracle's bytes, its score is in the input's unit") {
    check_int8<Int8Model, Tutorial>(127);
    check_int8<Int8Model, Deep>(127);
    check_int8<Int8Model, Narrowing>(127);
    check_int8<Int8Model, Several>(127);
}

TEST_CASE("so are those of a detector whose weights have 4 bits") {
    check_int8<Int4Model, Tutorial>(7);
    check_int8<Int4Model, Narrowing>(7);
    check_int8<Int4Model, Several>(127);
}

TEST_CASE("a sample without a score is anomalous, whatever the threshold") {
    static Deep::Parameters parameters;
    initialize<Deep>(parameters, 5);
    Deep model;
    const AnomalyDetector<Deep> detector(model);
    AnomalyDetector<Deep>::Workspace work;
    std::vector<float> x(16, 0.5f);
    float score = 0;
    CHECK(detector.score(x.data(), score, work) == Status::not_loaded);
    CHECK(is_anomalous(score, kInfinity));
    model.bind(parameters);
    CHECK(detector.score(nullptr, score, work) == Status::null_argument);
    CHECK(is_anomalous(score, kInfinity));
    Blame most[17] = {{77, 1.0f, 1.0f}};
    for (size_t i = 0; i < x.size(); i++) {
        for (const float odd : {kNan, -kNan, kInfinity, -kInfinity}) {
            std::vector<float> damaged = x;
            damaged[i] = odd;
            score = 0;
            CHECK(detector.score(damaged.data(), score, work) == Status::non_finite_input);
            CHECK(is_anomalous(score, kInfinity));
            CHECK(detector.blame(damaged.data(), most, 3, work) == Status::non_finite_input);
        }
        std::vector<float> huge = x;
        huge[i] = std::numeric_limits<float>::max();
        CHECK(detector.score(huge.data(), score, work) == Status::ok);
        CHECK(is_anomalous(score, std::numeric_limits<float>::max()));
    }
    CHECK(detector.blame(x.data(), nullptr, 3, work) == Status::null_argument);
    CHECK(detector.blame(x.data(), most, 0, work) == Status::shape_mismatch);
    CHECK(detector.blame(x.data(), most, 17, work) == Status::shape_mismatch);
    CHECK(most[0].feature == 77);
    CHECK(detector.score(x.data(), score, work) == Status::ok);
    CHECK_FALSE(is_anomalous(score, score));
    CHECK(is_anomalous(score, kNan));
}

TEST_CASE("a restored sample without an error blames nothing") {
    Blame most[3] = {{-1, 0.0f, 0.0f}, {-1, 0.0f, 0.0f}, {-1, 0.0f, 0.0f}};
    for (int i = 0; i < 5; i++) detail::insert({i, 0.0f, 0.0f}, most, 3);
    CHECK((most[0].feature == 0 && most[1].feature == 1 && most[2].feature == 2));
    detail::insert({8, -2.0f, 0.0f}, most, 3);
    detail::insert({9, 2.0f, 0.0f}, most, 3);
    CHECK((most[0].feature == 8 && most[1].feature == 9 && most[2].feature == 0));
}

TEST_CASE("the streaming quantile gives the worked example of its authors") {
    // The twenty observations and the five markers at the end, for the median, of the paper.
    const std::vector<float> observations = {0.02f,  0.15f,  0.74f,  3.39f,  0.83f,  22.37f, 10.15f,
                                             15.43f, 38.62f, 15.92f, 34.60f, 10.28f, 1.47f,  0.40f,
                                             0.05f,  11.39f, 0.27f,  0.42f,  0.09f,  11.37f};
    CHECK(static_cast<double>(threshold_of(QuantileThreshold(0.5f), observations)) ==
          doctest::Approx(4.44).epsilon(0.002));
}

TEST_CASE("a quantile threshold is exceeded as often as asked for, as sorting shows") {
    for (const float rate : {0.5f, 0.1f, 0.01f, 0.002f}) {
        for (const std::vector<float>& some : scores(20000)) {
            const float found = threshold_of(QuantileThreshold(rate), some);
            std::vector<float> sorted = some;
            std::sort(sorted.begin(), sorted.end());
            const double wanted = static_cast<double>(rate);
            CAPTURE(wanted);
            // The markers follow the sorted scores to a fifth of the part beyond; a score that many
            // samples share moves them by its whole weight, 0.02 here.
            CHECK(part_beyond(some, found) == doctest::Approx(wanted).epsilon(0.2).scale(0.1));
            CHECK(found >= sorted.front());
            CHECK(found <= sorted.back());
        }
    }
}

TEST_CASE("a deviation threshold is the mean and so many deviations, as two passes give them") {
    for (const std::vector<float>& some : scores(5000)) {
        const std::vector<double> values = doubles(some);
        const double n = static_cast<double>(values.size());
        const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
        double squares = 0;
        for (const double value : values) squares += (value - mean) * (value - mean);
        for (const float sigmas : {0.0f, 3.0f}) {
            const double expected =
                mean + static_cast<double>(sigmas) * std::sqrt(squares / (n - 1));
            CHECK(static_cast<double>(threshold_of(DeviationThreshold(sigmas), some)) ==
                  doctest::Approx(expected).epsilon(1e-6));
        }
    }
    // A small deviation on a large mean, where the difference of sums would have no digit left.
    std::vector<float> large;
    for (int i = 0; i < 1000; i++) large.push_back(16777208.0f + static_cast<float>(i % 2));
    DeviationThreshold threshold(1.0f);
    for (const float score : large) REQUIRE(threshold.add(score) == Status::ok);
    CHECK(threshold.variance() == doctest::Approx(0.25 * 1000 / 999));
}

TEST_CASE("a threshold of too few samples is refused, with the number that it needs") {
    CHECK(QuantileThreshold(0.01f).needed() == 1000);
    CHECK(QuantileThreshold(0.5f).needed() == 20);
    CHECK(QuantileThreshold(0.1f).needed() == 100);
    CHECK(QuantileThreshold(0.99f).needed() == 11);
    for (const float rate : {0.0f, 1.0f, -0.1f, 1.5f, kNan}) {
        CHECK(QuantileThreshold(rate).needed() == std::numeric_limits<uint32_t>::max());
    }
    QuantileThreshold quantile(0.1f);
    DeviationThreshold deviation(3.0f);
    float found = 77.0f;
    for (uint32_t i = 0; i < quantile.needed(); i++) {
        CHECK(quantile.threshold(found) == Status::too_few_samples);
        CHECK(quantile.add(static_cast<float>(i)) == Status::ok);
        CHECK(quantile.count() == i + 1);
    }
    CHECK(found == 77.0f);
    CHECK(quantile.threshold(found) == Status::ok);
    for (uint32_t i = 0; i < deviation.needed(); i++) {
        CHECK(deviation.threshold(found) == Status::too_few_samples);
        CHECK(deviation.add(1.0f) == Status::ok);
    }
    CHECK(deviation.threshold(found) == Status::ok);
    CHECK(found == 1.0f);
    for (const float bad : {kNan, kInfinity, -kInfinity}) {
        CHECK(quantile.add(bad) == Status::non_finite_input);
        CHECK(deviation.add(bad) == Status::non_finite_input);
    }
    CHECK(quantile.count() == quantile.needed());
    CHECK(deviation.count() == deviation.needed());
    CHECK(deviation.mean() == 1.0);
}

TEST_CASE("an alarm begins above one bound and ends at the other") {
    Alarm alarm({1.0f, 0.5f});
    CHECK_FALSE(alarm.update(1.0f));
    CHECK(alarm.update(1.1f));
    CHECK(alarm.update(0.9f));  // between the bounds: as it was
    CHECK(alarm.update(0.6f));
    CHECK_FALSE(alarm.update(0.5f));
    CHECK_FALSE(alarm.update(0.9f));
    CHECK(alarm.update(kNan));
    CHECK(alarm.update(kNan));
    CHECK_FALSE(alarm.update(0.0f));
    CHECK(alarm.update(kInfinity));
}

TEST_CASE("an alarm waits for as many scores in a row as its rule says") {
    Alarm alarm({1.0f, 0.5f, 3, 2});
    for (const float score : {2.0f, 2.0f, 0.9f, 2.0f, kNan}) CHECK_FALSE(alarm.update(score));
    CHECK(alarm.update(2.0f));
    for (const float score : {0.4f, 0.7f, 0.4f, kNan, 0.4f}) CHECK(alarm.update(score));
    CHECK_FALSE(alarm.update(0.4f));
}

TEST_CASE(
    "an alarm without a threshold is on; a bound to end above the threshold is the threshold") {
    Alarm none({kNan, kNan});
    CHECK(none.update(0.0f));
    CHECK(none.update(0.0f));
    Alarm high({1.0f, 5.0f});
    CHECK(high.update(2.0f));
    CHECK(high.update(2.0f));
    CHECK_FALSE(high.update(1.0f));
}
