// SPDX-License-Identifier: MIT
// sigmoid, tanh and the cross-entropy's logarithm over floats of every sign and size, against
// <cmath> in double precision; and what they do at the ends of the numbers.
#include "nutshell/elementary.hpp"

#include <doctest/doctest.h>

#include <cfloat>
#include <limits>
#include <string>

#include "kernels_fixture.hpp"

using namespace nutshell;
using namespace nutshell::tests;

namespace {

// Every 101st bit pattern of all floats: 42 million, every exponent and sign among them. (A build
// that checks memory at each access, or that runs under emulation, looks at a tenth of them.)
uint64_t stride() {
#if defined(NUTSHELL_TEST_SANITIZED) || defined(NUTSHELL_TEST_EMULATED)
    return 1009;
#else
    return emulated_platform ? 1009 : 101;
#endif
}

// Errors in units in the last place of the exact value. Each function is a range reduction and a
// polynomial (one to two units together), a division and one or two more roundings; the sweep finds
// 2.6, 2.5 and 3.6 on the reference, and a platform may round a step less or more.
constexpr double kSigmoidUlp = 3.0;
constexpr double kTanhUlp = 3.0;
constexpr double kLogUlp = 4.0;

// A vector platform sums log(1 + e) as the logarithm of a product: 1 + e is rounded to a float,
// half a unit of 1, and so is the logarithm, a few units of a number below 1.
constexpr double kLogOfProduct = 2e-7;

// exp(-|x|) is held at the smallest normal number from |x| = 87.3 on; what is smaller may be this.
constexpr double kSmallest = 1.3e-38;

/// NEON of armv7 takes numbers below the smallest normal one for zero.
bool flushes_to_zero([[maybe_unused]] const platform::Platform& platform) {
#if defined(__arm__)
    return std::string(platform.name) == "neon";
#else
    return false;
#endif
}

double wide(float x) { return static_cast<double>(x); }

/// The distance of two neighbouring floats at x.
double ulp(double x) {
    int exponent;
    std::frexp(x, &exponent);
    return std::ldexp(1.0, std::max(exponent - 24, -149));
}

/// The largest error in ulp of kernel(n, x) against exact(x) over the sweep; errors below `floor`
/// do not count.
template <class Kernel, class Exact>
double worst_ulp(Kernel kernel, Exact exact, double floor) {
    constexpr int kBlock = 1024;
    const uint64_t step = stride();
    double worst = 0;
    float x[kBlock], y[kBlock];
    for (uint64_t at = 0; at < (1ull << 32);) {
        int n = 0;
        for (; n < kBlock && at < (1ull << 32); at += step) {
            const float value = float_of(static_cast<uint32_t>(at));
            if (std::isfinite(value)) x[n++] = value;
        }
        std::copy(x, x + n, y);
        kernel(n, y);
        for (int i = 0; i < n; i++) {
            const double wanted = exact(wide(x[i]));
            const double off = std::fabs(wide(y[i]) - wanted);
            if (off <= floor) continue;
            const double error = off / ulp(wanted);
            if (!(error <= worst)) worst = std::isnan(error) ? HUGE_VAL : error;
        }
    }
    return worst;
}

/// The loss of each x[n] as a logit against the same target, in place.
void losses(const Kernels& kernels, float target, int n, float* x) {
    for (int i = 0; i < n; i++) {
        float z = x[i];
        x[i] = kernels.sigmoid_cross_entropy(1, 1.0f, &target, &z);
    }
}

float loss_of(const Kernels& kernels, float z, float target) {
    return kernels.sigmoid_cross_entropy(1, 1.0f, &target, &z);
}

float tanh_of(const Kernels& kernels, float x) {
    kernels.tanh(1, &x);
    return x;
}

float sigmoid_of(const Kernels& kernels, float x) {
    kernels.sigmoid(1, &x);
    return x;
}

}  // namespace

TEST_CASE("sigmoid is within a few units in the last place for every size of number") {
    for_each_platform([](const platform::Platform& platform) {
        const double worst = worst_ulp(
            platform.kernels->sigmoid, [](double x) { return 1 / (1 + std::exp(-x)); }, kSmallest);
        CAPTURE(worst);
        CHECK(worst <= kSigmoidUlp);
    });
}

TEST_CASE("tanh is within a few units in the last place for every size of number") {
    for_each_platform([](const platform::Platform& platform) {
        const double worst = worst_ulp(
            platform.kernels->tanh, [](double x) { return std::tanh(x); },
            flushes_to_zero(platform) ? wide(FLT_MIN) : 0.0);
        CAPTURE(worst);
        CHECK(worst <= kTanhUlp);
    });
}

TEST_CASE("the cross-entropy is within a few units in the last place for every size of logit") {
    for_each_platform([](const platform::Platform& platform) {
        const auto softplus = [](double x) {
            return std::max(x, 0.0) + std::log1p(std::exp(-std::fabs(x)));
        };
        const auto of_zero = [&](int n, float* x) { losses(*platform.kernels, 0.0f, n, x); };
        const bool reference = std::string(platform.name) == "reference";
        const double worst = worst_ulp(of_zero, softplus, reference ? kSmallest : kLogOfProduct);
        INFO("platform: ", std::string(platform.name));
        CAPTURE(worst);
        CHECK(worst <= kLogUlp);
    });
}

TEST_CASE("the ends of the numbers give the limits, and signs of zero stay") {
    const float infinity = std::numeric_limits<float>::infinity();
    for_each_platform([&](const platform::Platform& platform) {
        INFO("platform: ", std::string(platform.name));
        const Kernels& kernels = *platform.kernels;
        for (const float large : {20.0f, 88.0f, 1e30f, FLT_MAX, infinity}) {
            CAPTURE(large);
            CHECK(tanh_of(kernels, large) == 1.0f);
            CHECK(tanh_of(kernels, -large) == -1.0f);
            CHECK(sigmoid_of(kernels, large) == 1.0f);
            CHECK(sigmoid_of(kernels, -large) >= 0.0f);
            CHECK(sigmoid_of(kernels, -large) <= 2.1e-9f);
        }
        for (const float tiny : {0.0f, FLT_TRUE_MIN, FLT_MIN / 2, FLT_MIN}) {
            const float kept = tiny < FLT_MIN && flushes_to_zero(platform) ? 0.0f : tiny;
            CHECK(bits_of(tanh_of(kernels, tiny)) == bits_of(kept));
            CHECK(bits_of(tanh_of(kernels, -tiny)) == bits_of(-kept));
            CHECK(sigmoid_of(kernels, tiny) == 0.5f);
            CHECK(sigmoid_of(kernels, -tiny) == 0.5f);
        }
        CHECK(std::isnan(tanh_of(kernels, std::nanf(""))));
        CHECK(std::isnan(sigmoid_of(kernels, std::nanf(""))));
        CHECK(std::isnan(loss_of(kernels, std::nanf(""), 0.5f)));
    });
}

TEST_CASE("the loss of a finite logit is finite and right, however large the logit") {
    for_each_platform([](const platform::Platform& platform) {
        INFO("platform: ", std::string(platform.name));
        const Kernels& kernels = *platform.kernels;
        for (const float large : {88.0f, 1000.0f, 1e30f, FLT_MAX}) {
            CAPTURE(large);
            CHECK(loss_of(kernels, large, 1.0f) <= 1e-37f);  // certain, and right
            CHECK(loss_of(kernels, -large, 0.0f) <= 1e-37f);
            CHECK(loss_of(kernels, large, 0.0f) == large);  // certain, and wrong
            CHECK(loss_of(kernels, -large, 1.0f) == large);
            CHECK(loss_of(kernels, large, 0.5f) == large / 2);
        }
        CHECK_FALSE(std::isfinite(loss_of(kernels, std::numeric_limits<float>::infinity(), 0.0f)));
    });
}
