// SPDX-License-Identifier: MIT
// The tutorial's training as a good programmer writes it on OpenBLAS for one machine: the products
// by cblas_sgemm, everything else in fused loops that the compiler makes vectors of.
//
//     g++ -std=c++17 -Ofast -march=native openblas_training.cpp -lopenblas -o openblas_training
//     OPENBLAS_NUM_THREADS=1 ./openblas_training FOLDER_WITH_MNIST [EPOCHS]
//
// Needs Debian's libopenblas-dev. Prints the CPU seconds of each epoch of 784-24-784 (relu,
// sigmoid, Adam lr 1e-3 eps 1e-7, binary cross-entropy, batch 256), shuffling and gathering
// included.
#include <cblas.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iterator>
#include <numeric>
#include <random>
#include <string>
#include <vector>

namespace {

constexpr int kPixels = 784, kCode = 24, kBatch = 256;
using Floats = std::vector<float>;

std::vector<uint8_t> read_images(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::vector<uint8_t> bytes((std::istreambuf_iterator<char>(file)), {});
    if (bytes.size() < 16 + kPixels) {
        std::fprintf(stderr, "cannot read %s\n", path.c_str());
        std::exit(2);
    }
    bytes.erase(bytes.begin(), bytes.begin() + 16);
    return bytes;
}

double cpu_seconds() {
    timespec time{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

/// Parameters with what Adam remembers of them.
struct Parameters {
    Floats value, gradient, mean, square;
    explicit Parameters(size_t n) : value(n), gradient(n), mean(n), square(n) {}

    void step(int t) {
        const float correction1 = 1 - std::pow(0.9f, static_cast<float>(t));
        const float correction2 = 1 - std::pow(0.999f, static_cast<float>(t));
        const float rate = 1e-3f * std::sqrt(correction2) / correction1;
        const float epsilon = 1e-7f * std::sqrt(correction2);
        float* w = value.data();
        const float* g = gradient.data();
        float* m = mean.data();
        float* v = square.data();
        for (size_t i = 0; i < value.size(); i++) {
            m[i] += 0.1f * (g[i] - m[i]);
            v[i] += 0.001f * (g[i] * g[i] - v[i]);
            w[i] -= rate * m[i] / (std::sqrt(v[i]) + epsilon);
        }
    }
};

class Model {
  public:
    Model() {
        std::mt19937 generator(1);
        const float limit = std::sqrt(6.0f / (kPixels + kCode));
        std::uniform_real_distribution<float> weight(-limit, limit);
        for (float& w : encoder_.value) w = weight(generator);
        for (float& w : decoder_.value) w = weight(generator);
    }

    float* input() { return x_.data(); }

    /// One step on the first n samples of input(); returns the sum of their losses.
    double step(int n) {
        product(CblasNoTrans, CblasTrans, n, kCode, kPixels, x_, encoder_.value, h_);
        for (int i = 0; i < n; i++) {
            float* row = h_.data() + i * kCode;
            for (int j = 0; j < kCode; j++) {
                row[j] = std::max(0.0f, row[j] + encoder_bias_.value[static_cast<size_t>(j)]);
            }
        }
        product(CblasNoTrans, CblasNoTrans, n, kPixels, kCode, h_, decoder_.value, z_);
        const double loss = loss_and_gradient(n);
        product(CblasTrans, CblasNoTrans, kCode, kPixels, n, h_, z_, decoder_.gradient);
        product(CblasNoTrans, CblasTrans, n, kCode, kPixels, z_, decoder_.value, dh_);
        std::fill(encoder_bias_.gradient.begin(), encoder_bias_.gradient.end(), 0.0f);
        for (int i = 0; i < n; i++) {
            float* row = dh_.data() + i * kCode;
            const float* y = h_.data() + i * kCode;
            for (int j = 0; j < kCode; j++) {
                row[j] = y[j] > 0 ? row[j] : 0.0f;
                encoder_bias_.gradient[static_cast<size_t>(j)] += row[j];
            }
        }
        product(CblasTrans, CblasNoTrans, kCode, kPixels, n, dh_, x_, encoder_.gradient);
        steps_++;
        for (Parameters* p : {&encoder_, &encoder_bias_, &decoder_, &decoder_bias_}) {
            p->step(steps_);
        }
        return loss;
    }

  private:
    /// C[m][n] = op(A) * op(B), all dense and row-major.
    static void product(CBLAS_TRANSPOSE a_order, CBLAS_TRANSPOSE b_order, int m, int n, int k,
                        const Floats& a, const Floats& b, Floats& c) {
        cblas_sgemm(CblasRowMajor, a_order, b_order, m, n, k, 1.0f, a.data(),
                    a_order == CblasNoTrans ? k : m, b.data(), b_order == CblasNoTrans ? n : k,
                    0.0f, c.data(), n);
    }

    /// Bias, sigmoid, cross-entropy, its gradient and the bias's in one pass over the logits.
    double loss_and_gradient(int n) {
        const float scale = 1.0f / (static_cast<float>(n) * kPixels);
        const float* bias = decoder_bias_.value.data();
        float* bias_gradient = decoder_bias_.gradient.data();
        std::fill_n(bias_gradient, kPixels, 0.0f);
        double total = 0;
        for (int i = 0; i < n; i++) {
            float* z = z_.data() + i * kPixels;
            const float* t = x_.data() + i * kPixels;
            float sum = 0;
            for (int j = 0; j < kPixels; j++) {
                const float logit = z[j] + bias[j];
                const float e = std::exp(-std::fabs(logit));
                const float positive = 1.0f / (1.0f + e);
                sum += std::max(logit, 0.0f) - logit * t[j] + std::log(1.0f + e);
                const float d = ((logit < 0 ? e * positive : positive) - t[j]) * scale;
                z[j] = d;
                bias_gradient[j] += d;
            }
            total += static_cast<double>(sum);
        }
        return total;
    }

    Parameters encoder_{kCode * kPixels}, encoder_bias_{kCode};    // [code][pixels]
    Parameters decoder_{kCode * kPixels}, decoder_bias_{kPixels};  // [code][pixels]
    Floats x_ = Floats(kBatch * kPixels), z_ = x_;
    Floats h_ = Floats(kBatch * kCode), dh_ = h_;
    int steps_ = 0;
};

}  // namespace

int main(int count, char** arguments) {
    if (count < 2) {
        std::fprintf(stderr, "usage: openblas_training FOLDER_WITH_MNIST [EPOCHS]\n");
        return 2;
    }
    const std::vector<uint8_t> images =
        read_images(std::string(arguments[1]) + "/train-images-idx3-ubyte");
    const int samples = static_cast<int>(images.size()) / kPixels;
    const int epochs = count > 2 ? std::atoi(arguments[2]) : 3;
    std::vector<int> order(static_cast<size_t>(samples));
    std::iota(order.begin(), order.end(), 0);
    std::mt19937 generator(2);
    Model model;
    double best = HUGE_VAL;
    for (int epoch = 1; epoch <= epochs; epoch++) {
        const double start = cpu_seconds();
        std::shuffle(order.begin(), order.end(), generator);
        double loss = 0;
        for (int at = 0; at < samples; at += kBatch) {
            const int n = std::min(kBatch, samples - at);
            for (int i = 0; i < n; i++) {
                const uint8_t* from =
                    images.data() +
                    static_cast<ptrdiff_t>(order[static_cast<size_t>(at + i)]) * kPixels;
                float* to = model.input() + i * kPixels;
                for (int j = 0; j < kPixels; j++) to[j] = static_cast<float>(from[j]) / 255.0f;
            }
            loss += model.step(n);
        }
        const double seconds = cpu_seconds() - start;
        best = std::min(best, seconds);
        std::printf("epoch %d: loss %.4f, %.4f s of CPU time\n", epoch, loss / samples / kPixels,
                    seconds);
    }
    std::printf("best %.4f s\n", best);
    return 0;
}
