// SPDX-License-Identifier: MIT
// What the tests of the device library share: two models, numbers from a generator that is not the
// library's own, and equality of bits.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "nutshell/nutshell.hpp"

// Defined when every access to memory is checked: slow, and the heap is not the C library's.
#if defined(__SANITIZE_ADDRESS__)
#define NUTSHELL_TEST_SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define NUTSHELL_TEST_SANITIZED
#endif
#endif

namespace nutshell::tests {

using Tutorial = Autoencoder<Sequential<Dense<784, 24, Relu>>, Sequential<Dense<24, 784, Sigmoid>>>;

/// Every activation, and weights in both orders.
using Deep =
    Autoencoder<Sequential<Dense<16, 12, Relu>, Dense<12, 9, LeakyRelu<>>, Dense<9, 5, Tanh>>,
                Sequential<Dense<5, 9, Linear>, Dense<9, 12, Sigmoid>, Dense<12, 16, Linear>>>;

/// The unit roundoff of float: what one operation can be wrong by, relatively.
constexpr double kRoundoff = 1.0 / (1 << 24);

/// Knuth's 64-bit linear congruential generator; the upper bits.
class Numbers {
  public:
    explicit Numbers(uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15u + 1) {}

    float in(float low, float high) {
        state_ = state_ * 6364136223846793005u + 1442695040888963407u;
        const float part = static_cast<float>(state_ >> 40) / 16777216.0f;
        return low + (high - low) * part;
    }
    std::vector<float> list(size_t n, float low = -1.0f, float high = 1.0f) {
        std::vector<float> values(n);
        for (float& value : values) value = in(low, high);
        return values;
    }

  private:
    uint64_t state_;
};

inline uint32_t bits_of(float value) {
    uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    return bits;
}

inline float float_of(uint32_t bits) {
    float value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

inline bool same_bits(const float* a, const float* b, size_t n) {
    return n == 0 || std::memcmp(a, b, n * sizeof(float)) == 0;
}
inline bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
    return a.size() == b.size() && same_bits(a.data(), b.data(), a.size());
}

/// The largest magnitude of v.
inline double largest(const std::vector<float>& v) {
    double most = 0;
    for (float value : v) most = std::max(most, std::fabs(static_cast<double>(value)));
    return most;
}

/// The largest difference of two arrays; infinite when sizes differ or a number is not finite.
template <class A, class B>
double distance(const std::vector<A>& a, const std::vector<B>& b) {
    if (a.size() != b.size()) return HUGE_VAL;
    double most = 0;
    for (size_t i = 0; i < a.size(); i++) {
        const double difference = std::fabs(static_cast<double>(a[i]) - static_cast<double>(b[i]));
        if (!(difference <= most)) most = std::isfinite(difference) ? difference : HUGE_VAL;
    }
    return most;
}

}  // namespace nutshell::tests
