// SPDX-License-Identifier: MIT
// The float kernels, once, over the vector type V that an instruction-set file supplies: what
// nutshell/elementary.hpp asks for, and load, store (any alignment), load_part, store_part (the
// first n < lanes elements, nothing read or written behind them), sqrt, select_positive,
// exponent, mantissa, sum; the register tiles tile_rows x tile_vectors and dot_tile_rows x
// dot_tile_columns; and what vector_row.hpp asks for.
//
// Two inner loops carry all matrix products: rows combined by scalars (gemm_nn, gemm_tn) and dot
// products (gemm_nt). An element's sum is always made in the same order, whatever tile it falls
// into, so that no result depends on the rows computed with it.
#pragma once
#include "nutshell/elementary.hpp"
#include "nutshell/kernels.hpp"
#include "platform.hpp"
#include "vector_row.hpp"

namespace nutshell {

template <class V, class Int8Kernels>
struct VectorKernels : Int8Kernels {
    static constexpr int lanes = V::lanes;

    static void gemm_nt(int m, int n, int k, const float* a, const float* b, const float* bias,
                        Clamp clamp, float* c) noexcept {
        int i = 0;
        for (; i + V::dot_tile_rows <= m; i += V::dot_tile_rows) {
            dot_rows<V::dot_tile_rows, V::dot_tile_columns>(n, k, a, b, bias, clamp, c);
            a += static_cast<ptrdiff_t>(V::dot_tile_rows) * k;
            c += static_cast<ptrdiff_t>(V::dot_tile_rows) * n;
        }
        for (; i < m; i++, a += k, c += n) {
            VectorRow<V>::times_transposed(n, k, a, b, bias, clamp, c);
        }
    }

    static void gemm_nn(int m, int n, int k, const float* a, const float* b, const float* bias,
                        Clamp clamp, float* c) noexcept {
        if (m == 1) return VectorRow<V>::times(n, k, a, b, bias, clamp, c);
        for (int j = 0; j < n; j += strip_width) {
            const int width = n - j < strip_width ? n - j : strip_width;
            int t = 0;
            do {  // at least once: without any k the result is the bias
                const int depth = k - t < block_depth ? k - t : block_depth;
                const Product product{
                    a + t, k, 1, V::set(1.0f), b + static_cast<ptrdiff_t>(t) * n + j, n, depth};
                const Edge edge{t == 0, bias ? bias + j : nullptr, t + depth == k, clamp};
                strip<false>(m, width, product, edge, c + j, n);
                t += depth;
            } while (t < k);
        }
    }

    static void gemm_tn(int m, int n, int k, float alpha, const float* a, const float* b,
                        float* c) noexcept {
        const Edge edge{false, nullptr, false, {}};
        for (int j = 0; j < n; j += strip_width) {
            const int width = n - j < strip_width ? n - j : strip_width;
            for (int t = 0; t < k; t += block_depth) {
                const int depth = k - t < block_depth ? k - t : block_depth;
                const Product product{a + static_cast<ptrdiff_t>(t) * m,     1, m,    V::set(alpha),
                                      b + static_cast<ptrdiff_t>(t) * n + j, n, depth};
                if (alpha == 1.0f) {
                    strip<false>(m, width, product, edge, c + j, n);
                } else {
                    strip<true>(m, width, product, edge, c + j, n);
                }
            }
        }
    }

    static void add_rows(int rows, int n, float alpha, const float* x, float* y) noexcept {
        const V scale = V::set(alpha);
        for_each(n, [=](int j, auto part) noexcept {
            V sum = load(y + j, part);
            const float* row = x + j;
            for (int i = 0; i < rows; i++, row += n) sum = V::mul_add(scale, load(row, part), sum);
            store(y + j, sum, part);
        });
    }

    static void leaky_relu(int n, float slope, float* x) noexcept {
        const V factor = V::set(slope);
        for_each(n, [=](int i, auto part) noexcept {
            const V value = load(x + i, part);
            store(x + i, V::select_positive(value, value, factor * value), part);
        });
    }

    static void sigmoid(int n, float* x) noexcept {
        for_each(n, [=](int i, auto part) noexcept {
            store(x + i, elementary::logistic(load(x + i, part)), part);
        });
    }

    static void tanh(int n, float* x) noexcept {
        for_each(n, [=](int i, auto part) noexcept {
            store(x + i, elementary::tanh(load(x + i, part)), part);
        });
    }

    static void activation_gradient(Activation activation, float slope, int n, const float* y,
                                    float* dy) noexcept {
        const V one = V::set(1.0f), factor = V::set(slope), zero = V::set(0.0f);
        switch (activation) {
            case Activation::linear:
                return;
            case Activation::relu:
                return scale_by(n, y, dy, [=](V v, V d) noexcept {
                    return V::select_positive(v, d, zero * v);
                });
            case Activation::leaky_relu:
                return scale_by(n, y, dy, [=](V v, V d) noexcept {
                    return V::select_positive(v, d, factor * d);
                });
            case Activation::sigmoid:
                return scale_by(n, y, dy, [=](V v, V d) noexcept { return d * (v * (one - v)); });
            case Activation::tanh:
                return scale_by(n, y, dy, [=](V v, V d) noexcept { return d * (one - v * v); });
        }
    }

    static float sigmoid_cross_entropy(int n, float scale, const float* target, float* z) noexcept {
        // log(1 + e) is summed as the logarithm of a product of factors_per_product factors of at
        // most 2.
        const V factor = V::set(scale);
        CrossEntropy sum{V::set(0.0f), V::set(1.0f)};
        V logarithms = V::set(0.0f);
        int i = 0;
        while (i + lanes <= n) {
            const int end =
                n - i < factors_per_product * lanes ? n : i + factors_per_product * lanes;
            for (; i + lanes <= end; i += lanes)
                sum = cross_entropy(sum, i, target, z, factor, Full{});
            logarithms = logarithms + elementary::log(sum.product);
            sum.product = V::set(1.0f);
        }
        if (i < n) {
            sum = cross_entropy(sum, i, target, z, factor, Part{n - i});
            logarithms = logarithms + elementary::log(sum.product);
        }
        return V::sum(sum.linear + logarithms);
    }

    static float squared_error(int n, float scale, const float* target, float* y) noexcept {
        const V twice = V::set(2.0f * scale);
        V sum = V::set(0.0f);
        for_each(n, [&](int i, auto part) noexcept {
            const V error = load(y + i, part) - load(target + i, part);
            sum = V::mul_add(error, error, sum);
            store(y + i, error * twice, part);
        });
        return V::sum(sum);
    }

    static float sum_of_squares(int n, const float* x) noexcept {
        V sum = V::set(0.0f);
        for_each(n, [&](int i, auto part) noexcept {
            const V value = load(x + i, part);
            sum = V::mul_add(value, value, sum);
        });
        return V::sum(sum);
    }

    static void sgd_step(int n, StepSize step, float* weights, float* gradients) noexcept {
        const V rate = V::set(step.rate), decay = V::set(step.decay);
        const V scale = V::set(step.gradient_scale);
        for_each(n, [=](int i, auto part) noexcept {
            const V w = load(weights + i, part), g = load(gradients + i, part) * scale;
            store(weights + i, w - V::mul_add(rate, g, decay * w), part);
            store(gradients + i, V::set(0.0f), part);
        });
    }

    static void momentum_step(int n, StepSize step, float momentum, float* weights,
                              float* gradients, float* velocity) noexcept {
        const V rate = V::set(step.rate), decay = V::set(step.decay);
        const V scale = V::set(step.gradient_scale), keep = V::set(momentum);
        for_each(n, [=](int i, auto part) noexcept {
            const V w = load(weights + i, part), g = load(gradients + i, part) * scale;
            const V v = keep * load(velocity + i, part) - rate * g;
            store(velocity + i, v, part);
            store(weights + i, w + (v - decay * w), part);
            store(gradients + i, V::set(0.0f), part);
        });
    }

    static void adam_step(int n, StepSize step, AdamRates rates, float* weights, float* gradients,
                          float* first_moment, float* second_moment) noexcept {
        const V rate = V::set(step.rate), decay = V::set(step.decay);
        const V scale = V::set(step.gradient_scale), epsilon = V::set(rates.epsilon);
        const V new1 = V::set(rates.one_minus_beta1), new2 = V::set(rates.one_minus_beta2);
        for_each(n, [=](int i, auto part) noexcept {
            const V w = load(weights + i, part), g = load(gradients + i, part) * scale;
            V mean = load(first_moment + i, part), square = load(second_moment + i, part);
            mean = V::mul_add(new1, g - mean, mean);
            square = V::mul_add(new2, g * g - square, square);
            store(first_moment + i, mean, part);
            store(second_moment + i, square, part);
            const V change = rate * mean / (V::sqrt(square) + epsilon);
            store(weights + i, w - V::mul_add(decay, w, change), part);
            store(gradients + i, V::set(0.0f), part);
        });
    }

    /// Rounds of peak_sums independent multiply-adds.
    static float multiply_adds(int rounds) noexcept {
        V sums[peak_sums];
        for (int i = 0; i < peak_sums; i++) sums[i] = V::set(static_cast<float>(i));
        const V factor = V::set(0.999f), term = V::set(0.001f);
        for (int round = 0; round < rounds; round++) {
            for (int i = 0; i < peak_sums; i++) sums[i] = V::mul_add(sums[i], factor, term);
        }
        for (int i = 1; i < peak_sums; i++) sums[0] = sums[0] + sums[i];
        return V::sum(sums[0]);
    }
    static constexpr int peak_sums = 12;  // hide the latency, fit the registers

    /// Loads x[n], and adds it up to keep the loads alive; n is a multiple of read_sums * lanes.
    static float read(int n, const float* x) noexcept {
        V sums[read_sums];
        for (int i = 0; i < read_sums; i++) sums[i] = V::set(0.0f);
        for (int i = 0; i < n; i += read_sums * lanes) {
            for (int j = 0; j < read_sums; j++) sums[j] = sums[j] + V::load(x + i + j * lanes);
        }
        for (int i = 1; i < read_sums; i++) sums[0] = sums[0] + sums[i];
        return V::sum(sums[0]);
    }
    static constexpr int read_sums = 8;

  private:
    /// Columns of a strip, and depth of a block: their tile of B stays in the first-level cache.
    static constexpr int strip_width = V::tile_vectors * lanes;
    static constexpr int block_depth = 256;

    /// 2^64 is far from the largest float.
    static constexpr int factors_per_product = 64;

    using Full = nutshell::Full<V>;
    using Part = nutshell::Part<V>;

    /// The elements of v that are there, `rest` in place of the others.
    template <class P>
    static V first(V v, P part, V rest) noexcept {
        float values[lanes], others[lanes];
        V::store(values, v);
        V::store(others, rest);
        for (int i = part.value(); i < lanes; i++) values[i] = others[i];
        return V::load(values);
    }

    template <class Body>
    static void for_each(int n, Body body) noexcept {
        int i = 0;
        for (; i + lanes <= n; i += lanes) body(i, Full{});
        if (i < n) body(i, Part{n - i});
    }

    template <class Rule>
    static void scale_by(int n, const float* y, float* dy, Rule rule) noexcept {
        for_each(n, [=](int i, auto part) noexcept {
            store(dy + i, rule(load(y + i, part), load(dy + i, part)), part);
        });
    }

    struct CrossEntropy {
        V linear;   // sum of max(z, 0) - z * target
        V product;  // of 1 + exp(-|z|)
    };
    template <class P>
    static CrossEntropy cross_entropy(CrossEntropy sum, int i, const float* target, float* z,
                                      V factor, P part) noexcept {
        const V zero = V::set(0.0f), one = V::set(1.0f);
        const V logit = load(z + i, part), t = load(target + i, part);
        const elementary::Sigmoid<V> s = elementary::sigmoid(logit);
        store(z + i, (s.value - t) * factor, part);
        V linear = V::max(zero, logit) - logit * t, growth = one + s.exp_minus_abs;
        if (part.value() < lanes) {
            linear = first(linear, part, zero);
            growth = first(growth, part, one);
        }
        return {sum.linear + linear, sum.product * growth};
    }

    /// Dot products of Rows rows of A with all rows of B, Columns at a time.
    template <int Rows, int Columns>
    static void dot_rows(int n, int k, const float* a, const float* b, const float* bias,
                         Clamp clamp, float* c) noexcept {
        int j = 0;
        for (; j + Columns <= n; j += Columns, b += static_cast<ptrdiff_t>(Columns) * k) {
            dot_tile<Rows, Columns>(n, k, a, b, bias ? bias + j : nullptr, clamp, c + j);
        }
        for (; j < n; j++, b += k) {
            dot_tile<Rows, 1>(n, k, a, b, bias ? bias + j : nullptr, clamp, c + j);
        }
    }

    template <int Rows, int Columns>
    static void dot_tile(int n, int k, const float* a, const float* b, const float* bias,
                         Clamp clamp, float* c) noexcept {
        V sum[Rows][Columns];
        for (int i = 0; i < Rows; i++) {
            for (int j = 0; j < Columns; j++) sum[i][j] = V::set(0.0f);
        }
        const auto accumulate = [&](int t, auto part) __attribute__((always_inline)) {
            V row[Rows];
            for (int i = 0; i < Rows; i++)
                row[i] = load(a + i * static_cast<ptrdiff_t>(k) + t, part);
            for (int j = 0; j < Columns; j++) {
                const V column = load(b + j * static_cast<ptrdiff_t>(k) + t, part);
                for (int i = 0; i < Rows; i++) sum[i][j] = V::mul_add(row[i], column, sum[i][j]);
            }
        };
        int t = 0;
        for (; t + lanes <= k; t += lanes) accumulate(t, Full{});
        if (t < k) accumulate(t, Part{k - t});
        for (int i = 0; i < Rows; i++) {
            for (int j = 0; j < Columns; j++) {
                const float total = V::sum(sum[i][j]);
                c[i * static_cast<ptrdiff_t>(n) + j] =
                    VectorRow<V>::clamped(bias ? total + bias[j] : total, clamp);
            }
        }
    }

    /// C += A * B for one block: A's element (i, t) at a[i * row + t * step], times alpha.
    struct Product {
        const float* a;
        ptrdiff_t row;
        ptrdiff_t step;
        V alpha;
        const float* b;  // [depth][stride]
        ptrdiff_t stride;
        int depth;
    };

    /// What happens before the first and after the last block of a sum.
    struct Edge {
        bool first;
        const float* bias;
        bool last;
        Clamp clamp;
    };

    /// All rows of a strip of `width` columns, Vectors vectors at a time as long as there are so
    /// many.
    template <bool Scaled, int Vectors = V::tile_vectors>
    static void strip(int m, int width, const Product& product, const Edge& edge, float* c,
                      ptrdiff_t c_stride) noexcept {
        if constexpr (Vectors == 0) {
            if (width > 0) rows_of_tiles<1, Scaled>(m, product, edge, c, c_stride, Part{width});
        } else {
            constexpr int full = Vectors * lanes;
            if (width < full) {
                strip<Scaled, Vectors - 1>(m, width, product, edge, c, c_stride);
                return;
            }
            rows_of_tiles<Vectors, Scaled>(m, product, edge, c, c_stride, Full{});
            if (width == full) return;
            Product rest = product;
            Edge rest_edge = edge;
            rest.b += full;
            if (rest_edge.bias) rest_edge.bias += full;
            strip<Scaled, 0>(m, width - full, rest, rest_edge, c + full, c_stride);
        }
    }

    template <int Vectors, bool Scaled, class P>
    static void rows_of_tiles(int m, const Product& product, const Edge& edge, float* c,
                              ptrdiff_t c_stride, P part) noexcept {
        Product rows = product;
        int i = 0;
        for (; i + V::tile_rows <= m; i += V::tile_rows) {
            tile<V::tile_rows, Vectors, Scaled>(rows, edge, c, c_stride, part);
            rows.a += V::tile_rows * rows.row;
            c += V::tile_rows * c_stride;
        }
        for (; i < m; i++, rows.a += rows.row, c += c_stride) {
            tile<1, Vectors, Scaled>(rows, edge, c, c_stride, part);
        }
    }

    template <int Rows, int Vectors, bool Scaled, class P>
    static void tile(const Product& product, const Edge& edge, float* c, ptrdiff_t c_stride,
                     P part) noexcept {
        V sum[Rows][Vectors];
        for (int j = 0; j < Vectors; j++) {
            const V bias = edge.bias ? load(edge.bias + j * lanes, part) : V::set(0.0f);
            for (int i = 0; i < Rows; i++) {
                sum[i][j] = edge.first ? bias : load(c + i * c_stride + j * lanes, part);
            }
        }
        const float* a = product.a;
        const float* b = product.b;
        for (int t = 0; t < product.depth; t++, a += product.step, b += product.stride) {
            V column[Vectors];
            for (int j = 0; j < Vectors; j++) column[j] = load(b + j * lanes, part);
            for (int i = 0; i < Rows; i++) {
                V factor = V::set(a[i * product.row]);
                if constexpr (Scaled) factor = factor * product.alpha;
                for (int j = 0; j < Vectors; j++) {
                    sum[i][j] = V::mul_add(factor, column[j], sum[i][j]);
                }
            }
        }
        const V low = V::set(edge.clamp.low), high = V::set(edge.clamp.high);
        for (int i = 0; i < Rows; i++) {
            for (int j = 0; j < Vectors; j++) {
                V value = sum[i][j];
                if (edge.last) value = V::min(high, V::max(low, value));
                store(c + i * c_stride + j * lanes, value, part);
            }
        }
    }
};

/// What an instruction-set file exports, as one constant.
struct VectorPlatform {
    Kernels kernels;
    platform::Peak peak;
};

/// The float kernels over V, and Int8Kernels: Reference or a struct that inherits it.
template <class V, class Int8Kernels>
constexpr VectorPlatform vector_platform() noexcept {
    using All = VectorKernels<V, Int8Kernels>;
    return {table_of<All>(), {&All::multiply_adds, 2.0 * All::peak_sums * V::lanes, &All::read}};
}

}  // namespace nutshell
