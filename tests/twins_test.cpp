// SPDX-License-Identifier: MIT
// A model as a type and the same model as data give the same bits: first weights, forward passes,
// training by batches and by samples, and whole epochs of the command's training loop.
#include <doctest/doctest.h>

#include <numeric>

#include "tools/training/fit.hpp"
#include "twin_fixture.hpp"

using namespace nutshell;
using namespace nutshell::tests;

namespace {

constexpr int kSteps = 10, kBatch = 32;

/// Every kind of layer that goes over images.
using Spatial = Autoencoder<
    Sequential<Conv2D<6, 6, 1, 3, 3, LeakyRelu<>>, MaxPool2D<6, 6, 3, 2>,
               DepthwiseConv2D<3, 3, 3, 3>, BatchNorm<3, 3, 3, Relu>, Dense<27, 4, Tanh>>,
    Sequential<Dense<4, 12>, Reshape<3, 2, 2>, TransposedConv2D<3, 2, 2, 3, 3, Relu>,
               AveragePool2D<6, 4, 3, 2>, Upsample2D<3, 2, 3, 2, Interpolation::bilinear>,
               Dense<72, 36, Sigmoid>>>;

template <class Model>
std::unique_ptr<typename Model::Parameters> weights_of_seed(uint32_t seed) {
    auto weights = std::make_unique<typename Model::Parameters>();
    initialize<Model>(*weights, seed);
    return weights;
}

std::vector<float> batch_of(int step, int samples, int size) {
    return Numbers(static_cast<uint64_t>(step) + 1)
        .list(static_cast<size_t>(samples * size), 0.0f, 1.0f);
}

/// The buffers that accumulate() asks for, for `rows` samples of a graph.
struct Buffers {
    std::vector<float> tape, inner, scratch;
    Pass pass;
    Buffers(const tools::Graph& graph, int rows, Mode mode)
        : tape(static_cast<size_t>(rows * graph.totals().tape)),
          inner(static_cast<size_t>(2 * rows * graph.totals().inner)),
          scratch(static_cast<size_t>(graph.totals().training_scratch)),
          pass{rows, mode} {
        pass.scratch = scratch.data();
    }
};

template <class Loss, class Optimizer>
void graph_step(tools::Graph& graph, Optimizer& optimizer, std::vector<float>& moments,
                const std::vector<float>& x, float rate) {
    Buffers buffers(graph, kBatch, Mode::batch);
    const int floats = graph.totals().trainable;
    std::vector<float> gradients(graph.parameters().size());
    accumulate<Loss>(graph, graph.parameters().data(), buffers.pass, x.data(), x.data(),
                     1.0f / kBatch, 1.0f, buffers.tape.data(), buffers.inner.data(),
                     gradients.data());
    optimizer.step(floats, rate, 1.0f, graph.parameters().data(), gradients.data(), moments.data());
    step_state(graph.totals().floats - floats, graph.parameters().data() + floats,
               gradients.data() + floats);
}

template <class Model, class Loss, class Optimizer>
void check_batches(float rate) {
    const auto weights = weights_of_seed<Model>(1);
    const auto before = std::make_unique<typename Model::Parameters>(*weights);
    tools::Graph graph = twin_of<Model>(*weights);
    const auto trainer = std::make_unique<Trainer<Model, Loss, Optimizer, kBatch>>();
    Optimizer optimizer;
    std::vector<float> moments(graph.parameters().size() * 2);
    for (int step = 0; step < kSteps; step++) {
        const std::vector<float> x = batch_of(step, kBatch, Model::input_size);
        REQUIRE(trainer->step(*weights, x.data(), x.data(), kBatch, rate) == Status::ok);
        graph_step<Loss>(graph, optimizer, moments, x, rate);
        CAPTURE(step);
        REQUIRE(same_parameters<Model>(*weights, graph));
    }
    CHECK_FALSE(same_parameters<Model>(*before, graph));
}

template <class Model, class Loss>
void check_samples(float rate) {
    const auto weights = weights_of_seed<Model>(1);
    tools::Graph graph = twin_of<Model>(*weights);
    SampleTrainer<Model, Loss> trainer;
    Buffers buffers(graph, 1, Mode::sample);
    for (int step = 0; step < kSteps; step++) {
        const std::vector<float> x = batch_of(step, 1, Model::input_size);
        float loss = 0;
        REQUIRE(trainer.step(*weights, x.data(), x.data(), rate, &loss) == Status::ok);
        const double twin_loss = accumulate<Loss>(
            graph, graph.parameters().data(), buffers.pass, x.data(), x.data(), 1.0f, -rate,
            buffers.tape.data(), buffers.inner.data(), graph.parameters().data());
        CHECK(loss == static_cast<float>(twin_loss));
        REQUIRE(same_parameters<Model>(*weights, graph));
    }
}

template <class Model>
void check_forward() {
    const auto weights = weights_of_seed<Model>(2);
    const tools::Graph graph = twin_of<Model>(*weights);
    Model model;
    model.bind(*weights);
    typename Model::Workspace work;
    constexpr int kCount = 70;  // more than the graph computes together
    const std::vector<float> x = batch_of(1, kCount, Model::input_size);
    const size_t in = static_cast<size_t>(Model::input_size);
    const size_t out = static_cast<size_t>(Model::output_size);
    const size_t code_size = static_cast<size_t>(Model::code_size);
    std::vector<float> y(kCount * out), codes(kCount * code_size), one(out);
    graph.run(graph.range(tools::Part::whole), x.data(), kCount, y.data());
    graph.run(graph.range(tools::Part::encoder), x.data(), kCount, codes.data());
    for (size_t i = 0; i < kCount; i++) {
        typename Model::Code code;
        REQUIRE(model.reconstruct(x.data() + i * in, one.data(), work) == Status::ok);
        REQUIRE(model.encode(x.data() + i * in, code, work) == Status::ok);
        REQUIRE(same_bits(one.data(), y.data() + i * out, out));
        REQUIRE(same_bits(code.data, codes.data() + i * code_size, code_size));
    }
}

/// 203 samples: the last batch of an epoch is a small one.
tools::Dataset data_for_deep() {
    tools::Dataset data;
    data.name = "numbers";
    data.count = 203;
    data.shape = flat(16);
    data.floats = Numbers(6).list(203 * 16);
    return data;
}

std::vector<uint32_t> order_of_epoch_one(const tools::Dataset& data, uint32_t seed) {
    std::vector<uint32_t> order(static_cast<size_t>(data.count));
    std::iota(order.begin(), order.end(), 0u);
    shuffle(order.data(), static_cast<uint32_t>(data.count), seed, 1);
    return order;
}

}  // namespace

TEST_CASE("the twins begin with the same weights and know each other by the same fingerprint") {
    const auto weights = weights_of_seed<Deep>(3);
    tools::Graph graph(std::vector<Row>(Deep::Chain::rows, Deep::Chain::rows + Deep::Chain::count),
                       3);
    graph.initialize(3, Initializer::glorot_uniform);
    CHECK(same_parameters<Deep>(*weights, graph));
    CHECK(graph.fingerprint() == Deep::fingerprint);
    CHECK(graph.extract(tools::Part::encoder).fingerprint() == Deep::Encoder::fingerprint);
    CHECK(graph.extract(tools::Part::decoder).fingerprint() == Deep::Decoder::fingerprint);
}

TEST_CASE("the twins reconstruct and encode with the same bits") {
    check_forward<Tutorial>();
    check_forward<Deep>();
    check_forward<Spatial>();
}

TEST_CASE("the twins have the same bits after each of ten steps of batch training") {
    check_batches<Tutorial, BinaryCrossEntropy, Adam>(1e-3f);
    check_batches<Deep, MeanSquaredError, Momentum>(0.1f);
    check_batches<Deep, MeanSquaredError, Sgd>(0.1f);
    check_batches<Spatial, BinaryCrossEntropy, Adam>(1e-2f);
}

TEST_CASE("the twins have the same bits after each of ten per-sample steps") {
    check_samples<Tutorial, BinaryCrossEntropy>(1.0f);
    check_samples<Deep, MeanSquaredError>(0.5f);
    check_samples<Spatial, BinaryCrossEntropy>(0.5f);
}

TEST_CASE("an epoch of the command's training is an epoch of Trainer in the same order") {
    const tools::Dataset data = data_for_deep();
    tools::FitSettings settings;
    settings.epochs = 1;
    settings.batch = 40;
    settings.rate = 0.2f;
    settings.loss = tools::LossKind::mean_squared_error;
    settings.optimizer = Momentum{0.8f};
    settings.schedule = Schedule::linear;
    settings.max_gradient_norm = 0.05f;
    settings.seed = 5;

    const auto weights = weights_of_seed<Deep>(1);
    tools::Graph graph = twin_of<Deep>(*weights);
    REQUIRE(tools::fit(graph, data, tools::Dataset{}, settings, {}).end == tools::FitEnd::finished);

    Trainer<Deep, MeanSquaredError, Momentum, 7> trainer(Momentum{0.8f});
    trainer.max_gradient_norm = 0.05f;
    const std::vector<uint32_t> order = order_of_epoch_one(data, 5);
    std::vector<float> x(40 * 16);
    for (int at = 0, update = 0; at < data.count; at += 40, update++) {
        const int rows = std::min(40, data.count - at);
        data.copy_samples(order.data() + at, rows, x.data());
        REQUIRE(trainer.step(*weights, x.data(), x.data(), rows, linear_decay(0.2f, update, 6)) ==
                Status::ok);
    }
    CHECK(same_parameters<Deep>(*weights, graph));
}

TEST_CASE("an epoch of the command's per-sample training is an epoch of SampleTrainer") {
    const tools::Dataset data = data_for_deep();
    tools::FitSettings settings;
    settings.epochs = 1;
    settings.rate = 0.3f;
    settings.loss = tools::LossKind::mean_squared_error;
    settings.schedule = Schedule::cosine;
    settings.per_sample = true;
    settings.seed = 5;

    const auto weights = weights_of_seed<Deep>(1);
    tools::Graph graph = twin_of<Deep>(*weights);
    REQUIRE(tools::fit(graph, data, tools::Dataset{}, settings, {}).end == tools::FitEnd::finished);

    SampleTrainer<Deep, MeanSquaredError> trainer;
    const std::vector<uint32_t> order = order_of_epoch_one(data, 5);
    for (int i = 0; i < data.count; i++) {
        float x[16];
        data.copy_sample(static_cast<int>(order[static_cast<size_t>(i)]), x);
        REQUIRE(trainer.step(*weights, x, x, cosine_decay(0.3f, i, data.count)) == Status::ok);
    }
    CHECK(same_parameters<Deep>(*weights, graph));
}
