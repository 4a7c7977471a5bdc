// SPDX-License-Identifier: MIT
// sigmoid, tanh and the cross-entropy of each platform against <cmath> in double precision, over
// floats by their bit patterns; the bounds that are promised.
#pragma once
#include <algorithm>
#include <cfloat>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "kernels_fixture.hpp"

namespace nutshell::tests {

/// All bit patterns of a float.
constexpr uint64_t kAllFloats = uint64_t{1} << 32;

/// Someone's way to compute a function of n floats, in place.
struct Contender {
    std::string name;
    std::function<void(int n, float* x)> apply;
    double floor;  ///< smaller errors do not count as units in the last place
};

/// A function, and how far each contender may be from it.
struct Subject {
    std::string name;
    double (*exact)(double x);
    bool (*defined)(float x);  ///< for which finite floats it is asked
    double bound;              ///< units in the last place
    std::vector<Contender> contenders;
};

/// The largest errors of a contender.
struct Worst {
    double ulp = 0;       ///< units in the last place of the exact value
    float at = 0;         ///< where
    double absolute = 0;  ///< where the exact value is in -1..1
};

/// The distance of two neighbouring floats at x.
inline double ulp(double x) {
    int exponent;
    std::frexp(x, &exponent);
    return std::ldexp(1.0, std::max(exponent - 24, -149));
}

inline void update(Worst& worst, float x, double ours, double exact, double floor) {
    const double off = std::fabs(ours - exact);
    if (std::fabs(exact) <= 1 && !(off <= worst.absolute)) worst.absolute = off;
    if (off <= floor) return;
    const double error = std::isnan(off) ? HUGE_VAL : off / ulp(exact);
    if (error > worst.ulp) {
        worst.ulp = error;
        worst.at = x;
    }
}

/// Every step-th bit pattern in first..end-1: the worst of each contender.
inline std::vector<Worst> sweep(const Subject& subject, uint64_t first, uint64_t end,
                                uint64_t step) {
    constexpr size_t kBlock = 1024;
    std::vector<Worst> worst(subject.contenders.size());
    std::vector<float> x, y;
    std::vector<double> exact;
    for (uint64_t at = first; at < end;) {
        x.clear();
        exact.clear();
        for (; x.size() < kBlock && at < end; at += step) {
            const float value = float_of(static_cast<uint32_t>(at));
            if (!std::isfinite(value) || !subject.defined(value)) continue;
            x.push_back(value);
            exact.push_back(subject.exact(static_cast<double>(value)));
        }
        for (size_t c = 0; c < worst.size(); c++) {
            const Contender& contender = subject.contenders[c];
            y = x;
            contender.apply(static_cast<int>(y.size()), y.data());
            for (size_t i = 0; i < x.size(); i++) {
                update(worst[c], x[i], static_cast<double>(y[i]), exact[i], contender.floor);
            }
        }
    }
    return worst;
}

/// NEON of armv7 takes numbers below the smallest normal one for zero.
inline bool flushes_to_zero([[maybe_unused]] const platform::Platform& platform) {
#if defined(__arm__)
    return std::string(platform.name) == "neon";
#else
    return false;
#endif
}

/// exp(-|x|) is held at the smallest normal number from |x| = 87.3 on; what is smaller may be this.
constexpr double kSmallest = 1.3e-38;

/// A vector platform sums log(1 + e) as the logarithm of a product: 1 + e is rounded to a float,
/// half a unit of 1, and so is the logarithm, a few units of a number below 1.
constexpr double kLogOfProduct = 2e-7;

/// What the kernels promise, on each platform that runs here. Errors in units in the last place:
/// each function is a range reduction and a polynomial (one to two units together), a division and
/// one or two more roundings. Over all floats the largest are 2.83, 2.61 and 3.67.
inline std::vector<Subject> kernel_subjects() {
    const auto always = [](float) { return true; };
    Subject sigmoid{"sigmoid", [](double x) { return 1 / (1 + std::exp(-x)); }, always, 3.0, {}};
    Subject tanh{"tanh", [](double x) { return std::tanh(x); }, always, 3.0, {}};
    Subject loss{"cross-entropy against 0",
                 [](double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::fabs(x))); },
                 always,
                 4.0,
                 {}};
    for_each_platform([&](const platform::Platform& platform) {
        const Kernels* kernels = platform.kernels;
        const bool reference = std::string(platform.name) == "reference";
        sigmoid.contenders.push_back({platform.name, kernels->sigmoid, kSmallest});
        tanh.contenders.push_back({platform.name, kernels->tanh,
                                   flushes_to_zero(platform) ? static_cast<double>(FLT_MIN) : 0.0});
        const auto losses = [=](int n, float* x) {
            const float target = 0;
            for (int i = 0; i < n; i++) {
                float z = x[i];
                x[i] = kernels->sigmoid_cross_entropy(1, 1.0f, &target, &z);
            }
        };
        loss.contenders.push_back({platform.name, losses, reference ? kSmallest : kLogOfProduct});
    });
    return {sigmoid, tanh, loss};
}

}  // namespace nutshell::tests
