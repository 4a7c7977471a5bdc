// SPDX-License-Identifier: MIT
// The kernels that go over an array once, on every platform: all small sizes, unaligned arrays and
// guard pages, against double precision.
#include <doctest/doctest.h>

#include <cfloat>
#include <cmath>
#include <functional>
#include <string>

#include "kernels_fixture.hpp"

using namespace nutshell;
using namespace nutshell::tests;

namespace {

// Each of these is a handful of roundings on numbers below 4: less than this.
constexpr double kTolerance = 16 * kRoundoff;

constexpr int kMost = 35;  // two vectors of 16 and a rest

double wide(float x) { return static_cast<double>(x); }

/// Three arrays of n numbers, what a kernel should make of their elements, and whether it did.
struct Elements {
    double a, b, c, d;
};
using Oracle = std::function<void(Elements&)>;

class Arrays {
  public:
    Arrays(int n, Side guarded)
        : numbers_(static_cast<uint64_t>(n) + 11),
          a(numbers_.list(static_cast<size_t>(n)), guarded),
          b(numbers_.list(static_cast<size_t>(n)), guarded),
          c(numbers_.list(static_cast<size_t>(n)), guarded),
          d(numbers_.list(static_cast<size_t>(n), 0.0f, 1.0f), guarded) {
        for (size_t i = 0; i < static_cast<size_t>(n); i++) {
            before_.push_back(
                {wide(a.data()[i]), wide(b.data()[i]), wide(c.data()[i]), wide(d.data()[i])});
        }
    }

    void check(const Oracle& oracle) const {
        std::vector<double> expected[4];
        for (Elements element : before_) {
            oracle(element);
            expected[0].push_back(element.a);
            expected[1].push_back(element.b);
            expected[2].push_back(element.c);
            expected[3].push_back(element.d);
        }
        CHECK(distance(a.values(), expected[0]) <= kTolerance);
        CHECK(distance(b.values(), expected[1]) <= kTolerance);
        CHECK(distance(c.values(), expected[2]) <= kTolerance);
        CHECK(distance(d.values(), expected[3]) <= kTolerance);
        CHECK(a.intact());
        CHECK(b.intact());
        CHECK(c.intact());
        CHECK(d.intact());
    }

  private:
    Numbers numbers_;
    std::vector<Elements> before_;

  public:
    Guarded<float> a, b, c, d;  // a, b, c in -1..1, d in 0..1
};

/// run(kernels, n, arrays) for all small n on all platforms, both ends of the arrays guarded.
void for_all(const std::function<void(const Kernels&, int, Arrays&)>& run) {
    for_each_platform([&](const platform::Platform& platform) {
        for (int n = 0; n <= kMost; n++) {
            INFO("platform: ", std::string(platform.name));
            CAPTURE(n);
            for (const Side guarded : {Side::begin, Side::end}) {
                Arrays arrays(n, guarded);
                run(*platform.kernels, n, arrays);
            }
        }
    });
}

/// The same, checked against the oracle.
void check_all(const std::function<void(const Kernels&, int, Arrays&)>& run, const Oracle& oracle) {
    for_all([&](const Kernels& kernels, int n, Arrays& arrays) {
        run(kernels, n, arrays);
        arrays.check(oracle);
    });
}

constexpr StepSize kStep{0.3f, 0.5f, 0.01f};
constexpr AdamRates kRates{0.75f, 0.875f, 0.25f, 0.125f, 0.0625f};

}  // namespace

TEST_CASE("sigmoid and tanh are right at every small size") {
    check_all(
        [](const Kernels& kernels, int n, Arrays& arrays) { kernels.sigmoid(n, arrays.a.data()); },
        [](Elements& e) { e.a = 1 / (1 + std::exp(-e.a)); });
    check_all(
        [](const Kernels& kernels, int n, Arrays& arrays) { kernels.tanh(n, arrays.a.data()); },
        [](Elements& e) { e.a = std::tanh(e.a); });
}

TEST_CASE("leaky relu is right at every small size") {
    check_all([](const Kernels& kernels, int n,
                 Arrays& arrays) { kernels.leaky_relu(n, 0.3f, arrays.a.data()); },
              [](Elements& e) { e.a = e.a > 0 ? e.a : wide(0.3f) * e.a; });
}

TEST_CASE("derivatives of the activations are right at every small size") {
    const auto check = [](Activation activation, const std::function<double(double)>& derivative) {
        CAPTURE(static_cast<int>(activation));
        check_all(
            [=](const Kernels& kernels, int n, Arrays& arrays) {
                kernels.activation_gradient(activation, 0.3f, n, arrays.a.data(), arrays.b.data());
            },
            [&](Elements& e) { e.b *= derivative(e.a); });
    };
    check(Activation::linear, [](double) { return 1.0; });
    check(Activation::relu, [](double y) { return y > 0 ? 1.0 : 0.0; });
    check(Activation::leaky_relu, [](double y) { return y > 0 ? 1.0 : wide(0.3f); });
    check(Activation::sigmoid, [](double y) { return y * (1 - y); });
    check(Activation::tanh, [](double y) { return 1 - y * y; });
}

TEST_CASE("losses and sums are right at every small size") {
    for_all([](const Kernels& kernels, int n, Arrays& arrays) {
        double cross_entropy = 0, squares = 0, sum = 0;
        const Oracle both = [&](Elements& e) {
            const double probability = 1 / (1 + std::exp(-e.a));
            cross_entropy -= e.d * std::log(probability) + (1 - e.d) * std::log(1 - probability);
            squares += (e.b - e.d) * (e.b - e.d);
            sum += e.c * e.c;
            e.a = (probability - e.d) * 0.25;
            e.b = 2 * (e.b - e.d) * 0.25;
        };
        const float loss =
            kernels.sigmoid_cross_entropy(n, 0.25f, arrays.d.data(), arrays.a.data());
        const float error = kernels.squared_error(n, 0.25f, arrays.d.data(), arrays.b.data());
        const float norm = kernels.sum_of_squares(n, arrays.c.data());
        arrays.check(both);
        // Sums of n positive terms of a few roundings each.
        CHECK(std::fabs(wide(loss) - cross_entropy) <= (n + 8) * kRoundoff * cross_entropy);
        CHECK(std::fabs(wide(error) - squares) <= (n + 8) * kRoundoff * squares);
        CHECK(std::fabs(wide(norm) - sum) <= (n + 8) * kRoundoff * sum);
    });
}

TEST_CASE("cross-entropy of bytes is that of their values, to the bit") {
    for_all([](const Kernels& kernels, int n, Arrays& arrays) {
        std::vector<uint8_t> bytes;
        for (int i = 0; i < n; i++) bytes.push_back(static_cast<uint8_t>(255 - i * 7));
        std::vector<float> target(bytes.size());
        kernels.scale_bytes(n, bytes.data(), target.data());
        std::vector<float> expected = arrays.a.values();
        const float loss = kernels.sigmoid_cross_entropy(n, 0.25f, target.data(), expected.data());
        for (const Side guarded : {Side::begin, Side::end}) {
            Guarded<uint8_t> from(bytes, guarded);
            Guarded<float> z(arrays.a.values(), guarded);
            CHECK(kernels.sigmoid_cross_entropy_bytes(n, 0.25f, from.data(), z.data()) == loss);
            CHECK(z.values() == expected);
            CHECK(z.intact());
            CHECK(from.values() == bytes);
        }
    });
}

TEST_CASE("updates of weights are right at every small size, and clear the gradients") {
    const double rate = wide(kStep.rate), scale = wide(kStep.gradient_scale);
    const double decay = wide(kStep.decay);
    check_all([](const Kernels& kernels, int n,
                 Arrays& arrays) { kernels.sgd_step(n, kStep, arrays.a.data(), arrays.b.data()); },
              [=](Elements& e) {
                  e.a -= decay * e.a + rate * scale * e.b;
                  e.b = 0;
              });
    check_all(
        [](const Kernels& kernels, int n, Arrays& arrays) {
            kernels.momentum_step(n, kStep, 0.75f, arrays.a.data(), arrays.b.data(),
                                  arrays.c.data());
        },
        [=](Elements& e) {
            e.c = 0.75 * e.c - rate * scale * e.b;
            e.a += e.c - decay * e.a;
            e.b = 0;
        });
    check_all(
        [](const Kernels& kernels, int n, Arrays& arrays) {
            kernels.adam_step(n, kStep, kRates, arrays.a.data(), arrays.b.data(), arrays.c.data(),
                              arrays.d.data());
        },
        [=](Elements& e) {
            const double gradient = e.b * scale;
            e.c = 0.75 * e.c + 0.25 * gradient;
            e.d = 0.875 * e.d + 0.125 * gradient * gradient;
            e.a -= decay * e.a + rate * e.c / (std::sqrt(e.d) + 0.0625);
            e.b = 0;
        });
}

TEST_CASE(
    "one number that is not finite is seen wherever it stands, and no finite one is taken for it") {
    for_all([](const Kernels& kernels, int n, Arrays& arrays) {
        float* x = arrays.a.data();
        for (const float finite : {0.0f, -0.0f, 1e-45f, -FLT_MAX, FLT_MAX}) {
            for (int i = 0; i < n; i++) x[i] = finite;
            CHECK(kernels.all_finite(n, x));
            for (int at = 0; at < n; at++) {
                for (const float bad : {std::nanf(""), HUGE_VALF, -HUGE_VALF}) {
                    x[at] = bad;
                    CHECK_FALSE(kernels.all_finite(n, x));
                }
                x[at] = finite;
            }
        }
    });
}

TEST_CASE("NaN in an element stays in that element, and reaches sums") {
    for_each_platform([](const platform::Platform& platform) {
        const Kernels& kernels = *platform.kernels;
        for (int n = 1; n <= kMost; n++) {
            for (int at = 0; at < n; at++) {
                std::vector<float> x(static_cast<size_t>(n), 0.5f);
                x[static_cast<size_t>(at)] = std::nanf("");
                const std::vector<float> target(static_cast<size_t>(n), 0.5f);
                REQUIRE(std::isnan(kernels.sum_of_squares(n, x.data())));
                std::vector<float> y[] = {x, x, x, x, x};
                kernels.sigmoid(n, y[0].data());
                kernels.tanh(n, y[1].data());
                kernels.leaky_relu(n, 0.3f, y[2].data());
                REQUIRE(
                    std::isnan(kernels.sigmoid_cross_entropy(n, 1.0f, target.data(), y[3].data())));
                REQUIRE(std::isnan(kernels.squared_error(n, 1.0f, target.data(), y[4].data())));
                for (const std::vector<float>& result : y) {
                    for (int i = 0; i < n; i++) {
                        REQUIRE(std::isnan(result[static_cast<size_t>(i)]) == (i == at));
                    }
                }
            }
        }
    });
}
