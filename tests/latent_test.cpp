// SPDX-License-Identifier: MIT
// Dropout, noise, sampled codes and penalties: their formulas in double precision, the same draws
// there and back and for any slicing, and nothing at all at inference.
#include "nutshell/latent.hpp"

#include <doctest/doctest.h>

#include <functional>

#include "device_fixture.hpp"
#include "npy_fixture.hpp"

using namespace nutshell;
using namespace nutshell::tests;

namespace {

double wide(float x) { return static_cast<double>(x); }

Pass training(int rows, uint32_t step = 3) {
    Pass pass{rows, Mode::batch};
    pass.seed = 5;
    pass.step = step;
    pass.layer = 2;
    return pass;
}

template <class Layer>
std::vector<float> forward(Pass pass, const std::vector<float>& x) {
    std::vector<float> y(static_cast<size_t>(pass.rows * Layer::row.out.size()));
    Layer::forward(Layer::row, Activation::linear, {}, pass, x.data(), y.data());
    return y;
}

template <class Layer>
std::vector<float> backward(Pass pass, const std::vector<float>& x, std::vector<float> dy) {
    std::vector<float> dx(x.size());
    Layer::backward(Layer::row, Activation::linear, {}, pass, x.data(), nullptr, dy.data(),
                    dx.data(), Target{1.0f, nullptr, nullptr});
    return dx;
}

/// Samples one by one get what they get together.
template <class Layer>
void check_slicing(int rows) {
    const int in = Layer::row.in.size(), out = Layer::row.out.size();
    const std::vector<float> x = Numbers(4).list(static_cast<size_t>(rows * in));
    const std::vector<float> y = forward<Layer>(training(rows), x);
    for (int i = 0; i < rows; i++) {
        Pass one = training(1);
        one.first = static_cast<uint32_t>(i);
        const std::vector<float> alone(x.begin() + i * in, x.begin() + (i + 1) * in);
        CHECK(same_bits(forward<Layer>(one, alone).data(), y.data() + i * out,
                        static_cast<size_t>(out)));
    }
    CHECK(forward<Layer>(training(rows), x) == y);
    CHECK(forward<Layer>(training(rows, 4), x) != y);
    Pass elsewhere = training(rows);
    elsewhere.layer = 1;
    CHECK(forward<Layer>(elsewhere, x) != y);
}

/// The derivative of f at x along coordinate i, exact to about 1e-9.
double slope_at(std::vector<double> x, size_t i,
                const std::function<double(const std::vector<double>&)>& f) {
    constexpr double kStep = 1e-5;
    const double kept = x[i];
    x[i] = kept + kStep;
    const double up = f(x);
    x[i] = kept - kStep;
    return (up - f(x)) / (2 * kStep);
}

}  // namespace

TEST_CASE("dropout drops its part, keeps the mean, and takes gradients the same way back") {
    using Layer = Dropout<50, 30>;
    const std::vector<float> ones(200 * 50, 1.0f);
    const std::vector<float> y = forward<Layer>(training(200), ones);
    double dropped = 0, sum = 0;
    for (const float value : y) {
        CHECK((value == 0.0f || value == 1.0f / (1.0f - 0.3f)));
        dropped += value == 0.0f;
        sum += wide(value);
    }
    // Five standard errors of 10,000 draws.
    CHECK(std::fabs(dropped / 10000 - 0.3) < 5 * std::sqrt(0.21 / 10000));
    CHECK(std::fabs(sum / 10000 - 1) < 5 * std::sqrt(0.3 / 0.7 / 10000));
    CHECK(backward<Layer>(training(200), ones, ones) == y);
    check_slicing<Layer>(7);
}

TEST_CASE("noise has its deviation, and its gradient is the gradient") {
    using Layer = GaussianNoise<50, 500>;
    const std::vector<float> x(200 * 50, 2.0f), dy = Numbers(1).list(200 * 50);
    const std::vector<float> y = forward<Layer>(training(200), x);
    double sum = 0, squares = 0;
    for (const float value : y) {
        const double error = wide(value) - 2;
        sum += error, squares += error * error;
    }
    CHECK(std::fabs(sum / 10000) < 5 * 0.5 / 100);
    CHECK(std::fabs(squares / 10000 - 0.25) < 5 * 0.25 * std::sqrt(2.0 / 10000));
    CHECK(backward<Layer>(training(200), x, dy) == dy);
    check_slicing<Layer>(5);
}

TEST_CASE("at inference dropout, noise and penalties pass everything on, a sampler the means") {
    const std::vector<float> x = Numbers(2).list(3 * 10);
    const Pass pass{3};
    CHECK(forward<Dropout<10, 50>>(pass, x) == x);
    CHECK(forward<GaussianNoise<10, 500>>(pass, x) == x);
    CHECK(forward<L1Penalty<10, 100>>(pass, x) == x);
    const std::vector<float> means = forward<GaussianSampler<5, 784>>(pass, x);
    for (size_t row = 0; row < 3; row++) CHECK(same_bits(&means[row * 5], &x[row * 10], 5));
}

TEST_CASE("a penalty is the sum of magnitudes, and its gradient the signs") {
    using Layer = L1Penalty<4, 1000>;
    const std::vector<float> x{1.5f, -2.0f, 0.0f, 0.25f, -1.0f, 0.0f, 0.0f, 3.0f}, dy(8, 0.5f);
    double penalty = 1.0;
    Pass pass = training(2);
    pass.penalty = &penalty;
    pass.scale = 0.25f;
    CHECK(forward<Layer>(pass, x) == x);
    CHECK(std::fabs(penalty - (1.0 + 0.001 * 7.75)) < 1e-9);  // float's 0.001
    const float step = 0.001f * 0.25f;
    CHECK(backward<Layer>(pass, x, dy) == std::vector<float>{0.5f + step, 0.5f - step, 0.5f,
                                                             0.5f + step, 0.5f - step, 0.5f, 0.5f,
                                                             0.5f + step});
}

TEST_CASE("a sampled code has its formula's value, divergence and gradients") {
    constexpr int n = 6;
    Numbers numbers(9);
    const std::vector<float> mean = numbers.list(n, -2, 2), log_variance = numbers.list(n, -3, 2);
    const std::vector<float> noise = numbers.list(n, -2, 2), dz = numbers.list(n);
    std::vector<float> z(n), dmean(n), dlog_variance(n);
    reparameterize(n, noise.data(), mean.data(), log_variance.data(), z.data());
    constexpr float kWeight = 0.3f;
    reparameterize_gradient(n, kWeight, noise.data(), mean.data(), log_variance.data(), dz.data(),
                            dmean.data(), dlog_variance.data());
    const auto value_of = [&](const std::vector<double>& x, size_t i) {
        return x[i] + wide(noise[i]) * std::exp(x[n + i] / 2);
    };
    const auto divergence_of = [&](const std::vector<double>& x) {
        double sum = 0;
        for (size_t i = 0; i < n; i++) {
            sum -= 0.5 * (1 + x[n + i] - x[i] * x[i] - std::exp(x[n + i]));
        }
        return sum;
    };
    const auto objective = [&](const std::vector<double>& x) {
        double sum = wide(kWeight) * divergence_of(x);
        for (size_t i = 0; i < n; i++) sum += wide(dz[i]) * value_of(x, i);
        return sum;
    };
    std::vector<double> x(mean.begin(), mean.end());
    x.insert(x.end(), log_variance.begin(), log_variance.end());
    for (size_t i = 0; i < n; i++) {
        CHECK(std::fabs(wide(z[i]) - value_of(x, i)) < 1e-6 * 8);  // values up to 8
        CHECK(std::fabs(wide(dmean[i]) - slope_at(x, i, objective)) < 1e-5);
        CHECK(std::fabs(wide(dlog_variance[i]) - slope_at(x, n + i, objective)) < 1e-5);
    }
    const double found = divergence(n, mean.data(), log_variance.data());
    CHECK(std::fabs(found - divergence_of(x)) < 1e-6 * divergence_of(x));
}

TEST_CASE("a sampler draws there what it draws back, adds its divergence, and any slices agree") {
    using Layer = GaussianSampler<5, 10>;
    const std::vector<float> zero(4 * 10, 0.0f), dy(4 * 5, 2.0f);
    double penalty = 0;
    Pass pass = training(4);
    pass.penalty = &penalty;
    const std::vector<float> noise = forward<Layer>(pass, zero);  // mean 0, deviation 1
    CHECK(penalty == 0.0);
    const std::vector<float> dx = backward<Layer>(pass, zero, dy);
    for (size_t row = 0; row < 4; row++) {
        for (size_t i = 0; i < 5; i++) {
            CHECK(dx[row * 10 + i] == 2.0f);
            CHECK(dx[row * 10 + 5 + i] == 0.5f * (2.0f * noise[row * 5 + i]));
        }
    }
    std::vector<float> x = zero;
    x[0] = 2.0f;  // a mean of 2: a divergence of 2
    (void)forward<Layer>(pass, x);
    CHECK(std::fabs(penalty - 0.2) < 1e-7);
    check_slicing<Layer>(5);
}

TEST_CASE("the variational golden: codes, outputs, both losses and every gradient") {
    constexpr int kRows = 5;
    struct Layer {
        Row row;
        std::vector<float> weight, bias, y, dw, db;
    };
    const auto dense = [](int in, int out, Activation activation, std::vector<float> weight,
                          std::vector<float> bias) {
        Layer layer{
            {Kind::dense, activation, flat(in), flat(out)}, {}, std::move(bias), {}, {}, {}};
        layer.weight.resize(weight.size());
        for (int o = 0; o < out; o++) {
            for (int i = 0; i < in; i++) {
                layer.weight[weight_place(layer.row, o, i)] =
                    weight[static_cast<size_t>(o * in + i)];
            }
        }
        layer.y.resize(static_cast<size_t>(kRows * out));
        layer.dw.resize(weight.size());
        layer.db.resize(static_cast<size_t>(out));
        return layer;
    };
    const auto joined = [](std::vector<float> a, const std::vector<float>& b) {
        a.insert(a.end(), b.begin(), b.end());
        return a;
    };
    const auto g = [](const char* name) { return golden(std::string("vae/") + name); };
    Layer layers[] = {
        dense(20, 12, Activation::relu, g("w_hidden"), g("b_hidden")),
        dense(12, 8, Activation::linear, joined(g("w_mu"), g("w_logvar")),
              joined(g("b_mu"), g("b_logvar"))),
        dense(4, 12, Activation::relu, g("w_dec1"), g("b_dec1")),
        dense(12, 20, Activation::linear, g("w_dec2"), g("b_dec2")),  // its sigmoid is the loss's
    };
    const Pass pass{kRows, Mode::batch};
    const auto run = [&](Layer& layer, const float* x) {
        DenseLayer::forward(layer.row, layer.row.activation,
                            {layer.weight.data(), layer.bias.data()}, pass, x, layer.y.data());
    };
    const auto back = [&](Layer& layer, const float* x, float* dy, float* dx) {
        DenseLayer::backward(layer.row, layer.row.activation,
                             {layer.weight.data(), layer.bias.data()}, pass, x, layer.y.data(), dy,
                             dx, {1.0f, layer.dw.data(), layer.db.data()});
    };
    const std::vector<float> input = g("input"), noise = g("eps");
    std::vector<float> z(kRows * 4), dz(kRows * 4), dcode(kRows * 8), wide_gradient(kRows * 12);
    run(layers[0], input.data());
    run(layers[1], layers[0].y.data());
    double kl = 0;
    for (int row = 0; row < kRows; row++) {
        const float* mean = layers[1].y.data() + row * 8;
        reparameterize(4, noise.data() + row * 4, mean, mean + 4, z.data() + row * 4);
        kl += divergence(4, mean, mean + 4);
    }
    run(layers[2], z.data());
    run(layers[3], layers[2].y.data());
    std::vector<float> logits = layers[3].y, output = logits;
    kernels::sigmoid(kRows * 20, output.data());
    // The goldens' losses are sums over features and means over the batch; the library's loss is a
    // mean over features and a sum over the batch.
    const double means = BinaryCrossEntropy::gradient(Activation::sigmoid, 0, kRows, 20,
                                                      20.0f / kRows, input.data(), logits.data());
    const double bce = means * 20 / kRows;
    back(layers[3], layers[2].y.data(), logits.data(), wide_gradient.data());
    back(layers[2], z.data(), wide_gradient.data(), dz.data());
    for (int row = 0; row < kRows; row++) {
        const float* mean = layers[1].y.data() + row * 8;
        reparameterize_gradient(4, 1.0f / kRows, noise.data() + row * 4, mean, mean + 4,
                                dz.data() + row * 4, dcode.data() + row * 8,
                                dcode.data() + row * 8 + 4);
    }
    back(layers[1], layers[0].y.data(), dcode.data(), wide_gradient.data());
    back(layers[0], input.data(), wide_gradient.data(), nullptr);

    const auto check = [&](const std::vector<float>& ours, const std::vector<float>& expected) {
        CHECK(distance(ours, expected) <= 1e-5 * largest(expected));
    };
    check(output, g("output"));
    const std::vector<float> losses = g("loss_bce_kl");
    CHECK(std::fabs(bce - wide(losses[0])) <= 1e-6 * wide(losses[0]));
    CHECK(std::fabs(kl / kRows - wide(losses[1])) <= 1e-6 * wide(losses[1]));
    const auto check_layer = [&](const Layer& layer, const std::vector<float>& dw,
                                 const std::vector<float>& db) {
        std::vector<float> ours(dw.size());
        const int in = layer.row.in.size();
        for (size_t i = 0; i < dw.size(); i++) {
            const int at = static_cast<int>(i);
            ours[i] = layer.dw[weight_place(layer.row, at / in, at % in)];
        }
        check(ours, dw);
        check(layer.db, db);
    };
    check_layer(layers[0], g("grad_w_hidden"), g("grad_b_hidden"));
    check_layer(layers[1], joined(g("grad_w_mu"), g("grad_w_logvar")),
                joined(g("grad_b_mu"), g("grad_b_logvar")));
    check_layer(layers[2], g("grad_w_dec1"), g("grad_b_dec1"));
    check_layer(layers[3], g("grad_w_dec2"), g("grad_b_dec2"));
}
