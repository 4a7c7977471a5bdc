// SPDX-License-Identifier: MIT
// sigmoid, tanh and the cross-entropy's logarithm over floats of every sign and size, against
// <cmath> in double precision; and what they do at the ends of the numbers.
#include "nutshell/elementary.hpp"

#include <doctest/doctest.h>

#include <limits>

#include "elementary_sweep.hpp"

using namespace nutshell;
using namespace nutshell::tests;

namespace {

// Every 101st bit pattern of all floats: 42 million, every exponent and sign among them. (A build
// that checks memory at each access, or that runs under emulation, looks at fewer; all of them are
// tests/exhaustive/elementary.cpp's.)
uint64_t stride() {
#if defined(NUTSHELL_TEST_SANITIZED) || defined(NUTSHELL_TEST_EMULATED)
    return 1009;
#else
    return emulated_platform ? 10007 : 101;
#endif
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

TEST_CASE("sigmoid, tanh and the cross-entropy keep their bounds for every size of number") {
    for (const Subject& subject : kernel_subjects()) {
        const std::vector<Worst> worst = sweep(subject, 0, kAllFloats, stride());
        for (size_t i = 0; i < worst.size(); i++) {
            INFO(subject.name, " on ", subject.contenders[i].name, " at ", worst[i].at);
            CHECK(worst[i].ulp <= subject.bound);
        }
    }
}

TEST_CASE("every float near -16.7, where 1 + e^-x runs out of bits and sigmoid is worst") {
    for (const Subject& subject : kernel_subjects()) {
        const std::vector<Worst> worst =
            sweep(subject, bits_of(-16.6f), uint64_t{bits_of(-16.8f)} + 1, 1);
        for (size_t i = 0; i < worst.size(); i++) {
            INFO(subject.name, " on ", subject.contenders[i].name, " at ", worst[i].at);
            CHECK(worst[i].ulp <= subject.bound);
        }
    }
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
