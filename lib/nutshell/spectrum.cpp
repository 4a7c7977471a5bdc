// SPDX-License-Identifier: MIT
// The transform of n real numbers as that of n / 2 complex ones, which hold neighbours, by Cooley
// and Tukey's halving; then each pair of frequencies k and n / 2 - k is told apart.
// Source: Press et al., Numerical Recipes, 3rd edition, 12.2 and 12.3.
#include "spectrum.hpp"

namespace nutshell {
namespace {

struct Complex {
    float re, im;
};

Complex operator+(Complex a, Complex b) noexcept { return {a.re + b.re, a.im + b.im}; }
Complex operator-(Complex a, Complex b) noexcept { return {a.re - b.re, a.im - b.im}; }

Complex load(const float* x, int i) noexcept { return {x[2 * i], x[2 * i + 1]}; }
void store(float* x, int i, Complex z) noexcept {
    x[2 * i] = z.re;
    x[2 * i + 1] = z.im;
}

/// Element i goes where i's bits in reverse say.
void reverse_bits(int m, float* x) noexcept {
    for (int i = 1, j = 0; i < m; i++) {
        int bit = m >> 1;
        for (; (j & bit) != 0; bit >>= 1) j ^= bit;
        j ^= bit;
        if (i >= j) continue;
        const Complex z = load(x, i);
        store(x, i, load(x, j));
        store(x, j, z);
    }
}

/// Transforms of four, whose factors are 1 and -i.
void fours(int m, float* x) noexcept {
    for (int i = 0; i < m; i += 4) {
        const Complex a = load(x, i), b = load(x, i + 1), c = load(x, i + 2), d = load(x, i + 3);
        const Complex ab = a + b, cd = c + d, a_b = a - b, c_d = c - d;
        store(x, i, ab + cd);
        store(x, i + 2, ab - cd);
        store(x, i + 1, {a_b.re + c_d.im, a_b.im - c_d.re});
        store(x, i + 3, {a_b.re - c_d.im, a_b.im + c_d.re});
    }
}

/// Transforms of `size` from those of its halves. A factor serves all of them.
void merge(int m, int size, int step, const float* cosine, const float* sine, float* x) noexcept {
    const int half = size / 2;
    for (int k = 0; k < half; k++) {
        const float c = cosine[k * step], s = sine[k * step];
        for (int i = k; i < m; i += size) {
            const Complex a = load(x, i), b = load(x, i + half);
            const Complex turned = {b.re * c + b.im * s, b.im * c - b.re * s};
            store(x, i, a + turned);
            store(x, i + half, a - turned);
        }
    }
}

float squared(Complex z) noexcept { return z.re * z.re + z.im * z.im; }

}  // namespace

void hann_window(int n, const float* cosine, float* x) noexcept {
    for (int i = 0; i < n / 2; i++) {
        const float weight = 0.5f - 0.5f * cosine[i];
        x[i] *= weight;
        if (i > 0) x[n - i] *= weight;
    }
}

void power_spectrum(int n, const float* cosine, const float* sine, float* x) noexcept {
    const int m = n / 2;
    reverse_bits(m, x);
    fours(m, x);
    for (int size = 8; size <= m; size *= 2) merge(m, size, n / size, cosine, sine, x);
    const Complex first = load(x, 0);
    x[0] = (first.re + first.im) * (first.re + first.im);
    x[1] = (first.re - first.im) * (first.re - first.im);
    for (int k = 1; k <= m - k; k++) {
        const Complex a = load(x, k), b = load(x, m - k);
        const Complex even = {0.5f * (a.re + b.re), 0.5f * (a.im - b.im)};
        const Complex odd = {0.5f * (a.im + b.im), 0.5f * (b.re - a.re)};
        const float c = cosine[k], s = sine[k];
        const Complex turned = {odd.re * c + odd.im * s, odd.im * c - odd.re * s};
        x[2 * k] = squared(even + turned);
        x[2 * (m - k)] = squared(even - turned);
    }
}

}  // namespace nutshell
