// SPDX-License-Identifier: MIT
// Matrix products in double precision, with what float arithmetic may differ from them; and the
// platforms to test.
#pragma once
#include <string>

#include "device_fixture.hpp"
#include "guarded.hpp"
#include "nutshell/platform.hpp"

namespace nutshell::tests {

/// How an operand is stored: as the product reads it, or transposed.
enum class Order { plain, transposed };

/// Sums that a kernel should have computed, and how far each may be off.
struct Expected {
    std::vector<double> value;
    std::vector<double> bound;

    /// The first place where `ours` is off by more than the bound, or -1. NaN is off.
    int first_outside(const std::vector<float>& ours) const {
        for (size_t i = 0; i < value.size(); i++) {
            const double off = std::fabs(static_cast<double>(ours[i]) - value[i]);
            if (!(off <= bound[i])) return static_cast<int>(i);
        }
        return -1;
    }
};

/// start[m][n] + alpha * A[m][k] * B[k][n]. In any order of summation each of at most k + 3
/// roundings moves the result by at most a roundoff of the sum of magnitudes (Higham, Accuracy and
/// Stability of Numerical Algorithms, 2nd edition, (3.5)).
inline Expected product(int m, int n, int k, double alpha, const std::vector<float>& a,
                        Order a_order, const std::vector<float>& b, Order b_order,
                        const std::vector<float>& start) {
    Expected result;
    for (int i = 0; i < m; i++) {
        for (int j = 0; j < n; j++) {
            double sum = static_cast<double>(start[static_cast<size_t>(i * n + j)]);
            double magnitude = std::fabs(sum);
            for (int p = 0; p < k; p++) {
                const int at_a = a_order == Order::plain ? i * k + p : p * m + i;
                const int at_b = b_order == Order::plain ? p * n + j : j * k + p;
                const double term = alpha * static_cast<double>(a[static_cast<size_t>(at_a)]) *
                                    static_cast<double>(b[static_cast<size_t>(at_b)]);
                sum += term;
                magnitude += std::fabs(term);
            }
            result.value.push_back(sum);
            result.bound.push_back((k + 3) * kRoundoff * magnitude);
        }
    }
    return result;
}

/// The one platform that this program has in a form that every machine can run; null in ordinary
/// programs. Defined beside main().
extern const char* const emulated_platform;

/// Calls check(platform) for each platform that this machine can run, or for the emulated one.
template <class Check>
void for_each_platform(Check check) {
    for (int i = 0; i < platform::count(); i++) {
        const platform::Platform& platform = platform::at(i);
        const bool runs =
            emulated_platform ? std::string(platform.name) == emulated_platform : platform.usable();
        if (runs) check(platform);
    }
}

}  // namespace nutshell::tests
