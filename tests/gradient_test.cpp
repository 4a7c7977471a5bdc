// SPDX-License-Identifier: MIT
// Gradients against central differences of the same mathematics written in double precision.
//
// With a step of 1e-5 the differences are exact to about 1e-9 (truncation h^2, rounding 2^-53 / h),
// far below float; what the tolerance leaves room for is the library's own float arithmetic.
#include <doctest/doctest.h>

#include <string>

#include "central_differences.hpp"
#include "device_fixture.hpp"
#include "tools/model/graph.hpp"

using namespace nutshell;
using namespace nutshell::tests;

namespace {

// Sums here have at most 150 terms whose errors are some roundoffs (6e-8) each, and activations
// add a few more: below 1e-5 of the largest entry, as the goldens ask.
constexpr double kTolerance = 1e-5;

constexpr Activation kActivations[] = {Activation::linear, Activation::relu, Activation::leaky_relu,
                                       Activation::sigmoid, Activation::tanh};

float slope_of(Activation activation) { return activation == Activation::leaky_relu ? 0.3f : 0.0f; }

Row dense(int in, int out, Activation activation) {
    return {Kind::dense, activation, flat(in), flat(out), slope_of(activation)};
}

double activated(Activation activation, double z) {
    switch (activation) {
        case Activation::linear:
            break;
        case Activation::relu:
            return z > 0 ? z : 0;
        case Activation::leaky_relu:
            return z > 0 ? z : z * static_cast<double>(slope_of(activation));
        case Activation::sigmoid:
            return 1 / (1 + std::exp(-z));
        case Activation::tanh:
            return std::tanh(z);
    }
    return z;
}

/// y[rows][out] of a dense layer; weights as the library's order has them.
Doubles dense_forward(const Row& row, const double* weight, const double* bias, int rows,
                      const Doubles& x, Activation activation) {
    const int in = row.in.size(), out = row.out.size();
    Doubles y(static_cast<size_t>(rows * out));
    for (int r = 0; r < rows; r++) {
        for (int o = 0; o < out; o++) {
            double z = bias[o];
            for (int i = 0; i < in; i++) {
                const double w = out <= in ? weight[o * in + i] : weight[i * out + o];
                z += w * x[static_cast<size_t>(r * in + i)];
            }
            y[static_cast<size_t>(r * out + o)] = activated(activation, z);
        }
    }
    return y;
}

/// Mean-per-feature losses of rows of sums z, added up and times scale.
double loss_of(bool cross_entropy, Activation activation, int n, double scale,
               const std::vector<float>& target, const Doubles& z) {
    double sum = 0;
    for (size_t i = 0; i < z.size(); i++) {
        const double t = static_cast<double>(target[i]), y = activated(activation, z[i]);
        sum += cross_entropy ? -t * std::log(y) - (1 - t) * std::log(1 - y) : (y - t) * (y - t);
    }
    return sum * scale / n;
}

Doubles widened(const std::vector<float>& values) { return {values.begin(), values.end()}; }

double largest_of(const Doubles& values) {
    double most = 0;
    for (double value : values) most = std::max(most, std::fabs(value));
    return most;
}

void check_gradient(const std::vector<float>& ours, const Doubles& expected) {
    REQUIRE(largest_of(expected) > 1e-4);  // else the test would compare zeros
    CHECK(distance(ours, expected) <= kTolerance * largest_of(expected));
}

/// A dense layer with random tensors, and L = the sum of d[i] * y[i] as the function to derive.
struct LayerCase {
    Row row;
    std::vector<float> x, weight, bias, d;
    static constexpr int kRows = 3;

    LayerCase(int in, int out, Activation activation) : row(dense(in, out, activation)) {
        Numbers numbers(static_cast<uint64_t>(1000 * in + 10 * out) + 3);
        x = numbers.list(static_cast<size_t>(kRows * in));
        weight = numbers.list(static_cast<size_t>(in * out));
        bias = numbers.list(static_cast<size_t>(out), 0.5f, 1.5f);  // no layer is all dead
        d = numbers.list(static_cast<size_t>(kRows * out));
    }
    double objective(const Doubles& at_x, const Doubles& at_weight, const Doubles& at_bias) const {
        const Doubles y =
            dense_forward(row, at_weight.data(), at_bias.data(), kRows, at_x, row.activation);
        double sum = 0;
        for (size_t i = 0; i < y.size(); i++) sum += y[i] * static_cast<double>(d[i]);
        return sum;
    }
};

void check_layer(const LayerCase& layer) {
    const Doubles x = widened(layer.x), weight = widened(layer.weight), bias = widened(layer.bias);
    const Pass pass{LayerCase::kRows};
    const Tensors tensors{layer.weight.data(), layer.bias.data()};
    std::vector<float> y(layer.d.size()), dy = layer.d;
    DenseLayer::forward(layer.row, layer.row.activation, tensors, pass, layer.x.data(), y.data());

    // Gradients are added, alpha times, to what is there; dx is overwritten.
    const float alpha = -0.25f;
    std::vector<float> dw(weight.size(), 0.25f), db(bias.size(), 0.25f);
    std::vector<float> dx(x.size(), std::nanf(""));
    DenseLayer::backward(layer.row, layer.row.activation, tensors, pass, layer.x.data(), y.data(),
                         dy.data(), dx.data(), Target{alpha, dw.data(), db.data()});
    for (float& value : dw) value = (value - 0.25f) / alpha;
    for (float& value : db) value = (value - 0.25f) / alpha;

    check_gradient(dx, central_differences(x, [&](const Doubles& at) {
                       return layer.objective(at, weight, bias);
                   }));
    check_gradient(dw, central_differences(weight, [&](const Doubles& at) {
                       return layer.objective(x, at, bias);
                   }));
    check_gradient(db, central_differences(bias, [&](const Doubles& at) {
                       return layer.objective(x, weight, at);
                   }));
}

struct ChainCase {
    std::vector<Row> rows;
    bool cross_entropy;
};

/// The loss of a chain as a function of its flat parameters.
double chain_loss(const ChainCase& chain, const std::vector<Spot>& spots, const Doubles& at,
                  const std::vector<float>& x, const std::vector<float>& target, int count) {
    Doubles y = widened(x);
    for (size_t i = 0; i < chain.rows.size(); i++) {
        const bool last = i + 1 == chain.rows.size();
        y = dense_forward(chain.rows[i], at.data() + spots[i].weight, at.data() + spots[i].bias,
                          count, y, last ? Activation::linear : chain.rows[i].activation);
    }
    const Row& last = chain.rows.back();
    return loss_of(chain.cross_entropy, last.activation, last.out.size(), 1.0 / count, target, y);
}

void check_chain(const ChainCase& chain) {
    constexpr int kCount = 4;
    tools::Graph graph(chain.rows, 1);
    Numbers numbers(77);
    for (size_t i = 0; i < chain.rows.size(); i++) {
        const Spot spot = graph.spots()[i];
        for (int w = 0; w < tensor_sizes(chain.rows[i]).weight; w++) {
            graph.parameters().data()[spot.weight + w] = numbers.in(-0.7f, 0.7f);
        }
        for (int b = 0; b < tensor_sizes(chain.rows[i]).bias; b++) {
            graph.parameters().data()[spot.bias + b] = numbers.in(-0.3f, 0.3f);
        }
    }
    const std::vector<float> x =
        numbers.list(static_cast<size_t>(kCount * chain.rows.front().in.size()));
    const std::vector<float> target =
        numbers.list(static_cast<size_t>(kCount * chain.rows.back().out.size()), 0.0f, 1.0f);

    const float* parameters = graph.parameters().data();
    const std::vector<float> flat_parameters(parameters, parameters + graph.parameters().size());
    std::vector<float> tape(static_cast<size_t>(kCount * graph.totals().tape));
    std::vector<float> inner(static_cast<size_t>(2 * kCount * graph.totals().inner));
    std::vector<float> gradient(flat_parameters.size());
    const auto run = chain.cross_entropy
                         ? accumulate<BinaryCrossEntropy, tools::Graph, const float*>
                         : accumulate<MeanSquaredError, tools::Graph, const float*>;
    const double loss = run(graph, parameters, Pass{kCount}, x.data(), target.data(), 1.0f / kCount,
                            1.0f, tape.data(), inner.data(), gradient.data());

    const auto expected = [&](const Doubles& at) {
        return chain_loss(chain, graph.spots(), at, x, target, kCount);
    };
    const double wanted = expected(widened(flat_parameters));
    CHECK(std::fabs(loss / kCount - wanted) <= 1e-6 * wanted);
    check_gradient(gradient, central_differences(widened(flat_parameters), expected));
}

}  // namespace

TEST_CASE("a dense layer's gradients are the derivatives, for every activation and weight order") {
    constexpr int kSizes[][2] = {{7, 4}, {4, 7}, {5, 5},   {1, 1},
                                 {1, 3}, {3, 1}, {33, 18}, {18, 33}};
    for (const Activation activation : kActivations) {
        for (const auto& size : kSizes) {
            CAPTURE(static_cast<int>(activation));
            CAPTURE(size[0]);
            CAPTURE(size[1]);
            check_layer(LayerCase(size[0], size[1], activation));
        }
    }
}

TEST_CASE("a loss's gradient is its derivative by the last sums, for every last activation") {
    constexpr int kRows = 2;
    for (const Activation activation : kActivations) {
        for (const bool cross_entropy : {false, true}) {
            if (cross_entropy && !BinaryCrossEntropy::accepts(activation)) continue;
            for (const int n : {1, 5, 64, 65, 150}) {  // around the strips of the squared error
                CAPTURE(static_cast<int>(activation));
                CAPTURE(cross_entropy);
                CAPTURE(n);
                Numbers numbers(static_cast<uint64_t>(n) + 5);
                const size_t size = static_cast<size_t>(kRows * n);
                const std::vector<float> z = numbers.list(size, -3.0f, 3.0f);
                const std::vector<float> target = numbers.list(size, 0.0f, 1.0f);
                std::vector<float> gradient = z;
                const auto run = cross_entropy ? BinaryCrossEntropy::gradient<const float*>
                                               : MeanSquaredError::gradient<const float*>;
                const double loss = run(activation, slope_of(activation), kRows, n, 0.5f,
                                        target.data(), gradient.data());
                const auto expected = [&](const Doubles& at) {
                    return loss_of(cross_entropy, activation, n, 0.5, target, at);
                };
                const double wanted = 2 * expected(widened(z));  // the loss itself is not scaled
                CHECK(std::fabs(loss - wanted) <= 1e-6 * wanted);
                check_gradient(gradient, central_differences(widened(z), expected));
            }
        }
    }
}

TEST_CASE("a chain's gradients are the derivatives of its loss, for every last activation") {
    for (const Activation last : kActivations) {
        for (const bool cross_entropy : {false, true}) {
            if (cross_entropy && !BinaryCrossEntropy::accepts(last)) continue;
            CAPTURE(static_cast<int>(last));
            CAPTURE(cross_entropy);
            check_chain({{dense(6, 9, Activation::tanh), dense(9, 3, Activation::leaky_relu),
                          dense(3, 7, Activation::sigmoid), dense(7, 6, last)},
                         cross_entropy});
            check_chain({{dense(6, 3, Activation::relu), dense(3, 6, last)}, cross_entropy});
            check_chain({{dense(4, 6, last)}, cross_entropy});
        }
    }
}

TEST_CASE("the way back reads the weights before it changes them") {
    for (const Activation activation : kActivations) {
        for (const auto& [in, out] : {std::pair{9, 4}, std::pair{4, 9}}) {
            const LayerCase layer(in, out, activation);
            const Pass pass{LayerCase::kRows};
            std::vector<float> y(layer.d.size()), dy = layer.d, dx(layer.x.size()), fused_dx = dx;
            std::vector<float> gradient(layer.weight.size()), bias_gradient(layer.bias.size());
            const Tensors tensors{layer.weight.data(), layer.bias.data()};
            DenseLayer::forward(layer.row, activation, tensors, pass, layer.x.data(), y.data());
            DenseLayer::backward(layer.row, activation, tensors, pass, layer.x.data(), y.data(),
                                 dy.data(), dx.data(),
                                 Target{1.0f, gradient.data(), bias_gradient.data()});

            std::vector<float> weight = layer.weight, bias = layer.bias;
            dy = layer.d;
            const float rate = 8.0f;  // large, so that a changed weight would show
            DenseLayer::backward(layer.row, activation, {weight.data(), bias.data()}, pass,
                                 layer.x.data(), y.data(), dy.data(), fused_dx.data(),
                                 Target{-rate, weight.data(), bias.data()});
            CHECK(same_bits(fused_dx, dx));
            CHECK_FALSE(same_bits(weight, layer.weight));
            for (size_t i = 0; i < weight.size(); i++)
                gradient[i] = layer.weight[i] - rate * gradient[i];
            // Three products a sum and the two ways of scaling it: a few roundoffs of numbers
            // below 32.
            CHECK(distance(weight, gradient) <= 8 * kRoundoff * 32);
        }
    }
}
