// SPDX-License-Identifier: MIT
// Lowering of foreign models: every fold gives what the layers give one by one, computed in double;
// the code is where the file, the user or the sizes say; what cannot be taken is named.
#include "tools/formats/source_model.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "nutshell/random.hpp"
#include "tools/error.hpp"

using namespace nutshell;
using tools::SourceLayer;
using tools::SourceModel;
using Op = SourceLayer::Op;

namespace {

/// Values in -1..1 that differ for every stream.
std::vector<float> values(int n, uint32_t stream) {
    std::vector<float> result;
    for (int i = 0; i < n; i++) {
        const auto element = static_cast<uint32_t>(i);
        result.push_back(2 * uniform(random_word(5, Purpose::shuffle, stream, element)) - 1);
    }
    return result;
}

SourceLayer dense(const std::string& name, int in, int out, uint32_t stream,
                  Activation activation = Activation::linear) {
    SourceLayer layer;
    layer.op = Op::dense;
    layer.name = name;
    layer.kind = "Dense";
    layer.place = "model_weights/" + name;
    layer.in = flat(in);
    layer.out = flat(out);
    layer.weight = values(in * out, stream);
    layer.bias = values(out, stream + 1);
    layer.activation = activation;
    return layer;
}

SourceLayer batch_norm(const std::string& name, int channels, uint32_t stream) {
    SourceLayer layer;
    layer.op = Op::batch_norm;
    layer.name = name;
    layer.kind = "BatchNormalization";
    layer.gamma = values(channels, stream);
    layer.beta = values(channels, stream + 1);
    layer.mean = values(channels, stream + 2);
    for (const float value : values(channels, stream + 3)) layer.variance.push_back(value + 1.1f);
    layer.epsilon = 0.001f;
    return layer;
}

SourceLayer activation(const std::string& name, Activation kind, float slope = 0) {
    SourceLayer layer;
    layer.op = Op::activation;
    layer.name = name;
    layer.kind = "Activation";
    layer.activation = kind;
    layer.slope = slope;
    return layer;
}

SourceLayer other(Op op, const std::string& name, const std::string& kind) {
    SourceLayer layer;
    layer.op = op;
    layer.name = name;
    layer.kind = kind;
    return layer;
}

double activated(Activation kind, double slope, double x) {
    switch (kind) {
        case Activation::linear:
            return x;
        case Activation::relu:
            return std::max(x, 0.0);
        case Activation::leaky_relu:
            return x > 0 ? x : slope * x;
        case Activation::sigmoid:
            return 1 / (1 + std::exp(-x));
        case Activation::tanh:
            return std::tanh(x);
    }
    return NAN;
}

/// What the layers give one by one, in double.
std::vector<double> oracle(const SourceModel& model, std::vector<double> x) {
    for (const SourceLayer& layer : model.layers) {
        if (layer.op == Op::dense) {
            std::vector<double> y(layer.bias.begin(), layer.bias.end());
            y.resize(layer.weight.size() / x.size());
            for (size_t o = 0; o < y.size(); o++) {
                for (size_t i = 0; i < x.size(); i++) {
                    y[o] += static_cast<double>(layer.weight[o * x.size() + i]) * x[i];
                }
            }
            x = y;
        }
        for (size_t i = 0; i < x.size(); i++) {
            if (layer.op == Op::batch_norm) {
                const size_t c = i % layer.mean.size();
                const double gamma = layer.gamma.empty() ? 1.0 : double{layer.gamma[c]};
                const double beta = layer.beta.empty() ? 0.0 : double{layer.beta[c]};
                x[i] = gamma * (x[i] - double{layer.mean[c]}) /
                           std::sqrt(double{layer.variance[c]} + double{layer.epsilon}) +
                       beta;
            }
            if (layer.op == Op::dense || layer.op == Op::activation) {
                x[i] = activated(layer.activation, double{layer.slope}, x[i]);
            }
        }
    }
    return x;
}

/// The imported model's answers are the oracle's within the rounding of float32 sums.
tools::Imported check_lowered(const SourceModel& model, int in, size_t layers,
                              const std::string& code = "") {
    tools::Imported imported = tools::lower(model, {code, ""});
    const auto& graph = std::get<tools::Graph>(imported.graph);
    REQUIRE(graph.rows().size() == layers);
    CHECK(imported.origin.size() == layers);
    const auto whole = graph.range(tools::Part::whole);
    for (uint32_t row = 0; row < 4; row++) {
        const std::vector<float> x = values(in, 1000 + row);
        std::vector<float> y(static_cast<size_t>(graph.output_size(whole)));
        graph.run(whole, x.data(), 1, y.data());
        const std::vector<double> expected = oracle(model, {x.begin(), x.end()});
        REQUIRE(expected.size() == y.size());
        double scale = 1;
        for (const double value : expected) scale = std::max(scale, std::abs(value));
        for (size_t i = 0; i < y.size(); i++) {
            CHECK(std::abs(double{y[i]} - expected[i]) <= 2e-6 * scale);
        }
    }
    return imported;
}

SourceModel of(std::vector<SourceLayer> layers) {
    SourceModel model;
    model.format = "test";
    model.layers = std::move(layers);
    return model;
}

std::string refusal(const SourceModel& model, const std::string& code = "") {
    try {
        tools::lower(model, {code, ""});
    } catch (const tools::Error& error) {
        return error.what();
    }
    return "";
}

int code_layer(const tools::Imported& imported) {
    return std::get<tools::Graph>(imported.graph).code_layer();
}

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("batch normalization behind a dense layer is folded into it, its bias included") {
    const SourceModel model =
        of({dense("a", 12, 5, 1), batch_norm("n", 5, 3), activation("r", Activation::relu),
            dense("b", 5, 12, 9), batch_norm("m", 12, 20)});
    const tools::Imported imported = check_lowered(model, 12, 2);
    CHECK(imported.origin[0] ==
          "Dense 'a' (model_weights/a), BatchNormalization 'n', Activation 'r'");
    CHECK(imported.notes.size() == 2);
}

TEST_CASE("batch normalization that no layer in front can take goes into the one behind it") {
    check_lowered(of({batch_norm("n", 12, 3), dense("a", 12, 5, 1, Activation::tanh),
                      batch_norm("m", 5, 7), batch_norm("k", 5, 17), dense("b", 5, 12, 9)}),
                  12, 2);
    SourceModel bare = of({dense("a", 12, 5, 1), batch_norm("n", 5, 3), dense("b", 5, 12, 9)});
    bare.layers[1].gamma.clear();
    bare.layers[1].beta.clear();
    bare.layers[0].bias.clear();
    check_lowered(bare, 12, 2);
}

TEST_CASE("batch normalization that neither side can take is a layer of its own") {
    const SourceModel model =
        of({dense("a", 12, 5, 1, Activation::relu), batch_norm("n", 5, 3),
            activation("t", Activation::tanh), dense("b", 5, 12, 9, Activation::sigmoid),
            batch_norm("m", 12, 20)});
    const tools::Imported imported = check_lowered(model, 12, 4);
    CHECK(has(imported.notes.back(), "diagonal dense layer of 12 x 12"));
}

TEST_CASE("nothing is folded across the code: the encoder gives what its own layers give") {
    SourceModel model =
        of({dense("a", 12, 9, 1, Activation::relu), dense("code", 9, 5, 5), batch_norm("n", 5, 3),
            activation("r", Activation::relu), dense("b", 5, 12, 9)});
    model.code_boundary = 2;
    model.code_name = "encoder";
    const tools::Imported imported = check_lowered(model, 12, 4);
    CHECK(code_layer(imported) == 2);
    CHECK(has(imported.code_from, "sub-model 'encoder'"));
    const auto& graph = std::get<tools::Graph>(imported.graph);
    SourceModel encoder = of({model.layers[0], model.layers[1]});
    const std::vector<float> x = values(12, 77);
    std::vector<float> code(5);
    graph.run(graph.range(tools::Part::encoder), x.data(), 1, code.data());
    const std::vector<double> expected = oracle(encoder, {x.begin(), x.end()});
    for (size_t i = 0; i < 5; i++) CHECK(std::abs(double{code[i]} - expected[i]) <= 1e-5);
}

TEST_CASE("the code is where the user says, else the sub-model, else the narrowest place") {
    SourceModel model = of({dense("a", 12, 4, 1, Activation::relu), dense("b", 4, 7, 5),
                            activation("t", Activation::tanh), dense("c", 7, 12, 9)});
    CHECK(code_layer(check_lowered(model, 12, 3)) == 1);
    CHECK(code_layer(check_lowered(model, 12, 3, "t")) == 2);
    model.code_boundary = 3;
    model.code_name = "encoder";
    CHECK(code_layer(check_lowered(model, 12, 3)) == 2);
    CHECK(code_layer(check_lowered(model, 12, 3, "a")) == 1);
    CHECK(code_layer(check_lowered(model, 12, 3, "encoder")) == 2);
    CHECK(has(refusal(model, "encodr"), "--code: unknown layer 'encodr'"));
    CHECK(tools::narrowest_place({784, 128, 24, 128, 784}) == 2);
    CHECK(tools::narrowest_place({784, 24, 24, 784}) == 1);
    CHECK(tools::narrowest_place({784, 128, 24}) == 2);
    CHECK(tools::narrowest_place({24, 128, 784}) == 0);
    CHECK(tools::narrowest_place({784, 24}) == 1);
    CHECK(tools::narrowest_place({24, 784}) == 0);
}

TEST_CASE("what does nothing to the numbers is left out with a note") {
    SourceModel model =
        of({other(Op::reshape, "flat", "Flatten"), dense("a", 12, 4, 1),
            activation("l", Activation::leaky_relu, 0.3f), other(Op::nothing, "drop", "Dropout"),
            dense("b", 4, 12, 5), activation("z", Activation::leaky_relu, 0.0f)});
    model.layers[0].in = {3, 4, 1};
    model.layers[0].out = flat(12);
    const tools::Imported imported = check_lowered(model, 12, 2);
    CHECK(imported.notes.size() == 2);
    CHECK(has(imported.notes[0], "Flatten 'flat'"));
    CHECK(has(imported.notes[1], "Dropout 'drop' does nothing at inference"));
    const auto& graph = std::get<tools::Graph>(imported.graph);
    CHECK(graph.rows()[1].activation == Activation::relu);
}

TEST_CASE("what cannot be taken is refused in one line that names the layer and its place") {
    const SourceModel good = of({dense("a", 12, 5, 1), batch_norm("n", 5, 3)});
    const auto changed = [&](auto change) {
        SourceModel model = good;
        change(model.layers);
        const std::string line = refusal(model);
        CHECK(!line.empty());
        CHECK(line.find('\n') == std::string::npos);
        return line;
    };
    using Layers = std::vector<SourceLayer>;
    CHECK(has(changed([](Layers& l) { l[0].weight[3] = NAN; }), "'a' (model_weights/a)"));
    CHECK(has(changed([](Layers& l) { l[0].weight.pop_back(); }), "59 values"));
    CHECK(has(changed([](Layers& l) { l[0].bias.pop_back(); }), "bias"));
    CHECK(has(changed([](Layers& l) { l[0].in = {}; }), "how many values"));
    CHECK(has(changed([](Layers& l) { l[1].mean.push_back(1); }), "'n'"));
    CHECK(has(changed([](Layers& l) { l[1].variance[2] = -1; }), "channel 2"));
    CHECK(has(changed([](Layers& l) { l[1].gamma[0] = INFINITY; }), "gamma"));
    CHECK(has(changed([](Layers& l) { l[0].in = flat(11); }), "11 inputs"));
    CHECK(has(changed([](Layers& l) { l.push_back(l[0]); }), "12 values"));
    CHECK(has(changed([](Layers& l) { l[1].mean.clear(); }), "its mean 0"));
    CHECK(has(changed([](Layers& l) { l = {}; }), "no layer"));
    CHECK(has(changed([](Layers& l) {
                  l[0].activation = Activation::leaky_relu;
                  l[0].slope = -2;
              }),
              "slope"));
    CHECK(has(changed([](Layers& l) {
                  l[1].name = "two\nlines";
                  l[1].variance[0] = -5;
              }),
              "two?lines"));
    CHECK(has(changed([](Layers& l) { l.assign(200, dense("deep", 5, 5, 3)); }),
              "more than 64 layers"));
}

TEST_CASE("activations without a layer in front of them take little memory, however many") {
    SourceModel model = of({});
    model.input = flat(1024);
    model.layers.assign(30, activation("r", Activation::relu));
    const tools::Imported imported = tools::lower(model, {});
    const auto& graph = std::get<tools::Graph>(imported.graph);
    CHECK(graph.rows().size() == 30);
    CHECK(graph.parameters().size() < 5 << 20);
    model.input = flat(1 << 18);
    model.layers.assign(4, activation("r", Activation::relu));
    CHECK(refusal(model).empty());
    model.layers.push_back(activation("last", Activation::relu));
    CHECK(has(refusal(model), "'last'"));
    CHECK(has(refusal(model), "too many of such layers"));
}
