// SPDX-License-Identifier: MIT
#include "latent.hpp"

#include "elementary.hpp"
#include "lane.hpp"
#include "philox.hpp"

namespace nutshell {
namespace {

/// Four words of a sample in a layer: numbers 4 * block and those behind it.
Random4 words_of(const Pass& pass, int row, int block) noexcept {
    const uint32_t counter[4] = {static_cast<uint32_t>(block), pass.step,
                                 static_cast<uint32_t>(Purpose::layer),
                                 pass.first + static_cast<uint32_t>(row)};
    const uint32_t key[2] = {pass.seed, static_cast<uint32_t>(pass.layer)};
    return philox(counter, key);
}

/// Calls use(row, place in the row, word) for each of the n numbers of each row.
template <class Use>
void for_each_word(const Pass& pass, int n, Use use) noexcept {
    for (int row = 0; row < pass.rows; row++) {
        for (int at = 0; at < n; at += 4) {
            const Random4 random = words_of(pass, row, at / 4);
            for (int i = 0; i < 4 && at + i < n; i++) use(row, at + i, random.word[i]);
        }
    }
}

ptrdiff_t place(int row, int n, int at) noexcept { return static_cast<ptrdiff_t>(row) * n + at; }

/// e^x; infinite from 176 on, where no training survives.
float exponential_of_half(float x) noexcept {
    using V = Lane<false>;
    const float half = 0.5f * x;
    const V clipped = V::min(V::set(88.0f), V::max(V::set(-87.0f), V::set(half)));
    return elementary::exp(clipped).v;
}

/// Calls use(row, at, count, noise[count]) for pieces of up to four numbers of a code.
template <class Use>
void for_each_piece(const Pass& pass, int n, Use use) noexcept {
    for (int row = 0; row < pass.rows; row++) {
        for (int at = 0; at < n; at += 4) {
            const Random4 random = words_of(pass, row, at / 4);
            float noise[4];
            for (int i = 0; i < 4; i++) noise[i] = normal(random.word[i]);
            use(row, at, n - at < 4 ? n - at : 4, noise);
        }
    }
}

}  // namespace

void drop(const Pass& pass, int n, float rate, const float* x, float* y) noexcept {
    const float scale = 1.0f / (1.0f - rate);
    for_each_word(pass, n, [&](int row, int at, uint32_t word) noexcept {
        const ptrdiff_t i = place(row, n, at);
        y[i] = uniform(word) < rate ? 0.0f : x[i] * scale;
    });
}

void add_noise(const Pass& pass, int n, float deviation, const float* x, float* y) noexcept {
    for_each_word(pass, n, [&](int row, int at, uint32_t word) noexcept {
        const ptrdiff_t i = place(row, n, at);
        y[i] = x[i] + deviation * normal(word);
    });
}

void reparameterize(int n, const float* noise, const float* mean, const float* log_variance,
                    float* z) noexcept {
    for (int i = 0; i < n; i++) z[i] = mean[i] + noise[i] * exponential_of_half(log_variance[i]);
}

double divergence(int n, const float* mean, const float* log_variance) noexcept {
    double sum = 0.0;
    for (int i = 0; i < n; i++) {
        const float deviation = exponential_of_half(log_variance[i]);
        const float square = mean[i] * mean[i];
        sum +=
            static_cast<double>(0.5f * (deviation * deviation - 1.0f - log_variance[i] + square));
    }
    return sum;
}

void reparameterize_gradient(int n, float weight, const float* noise, const float* mean,
                             const float* log_variance, const float* dz, float* dmean,
                             float* dlog_variance) noexcept {
    for (int i = 0; i < n; i++) {
        const float deviation = exponential_of_half(log_variance[i]);
        dmean[i] = dz[i] + weight * mean[i];
        dlog_variance[i] =
            0.5f * (dz[i] * noise[i] * deviation + weight * (deviation * deviation - 1.0f));
    }
}

void sample_code(const Pass& pass, int n, float weight, const float* x, float* y) noexcept {
    const auto mean = [&](int row) noexcept { return x + place(row, 2 * n, 0); };
    if (pass.penalty) {
        for (int row = 0; row < pass.rows; row++) {
            *pass.penalty += static_cast<double>(weight) * divergence(n, mean(row), mean(row) + n);
        }
    }
    if (pass.mode == Mode::inference) {
        for (int row = 0; row < pass.rows; row++) {
            memcpy(y + place(row, n, 0), mean(row), sizeof(float) * static_cast<size_t>(n));
        }
        return;
    }
    for_each_piece(pass, n, [&](int row, int at, int count, const float* noise) noexcept {
        reparameterize(count, noise, mean(row) + at, mean(row) + n + at, y + place(row, n, at));
    });
}

void sample_code_gradient(const Pass& pass, int n, float weight, const float* x, const float* dy,
                          float* dx) noexcept {
    for_each_piece(pass, n, [&](int row, int at, int count, const float* noise) noexcept {
        const ptrdiff_t mean = place(row, 2 * n, at);
        reparameterize_gradient(count, weight * pass.scale, noise, x + mean, x + mean + n,
                                dy + place(row, n, at), dx + mean, dx + mean + n);
    });
}

double absolute_sum(int n, const float* x) noexcept {
    double sum = 0.0;
    for (int i = 0; i < n; i++) sum += static_cast<double>(x[i] < 0 ? -x[i] : x[i]);
    return sum;
}

void absolute_gradient(int n, float weight, const float* x, const float* dy, float* dx) noexcept {
    for (int i = 0; i < n; i++) {
        dx[i] = dy[i] + (x[i] > 0 ? weight : x[i] < 0 ? -weight : 0.0f);
    }
}

}  // namespace nutshell
