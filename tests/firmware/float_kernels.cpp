// SPDX-License-Identifier: MIT
// On a board: the float kernels that the image is bound to, at all small sizes, unaligned and
// guarded. Products are held against double precision, the others against the reference (which
// hosts hold against double precision); a floating-point unit gives the bits of its twin in C++.
#include <math.h>

#include "arena.hpp"
#include "float_product.hpp"
#if !defined(__ARM_FEATURE_MVE)
#include "fpu_twin.hpp"
#endif

using namespace nutshell;
using namespace nutshell::tests;

namespace {

#define NUTSHELL_ENTRY(name) &kernels::name,
constexpr Kernels kBound = {NUTSHELL_KERNELS(NUTSHELL_ENTRY) Packing::canonical};
#undef NUTSHELL_ENTRY
constexpr Kernels kReference = table_of<Reference>();
#if !defined(__ARM_FEATURE_MVE)
constexpr Kernels kTwin = table_of<FpuTwin>();
constexpr bool kHasTwin = true;
#else
constexpr Kernels kTwin = kReference;
constexpr bool kHasTwin = false;
#endif

/// Four arrays of n numbers, and what a kernel returns.
struct Arrays {
    float *a, *b, *c, *d;
    float sum;
};
using Run = void (*)(const Kernels& kernels, int n, Arrays& x);

constexpr StepSize kStep{0.3f, 0.5f, 0.01f};
constexpr AdamRates kRates{0.75f, 0.875f, 0.25f, 0.125f, 0.0625f};
uint8_t pixels[80];

constexpr Run kRuns[] = {
    [](const Kernels& kernels, int n, Arrays& x) {
        kernels.sigmoid(n, x.a);
        kernels.tanh(n, x.b);
        kernels.leaky_relu(n, 0.3f, x.c);
        kernels.activation_gradient(Activation::linear, 0.3f, n, x.c, x.d);
    },
    [](const Kernels& kernels, int n, Arrays& x) {
        kernels.activation_gradient(Activation::relu, 0.3f, n, x.a, x.b);
        kernels.activation_gradient(Activation::leaky_relu, 0.3f, n, x.a, x.c);
        kernels.activation_gradient(Activation::sigmoid, 0.3f, n, x.a, x.d);
    },
    [](const Kernels& kernels, int n, Arrays& x) {
        kernels.activation_gradient(Activation::tanh, 0.3f, n, x.a, x.b);
        x.sum = kernels.sigmoid_cross_entropy(n, 0.25f, x.d, x.c);
    },
    [](const Kernels& kernels, int n, Arrays& x) {
        kernels.scale_bytes(n, pixels + n % 4, x.a);
        x.sum = kernels.sigmoid_cross_entropy_bytes(n, 0.25f, pixels + n % 4, x.c);
    },
    [](const Kernels& kernels, int n, Arrays& x) {
        x.sum = kernels.squared_error(n, 0.25f, x.d, x.b);
    },
    [](const Kernels& kernels, int n, Arrays& x) { x.sum = kernels.sum_of_squares(n, x.a); },
    [](const Kernels& kernels, int n, Arrays& x) { kernels.sgd_step(n, kStep, x.a, x.b); },
    [](const Kernels& kernels, int n, Arrays& x) {
        kernels.momentum_step(n, kStep, 0.75f, x.a, x.b, x.c);
    },
    [](const Kernels& kernels, int n, Arrays& x) {
        kernels.adam_step(n, kStep, kRates, x.a, x.b, x.c, x.d);
    },
};

bool same_bits(int n, const float* x, const float* y) {
    return memcmp(x, y, static_cast<size_t>(n) * sizeof(float)) == 0;
}

class Test {
  public:
    Test() : arena_(board::free_memory()), random_(20261124) {
        for (uint8_t& pixel : pixels) pixel = static_cast<uint8_t>(random_.next() >> 24);
    }

    /// n goes beyond two of the widest strips, k beyond two blocks of a dot product.
    void products() {
        for (int m = 0; m <= 3; m++) {
            for (int n = 0; n <= 53; n++) {
                for (int k = 0; k <= 19; k++) check_products(m, n, k);
            }
        }
        check_products(1, 24, 784);
        check_products(1, 784, 24);
        check_products(24, 784, 1);
    }

    void sums_of_rows() {
        for (int rows = 0; rows <= 5; rows++) {
            for (int n = 0; n <= 53; n++) {
                arena_.clear();
                float* x = numbers(rows * n);
                const float* before = numbers(n);
                // A sum of rows is a product with a column of ones.
                float ones[5] = {1, 1, 1, 1, 1};
                const Product product{Form::tn, 1, n, rows, 0.3f, ones, x, nullptr, kNone};
                float* y = copy(n, before);
                kernels::add_rows(rows, n, 0.3f, x, y);
                expect(product.right(before, y), "add_rows", rows, n, 0);
            }
        }
    }

    /// A row of a sparse product is a product of the numbers that are there and their rows.
    void sparse_products() {
        for (int n = 0; n <= 53; n++) {
            for (int count = 0; count <= 7; count++) check_sparse(n, count);
        }
    }

    void distances() {
        for (int groups = 0; groups <= 3; groups++) {
            for (int n = 0; n <= 19; n++) check_distances(groups, n);
        }
    }

    void elementwise() {
        for (int n = 0; n <= 75; n++) {
            int index = 0;
            for (const Run run : kRuns) check_run(run, n, index++);
        }
    }

    /// sigmoid and tanh over the floats, by their bit patterns.
    void elementary() {
        constexpr int n = 64;
        constexpr decltype(&Kernels::sigmoid) functions[] = {&Kernels::sigmoid, &Kernels::tanh};
        float x[n];
        uint32_t bits = 0;
        for (int round = 0; round < 400; round++) {
            for (int i = 0; i < n; i++, bits += 167797u) {  // 25,600 of them
                memcpy(&x[i], &bits, sizeof bits);
                if (!(x[i] - x[i] == 0)) x[i] = 0;
            }
            for (const auto function : functions) {
                float ours[n], expected[n];
                memcpy(ours, x, sizeof x);
                memcpy(expected, x, sizeof x);
                (kBound.*function)(n, ours);
                (kReference.*function)(n, expected);
                // Each is within three units in the last place, or 1.3e-38, of the truth.
                bool right = true;
                for (int i = 0; i < n; i++) {
                    const float bound = 6 * 0x1p-23f * fabsf(expected[i]) + 2.6e-38f;
                    right = right && fabsf(ours[i] - expected[i]) <= bound;
                }
                expect(right, "elementary", round, n, 0);
            }
        }
    }

    void not_a_number() {
        for (int n = 1; n <= 21; n++) {
            for (int at = 0; at < n; at++) check_nan(n, at);
        }
    }

    int finish() const {
        board::print("checked results: ");
        board::print(checks_);
        board::print(", wrong: ");
        board::print(failures_);
        board::print("\n");
        return checks_ > 0 && failures_ == 0 ? 0 : 1;
    }

  private:
    /// n numbers in low..1 at a place that is aligned for floats, and mostly not for vectors.
    float* numbers(int n, float low = -1.0f) {
        float* values = arena_.take<float>(n, 4 * (random_.next() >> 8 & 3));
        for (int i = 0; i < n; i++) {
            values[i] = low + (1.0f - low) * static_cast<float>(random_.next() >> 8) / 16777216.0f;
        }
        return values;
    }
    float* copy(int n, const float* from) {
        float* values = arena_.take<float>(n, 4 * (random_.next() >> 8 & 3));
        memcpy(values, from, static_cast<size_t>(n) * sizeof(float));
        return values;
    }

    void expect(bool right, const char* what, int first, int second, int third) {
        checks_++;
        if (right && arena_.intact()) return;
        if (failures_++ > 20) return;
        board::print("wrong: ");
        board::print(what);
        const int sizes[] = {first, second, third};
        for (const int size : sizes) {
            board::print(" ");
            board::print(size);
        }
        board::print("\n");
    }

    void check_products(int m, int n, int k) {
        constexpr Form forms[] = {Form::nt, Form::nn, Form::tn};
        for (const Form form : forms) {
            arena_.clear();
            const Clamp clamps[] = {kNone, {0, kInfinity}, {-0.25f, 0.5f}};
            const Product product{form,
                                  m,
                                  n,
                                  k,
                                  (n + k) % 2 == 0 ? 1.0f : -0.37f,
                                  numbers(m * k),
                                  numbers(k * n),
                                  k % 3 == 0 ? nullptr : numbers(n),
                                  clamps[(m + n + k) % 3]};
            const float* before = numbers(m * n);
            float* c = copy(m * n, before);
            product.run(kBound, c);
            expect(product.right(before, c), "product", m, n, k);
            check_parts(product, before, c);
        }
    }

    /// The same bits when a row is computed alone, or a sum in slices; and those of the twin.
    void check_parts(const Product& product, const float* before, const float* c) {
        const int m = product.m, n = product.n, k = product.k;
        float* parts = copy(m * n, before);
        Product part = product;
        if (product.form == Form::tn) {
            part.k = 1;
            for (int t = 0; t < k; t++, part.a += m, part.b += n) part.run(kBound, parts);
        } else {
            part.m = 1;
            for (int i = 0; i < m; i++, part.a += k) part.run(kBound, parts + i * n);
        }
        expect(same_bits(m * n, parts, c), "product in parts", m, n, k);
        if (!kHasTwin) return;
        memcpy(parts, before, static_cast<size_t>(m * n) * sizeof(float));
        product.run(kTwin, parts);
        expect(same_bits(m * n, parts, c), "product of the twin", m, n, k);
    }

    void check_sparse(int n, int count) {
        arena_.clear();
        constexpr int rows = 9;
        const float* all = numbers(rows * n);
        const float* bias = count % 3 == 0 ? nullptr : numbers(n);
        const uint32_t index = 1;  // of what is listed
        const size_t begin[3] = {0, 2, 2 + static_cast<size_t>(count)};
        uint16_t columns[9] = {};
        uint8_t bytes[9] = {77, 88};
        float values[7];
        float* there = arena_.take<float>(count * n, 0);
        for (int t = 0; t < count; t++) {
            const int column = (t * 5 + n) % rows;  // none of them twice
            columns[2 + t] = static_cast<uint16_t>(column);
            bytes[2 + t] = static_cast<uint8_t>(random_.between(1, 255));
            values[t] = static_cast<float>(bytes[2 + t]) / 255.0f;
            memcpy(there + t * n, all + column * n, static_cast<size_t>(n) * sizeof(float));
        }
        const SparseBytes sparse{&index, begin, columns, bytes};
        const Product product{Form::nn, 1, n, count, 1, values, there, bias, {-0.25f, 0.5f}};
        float* c = numbers(n);
        kernels::sparse_gemm_nn(1, n, sparse, all, bias, product.clamp, c);
        expect(product.right(c, c), "sparse product", n, count, 0);

        const float* before = numbers(rows * n);
        float* sums = copy(rows * n, before);
        const float* row = numbers(n);
        kernels::sparse_gemm_tn(1, n, 0.3f, sparse, row, sums);
        float dense[rows] = {};
        for (int t = 0; t < count; t++) dense[columns[2 + t]] = values[t];
        const Product outer{Form::tn, rows, n, 1, 0.3f, dense, row, nullptr, kNone};
        expect(outer.right(before, sums), "transposed sparse product", n, count, 0);
    }

    /// Of positive terms, a few roundings each.
    void check_distances(int groups, int n) {
        arena_.clear();
        const int count = groups * kGroupCodes;
        const float* query = numbers(n);
        const float* codes = numbers(n * count);
        float* ours = numbers(count);
        float* others = numbers(count);
        kernels::squared_distances(groups, n, query, codes, ours);
        Reference::squared_distances(groups, n, query, codes, others);
        bool right = true;
        for (int i = 0; i < count; i++) {
            const float bound = 2 * static_cast<float>(n + 4) * static_cast<float>(kRoundoff);
            right = right && fabsf(ours[i] - others[i]) <= bound * others[i];
        }
        expect(right, "distances", groups, n, 0);
        if (!kHasTwin) return;
        kTwin.squared_distances(groups, n, query, codes, others);
        expect(same_bits(count, ours, others), "distances of the twin", groups, n, 0);
    }

    void check_run(Run run, int n, int index) {
        Arrays ours, others;
        run_both(run, n, kReference, ours, others);
        expect(near(n, ours, others), "elementwise", index, n, 0);
        if (!kHasTwin) return;
        run_both(run, n, kTwin, ours, others);
        expect(same_bits(n, ours.a, others.a) && same_bits(n, ours.b, others.b) &&
                   same_bits(n, ours.c, others.c) && same_bits(n, ours.d, others.d) &&
                   same_bits(1, &ours.sum, &others.sum),
               "elementwise of the twin", index, n, 0);
    }

    /// The bound kernels and others on the same numbers.
    void run_both(Run run, int n, const Kernels& other_kernels, Arrays& ours, Arrays& others) {
        arena_.clear();
        ours = {numbers(n), numbers(n), numbers(n), numbers(n, 0.0f), 0};
        others = {copy(n, ours.a), copy(n, ours.b), copy(n, ours.c), copy(n, ours.d), 0};
        run(kBound, n, ours);
        run(other_kernels, n, others);
    }

    /// Elements below 4, each off from the truth by a handful of roundings on either side; sums of
    /// n positive terms of a few roundings each.
    static bool near(int n, const Arrays& x, const Arrays& y) {
        constexpr float tolerance = 32 * static_cast<float>(kRoundoff);
        const auto same = [n](const float* p, const float* q) {
            for (int i = 0; i < n; i++) {
                if (!(fabsf(p[i] - q[i]) <= tolerance)) return false;
            }
            return true;
        };
        return same(x.a, y.a) && same(x.b, y.b) && same(x.c, y.c) && same(x.d, y.d) &&
               fabsf(x.sum - y.sum) <=
                   2 * static_cast<float>(n + 8) * static_cast<float>(kRoundoff) * y.sum;
    }

    /// NaN in an element stays in that element, and reaches sums and products.
    void check_nan(int n, int at) {
        arena_.clear();
        float* x = numbers(n);
        const float* target = numbers(n, 0.0f);
        x[at] = __builtin_nanf("");
        float* y[] = {copy(n, x), copy(n, x), copy(n, x), copy(n, x), copy(n, x)};
        kernels::sigmoid(n, y[0]);
        kernels::tanh(n, y[1]);
        kernels::leaky_relu(n, 0.3f, y[2]);
        const float loss = kernels::sigmoid_cross_entropy(n, 1.0f, target, y[3]);
        const float error = kernels::squared_error(n, 1.0f, target, y[4]);
        float limits[] = {-__FLT_MAX__, __FLT_MAX__, kInfinity, -kInfinity};
        bool right = !kernels::all_finite(n, x) && kernels::all_finite(n, target) &&
                     kernels::all_finite(2, limits) && !kernels::all_finite(3, limits) &&
                     !kernels::all_finite(1, limits + 3);
        right = right && isnan(loss) && isnan(error) && isnan(kernels::sum_of_squares(n, x));
        for (const float* values : y) {
            for (int i = 0; i < n; i++) right = right && isnan(values[i]) == (i == at);
        }
        float product[2] = {};
        const Clamp relu{0, kInfinity};
        kernels::gemm_nt(1, 1, n, x, target, nullptr, relu, &product[0]);
        kernels::gemm_nn(1, 1, n, x, target, 1, nullptr, relu, &product[1]);
        right = right && isnan(product[0]) && isnan(product[1]);
        expect(right, "not a number", n, at, 0);
    }

    Arena arena_;
    Random random_;
    int32_t checks_ = 0;
    int32_t failures_ = 0;
};

}  // namespace

int main() {
    Test test;
    test.products();
    test.sums_of_rows();
    test.sparse_products();
    test.distances();
    test.elementwise();
    test.elementary();
    test.not_a_number();
    return test.finish();
}
