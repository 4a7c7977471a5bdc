// SPDX-License-Identifier: MIT
// Generators against discriminators: gradients, the type beside its twin as data, and what is
// learned.
#include "tools/training/adversarial.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <numeric>

#include "central_differences.hpp"
#include "device_fixture.hpp"
#include "nutshell/adversarial_trainer.hpp"
#include "tools/error.hpp"

using namespace nutshell;
using namespace nutshell::tests;

namespace {

/// 2 random numbers -> 5 -> a sample of 3 -> 4 -> a verdict.
using Small = Adversarial<Sequential<Dense<2, 5, Tanh>, Dense<5, 3, Sigmoid>>,
                          Sequential<Dense<3, 4, Tanh>, Dense<4, 1, Sigmoid>>>;

/// The same from images.
using Images = Adversarial<
    Sequential<Dense<3, 32, Relu>, Reshape<2, 2, 8>, TransposedConv2D<2, 2, 8, 1, 4, Sigmoid>>,
    Sequential<Conv2D<4, 4, 1, 4, 3, LeakyRelu<200>, 2>, Dense<16, 1, Sigmoid>>>;

using tests::central_differences;
using tests::Doubles;

template <class Model>
std::unique_ptr<typename Model::Parameters> first_weights(uint32_t seed = 3) {
    auto weights = std::make_unique<typename Model::Parameters>();
    initialize<Model>(*weights, seed);
    return weights;
}

template <class Model>
tools::Graph pair_of(uint32_t seed = 3) {
    using Chain = typename Model::Chain;
    tools::Graph graph({Chain::rows, Chain::rows + Chain::count}, Model::generator_layers);
    graph.initialize(seed, Initializer::glorot_uniform);
    return graph;
}

/// A sample through layers [first, last) of Small, in double precision: the verdict as a logit.
Doubles through(int first, int last, const Doubles& parameters, Doubles x) {
    for (int layer = first; layer < last; layer++) {
        const Row& row = Small::Chain::rows[layer];
        const Spot& spot = Small::Chain::plan.spots[layer];
        Doubles y;
        for (int o = 0; o < row.out.size(); o++) {
            double sum = parameters[static_cast<size_t>(spot.bias + o)];
            for (int i = 0; i < row.in.size(); i++) {
                const int32_t at = spot.weight + DenseLayer::weight_index(row, o, i);
                sum += parameters[static_cast<size_t>(at)] * x[static_cast<size_t>(i)];
            }
            const bool is_logit = layer + 1 == Small::Chain::count;
            y.push_back(is_logit                             ? sum
                        : row.activation == Activation::tanh ? std::tanh(sum)
                                                             : 1 / (1 + std::exp(-sum)));
        }
        x = y;
    }
    return x;
}

double cross_entropy(double logit, double target) {
    const double p = 1 / (1 + std::exp(-logit));
    return -target * std::log(p) - (1 - target) * std::log(1 - p);
}

/// Standard normal numbers, as a training with this seed draws them for sample `index` of a step.
Doubles code(uint32_t seed, uint32_t step, int index) {
    float numbers[2] = {};
    Pass pass{1, Mode::batch};
    pass.seed = seed;
    pass.step = step;
    pass.first = static_cast<uint32_t>(index);
    add_noise(pass.of_layer(-1), 2, 1.0f, numbers, numbers);
    return {static_cast<double>(numbers[0]), static_cast<double>(numbers[1])};
}

/// Samples around (0.8, 0.2, 0.5).
tools::Dataset cloud(int count) {
    tools::Dataset data;
    data.name = "cloud";
    data.count = count;
    data.shape = flat(3);
    for (uint32_t i = 0; i < static_cast<uint32_t>(count); i++) {
        const float middle[] = {0.8f, 0.2f, 0.5f};
        for (uint32_t k = 0; k < 3; k++) {
            const float noise = normal(random_word(9, Purpose::shuffle, k, i));
            data.floats.push_back(middle[k] + 0.03f * noise);
        }
    }
    return data;
}

}  // namespace

TEST_CASE("gradients of both are the central differences of their own losses") {
    constexpr int kBatch = 5, kSlice = 3;
    constexpr uint32_t kSeed = 4;
    const auto weights = first_weights<Small>();
    const tools::Dataset real = cloud(kBatch);
    std::vector<float> gradients(Small::parameter_floats), codes(kSlice * 2), target(kSlice),
        tape(kSlice * Small::Chain::plan.totals.tape), inner(2 * kSlice * 5), scratch(16);
    Pass pass{kBatch, Mode::batch};
    pass.scratch = scratch.data();
    pass.seed = kSeed;
    const AdversarialLosses losses = adversarial_batch(
        detail::TypePair<Small>{}, weights->data, pass,
        [&](int at, int) { return real.floats.data() + 3 * at; }, 0.9f,
        {kSlice, codes.data(), target.data(), tape.data(), inner.data()}, gradients.data());

    const Doubles at(weights->data, weights->data + Small::parameter_floats);
    const auto generator = [&](const Doubles& parameters) {
        double sum = 0;
        for (int i = 0; i < kBatch; i++) {
            sum += cross_entropy(through(0, 4, parameters, code(kSeed, 0, i))[0], 1);
        }
        return sum / kBatch;
    };
    const auto discriminator = [&](const Doubles& parameters) {
        double sum = 0;
        for (int i = 0; i < kBatch; i++) {
            const auto first = real.floats.begin() + 3 * i;
            sum += cross_entropy(through(2, 4, parameters, {first, first + 3})[0], 0.9);
            sum += cross_entropy(through(0, 4, parameters, code(kSeed, 2, i))[0], 0);
        }
        return sum / kBatch;
    };
    CHECK(static_cast<double>(losses.generator) == doctest::Approx(generator(at)).epsilon(1e-5));
    CHECK(static_cast<double>(losses.discriminator) ==
          doctest::Approx(discriminator(at)).epsilon(1e-5));
    const Doubles of_generator = central_differences(at, generator);
    const Doubles of_discriminator = central_differences(at, discriminator);
    double largest = 0;
    for (size_t i = 0; i < at.size(); i++) {
        const bool first_chain = i < static_cast<size_t>(Small::generator_floats);
        const double expected = first_chain ? of_generator[i] : of_discriminator[i];
        largest = std::max(largest, std::fabs(expected));
        // Sums of a dozen floats of about 1, each off by some 6e-8.
        CHECK(std::fabs(static_cast<double>(gradients[i]) - expected) < 2e-6);
    }
    CHECK(largest > 0.05);
}

TEST_CASE("the type and its twin as data train to the same bits") {
    constexpr int kCount = 100, kBatch = 40;
    tools::Dataset data;
    data.name = "images";
    data.count = kCount;
    data.shape = {4, 4, 1};
    data.floats = Numbers(5).list(kCount * 16, 0, 1);
    tools::FitSettings settings;
    settings.epochs = 2;
    settings.batch = kBatch;
    settings.rate = 1e-3f;
    settings.seed = 6;
    tools::Graph pair = pair_of<Images>();
    const tools::AdversarialResult result = fit_adversarial(pair, data, settings, {});
    REQUIRE(result.epochs.size() == 2);

    const auto weights = first_weights<Images>();
    const auto trainer = std::make_unique<AdversarialTrainer<Images, 64>>();
    trainer->seed = settings.seed;
    std::vector<uint32_t> order(kCount);
    std::iota(order.begin(), order.end(), 0u);
    std::vector<float> batch(kBatch * 16);
    for (uint32_t epoch = 1; epoch <= 2; epoch++) {
        shuffle(order.data(), kCount, settings.seed, epoch);
        for (int at = 0; at < kCount; at += kBatch) {
            const int rows = std::min(kBatch, kCount - at);
            data.copy_samples(order.data() + at, rows, batch.data());
            REQUIRE(trainer->step(*weights, batch.data(), rows, settings.rate) == Status::ok);
        }
    }
    CHECK(same_bits(weights->data, pair.parameters().data(), pair.parameters().size()));

    // The generator alone, from the pair and from the type.
    const tools::Graph alone = generator_of(pair);
    const std::vector<float> codes = Numbers(7).list(3, -1, 1);
    std::vector<float> made(16), image(16);
    alone.run(alone.range(tools::Part::decoder), codes.data(), 1, made.data());
    Images::Generator generator;
    generator.bind(*weights);
    Images::Generator::Code code;
    std::copy(codes.begin(), codes.end(), code.data);
    Images::Generator::Workspace work;
    REQUIRE(generator.decode(code, image.data(), work) == Status::ok);
    CHECK(made == image);
    CHECK(alone.fingerprint() == Images::Generator::fingerprint);
}

TEST_CASE("made samples become like the real ones") {
    tools::FitSettings settings;
    settings.epochs = 150;
    settings.batch = 50;
    settings.rate = 5e-3f;
    tools::Graph pair = pair_of<Small>();
    const auto distance = [&] {
        const tools::Graph generator = generator_of(pair);
        std::vector<float> codes(2 * 200), made(3 * 200);
        for (uint32_t i = 0; i < codes.size(); i++) {
            codes[i] = normal(random_word(8, Purpose::layer, 0, i));
        }
        generator.run(generator.range(tools::Part::decoder), codes.data(), 200, made.data());
        double mean[3] = {};
        for (size_t i = 0; i < made.size(); i++) mean[i % 3] += static_cast<double>(made[i]) / 200;
        return std::fabs(mean[0] - 0.8) + std::fabs(mean[1] - 0.2) + std::fabs(mean[2] - 0.5);
    };
    const double before = distance();
    REQUIRE(fit_adversarial(pair, cloud(500), settings, {}).end == tools::FitEnd::finished);
    CHECK(before > 0.4);
    CHECK(distance() < 0.15);
}

TEST_CASE("what is not finite moves nothing") {
    const auto weights = first_weights<Small>();
    const auto trainer = std::make_unique<AdversarialTrainer<Small>>();
    tools::Dataset data = cloud(10);
    const float* real = data.floats.data();
    CHECK(trainer->step(*weights, nullptr, 10, 0.1f) == Status::null_argument);
    CHECK(trainer->step(*weights, real, 0, 0.1f) == Status::shape_mismatch);
    data.floats[7] = std::nanf("");
    CHECK(trainer->step(*weights, real, 10, 0.1f) == Status::non_finite_input);
    CHECK(same_bits(weights->data, first_weights<Small>()->data, Small::parameter_floats));
    data = cloud(10);
    weights->data[Small::Chain::plan.spots[3].bias] = std::nanf("");
    const auto before = std::make_unique<Small::Parameters>(*weights);
    CHECK(trainer->step(*weights, data.floats.data(), 10, 0.1f) == Status::diverged);
    CHECK(same_bits(weights->data, before->data, Small::parameter_floats));

    // It goes on as if nothing had happened, but for the numbers that were drawn.
    *weights = *first_weights<Small>();
    CHECK(trainer->step(*weights, data.floats.data(), 10, 0.1f) == Status::ok);
    for (const float weight : weights->data) CHECK(std::isfinite(weight));
}

TEST_CASE("a training that diverges gives the weights before that epoch back, and data must fit") {
    tools::FitSettings settings;
    settings.batch = 50;
    settings.rate = 1e30f;  // the second step multiplies weights of this size
    tools::Dataset images;
    images.name = "images";
    images.count = 200;
    images.shape = {4, 4, 1};
    images.floats = Numbers(5).list(200 * 16, 0, 1);
    tools::Graph pair = pair_of<Images>();
    const tools::AdversarialResult result = fit_adversarial(pair, images, settings, {});
    CHECK(result.end == tools::FitEnd::diverged);
    CHECK(result.epochs.empty());
    CHECK(same_bits(pair.parameters().data(), first_weights<Images>()->data,
                    pair.parameters().size()));
    images.floats[4] = 1.5f;
    CHECK_THROWS_AS(fit_adversarial(pair, images, settings, {}), tools::Error);
    CHECK_THROWS_AS(fit_adversarial(pair, cloud(9), settings, {}), tools::Error);
}
