// SPDX-License-Identifier: MIT
// Losses against their formulas in double precision, and logits that would overflow a naive form.
#include "nutshell/loss.hpp"

#include <doctest/doctest.h>

#include <cfloat>

#include "device_fixture.hpp"
#include "nutshell/image.hpp"

using namespace nutshell;
using namespace nutshell::tests;

namespace {

double wide(float x) { return static_cast<double>(x); }

// Each term of a loss is below 8 and rounded a few times.
constexpr double kLossTolerance = 1e-6;
constexpr double kGradientTolerance = 16 * kRoundoff;

constexpr int kRows = 3, kFeatures = 70;  // more than one strip of the squared error

struct Sums {
    std::vector<float> z, target;
    Sums() {
        Numbers numbers(21);
        z = numbers.list(kRows * kFeatures, -4.0f, 4.0f);
        target = numbers.list(kRows * kFeatures, 0.0f, 1.0f);
    }
};

}  // namespace

TEST_CASE("binary cross-entropy is the mean over features, summed over samples") {
    Sums sums;
    double expected = 0;
    std::vector<double> gradient;
    for (size_t i = 0; i < sums.z.size(); i++) {
        const double p = 1 / (1 + std::exp(-wide(sums.z[i]))), t = wide(sums.target[i]);
        expected += -t * std::log(p) - (1 - t) * std::log(1 - p);
        gradient.push_back(0.5 * (p - t) / kFeatures);
    }
    expected /= kFeatures;
    const double loss = BinaryCrossEntropy::gradient(Activation::sigmoid, 0, kRows, kFeatures, 0.5f,
                                                     sums.target.data(), sums.z.data());
    CHECK(std::fabs(loss - expected) <= kLossTolerance * expected);
    CHECK(distance(sums.z, gradient) <= kGradientTolerance / kFeatures);
}

TEST_CASE("mean squared error is the mean over features of what comes out of the activation") {
    Sums sums;
    double expected = 0;
    std::vector<double> gradient;
    for (size_t i = 0; i < sums.z.size(); i++) {
        const double y = std::tanh(wide(sums.z[i])), t = wide(sums.target[i]);
        expected += (y - t) * (y - t);
        gradient.push_back(0.5 * 2 * (y - t) * (1 - y * y) / kFeatures);
    }
    expected /= kFeatures;
    const double loss = MeanSquaredError::gradient(Activation::tanh, 0, kRows, kFeatures, 0.5f,
                                                   sums.target.data(), sums.z.data());
    CHECK(std::fabs(loss - expected) <= kLossTolerance * expected);
    CHECK(distance(sums.z, gradient) <= kGradientTolerance / kFeatures);
}

TEST_CASE("a perfect reconstruction has no squared error and no gradient, with every activation") {
    for (const Activation activation :
         {Activation::linear, Activation::relu, Activation::leaky_relu, Activation::sigmoid,
          Activation::tanh}) {
        CAPTURE(static_cast<int>(activation));
        const Sums sums;
        std::vector<float> z = sums.z, target = sums.z;
        if (activation == Activation::relu) {
            for (float& value : target) value = value > 0 ? value : 0;
        } else {
            activate(activation, 0.3f, kRows * kFeatures, target.data());
        }
        CHECK(MeanSquaredError::gradient(activation, 0.3f, kRows, kFeatures, 1.0f, target.data(),
                                         z.data()) == 0.0);
        CHECK(largest(z) == 0.0);
    }
}

TEST_CASE("the cross-entropy of huge logits is finite, and so are its gradients") {
    std::vector<float> z{1e30f, -1e30f, 1e30f, -1e30f, 1000.0f, -1000.0f, 0.0f, FLT_TRUE_MIN};
    const std::vector<float> target{0.0f, 1.0f, 1.0f, 0.0f, 0.5f, 0.5f, 0.5f, 0.5f};
    const double loss =
        BinaryCrossEntropy::gradient(Activation::sigmoid, 0, 1, 8, 1.0f, target.data(), z.data());
    CHECK(std::fabs(loss - 2e30 / 8) <= kLossTolerance * 2e30 / 8);
    const std::vector<double> gradient{1.0, -1.0, 0.0, 0.0, 0.5, -0.5, 0.0, 0.0};
    std::vector<double> scaled;
    for (double value : gradient) scaled.push_back(value / 8);
    CHECK(distance(z, scaled) <= kGradientTolerance);
}

TEST_CASE("binary cross-entropy takes sigmoid outputs only, squared error takes any") {
    CHECK(BinaryCrossEntropy::accepts(Activation::sigmoid));
    CHECK_FALSE(BinaryCrossEntropy::accepts(Activation::linear));
    CHECK_FALSE(BinaryCrossEntropy::accepts(Activation::tanh));
    CHECK(MeanSquaredError::accepts(Activation::linear));
    CHECK(MeanSquaredError::accepts(Activation::tanh));
}

TEST_CASE("bytes as targets, in any order, give the bits of their values") {
    const Sums sums;
    std::vector<uint8_t> bytes;
    for (size_t i = 0; i < sums.z.size(); i++) bytes.push_back(static_cast<uint8_t>(i * 37));
    const uint32_t order[kRows] = {2, 0, 2};
    std::vector<float> values(bytes.size());
    for (int row = 0; row < kRows; row++) {
        to_float(bytes.data() + order[row] * kFeatures, kFeatures, values.data() + row * kFeatures);
    }
    const auto check = [&](auto loss, Activation activation) {
        std::vector<float> from_bytes = sums.z, from_values = sums.z;
        CHECK(loss.gradient(activation, 0, kRows, kFeatures, 0.5f, ByteRows{bytes.data(), order},
                            from_bytes.data()) == loss.gradient(activation, 0, kRows, kFeatures,
                                                                0.5f, values.data(),
                                                                from_values.data()));
        CHECK(from_bytes == from_values);
    };
    check(BinaryCrossEntropy{}, Activation::sigmoid);
    check(MeanSquaredError{}, Activation::tanh);
}

TEST_CASE("weights of one change no bit, and other weights are those of the features") {
    const std::vector<float> ones(kFeatures, 1.0f);
    std::vector<float> weights(kFeatures, 2.0f);  // runs of equal weights, and single ones
    for (size_t i = 0; i < 30; i++) weights[i] = i < 10 ? 0.0f : 0.1f * static_cast<float>(i);
    const auto check = [&](auto loss, Activation activation) {
        using Loss = decltype(loss);
        const Sums sums;
        std::vector<float> z = sums.z, same = sums.z, weighted = sums.z;
        const float* target = sums.target.data();
        const double plain =
            Loss::gradient(activation, 0, kRows, kFeatures, 0.5f, target, z.data());
        const double once = Weighted<Loss>::gradient(
            activation, 0, kRows, kFeatures, 0.5f,
            WeightedTargets<const float*>{target, ones.data()}, same.data());
        // The sum of the rows' means against the mean of the rows' sums: a rounding each.
        CHECK(std::fabs(once - plain) <= 8 * kRoundoff * plain);
        CHECK(same == z);
        const double sum = Weighted<Loss>::gradient(
            activation, 0, kRows, kFeatures, 0.5f,
            WeightedTargets<const float*>{target, weights.data()}, weighted.data());
        double expected = 0;
        std::vector<double> gradient;
        for (size_t i = 0; i < z.size(); i++) {
            const float weight = weights[i % kFeatures];
            float single = sums.z[i];
            expected += wide(weight) *
                        Loss::gradient(activation, 0, 1, 1, 1.0f, target + i, &single) / kFeatures;
            gradient.push_back(wide(weight) * wide(z[i]));
        }
        CHECK(std::fabs(sum - expected) <= kLossTolerance * expected);
        CHECK(distance(weighted, gradient) <= 2 * kGradientTolerance / kFeatures);
    };
    check(BinaryCrossEntropy{}, Activation::sigmoid);
    check(MeanSquaredError{}, Activation::tanh);
}
