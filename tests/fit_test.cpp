// SPDX-License-Identifier: MIT
// The loop around training: which epoch's weights are kept, who is told, when it stops.
#include "tools/training/fit.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>

#include "tools/error.hpp"
#include "tools/evaluation/evaluate.hpp"
#include "tools/model/layer_list.hpp"
#include "tools/training/rounded_weights.hpp"

using namespace nutshell;
using tools::FitEnd;

namespace {

tools::Dataset rows(int count, int first = 0) {
    tools::Dataset data;
    data.name = "rows";
    data.count = count;
    data.shape = flat(4);
    for (int i = first; i < first + count; i++) {
        const float a = static_cast<float>(i * 37 % 101) / 101.0f;
        for (const float value : {a, 1.0f - a, a * a, 0.5f}) data.floats.push_back(value);
    }
    return data;
}

tools::Graph small_graph(const char* output = "sigmoid", const char* layers = "4,2,4") {
    const tools::LayerList list = tools::parse_layers(layers, {"tanh", output});
    tools::Graph graph(list.rows, list.code_layer);
    graph.initialize(3, Initializer::glorot_uniform);
    return graph;
}

/// Of enough weights for several threads to update them.
tools::Graph wide_graph() { return small_graph("sigmoid", "4,300,4"); }

bool same_weights(const tools::Graph& a, const tools::Graph& b) {
    return a.parameters().size() == b.parameters().size() &&
           std::memcmp(a.parameters().data(), b.parameters().data(),
                       a.parameters().size() * sizeof(float)) == 0;
}

tools::FitSettings settings(int epochs, float rate = 0.05f) {
    tools::FitSettings asked;
    asked.epochs = epochs;
    asked.batch = 8;
    asked.rate = rate;
    return asked;
}

}  // namespace

TEST_CASE("training lowers the loss, and every epoch is recorded with the test set's loss") {
    tools::Graph graph = small_graph();
    const tools::Dataset test = rows(20, 50);
    const tools::FitResult result = fit(graph, rows(50), test, settings(60), {});
    CHECK(result.end == FitEnd::finished);
    CHECK(result.kept_epoch == 60);
    REQUIRE(result.epochs.size() == 60);
    CHECK(result.epochs.back().train_loss < result.epochs.front().train_loss);
    CHECK(result.epochs.back().watched_loss ==
          mean_loss(graph, test, tools::LossKind::binary_cross_entropy));
    CHECK(std::isnan(fit(graph, rows(50), {}, settings(1), {}).epochs[0].watched_loss));
}

TEST_CASE("any number of threads gives the same weights, bit for bit") {
    const tools::Dataset data = rows(1000);
    tools::FitSettings asked = settings(3);
    asked.batch = 300;  // several groups, the last slice and the last batch not full
    tools::Graph one = wide_graph();
    fit(one, data, {}, asked, {});
    for (const int threads : {2, 3, 4, 8}) {
        CAPTURE(threads);
        asked.threads = threads;
        tools::Graph many = wide_graph();
        fit(many, data, {}, asked, {});
        CHECK(same_weights(one, many));
    }
}

TEST_CASE("stopping keeps the weights of the best epoch") {
    std::vector<tools::Graph> after;
    tools::Graph graph = small_graph();
    std::atomic<bool> stop{false};
    tools::FitObserver observer;
    observer.stop = &stop;
    observer.epoch_done = [&](const tools::Epoch& epoch) {
        after.push_back(graph);
        if (epoch.number == 7) stop = true;
    };
    const tools::FitResult result = fit(graph, rows(50), rows(9, 60), settings(100), observer);
    CHECK(result.end == FitEnd::interrupted);
    CHECK(result.epochs.size() == 7);
    size_t best = 0;
    for (size_t i = 1; i < 7; i++) {
        if (result.epochs[i].watched_loss < result.epochs[best].watched_loss) best = i;
    }
    CHECK(result.kept_epoch == static_cast<int>(best) + 1);
    CHECK(same_weights(graph, after[best]));
}

TEST_CASE("stopping before the first epoch is over keeps what there is") {
    tools::Graph graph = small_graph();
    const tools::Graph before = graph;
    std::atomic<bool> stop{true};
    tools::FitObserver observer;
    observer.stop = &stop;
    const tools::FitResult result = fit(graph, rows(50), {}, settings(100), observer);
    CHECK(result.end == FitEnd::interrupted);
    CHECK(result.epochs.empty());
    CHECK(result.kept_epoch == 0);
    CHECK(same_weights(graph, before));
}

TEST_CASE("training that diverges at once gives the first weights back") {
    tools::Graph graph = small_graph("linear");
    const tools::Graph before = graph;
    tools::FitSettings asked = settings(10, 1e6f);
    asked.loss = tools::LossKind::mean_squared_error;
    asked.optimizer = Sgd{};
    for (const bool per_sample : {false, true}) {
        asked.per_sample = per_sample;
        const tools::FitResult result = fit(graph, rows(50), rows(9, 60), asked, {});
        CHECK(result.end == FitEnd::diverged);
        CHECK(result.diverged_epoch == 1);
        CHECK(result.kept_epoch == 0);
        CHECK(same_weights(graph, before));
    }
}

TEST_CASE("progress is told in order and never more than there is") {
    tools::Graph graph = small_graph();
    tools::FitObserver observer;
    int calls = 0, last_epoch = 1, last_samples = 0;
    observer.progress = [&](int epoch, int samples, double loss, double seconds) {
        if (epoch != last_epoch) last_samples = 0;
        CHECK(epoch >= last_epoch);
        CHECK(samples > last_samples);
        CHECK(samples <= 5000);
        CHECK(std::isfinite(loss));
        CHECK(seconds >= 0);
        last_epoch = epoch;
        last_samples = samples;
        calls++;
    };
    (void)fit(graph, rows(5000), {}, settings(3), observer);
    CHECK(calls >= 6);
}

TEST_CASE("nothing to train on is refused") {
    tools::Graph graph = small_graph();
    CHECK_THROWS_AS((void)fit(graph, rows(0), {}, settings(1), {}), tools::Error);
}

TEST_CASE(
    "weights that learn to be rounded end as codes times scales, and beat rounding at the end") {
    tools::Graph plain = small_graph();
    const tools::Dataset train = rows(50), none = rows(0);
    fit(plain, train, none, settings(200), {});
    tools::Graph aware = plain;
    tools::FitSettings asked = settings(200, 0.002f);
    asked.schedule = Schedule::linear;
    asked.largest_codes = {1, 1};  // -1, 0, 1: so coarse that rounding alone ruins the model
    const tools::FitResult result = fit(aware, train, none, asked, {});
    REQUIRE(result.scales.size() == 2 + 4);
    for (int layer = 0; layer < 2; layer++) {
        const Row& row = aware.rows()[static_cast<size_t>(layer)];
        const int in = row.in.size(), out = row.out.size();
        for (int i = 0; i < in * out; i++) {
            const int output = DenseLayer::rows_are_outputs(row) ? i / in : i % out;
            const float scale = result.scales[static_cast<size_t>(layer * 2 + output)];
            const float code = aware.tensors(layer).weight[i] / scale;
            CHECK(std::fabs(code) < 1.01f);
            CHECK(std::fabs(code - std::round(code)) < 1e-5f);  // one rounding of a float quotient
        }
    }
    tools::RoundedWeights rounded(plain, asked.largest_codes);
    rounded.round(plain.parameters());
    plain.parameters() = rounded.rounded();
    const tools::LossKind loss = tools::LossKind::binary_cross_entropy;
    CHECK(mean_loss(aware, train, loss) < mean_loss(plain, train, loss));
}

TEST_CASE("rounded training, too, gives the same bits for any number of threads") {
    tools::FitSettings asked = settings(3);
    asked.batch = 256;
    asked.largest_codes = {7, 127};
    tools::Graph one = wide_graph(), three = wide_graph();
    const tools::FitResult first = fit(one, rows(300), rows(0), asked, {});
    asked.threads = 3;
    const tools::FitResult second = fit(three, rows(300), rows(0), asked, {});
    CHECK(same_weights(one, three));
    CHECK(first.scales == second.scales);
    asked.per_sample = true;
    CHECK_THROWS_AS(fit(one, rows(300), rows(0), asked, {}), tools::Error);
}

TEST_CASE("early stopping keeps the scales of the epoch whose weights it keeps") {
    tools::Graph graph = small_graph();
    tools::FitSettings asked = settings(400, 0.5f);
    asked.largest_codes = {7, 7};
    asked.patience = 2;
    tools::Graph kept = small_graph();
    std::vector<tools::AlignedFloats> weights;
    tools::FitObserver observer;
    observer.epoch_done = [&](const tools::Epoch&) { weights.push_back(graph.parameters()); };
    const tools::FitResult result = fit(graph, rows(50), rows(20, 50), asked, observer);
    REQUIRE(result.end == FitEnd::stopped_early);
    kept.parameters() = weights[static_cast<size_t>(result.kept_epoch) - 1];
    CHECK(same_weights(graph, kept));
    const float code = graph.tensors(0).weight[0] / result.scales[0];
    CHECK(std::fabs(code - std::round(code)) < 1e-5f);
}

TEST_CASE("augmented and weighted training gives the same bits for any number of threads") {
    tools::FitSettings asked = settings(3);
    asked.batch = 256;
    asked.augmentation = tools::parse_augmentation("noise:0.1,mask:0.2");
    asked.feature_weights = {1, 0, 2, 1};
    tools::Graph one = small_graph(), three = small_graph(), plain = small_graph();
    fit(one, rows(300), rows(9, 300), asked, {});
    asked.threads = 3;
    fit(three, rows(300), rows(9, 300), asked, {});
    CHECK(same_weights(one, three));
    asked.augmentation = {};
    fit(plain, rows(300), rows(9, 300), asked, {});
    CHECK_FALSE(same_weights(one, plain));
    asked.feature_weights = {1, 2};
    CHECK_THROWS_AS(fit(one, rows(300), rows(0), asked, {}), tools::Error);
}

TEST_CASE("a feature that counts nothing is not learned, the others are learned better") {
    const auto errors = [](const std::vector<float>& weights) {
        tools::FitSettings asked = settings(300);
        asked.feature_weights = weights;
        tools::Graph graph = small_graph();
        const tools::Dataset data = rows(50);
        fit(graph, data, {}, asked, {});
        const std::vector<float> output = run_all(graph, tools::Part::whole, data);
        std::array<double, 4> sums{};
        for (size_t i = 0; i < output.size(); i++) {
            const double error = static_cast<double>(output[i] - data.floats[i]);
            sums[i % 4] += error * error;
        }
        return sums;
    };
    const std::array<double, 4> even = errors({}), uneven = errors({0, 2, 2, 0});
    CHECK(uneven[1] < even[1]);
    CHECK(uneven[0] > 4 * even[0]);
    CHECK(errors({1, 1, 1, 1}) == even);
}
