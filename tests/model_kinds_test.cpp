// SPDX-License-Identifier: MIT
// Models beyond plain dense chains: as types and as data, trained, in files, and as they go to a
// device.
#include "tools/model/model_kinds.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "data_files.hpp"
#include "device_fixture.hpp"
#include "nutshell/models.hpp"
#include "tools/error.hpp"
#include "tools/evaluation/evaluate.hpp"
#include "tools/evaluation/restoration.hpp"
#include "tools/model/inference_form.hpp"
#include "tools/model/model_file.hpp"
#include "tools/model/quantization.hpp"

using namespace nutshell;
using namespace nutshell::tests;

namespace {

/// A small relative of each, with everything in it.
using Everything =
    Autoencoder<Sequential<GaussianNoise<12, 50>, Dense<12, 8, Relu>, Dropout<8, 10>, Dense<8, 6>,
                           GaussianSampler<3, 12>>,
                Sequential<L1Penalty<3, 1000>, Dense<3, 8, Tanh>, TiedDense<8, 12, Sigmoid, 6>>>;
using SmallTied =
    Autoencoder<Sequential<Dense<12, 5, Tanh>>, Sequential<TiedDense<5, 12, Sigmoid>>>;

template <class Model>
tools::Graph graph_of() {
    using Chain = typename Model::Chain;
    tools::Graph graph(std::vector<Row>(Chain::rows, Chain::rows + Chain::count),
                       Model::code_layer);
    graph.initialize(2, Initializer::glorot_uniform);
    return graph;
}

tools::Dataset rows(int count) {
    tools::Dataset data;
    data.name = "rows";
    data.count = count;
    data.shape = flat(12);
    data.floats = Numbers(8).list(static_cast<size_t>(count) * 12, 0, 1);
    for (size_t i = 0; i < data.floats.size(); i++) {
        if (i % 12 > 2) data.floats[i] = data.floats[i - i % 12 + i % 3];  // three hidden numbers
    }
    return data;
}

std::vector<float> outputs(const tools::Graph& graph, tools::Part part,
                           const tools::Dataset& data) {
    return run_all(graph, part, data);
}

}  // namespace

TEST_CASE("the type and its twin as data train to the same bits, whatever the slices") {
    const tools::Dataset data = rows(40);
    tools::Graph graph = graph_of<Everything>();
    const auto weights = std::make_unique<Everything::Parameters>();
    initialize<Everything>(*weights, 2);
    REQUIRE(same_bits(weights->data, graph.parameters().data(), graph.parameters().size()));
    using Ours = Trainer<Everything, BinaryCrossEntropy, Adam, 7>;
    using Theirs = Trainer<Everything, BinaryCrossEntropy, Adam, 40>;
    const auto twin = std::make_unique<Everything::Parameters>(*weights);
    const auto ours = std::make_unique<Ours>();
    const auto theirs = std::make_unique<Theirs>();
    float loss = 0, other = 0, first = 0;
    for (int step = 0; step < 60; step++) {
        const float* x = data.floats.data();
        REQUIRE(ours->step(*weights, x, x, 40, 0.01f, &loss) == Status::ok);
        REQUIRE(theirs->step(*twin, x, x, 40, 0.01f, &other) == Status::ok);
        if (step == 0) first = loss;
    }
    CHECK(loss < first);
    // Sums over other slices round differently.
    CHECK(std::fabs(loss - other) < 1e-3f * loss);
    tools::FitSettings settings;
    settings.epochs = 3;
    settings.batch = 128;
    tools::Graph one = graph_of<Everything>(), four = graph_of<Everything>();
    fit(one, rows(300), {}, settings, {});
    settings.threads = 4;
    fit(four, rows(300), {}, settings, {});
    CHECK(same_bits(one.parameters().data(), four.parameters().data(), one.parameters().size()));
}

TEST_CASE("tied weights have one place, and their gradient is that of both uses") {
    constexpr int kWeights = 12 * 5;
    CHECK(SmallTied::parameter_count == kWeights + 5 + 12);
    const auto& spots = SmallTied::Chain::plan.spots;
    CHECK(spots[0].weight == spots[1].weight);
    using Untied = Autoencoder<Sequential<Dense<12, 5, Tanh>>, Sequential<Dense<5, 12, Sigmoid>>>;
    const auto tied = std::make_unique<SmallTied::Parameters>();
    const auto untied = std::make_unique<Untied::Parameters>();
    initialize<SmallTied>(*tied, 1);
    memset(untied->data, 0, sizeof untied->data);
    const auto& other = Untied::Chain::plan.spots;
    for (int i = 0; i < kWeights; i++) {
        untied->data[other[0].weight + i] = untied->data[other[1].weight + i] =
            tied->data[spots[0].weight + i];
    }
    const tools::Dataset data = rows(10);
    const auto a = std::make_unique<Trainer<SmallTied>>();
    const auto b = std::make_unique<Trainer<Untied>>();
    a->begin_batch(10);
    b->begin_batch(10);
    REQUIRE(a->add(*tied, data.floats.data(), data.floats.data(), 10) == Status::ok);
    REQUIRE(b->add(*untied, data.floats.data(), data.floats.data(), 10) == Status::ok);
    for (int i = 0; i < kWeights; i++) {
        const double expected = static_cast<double>(b->gradients().data[other[0].weight + i]) +
                                static_cast<double>(b->gradients().data[other[1].weight + i]);
        const double found = static_cast<double>(a->gradients().data[spots[0].weight + i]);
        CHECK(std::fabs(found - expected) < 1e-6);  // gradients below 0.1, summed in another order
    }
}

TEST_CASE("every kind comes back from a file with the same outputs") {
    const TemporaryFolder folder;
    const tools::Dataset data = rows(20);
    const auto check = [&](const tools::Graph& graph) {
        write_model(graph, folder.path("m.nut"));
        const tools::Graph back = tools::read_model(folder.path("m.nut"));
        CHECK(back.fingerprint() == graph.fingerprint());
        CHECK(outputs(back, tools::Part::whole, data) == outputs(graph, tools::Part::whole, data));
    };
    check(graph_of<Everything>());
    check(graph_of<SmallTied>());
    const tools::Graph tied = graph_of<SmallTied>();
    const tools::Graph decoder = tied.extract(tools::Part::decoder);
    CHECK(decoder.rows()[0].kind == Kind::dense);  // alone, it has the weights itself
    const std::vector<float> codes = outputs(tied, tools::Part::encoder, data);
    std::vector<float> from_whole(20 * 12), alone(20 * 12);
    tied.run(tied.range(tools::Part::decoder), codes.data(), 20, from_whole.data());
    decoder.run(decoder.range(tools::Part::decoder), codes.data(), 20, alone.data());
    CHECK(from_whole == alone);
}

TEST_CASE("what goes to a device computes the same with dense layers alone, in int8 too") {
    const tools::Dataset data = rows(200);
    tools::Graph graph = graph_of<Everything>();
    tools::FitSettings settings;
    settings.epochs = 40;
    settings.batch = 20;
    settings.rate = 0.01f;
    fit(graph, data, {}, settings, {});
    const tools::Graph form = inference_form(graph);
    CHECK(form.layer_count() == 4);
    CHECK(form.code_layer() == 2);
    for (const Row& row : form.rows()) CHECK(row.kind == Kind::dense);
    CHECK(form.rows()[1].out == flat(3));
    // Other layouts of the same weights sum in another order.
    CHECK(distance(outputs(form, tools::Part::whole, data),
                   outputs(graph, tools::Part::whole, data)) < 1e-6);
    CHECK(distance(outputs(form, tools::Part::encoder, data),
                   outputs(graph, tools::Part::encoder, data)) < 1e-5);
    const tools::Int8Graph int8 = quantize(form, data, {});
    CHECK(evaluate(int8, data).mse < 1.1 * evaluate(graph, data).mse);
}

TEST_CASE("a tied layer that finds no weights, or those of another shape, is no model") {
    const Row dense{Kind::dense, Activation::relu, flat(12), flat(5)};
    Row tied = SmallTied::Chain::rows[1];
    CHECK_THROWS_AS(tools::Graph({tied}, 0), tools::Error);
    tied.window.parameter = 2;
    CHECK_THROWS_AS(tools::Graph({dense, tied}, 1), tools::Error);
    tied.window.parameter = 1;
    CHECK_NOTHROW(tools::Graph({dense, tied}, 1));
    tied.out = flat(11);
    CHECK_THROWS_AS(tools::Graph({dense, tied}, 1), tools::Error);
    Row dropout = Dropout<5, 10>::row;
    dropout.window.parameter = 0x7F800000;  // infinite
    CHECK_FALSE(valid(dropout));
    dropout.window.parameter = 0xBF000000;  // negative
    CHECK_FALSE(valid(dropout));
    Row sampler = GaussianSampler<5, 10>::row;
    sampler.in = flat(9);
    CHECK_FALSE(valid(sampler));
}

TEST_CASE("the evidence of a variational model is cross-entropy and divergence") {
    using Model = Autoencoder<Sequential<Dense<12, 6>, GaussianSampler<3, 12>>,
                              Sequential<Dense<3, 12, Sigmoid>>>;
    const tools::Dataset data = rows(50);
    tools::Graph graph = graph_of<Model>();
    std::fill_n(graph.parameters().data(), graph.parameters().size(), 0.0f);
    const tools::Evaluation zero = evaluate(graph, data);
    CHECK(std::fabs(zero.negative_elbo - 12 * std::log(2.0)) < 1e-5);
    CHECK(zero.divergence == 0.0);
    graph.parameters().data()[graph.spots()[0].bias] = 2.0f;  // a mean of 2: a divergence of 2
    const tools::Evaluation moved = evaluate(graph, data);
    CHECK(std::fabs(moved.divergence - 2) < 1e-5);
    CHECK(std::fabs(moved.negative_elbo - 12 * std::log(2.0) - 2) < 1e-5);
    CHECK(std::isnan(evaluate(graph_of<SmallTied>(), data).negative_elbo));
}

TEST_CASE("every kind of the list is a model whose settings fit it, and refuses other data") {
    CHECK(tools::model_kinds().size() >= 7);
    for (const tools::ModelKind& kind : tools::model_kinds()) {
        CAPTURE(kind.name);
        const tools::Graph graph(kind.rows, kind.code_layer);
        CHECK(tools::find_kind(kind.name).rows.size() == kind.rows.size());
        CHECK(kind.sample_size() == (kind.adversarial
                                         ? graph.output_size(graph.range(tools::Part::encoder))
                                         : graph.output_size(graph.range(tools::Part::whole))));
        CHECK_THROWS_AS(require_kind_reads(kind, rows(1)), tools::Error);
    }
    CHECK_THROWS_AS((void)tools::find_kind("deeep"), tools::Error);
}
