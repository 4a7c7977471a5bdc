// SPDX-License-Identifier: MIT
// Optimizers, clipping and schedules against their published formulas in double precision.
#include "nutshell/optimizer.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <string>

#include "device_fixture.hpp"

using namespace nutshell;
using namespace nutshell::tests;

namespace {

using Doubles = std::vector<double>;

constexpr int kCount = 37, kSteps = 40;
constexpr float kRate = 0.01f;

// Weights stay below 2 and move by up to 0.01 a step: forty steps of two roundings each of a
// weight, and of some roundings of a step.
constexpr double kTolerance = kSteps * kRoundoff * (2 * 2 + 16 * 0.01);

double wide(float x) { return static_cast<double>(x); }

/// One step of an independent implementation: weights and gradients of all elements; t from 1.
using Formula = std::function<void(int t, Doubles& weights, const Doubles& gradients)>;

/// Gradients of step t; `scale` makes them as small as epsilon when that is what matters.
std::vector<float> gradients_of(int t, float scale) {
    return Numbers(static_cast<uint64_t>(t) + 100).list(kCount, -scale, scale);
}

std::vector<float> start() { return Numbers(9).list(kCount); }

template <class Optimizer>
std::vector<float> ours(Optimizer optimizer, float gradient_size, float clip = 1.0f) {
    std::vector<float> weights = start();
    std::vector<float> moments(2 * kCount);
    for (int t = 1; t <= kSteps; t++) {
        std::vector<float> gradients = gradients_of(t, gradient_size);
        optimizer.step(kCount, kRate, clip, weights.data(), gradients.data(), moments.data());
        CHECK(largest(gradients) == 0.0);  // ready for the next batch
    }
    return weights;
}

Doubles theirs(const Formula& formula, float gradient_size) {
    const std::vector<float> first = start();
    Doubles weights(first.begin(), first.end());
    for (int t = 1; t <= kSteps; t++) {
        const std::vector<float> gradients = gradients_of(t, gradient_size);
        formula(t, weights, Doubles(gradients.begin(), gradients.end()));
    }
    return weights;
}

/// Keras' Adam: alpha = rate * sqrt(1 - beta2^t) / (1 - beta1^t);
/// w -= m * alpha / (sqrt(v) + epsilon).
Formula keras_adam(double epsilon, double decay = 0) {
    return
        [=, m = Doubles(kCount), v = Doubles(kCount)](int t, Doubles& w, const Doubles& g) mutable {
            const double alpha =
                wide(kRate) * std::sqrt(1 - std::pow(0.999, t)) / (1 - std::pow(0.9, t));
            for (size_t i = 0; i < w.size(); i++) {
                w[i] -= wide(kRate) * decay * w[i];
                m[i] += (g[i] - m[i]) * (1 - 0.9);
                v[i] += (g[i] * g[i] - v[i]) * (1 - 0.999);
                w[i] -= m[i] * alpha / (std::sqrt(v[i]) + epsilon);
            }
        };
}

/// Algorithm 1 of the paper: corrected moments, then epsilon beside the corrected root.
Formula paper_adam(double epsilon) {
    return
        [=, m = Doubles(kCount), v = Doubles(kCount)](int t, Doubles& w, const Doubles& g) mutable {
            for (size_t i = 0; i < w.size(); i++) {
                m[i] = 0.9 * m[i] + 0.1 * g[i];
                v[i] = 0.999 * v[i] + 0.001 * g[i] * g[i];
                const double m_hat = m[i] / (1 - std::pow(0.9, t));
                const double v_hat = v[i] / (1 - std::pow(0.999, t));
                w[i] -= wide(kRate) * m_hat / (std::sqrt(v_hat) + epsilon);
            }
        };
}

/// Keras' SGD: velocity = momentum * velocity - rate * g; w += velocity.
Formula keras_sgd(double momentum, double decay = 0) {
    return [=, velocity = Doubles(kCount)](int, Doubles& w, const Doubles& g) mutable {
        for (size_t i = 0; i < w.size(); i++) {
            velocity[i] = momentum * velocity[i] - wide(kRate) * g[i];
            w[i] += velocity[i] - wide(kRate) * decay * w[i];
        }
    };
}

Adam adam_with(float epsilon, EpsilonForm form) {
    Adam adam;
    adam.epsilon = epsilon;
    adam.epsilon_form = form;
    return adam;
}

}  // namespace

TEST_CASE("Adam is Keras' Adam unless told otherwise, epsilon included") {
    CHECK(distance(ours(Adam{}, 1.0f), theirs(keras_adam(1e-7), 1.0f)) <= kTolerance);
    // Gradients of the size of epsilon: here its place decides the result.
    const std::vector<float> small = ours(Adam{}, 1e-6f);
    CHECK(distance(small, theirs(keras_adam(1e-7), 1e-6f)) <= kTolerance);
    CHECK(distance(small, theirs(paper_adam(1e-7), 1e-6f)) > 100 * kTolerance);
}

TEST_CASE("Adam in the paper's form is PyTorch's Adam, epsilon included") {
    const std::vector<float> small = ours(adam_with(1e-7f, EpsilonForm::paper), 1e-6f);
    CHECK(distance(small, theirs(paper_adam(1e-7), 1e-6f)) <= kTolerance);
    CHECK(distance(small, theirs(keras_adam(1e-7), 1e-6f)) > 100 * kTolerance);
}

TEST_CASE("SGD and momentum are Keras' SGD") {
    CHECK(distance(ours(Sgd{}, 1.0f), theirs(keras_sgd(0), 1.0f)) <= kTolerance);
    CHECK(distance(ours(Momentum{0.75f}, 1.0f), theirs(keras_sgd(0.75), 1.0f)) <= kTolerance);
    CHECK(distance(ours(Momentum{0.75f}, 1.0f), theirs(keras_sgd(0), 1.0f)) > 100 * kTolerance);
}

TEST_CASE("weight decay pulls weights by their size and is no part of the gradient") {
    Adam adam;
    adam.weight_decay = 0.5f;
    CHECK(distance(ours(adam, 1.0f), theirs(keras_adam(1e-7, 0.5), 1.0f)) <=
          kTolerance + kSteps * kRoundoff);
    CHECK(distance(ours(Sgd{0.5f}, 1.0f), theirs(keras_sgd(0, 0.5), 1.0f)) <= kTolerance);
    CHECK(distance(ours(Momentum{0.75f, 0.5f}, 1.0f), theirs(keras_sgd(0.75, 0.5), 1.0f)) <=
          kTolerance);
    CHECK(distance(ours(Sgd{0.5f}, 1.0f), theirs(keras_sgd(0), 1.0f)) > 100 * kTolerance);
}

TEST_CASE("a gradient scale works as smaller gradients do") {
    CHECK(distance(ours(Sgd{}, 1.0f, 0.25f), theirs(keras_sgd(0), 0.25f)) <= kTolerance);
    CHECK(distance(ours(Momentum{0.75f}, 1.0f, 0.25f), theirs(keras_sgd(0.75), 0.25f)) <=
          kTolerance);
    CHECK(distance(ours(Adam{}, 1e-6f, 0.25f), theirs(keras_adam(1e-7), 0.25e-6f)) <= kTolerance);
}

TEST_CASE("an element whose gradient is always zero does not move") {
    std::vector<float> weights{0.3f, -0.7f}, moments(4);
    Adam adam;
    for (int t = 0; t < 10; t++) {
        std::vector<float> gradients{0.0f, 1.0f};
        adam.step(2, kRate, 1.0f, weights.data(), gradients.data(), moments.data());
    }
    CHECK(weights[0] == 0.3f);
    CHECK(weights[1] < -0.75f);
}

TEST_CASE("clipping brings the norm down to its limit and leaves smaller ones alone") {
    CHECK(clip_scale(25.0f, 0.0f) == 1.0f);  // no clipping
    CHECK(clip_scale(25.0f, 5.0f) == 1.0f);
    CHECK(clip_scale(25.0f, 6.0f) == 1.0f);
    CHECK(clip_scale(0.0f, 1.0f) == 1.0f);
    CHECK(clip_scale(25.0f, 1.0f) == doctest::Approx(0.2).epsilon(1e-6));
    CHECK(clip_scale(2.0f, 1.0f) == doctest::Approx(1 / std::sqrt(2.0)).epsilon(1e-6));
}

TEST_CASE("schedules follow their formulas from the first step to beyond the last") {
    constexpr int kTotal = 1000;
    constexpr double kPi = 3.14159265358979323846;
    // A float has 6e-8; the cosine is a polynomial with an error of 6e-8 more.
    constexpr double kScheduleTolerance = 2.5e-7;
    for (int step = 0; step <= kTotal; step++) {
        CAPTURE(step);
        const double part = static_cast<double>(step) / kTotal;
        REQUIRE(std::fabs(wide(linear_decay(1.6f, step, kTotal)) - wide(1.6f) * (1 - part)) <=
                kScheduleTolerance * 1.6);
        REQUIRE(std::fabs(wide(cosine_decay(1.6f, step, kTotal)) -
                          wide(1.6f) * (1 + std::cos(kPi * part)) / 2) <= kScheduleTolerance * 1.6);
        REQUIRE(std::fabs(wide(step_decay(1.6f, step, 100, 0.5f)) -
                          wide(1.6f) * std::pow(0.5, step / 100)) <= kScheduleTolerance * 1.6);
    }
    CHECK(linear_decay(1.0f, 0, kTotal) == 1.0f);
    CHECK(cosine_decay(1.0f, 0, kTotal) == doctest::Approx(1.0).epsilon(kScheduleTolerance));
    CHECK(linear_decay(1.0f, kTotal + 5, kTotal) == 0.0f);
    CHECK(std::fabs(cosine_decay(1.0f, kTotal + 5, kTotal)) <= 1e-7f);
    CHECK(linear_decay(1.0f, 5, 0) == 1.0f);  // no length: no decay
    CHECK(step_decay(1.0f, 5, 0, 0.5f) == 1.0f);
    CHECK(cosine_decay(1.0f, -5, kTotal) == cosine_decay(1.0f, 0, kTotal));
}

TEST_CASE("a rate that falls never rises and never goes below zero") {
    float before_linear = 2.0f, before_cosine = 2.0f;
    for (int step = 0; step <= 5000; step++) {
        const float linear = linear_decay(1.0f, step, 5000);
        const float cosine = cosine_decay(1.0f, step, 5000);
        REQUIRE(linear >= 0.0f);
        REQUIRE(cosine >= 0.0f);
        REQUIRE(linear <= before_linear);
        REQUIRE(cosine <= before_cosine + 1e-7f);
        before_linear = linear;
        before_cosine = cosine;
    }
}
