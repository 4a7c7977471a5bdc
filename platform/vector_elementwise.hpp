// SPDX-License-Identifier: MIT
// The float kernels that go over an array once: activations, losses, optimizers, over the vector
// type V of vector.hpp.
#pragma once
#include "distances.hpp"
#include "nutshell/elementary.hpp"
#include "nutshell/kernels.hpp"
#include "vector_parts.hpp"

namespace nutshell {

template <class V, class Base>
struct ElementwiseKernels : FloatDistances<V, Base> {
    static void add_rows(int rows, int n, float alpha, const float* x, float* y) noexcept {
        int j = 0;
        for (; j + add_vectors * lanes <= n; j += add_vectors * lanes) {
            add_rows<add_vectors>(rows, n, alpha, x + j, y + j, Full<V>{});
        }
        for (; j + lanes <= n; j += lanes) add_rows<1>(rows, n, alpha, x + j, y + j, Full<V>{});
        if (j < n) add_rows<1>(rows, n, alpha, x + j, y + j, Part<V>{n - j});
    }

    static void scale_bytes(int n, const uint8_t* bytes, float* x) noexcept {
        for_each_together<V>(
            n, [=](int i, auto part) noexcept { store(x + i, values(bytes + i, part), part); });
    }

    static void leaky_relu(int n, float slope, float* x) noexcept {
        const V factor = V::set(slope);
        for_each<V>(n, [=](int i, auto part) noexcept {
            const V value = load(x + i, part);
            store(x + i, V::select_positive(value, value, factor * value), part);
        });
    }

    static void sigmoid(int n, float* x) noexcept {
        for_each_together<V>(n, [=](int i, auto part) noexcept {
            store(x + i, elementary::logistic(load(x + i, part)), part);
        });
    }

    static void tanh(int n, float* x) noexcept {
        for_each_together<V>(n, [=](int i, auto part) noexcept {
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
        return sum_of_cross_entropy(n, scale, target, z);
    }

    static float sigmoid_cross_entropy_bytes(int n, float scale, const uint8_t* bytes,
                                             float* z) noexcept {
        return sum_of_cross_entropy(n, scale, bytes, z);
    }
    static float squared_error(int n, float scale, const float* target, float* y) noexcept {
        const V twice = V::set(2.0f * scale);
        V sum = V::set(0.0f);
        for_each<V>(n, [&](int i, auto part) noexcept {
            const V error = load(y + i, part) - load(target + i, part);
            sum = V::mul_add(error, error, sum);
            store(y + i, error * twice, part);
        });
        return V::sum(sum);
    }

    static float sum_of_squares(int n, const float* x) noexcept {
        return sum_of(n, x, [](V value, V sum) noexcept { return V::mul_add(value, value, sum); });
    }

    static bool all_finite(int n, const float* x) noexcept {
        const V zero = V::set(0.0f);  // times what is not finite: NaN
        return sum_of(n, x, [zero](V value, V sum) noexcept {
                   return V::mul_add(value, zero, sum);
               }) == 0.0f;
    }

    static void sgd_step(int n, StepSize step, float* weights, float* gradients) noexcept {
        const V rate = V::set(step.rate), decay = V::set(step.decay);
        const V scale = V::set(step.gradient_scale);
        for_each<V>(n, [=](int i, auto part) noexcept {
            const V w = load(weights + i, part), g = load(gradients + i, part) * scale;
            store(weights + i, w - V::mul_add(rate, g, decay * w), part);
            store(gradients + i, V::set(0.0f), part);
        });
    }

    static void momentum_step(int n, StepSize step, float momentum, float* weights,
                              float* gradients, float* velocity) noexcept {
        const V rate = V::set(step.rate), decay = V::set(step.decay);
        const V scale = V::set(step.gradient_scale), keep = V::set(momentum);
        for_each<V>(n, [=](int i, auto part) noexcept {
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
        for_each<V>(n, [=](int i, auto part) noexcept {
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

  private:
    static constexpr int lanes = V::lanes;
    static constexpr int add_vectors = V::add_vectors;

    /// The sum of what add(value, sum) adds for each element; what Part leaves out counts as zeros.
    template <class Add>
    static float sum_of(int n, const float* x, Add add) noexcept {
        V sums[add_vectors];
        NUTSHELL_UNROLL
        for (int v = 0; v < add_vectors; v++) sums[v] = V::set(0.0f);
        int i = 0;
        for (; i + add_vectors * lanes <= n; i += add_vectors * lanes) {
            NUTSHELL_UNROLL
            for (int v = 0; v < add_vectors; v++) {
                sums[v] = add(V::load(x + i + v * lanes), sums[v]);
            }
        }
        for (; i + lanes <= n; i += lanes) sums[0] = add(V::load(x + i), sums[0]);
        if (i < n) sums[0] = add(V::load_part(x + i, n - i), sums[0]);
        NUTSHELL_UNROLL
        for (int v = 1; v < add_vectors; v++) sums[0] = sums[0] + sums[v];
        return V::sum(sums[0]);
    }

    template <int Count, class P>
    static void add_rows(int rows, ptrdiff_t stride, float alpha, const float* x, float* y,
                         P part) noexcept {
        const V scale = V::set(alpha);
        V sum[Count];
        NUTSHELL_UNROLL
        for (int v = 0; v < Count; v++) sum[v] = load(y + v * lanes, part);
        for (int i = 0; i < rows; i++, x += stride) {
            NUTSHELL_UNROLL
            for (int v = 0; v < Count; v++) {
                sum[v] = V::mul_add(scale, load(x + v * lanes, part), sum[v]);
            }
        }
        NUTSHELL_UNROLL
        for (int v = 0; v < Count; v++) store(y + v * lanes, sum[v], part);
    }

    /// What an array of floats, or of bytes as scale_bytes takes them, holds at p.
    template <class P>
    static auto values(const float* p, P part) noexcept {
        return load(p, part);
    }
    template <class W>
    static W values(const uint8_t* p, Full<W>) noexcept {
        return scaled<W>(p);
    }
    static V values(const uint8_t* p, Part<V> part) noexcept {
        uint8_t there[lanes] = {};
        for (int i = 0; i < part.count; i++) there[i] = p[i];
        return scaled<V>(there);
    }

    /// Bytes / 255. That is multiplied in two parts: the first has 9 bits, so that its product with
    /// a byte is exact, and the sum is rounded once.
    template <class W>
    static W scaled(const uint8_t* p) noexcept {
        const W byte = W::load_bytes(p);
        return W::mul_add(byte, W::set(1.0f / (255.0f * 65536.0f)),
                          byte * W::set(257.0f / 65536.0f));
    }

    /// Of at most 2 each: 2^100 is far from the largest float.
    static constexpr int most_factors = 100;

    /// The elements of v that are there, `rest` in place of the others.
    template <class P>
    static V first(V v, P part, V rest) noexcept {
        float values[lanes], others[lanes];
        V::store(values, v);
        V::store(others, rest);
        for (int i = part.value(); i < lanes; i++) values[i] = others[i];
        return V::load(values);
    }

    template <class Rule>
    static void scale_by(int n, const float* y, float* dy, Rule rule) noexcept {
        for_each<V>(n, [=](int i, auto part) noexcept {
            store(dy + i, rule(load(y + i, part), load(dy + i, part)), part);
        });
    }

    template <class W>
    struct CrossEntropy {
        W linear;   // sum of max(z, 0) - z * target
        W product;  // of 1 + exp(-|z|)
    };
    /// Adds W's elements, whose exp(-|z|) is known. What Part leaves out must be zero there.
    template <class W, class Sample, class P>
    static void add_cross_entropy(CrossEntropy<W>& sum, W exp_minus_abs, int i, float scale,
                                  const Sample* target, float* z, P part) noexcept {
        const W logit = load(z + i, part), t = values(target + i, part);
        store(z + i, (elementary::sigmoid(logit, exp_minus_abs) - t) * W::set(scale), part);
        sum.linear = sum.linear + W::sub_mul(W::max(W::set(0.0f), logit), logit, t);
        sum.product = sum.product * (W::set(1.0f) + exp_minus_abs);
    }

    /// log(1 + exp(-|z|)) is summed as the logarithm of a product, of a block at a time.
    template <class Sample>
    static float sum_of_cross_entropy(int n, float scale, const Sample* target, float* z) noexcept {
        constexpr int block = most_factors * lanes;
        V sum = V::set(0.0f);
        for (int at = 0; at < n; at += block) {
            const int width = n - at < block ? n - at : block;
            CrossEntropy<V> block_sum{V::set(0.0f), V::set(1.0f)};
            if constexpr (V::together == 1) {
                in_one_pass(block_sum, width, scale, target + at, z + at);
            } else {
                in_two_passes<block>(block_sum, width, scale, target + at, z + at);
            }
            sum = sum + (block_sum.linear + elementary::log(block_sum.product));
        }
        return V::sum(sum);
    }

    template <class Sample>
    static void in_one_pass(CrossEntropy<V>& sum, int n, float scale, const Sample* target,
                            float* z) noexcept {
        for_each<V>(n, [&](int i, auto part) noexcept {
            V e = elementary::exp_of_minus_abs(load(z + i, part));
            if (part.value() < lanes) e = first(e, part, V::set(0.0f));
            add_cross_entropy(sum, e, i, scale, target, z, part);
        });
    }

    /// The exponentials first: each pass is a chain of operations half as long, and a processor
    /// has room for twice as many chains that wait for their next operation.
    template <int Block, class Sample>
    static void in_two_passes(CrossEntropy<V>& sum, int n, float scale, const Sample* target,
                              float* z) noexcept {
        float exponentials[Block];
        for_each_together<V>(n, [&](int i, auto part) noexcept {
            store(exponentials + i, elementary::exp_of_minus_abs(load(z + i, part)), part);
        });
        using Together = typename Lockstep<V, V::together>::Type;
        CrossEntropy<Together> sums{Together::set(0.0f), Together::set(1.0f)};
        for_each_together<V>(n, [&](int i, auto part) noexcept {
            const auto e = load(exponentials + i, part);
            if constexpr (decltype(e)::lanes == lanes) {
                add_cross_entropy(sum, e, i, scale, target, z, part);
            } else {
                add_cross_entropy(sums, e, i, scale, target, z, part);
            }
        });
        sum.linear = sum.linear + total(sums.linear);
        sum.product = sum.product * product(sums.product);
    }

    static V total(V x) noexcept { return x; }
    template <class W>
    static V total(Pair<W> x) noexcept {
        return total(x.a + x.b);
    }
    static V product(V x) noexcept { return x; }
    template <class W>
    static V product(Pair<W> x) noexcept {
        return product(x.a * x.b);
    }
};

}  // namespace nutshell
