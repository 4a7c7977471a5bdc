// SPDX-License-Identifier: MIT
// exp, log, sigmoid, tanh and the cross-entropy at every one of the 2^32 floats, on every platform
// that runs here, against double precision. Minutes; not part of the test run:
//
//     cmake --build build/host --target exhaustive_elementary &&
//     build/host/tests/exhaustive_elementary
//
// Prints the largest errors beside the bounds; ends with 1 when one is not kept.
#include "nutshell/elementary.hpp"

#include <cstdio>
#include <cstdlib>
#include <thread>

#include "tests/elementary_sweep.hpp"

namespace nutshell::tests {

const char* const emulated_platform = nullptr;

namespace {

// As nutshell/elementary.hpp states them.
constexpr double kExpUlp = 1.1, kLogUlp = 2.9;

/// One lane of the vector type that elementary.hpp asks for, multiply-add rounded once or twice:
/// reaches exp and log themselves, which are no kernels.
template <bool Fused>
struct Lane {
    float v;
    static constexpr int exp_steps = 1;

    static Lane set(float x) { return {x}; }
    static Lane mul_add(Lane a, Lane b, Lane c) {
        return {Fused ? __builtin_fmaf(a.v, b.v, c.v) : a.v * b.v + c.v};
    }
    static Lane abs(Lane a) { return {std::fabs(a.v)}; }
    static Lane minus_abs(Lane a) { return {-std::fabs(a.v)}; }
    static Lane max(Lane a, Lane b) { return {b.v < a.v ? a.v : b.v}; }
    static Lane select_negative(Lane x, Lane a, Lane b) { return x.v < 0 ? a : b; }
    static Lane shift_to_exponent(Lane x) { return {float_of(bits_of(x.v) << 23)}; }
    static Lane exponent(Lane x) {
        return {static_cast<float>(static_cast<int>(bits_of(x.v) >> 23) - 127)};
    }
    static Lane mantissa(Lane x) { return {float_of((bits_of(x.v) & 0x7FFFFFu) | 0x3F800000u)}; }

    friend Lane operator+(Lane a, Lane b) { return {a.v + b.v}; }
    friend Lane operator-(Lane a, Lane b) { return {a.v - b.v}; }
    friend Lane operator*(Lane a, Lane b) { return {a.v * b.v}; }
    friend Lane operator/(Lane a, Lane b) { return {a.v / b.v}; }
};

template <bool Fused>
void exp_of_minus_abs(int n, float* x) {
    for (int i = 0; i < n; i++) x[i] = elementary::exp_of_minus_abs(Lane<Fused>{x[i]}).v;
}

template <bool Fused>
void log(int n, float* x) {
    for (int i = 0; i < n; i++) x[i] = elementary::log(Lane<Fused>{x[i]}).v;
}

std::vector<Subject> all_subjects() {
    std::vector<Subject> subjects = kernel_subjects();
    subjects.push_back({"exp(-|x|)",
                        [](double x) { return std::exp(-std::fabs(x)); },
                        [](float) { return true; },
                        kExpUlp,
                        {{"fused", exp_of_minus_abs<true>, kSmallest},
                         {"not fused", exp_of_minus_abs<false>, kSmallest}}});
    subjects.push_back({"log",
                        [](double x) { return std::log(x); },
                        [](float x) { return x >= FLT_MIN; },
                        kLogUlp,
                        {{"fused", log<true>, 0}, {"not fused", log<false>, 0}}});
    return subjects;
}

/// The sweep in as many threads as there are processors.
std::vector<Worst> sweep_in_threads(const Subject& subject) {
    const uint64_t parts = std::max(1u, std::thread::hardware_concurrency());
    std::vector<std::vector<Worst>> found(parts);
    std::vector<std::thread> threads;
    for (uint64_t part = 0; part < parts; part++) {
        // Interleaved, so that all parts have numbers of every size.
        threads.emplace_back([&, part] { found[part] = sweep(subject, part, kAllFloats, parts); });
    }
    for (std::thread& thread : threads) thread.join();
    std::vector<Worst> worst = found[0];
    for (const std::vector<Worst>& some : found) {
        for (size_t i = 0; i < worst.size(); i++) {
            const double absolute = std::max(worst[i].absolute, some[i].absolute);
            if (some[i].ulp > worst[i].ulp) worst[i] = some[i];
            worst[i].absolute = absolute;
        }
    }
    return worst;
}

}  // namespace
}  // namespace nutshell::tests

int main() {
    using namespace nutshell::tests;
    bool kept = true;
    std::printf("%-24s %-10s %8s %8s %16s %12s\n", "every float", "platform", "ulp", "bound",
                "worst at", "absolute");
    for (const Subject& subject : all_subjects()) {
        const std::vector<Worst> worst = sweep_in_threads(subject);
        for (size_t i = 0; i < worst.size(); i++) {
            kept = kept && worst[i].ulp <= subject.bound;
            std::printf("%-24s %-10s %8.3f %8.1f %16.8g %12.2e%s\n", subject.name.c_str(),
                        subject.contenders[i].name.c_str(), worst[i].ulp, subject.bound,
                        static_cast<double>(worst[i].at), worst[i].absolute,
                        worst[i].ulp <= subject.bound ? "" : "  NOT KEPT");
        }
        std::fflush(stdout);
    }
    return kept ? EXIT_SUCCESS : EXIT_FAILURE;
}
