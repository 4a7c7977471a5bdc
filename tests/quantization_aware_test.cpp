// SPDX-License-Identifier: MIT
// Training with rounded weights: what is rounded, which gradients pass, and that it pays.
#include "nutshell/quantization_aware.hpp"

#include <doctest/doctest.h>

#include "device_fixture.hpp"
#include "nutshell/quantize.hpp"

using namespace nutshell;
using namespace nutshell::tests;

namespace {

using Chain = Deep::Chain;
constexpr int kLayers = Chain::count;

/// Deep's parameters, with every second layer at 4 bits, the others at 8, the last one left alone.
struct Setting {
    Deep::Parameters parameters;
    int largest[kLayers];
    QuantizedTraining training{Chain::rows, Chain::plan.spots, kLayers, largest};
    std::vector<float> scales;

    Setting() {
        initialize<Deep>(parameters, 5);
        for (int i = 0; i < kLayers; i++) largest[i] = i % 2 == 0 ? 7 : 127;
        largest[kLayers - 1] = 0;
        scales.resize(static_cast<size_t>(scale_count(training)));
        initial_scales(training, parameters.data, scales.data());
    }
    Setting(const Setting&) = delete;
    Setting& operator=(const Setting&) = delete;

    /// The place of weight (output, input) of a layer in the parameter array.
    static size_t place(int layer, int output, int input) {
        const Row& row = Chain::rows[layer];
        const int in = row.in.size(), out = row.out.size();
        const int within = out <= in ? output * in + input : input * out + output;
        return static_cast<size_t>(Chain::plan.spots[layer].weight + within);
    }
    /// The index of an output's scale.
    static size_t scale_index(int layer, int output) {
        int first = 0;
        for (int i = 0; i < layer; i++) first += Chain::rows[i].out.size();
        return static_cast<size_t>(first + output);
    }

    template <class Visit>
    static void for_each(Visit visit) {
        for (int layer = 0; layer < kLayers; layer++) {
            for (int o = 0; o < Chain::rows[layer].out.size(); o++) {
                for (int i = 0; i < Chain::rows[layer].in.size(); i++) visit(layer, o, i);
            }
        }
    }
};

}  // namespace

TEST_CASE("there is a scale for each output, from its largest weight") {
    const Setting setting;
    CHECK(setting.scales.size() == 12 + 9 + 5 + 9 + 12 + 16);
    std::vector<float> most(setting.scales.size());
    Setting::for_each([&](int layer, int o, int i) {
        float& largest = most[Setting::scale_index(layer, o)];
        largest =
            std::max(largest, std::fabs(setting.parameters.data[Setting::place(layer, o, i)]));
    });
    for (int layer = 0; layer + 1 < kLayers; layer++) {
        for (int o = 0; o < Chain::rows[layer].out.size(); o++) {
            const size_t at = Setting::scale_index(layer, o);
            // One division: half a unit in the last place.
            CHECK(setting.scales[at] * static_cast<float>(setting.largest[layer]) ==
                  doctest::Approx(most[at]).epsilon(2 * kRoundoff));
        }
    }
}

TEST_CASE("rounded weights are whole multiples of their scales, at most half a scale away") {
    const Setting setting;
    static Deep::Parameters rounded{};
    round_parameters(setting.training, setting.scales.data(), setting.parameters.data,
                     rounded.data);
    Setting::for_each([&](int layer, int o, int i) {
        const size_t at = Setting::place(layer, o, i);
        const float scale = setting.scales[Setting::scale_index(layer, o)];
        if (setting.largest[layer] == 0) {
            CHECK(rounded.data[at] == setting.parameters.data[at]);
            return;
        }
        const double code = static_cast<double>(rounded.data[at]) / static_cast<double>(scale);
        CHECK(std::fabs(code - std::round(code)) < 1e-4);  // 127 * two roundings
        CHECK(std::fabs(code) < setting.largest[layer] + 0.5);
        CHECK(std::fabs(rounded.data[at] - setting.parameters.data[at]) <= 0.5001f * scale);
    });
    for (int layer = 0; layer < kLayers; layer++) {
        const size_t bias = static_cast<size_t>(Chain::plan.spots[layer].bias);
        const size_t n = static_cast<size_t>(Chain::rows[layer].out.size());
        CHECK(same_bits(rounded.data + bias, setting.parameters.data + bias, n));
    }
}

TEST_CASE("gradients pass within the codes, stop outside, and sum up for the scales") {
    Setting setting;
    // Half the scales become so small that weights lie outside; with the others none is on the
    // edge.
    for (size_t i = 0; i < setting.scales.size(); i++) {
        setting.scales[i] *= i % 2 == 0 ? 0.4f : 1.1f;
    }
    tests::Numbers numbers(8);
    std::vector<float> gradients = numbers.list(static_cast<size_t>(Deep::parameter_floats));
    const std::vector<float> before = gradients;
    std::vector<float> scale_gradients(setting.scales.size(), 0.0f);
    straight_through(setting.training, setting.scales.data(), setting.parameters.data,
                     gradients.data(), scale_gradients.data());

    std::vector<double> expected(setting.scales.size(), 0.0);
    int stopped = 0;
    Setting::for_each([&](int layer, int o, int i) {
        const size_t at = Setting::place(layer, o, i), channel = Setting::scale_index(layer, o);
        const double largest = setting.largest[layer];
        if (largest == 0) {
            CHECK(gradients[at] == before[at]);
            return;
        }
        const double weight = static_cast<double>(setting.parameters.data[at]);
        const double scale = static_cast<double>(setting.scales[channel]);
        const double steps = weight / scale;
        const bool inside = std::fabs(steps) <= largest;
        CHECK(gradients[at] == (inside ? before[at] : 0.0f));
        stopped += inside ? 0 : 1;
        // What rounding adds counts as constant: scale * (weight / scale + constant).
        const double constant = std::round(steps) - steps;
        const auto rounded = [&](double log_scale) {
            const double s = std::exp(log_scale);
            if (!inside) return steps < 0 ? -largest * s : largest * s;
            return weight + s * constant;
        };
        const double h = 1e-4;
        const double slope =
            (rounded(std::log(scale) + h) - rounded(std::log(scale) - h)) / (2 * h);
        expected[channel] += slope * static_cast<double>(before[at]);
    });
    CHECK(stopped > 50);
    for (size_t i = 0; i < expected.size(); i++) {
        // Sums of up to 16 products in float, of magnitudes up to 1.
        CHECK(static_cast<double>(scale_gradients[i]) ==
              doctest::Approx(expected[i]).epsilon(1e-4).scale(1));
    }
}

TEST_CASE("steps move scales by that many nats, and are used up") {
    Setting setting;
    const std::vector<float> before = setting.scales;
    std::vector<float> steps(before.size(), 0.001f);
    steps[0] = -0.001f;
    steps[1] = 100.0f;
    steps[2] = -100.0f;
    step_scales(setting.training, steps.data(), setting.scales.data());
    CHECK(setting.scales[0] == doctest::Approx(before[0] * std::exp(-0.001)).epsilon(1e-6));
    CHECK(setting.scales[3] == doctest::Approx(before[3] * std::exp(0.001)).epsilon(1e-6));
    CHECK(setting.scales[1] == doctest::Approx(before[1] * 1.25f));
    CHECK(setting.scales[2] == doctest::Approx(before[2] / 1.25f));
    for (const float step : steps) CHECK(step == 0.0f);
}

TEST_CASE("quantizing with the learned scales stores the weights that were trained") {
    const Setting setting;
    static Deep::Parameters rounded{};
    round_parameters(setting.training, setting.scales.data(), setting.parameters.data,
                     rounded.data);
    const Row& row = Chain::rows[0];
    std::vector<int8_t> weight(16 * 12), shift(12), table(256);
    std::vector<int32_t> bias(12), multiplier(12);
    const WeightQuantization how{setting.largest[0], true, setting.scales.data()};
    const LayerQuantization meaning{{1.0f / 127, 0}, {0.02f, 0}, {0.02f, 0}};
    REQUIRE(quantize_layer(row, Chain::tensors(setting.parameters.data, 0), meaning, how,
                           {weight.data(), bias.data(), multiplier.data(), shift.data(),
                            table.data()}) == Status::ok);
    for (int o = 0; o < 12; o++) {
        for (int i = 0; i < 16; i++) {
            const float stored = setting.scales[static_cast<size_t>(o)] *
                                 static_cast<float>(weight[static_cast<size_t>(o * 16 + i)]);
            CHECK(stored == rounded.data[Setting::place(0, o, i)]);
        }
    }
}

TEST_CASE("two-bit weights trained for it lose less than half of what rounding loses") {
    using Small = Autoencoder<Sequential<Dense<16, 4, Linear>>, Sequential<Dense<4, 16, Linear>>>;
    static Small::Parameters parameters, rounded;
    initialize<Small>(parameters, 2);
    // Samples on a three-dimensional subspace.
    tests::Numbers numbers(9);
    const std::vector<float> basis = numbers.list(3 * 16), weights = numbers.list(64 * 3);
    std::vector<float> samples(64 * 16, 0.0f);
    for (size_t i = 0; i < samples.size(); i++) {
        for (size_t k = 0; k < 3; k++)
            samples[i] += weights[i / 16 * 3 + k] * basis[k * 16 + i % 16];
    }
    static Trainer<Small, MeanSquaredError, Adam, 64> trainer;
    float loss = 0;
    for (int step = 0; step < 3000; step++) {
        REQUIRE(trainer.step(parameters, samples.data(), samples.data(), 64, 0.003f, &loss) ==
                Status::ok);
    }
    const int largest[2] = {1, 1};
    const QuantizedTraining training{Small::Chain::rows, Small::Chain::plan.spots, 2, largest};
    std::vector<float> scales(20), gradients(20), steps(20), moments(40);
    initial_scales(training, parameters.data, scales.data());
    round_parameters(training, scales.data(), parameters.data, rounded.data);
    const auto loss_of_rounded = [&] {
        static Trainer<Small, MeanSquaredError, Adam, 64> probe;
        static Small::Parameters copy;
        copy = rounded;
        float value = 0;
        REQUIRE(probe.step(copy, samples.data(), samples.data(), 64, 0.0f, &value) == Status::ok);
        return value;
    };
    const float at_first = loss_of_rounded();
    Adam scale_optimizer;
    trainer.reset();
    for (int step = 0; step < 3000; step++) {
        const float decay = 1.0f - static_cast<float>(step) / 3000.0f;
        round_parameters(training, scales.data(), parameters.data, rounded.data);
        trainer.begin_batch(64);
        REQUIRE(trainer.add(rounded, samples.data(), samples.data(), 64) == Status::ok);
        straight_through(training, scales.data(), parameters.data, trainer.gradients().data,
                         gradients.data());
        REQUIRE(trainer.finish_batch(parameters, 0.003f * decay, &loss) == Status::ok);
        scale_optimizer.step(20, 0.01f * decay, 1.0f, steps.data(), gradients.data(),
                             moments.data());
        step_scales(training, steps.data(), scales.data());
    }
    round_parameters(training, scales.data(), parameters.data, rounded.data);
    CHECK(loss_of_rounded() < 0.5f * at_first);
}
