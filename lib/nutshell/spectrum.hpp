// SPDX-License-Identifier: MIT
// How strong each frequency is in a frame of a signal: a fast Fourier transform in place, over
// tables that the compiler makes and flash holds.
#pragma once
#include <stdint.h>

namespace nutshell {

namespace detail {

constexpr double kPi = 3.14159265358979323846;

/// cos(x) for |x| <= pi, at compile time: Taylor's series about the nearer of 0 and the right
/// angle.
constexpr double series(double x, double first, int power) noexcept {
    double sum = first, term = first;
    for (int i = power + 1; i < power + 24; i += 2) {
        term *= -x * x / (i * (i + 1));
        sum += term;
    }
    return sum;
}
constexpr double cosine(double x) noexcept {
    x = x < 0 ? -x : x;
    if (x > kPi / 2) return -cosine(kPi - x);
    return x < kPi / 4 ? series(x, 1.0, 0) : series(kPi / 2 - x, kPi / 2 - x, 1);
}

}  // namespace detail

/// cos and sin of 2 pi k / N for k < N / 2.
template <int N>
struct FourierTable {
    static_assert(N >= 8 && (N & (N - 1)) == 0, "nutshell: a frame's size is a power of two");
    float cosine[N / 2];
    float sine[N / 2];
};

namespace detail {
template <int N>
constexpr FourierTable<N> make_fourier_table() noexcept {
    FourierTable<N> table{};
    for (int k = 0; k < N / 2; k++) {
        const double angle = 2 * kPi * k / N;
        table.cosine[k] = static_cast<float>(cosine(angle));
        table.sine[k] = static_cast<float>(cosine(kPi / 2 - angle));
    }
    return table;
}
}  // namespace detail

template <int N>
inline constexpr FourierTable<N> kFourierTable = detail::make_fourier_table<N>();

/// x[n] times Hann's window of n, which begins with zero and has its peak at n / 2. cosine[n / 2]
/// as in FourierTable<n>.
void hann_window(int n, const float* cosine, float* x) noexcept;

/// The squared magnitudes of the discrete Fourier transform of x[n], in its place: that of
/// frequency k, k / n of the sampling rate, at x[2 * k] for k < n / 2, and the last one, n / 2, at
/// x[1]. The tables are those of FourierTable<n>; n is a power of two, 8 or more.
void power_spectrum(int n, const float* cosine, const float* sine, float* x) noexcept;

/// Where power_spectrum() leaves frequency k, 0..n / 2.
constexpr int power_place(int n, int k) noexcept { return k < n / 2 ? 2 * k : 1; }

}  // namespace nutshell
