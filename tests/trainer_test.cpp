// SPDX-License-Identifier: MIT
// Trainers: slices, losses, clipping, starting anew, and steps that must not happen.
#include "nutshell/trainer.hpp"

#include <doctest/doctest.h>

#include <limits>

#include "device_fixture.hpp"

using namespace nutshell;
using namespace nutshell::tests;

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

Deep::Parameters first_weights(uint32_t seed = 1) {
    Deep::Parameters weights;
    initialize<Deep>(weights, seed);
    return weights;
}

template <class Parameters>
bool same(const Parameters& a, const Parameters& b) {
    return std::memcmp(&a, &b, sizeof a) == 0;
}

std::vector<float> samples(int count, uint64_t seed = 1) {
    return Numbers(seed).list(static_cast<size_t>(count * 16));
}

/// Weights after three batches of `rows` samples, computed Slice at a time.
template <int Slice, class Optimizer>
Deep::Parameters trained(int rows) {
    Deep::Parameters weights = first_weights();
    Trainer<Deep, MeanSquaredError, Optimizer, Slice> trainer;
    for (uint64_t batch = 1; batch <= 3; batch++) {
        const std::vector<float> x = samples(rows, batch);
        REQUIRE(trainer.step(weights, x.data(), x.data(), rows, 0.05f) == Status::ok);
    }
    return weights;
}

template <class Optimizer>
void check_slices() {
    for (const int rows : {1, 2, 7, 32, 33}) {
        CAPTURE(rows);
        const Deep::Parameters expected = trained<1, Optimizer>(rows);
        CHECK_FALSE(same(expected, first_weights()));
        CHECK(same(trained<3, Optimizer>(rows), expected));
        CHECK(same(trained<8, Optimizer>(rows), expected));
        CHECK(same(trained<64, Optimizer>(rows), expected));
    }
}

using DeepTrainer = Trainer<Deep, MeanSquaredError, Adam, 4>;

/// A step that fails with `expected` leaves weights, moments and gradients as they were: the steps
/// after it are those of a twin that never saw it.
void check_harmless(const std::vector<float>& x, const std::vector<float>& target, Status expected,
                    float scale = 1.0f) {
    const std::vector<float> good = samples(6);
    Deep::Parameters weights = first_weights();
    const auto trainer = std::make_unique<DeepTrainer>(), twin = std::make_unique<DeepTrainer>();
    REQUIRE(trainer->step(weights, good.data(), good.data(), 6, 0.01f) == Status::ok);
    Deep::Parameters twin_weights = first_weights();
    REQUIRE(twin->step(twin_weights, good.data(), good.data(), 6, 0.01f) == Status::ok);

    Deep::Parameters bad_weights = weights;
    for (float& weight : bad_weights.data) weight *= scale;
    const Deep::Parameters before = bad_weights;
    float loss = 7.0f;
    CHECK(trainer->step(bad_weights, x.data(), target.data(), 6, 0.01f, &loss) == expected);
    CHECK(same(bad_weights, before));
    CHECK(loss == 7.0f);

    REQUIRE(trainer->step(weights, good.data(), good.data(), 6, 0.01f) == Status::ok);
    REQUIRE(twin->step(twin_weights, good.data(), good.data(), 6, 0.01f) == Status::ok);
    CHECK(same(weights, twin_weights));
}

void check_sample_harmless(const std::vector<float>& x, const std::vector<float>& target,
                           Status expected, float scale = 1.0f) {
    Deep::Parameters weights = first_weights();
    for (float& weight : weights.data) weight *= scale;
    const Deep::Parameters before = weights;
    SampleTrainer<Deep, MeanSquaredError> trainer;
    float loss = 7.0f;
    CHECK(trainer.step(weights, x.data(), target.data(), 0.01f, &loss) == expected);
    CHECK(same(weights, before));
    CHECK(loss == 7.0f);
}

}  // namespace

TEST_CASE("a batch gives the same weights however it is sliced") {
    check_slices<Sgd>();
    check_slices<Momentum>();
    check_slices<Adam>();
}

TEST_CASE("a batch in pieces is the batch at once") {
    const std::vector<float> x = samples(10);
    Deep::Parameters weights = first_weights(), pieces = weights;
    DeepTrainer trainer, piecewise;
    float loss = 0, piecewise_loss = 0;
    REQUIRE(trainer.step(weights, x.data(), x.data(), 10, 0.01f, &loss) == Status::ok);
    piecewise.begin_batch(10);
    for (const int at : {0, 3, 4, 8}) {
        const int rows = at == 0 ? 3 : at == 3 ? 1 : at == 4 ? 4 : 2;
        REQUIRE(piecewise.add(pieces, x.data() + at * 16, x.data() + at * 16, rows) == Status::ok);
    }
    REQUIRE(piecewise.finish_batch(pieces, 0.01f, &piecewise_loss) == Status::ok);
    CHECK(same(weights, pieces));
    CHECK(piecewise_loss == doctest::Approx(loss).epsilon(1e-6));
}

TEST_CASE("the loss is the mean over the batch, before the update") {
    const std::vector<float> x = samples(5);
    Deep::Parameters weights = first_weights();
    Deep model;
    model.bind(weights);
    Deep::Workspace work;
    double expected = 0;
    for (int i = 0; i < 5; i++) {
        float y[16];
        REQUIRE(model.reconstruct(x.data() + i * 16, y, work) == Status::ok);
        for (int j = 0; j < 16; j++) {
            const double error =
                static_cast<double>(y[j]) - static_cast<double>(x[static_cast<size_t>(i * 16 + j)]);
            expected += error * error / (5 * 16);
        }
    }
    DeepTrainer trainer;
    float loss = 0;
    REQUIRE(trainer.step(weights, x.data(), x.data(), 5, 0.01f, &loss) == Status::ok);
    CHECK(std::fabs(static_cast<double>(loss) - expected) <= 1e-6 * expected);
}

TEST_CASE("a per-sample update is the gradients, then plain SGD") {
    const std::vector<float> x = samples(1), target = samples(1, 2);
    for (const float rate : {0.1f, 10.0f}) {  // large: a way back over changed weights would show
        Deep::Parameters weights = first_weights(), fused = weights;
        Trainer<Deep, MeanSquaredError, Sgd, 1> trainer;
        SampleTrainer<Deep, MeanSquaredError> sample_trainer;
        float loss = 0, fused_loss = 0;
        REQUIRE(trainer.step(weights, x.data(), target.data(), 1, rate, &loss) == Status::ok);
        REQUIRE(sample_trainer.step(fused, x.data(), target.data(), rate, &fused_loss) ==
                Status::ok);
        CHECK(loss == fused_loss);
        for (size_t i = 0; i < Deep::parameter_floats; i++) {
            // Two ways to round weight - rate * d * x.
            const double size = std::fabs(static_cast<double>(weights.data[i])) +
                                std::fabs(static_cast<double>(first_weights().data[i]));
            const double off =
                static_cast<double>(weights.data[i]) - static_cast<double>(fused.data[i]);
            REQUIRE(std::fabs(off) <= 4 * kRoundoff * size);
        }
    }
}

TEST_CASE("clipping shortens the step to the largest norm and keeps its direction") {
    const std::vector<float> x = samples(8);
    const Deep::Parameters before = first_weights();
    Deep::Parameters free = before, clipped = before;
    Trainer<Deep, MeanSquaredError, Sgd, 8> trainer;
    REQUIRE(trainer.step(free, x.data(), x.data(), 8, 1.0f) == Status::ok);
    trainer.max_gradient_norm = 0.01f;
    REQUIRE(trainer.step(clipped, x.data(), x.data(), 8, 1.0f) == Status::ok);
    double product = 0, free_square = 0, clipped_square = 0;
    for (size_t i = 0; i < Deep::parameter_floats; i++) {
        const double start = static_cast<double>(before.data[i]);
        const double a = static_cast<double>(free.data[i]) - start;
        const double b = static_cast<double>(clipped.data[i]) - start;
        product += a * b;
        free_square += a * a;
        clipped_square += b * b;
    }
    REQUIRE(free_square > 0.01 * 0.01);
    // Differences of weights up to 1 are known to 6e-8 each: 1e-4 of a step of norm 0.01.
    CHECK(std::sqrt(clipped_square) == doctest::Approx(0.01).epsilon(1e-4));
    CHECK(product / std::sqrt(free_square * clipped_square) == doctest::Approx(1).epsilon(1e-4));
}

TEST_CASE("reset() makes a trainer as it was before the first step") {
    const std::vector<float> x = samples(6);
    Deep::Parameters weights = first_weights(), again = weights;
    DeepTrainer trainer;
    for (int i = 0; i < 3; i++) {
        REQUIRE(trainer.step(weights, x.data(), x.data(), 6, 0.01f) == Status::ok);
    }
    trainer.begin_batch(6);
    REQUIRE(trainer.add(weights, x.data(), x.data(), 3) == Status::ok);
    trainer.reset();
    for (int i = 0; i < 3; i++) {
        REQUIRE(trainer.step(again, x.data(), x.data(), 6, 0.01f) == Status::ok);
    }
    CHECK(same(again, weights));
}

TEST_CASE("NaN or infinity in inputs or targets is reported and changes nothing") {
    for (const float bad : {std::nanf(""), kInfinity, -kInfinity}) {
        for (const size_t place : {size_t{0}, size_t{17}, size_t{5 * 16 + 15}}) {
            CAPTURE(bad);
            CAPTURE(place);
            std::vector<float> x = samples(6);
            const std::vector<float> good = x;
            x[place] = bad;
            check_harmless(x, x, Status::non_finite_input);
            check_harmless(x, good, Status::non_finite_input);
            check_harmless(good, x, Status::non_finite_input);
        }
        for (size_t place = 0; place < 16; place++) {
            CAPTURE(bad);
            CAPTURE(place);
            std::vector<float> x = samples(1);
            const std::vector<float> good = x;
            x[place] = bad;
            check_sample_harmless(x, x, Status::non_finite_input);
            check_sample_harmless(x, good, Status::non_finite_input);
            check_sample_harmless(good, x, Status::non_finite_input);
        }
    }
}

TEST_CASE("an infinite input that a relu hides from the loss is reported and changes nothing") {
    std::vector<float> x = samples(6);
    const std::vector<float> target = samples(6, 2);
    x[0] = -kInfinity;
    Deep::Parameters weights = first_weights();
    float* first = weights.data + Deep::Chain::plan.spots[0].weight;
    for (int i = 0; i < 16 * 12; i++) first[i] = std::fabs(first[i]) + 0.1f;  // all units at zero
    const Deep::Parameters before = weights;
    SampleTrainer<Deep, MeanSquaredError> sample_trainer;
    CHECK(sample_trainer.step(weights, x.data(), target.data(), 0.01f) == Status::non_finite_input);
    CHECK(same(weights, before));
    DeepTrainer trainer;
    CHECK(trainer.step(weights, x.data(), target.data(), 6, 0.01f) == Status::non_finite_input);
    CHECK(same(weights, before));
}

TEST_CASE("a step that would leave the finite numbers is reported and changes nothing") {
    const std::vector<float> good = samples(6);
    check_harmless(good, good, Status::diverged, 1e30f);
    check_sample_harmless(good, good, Status::diverged, 1e30f);
}

TEST_CASE("gradients that overflow although the loss does not are reported and change nothing") {
    using Plain = Autoencoder<Sequential<Dense<4, 2>>, Sequential<Dense<2, 4>>>;
    const std::vector<float> x(4, 1e15f);  // the loss is about 1e30, a gradient squared 1e60
    Plain::Parameters weights;
    initialize<Plain>(weights, 1);
    const Plain::Parameters before = weights;
    Trainer<Plain, MeanSquaredError, Sgd, 1> trainer;
    CHECK(trainer.step(weights, x.data(), x.data(), 1, 0.01f) == Status::diverged);
    CHECK(same(weights, before));
    const Plain::Parameters zero{};
    CHECK(same(trainer.gradients(), zero));
}

TEST_CASE("null pointers, empty batches and slices that are too large are refused") {
    const std::vector<float> x = samples(8);
    Deep::Parameters weights = first_weights();
    DeepTrainer trainer;
    CHECK(trainer.step(weights, nullptr, x.data(), 4, 0.1f) == Status::null_argument);
    CHECK(trainer.step(weights, x.data(), nullptr, 4, 0.1f) == Status::null_argument);
    CHECK(trainer.step(weights, x.data(), x.data(), 0, 0.1f) == Status::shape_mismatch);
    CHECK(trainer.step(weights, x.data(), x.data(), -1, 0.1f) == Status::shape_mismatch);
    trainer.begin_batch(8);
    CHECK(trainer.add(weights, x.data(), x.data(), 5) == Status::shape_mismatch);
    CHECK(trainer.add(weights, x.data(), x.data(), -1) == Status::shape_mismatch);
    SampleTrainer<Deep, MeanSquaredError> sample_trainer;
    CHECK(sample_trainer.step(weights, nullptr, x.data(), 0.1f) == Status::null_argument);
    CHECK(sample_trainer.step(weights, x.data(), nullptr, 0.1f) == Status::null_argument);
    CHECK(same(weights, first_weights()));
}
