// SPDX-License-Identifier: MIT
// The products of a single row, which are bound by the cache that holds B: B is read once, in long
// runs, and every sum stays in a register until it is done. The sums are made in the order of
// vector.hpp's tiles, so that a row has the same bits alone and among others. Each product is a
// function of its own: inlined among the loops of whole matrices, gcc runs out of registers.
//
// V says what suits its registers: row_dots rows of B at once for dot products, row_depth vectors
// of each before the next row; row_vectors vectors of the result at once for combined rows;
// whether a bias is added last (bias_last, as in vector.hpp); and whether it loads_four vectors by
// one instruction, load_four.
#pragma once
#include "nutshell/kernels.hpp"
#include "vector_parts.hpp"

namespace nutshell {

template <class V>
class VectorRow {
    static constexpr int lanes = V::lanes;
    using Full = nutshell::Full<V>;
    using Part = nutshell::Part<V>;

  public:
    /// c[n] = clamp(a[k] * B[n][k]^T + bias[n]): n dot products.
    __attribute__((noinline)) static void times_transposed(int n, int k, const float* a,
                                                           const float* b, const float* bias,
                                                           Clamp clamp, float* c) noexcept {
        dots<V::row_dots>(n, k, a, b, c);
        for (int j = 0; j < n; j++) c[j] = clamped(bias ? c[j] + bias[j] : c[j], clamp);
    }

    /// c[n] = clamp(a[k] * B[k][n] + bias[n]): the rows of B, b_stride elements apart, combined.
    __attribute__((noinline)) static void times(int n, int k, const float* a, const float* b,
                                                ptrdiff_t b_stride, const float* bias, Clamp clamp,
                                                float* c) noexcept {
        const Combination all{k, b_stride, a, clamp, clamps(clamp)};
        strips<V::row_vectors>(all, n, b, bias, c);
    }

    /// False when no number is outside.
    static bool clamps(Clamp clamp) noexcept {
        return clamp.low > -__builtin_inff() || clamp.high < __builtin_inff();
    }

    static float clamped(float x, Clamp clamp) noexcept {
        x = x < clamp.low ? clamp.low : x;
        return x > clamp.high ? clamp.high : x;
    }

  private:
    /// Count vectors that lie one after the other.
    template <int Count>
    static void load_run(const float* p, V (&run)[Count]) noexcept {
        if constexpr (V::loads_four && Count == 4) {
            V::load_four(p, run);
        } else {
            NUTSHELL_UNROLL
            for (int i = 0; i < Count; i++) run[i] = V::load(p + i * lanes);
        }
    }

    /// Dots dot products at a time as long as there are so many, then half as many.
    template <int Dots>
    static void dots(int n, int k, const float* a, const float* b, float* c) noexcept {
        for (; n >= Dots; n -= Dots, b += static_cast<ptrdiff_t>(Dots) * k, c += Dots) {
            dot_block<Dots>(k, a, b, c);
        }
        if constexpr (Dots > 1) dots<Dots / 2>(n, k, a, b, c);
    }

    template <int Dots>
    static void dot_block(int k, const float* a, const float* b, float* c) noexcept {
        V sum[Dots];
        NUTSHELL_UNROLL
        for (int i = 0; i < Dots; i++) sum[i] = V::set(0.0f);
        int t = 0;
        for (; t + V::row_depth * lanes <= k; t += V::row_depth * lanes) {
            V x[V::row_depth];
            load_run(a + t, x);
            NUTSHELL_UNROLL
            for (int i = 0; i < Dots; i++) {
                V row[V::row_depth];
                load_run(b + i * static_cast<ptrdiff_t>(k) + t, row);
                NUTSHELL_UNROLL
                for (int u = 0; u < V::row_depth; u++) sum[i] = V::mul_add(x[u], row[u], sum[i]);
            }
        }
        const auto add = [&](auto part) __attribute__((always_inline)) {
            const V x = load(a + t, part);
            NUTSHELL_UNROLL
            for (int i = 0; i < Dots; i++) {
                sum[i] = V::mul_add(x, load(b + i * static_cast<ptrdiff_t>(k) + t, part), sum[i]);
            }
        };
        for (; t + lanes <= k; t += lanes) add(Full{});
        if (t < k) add(Part{k - t});
        NUTSHELL_UNROLL
        for (int i = 0; i < Dots; i++) c[i] = V::sum(sum[i]);
    }

    /// What is the same for all columns of a combination of rows.
    struct Combination {
        int k;
        ptrdiff_t stride;  // between rows of B
        const float* a;
        Clamp clamp;
        bool clamps;
    };

    /// Vectors vectors of columns at a time as long as there are so many, then half as many.
    template <int Vectors>
    static void strips(const Combination& all, int n, const float* b, const float* bias,
                       float* c) noexcept {
        constexpr int width = Vectors * lanes;
        for (; n >= width; n -= width, b += width, c += width) {
            strip<Vectors>(all, b, bias, c, Full{});
            if (bias) bias += width;
        }
        if constexpr (Vectors > 1) {
            strips<Vectors / 2>(all, n, b, bias, c);
        } else if (n > 0) {
            strip<1>(all, b, bias, c, Part{n});
        }
    }

    template <int Vectors, class P>
    static void strip(const Combination& all, const float* b, const float* bias, float* c,
                      P part) noexcept {
        constexpr int run = Vectors % 4 == 0 ? 4 : 1;
        V sum[Vectors];
        NUTSHELL_UNROLL
        for (int j = 0; j < Vectors; j++) {
            sum[j] = bias && !V::bias_last ? load(bias + j * lanes, part) : V::set(0.0f);
        }
        const float* a = all.a;
        for (const float* end = a + all.k; a < end; a++, b += all.stride) {
            const V factor = V::set(*a);
            NUTSHELL_UNROLL
            for (int j = 0; j < Vectors; j += run) {
                V row[run];
                if constexpr (run > 1) {
                    load_run(b + j * lanes, row);
                } else {
                    row[0] = load(b + j * lanes, part);
                }
                NUTSHELL_UNROLL
                for (int u = 0; u < run; u++) sum[j + u] = V::mul_add(factor, row[u], sum[j + u]);
            }
        }
        if (bias && V::bias_last) {
            NUTSHELL_UNROLL
            for (int j = 0; j < Vectors; j++) sum[j] = sum[j] + load(bias + j * lanes, part);
        }
        if (all.clamps) {
            const V low = V::set(all.clamp.low), high = V::set(all.clamp.high);
            NUTSHELL_UNROLL
            for (int j = 0; j < Vectors; j++) sum[j] = V::min(high, V::max(low, sum[j]));
        }
        NUTSHELL_UNROLL
        for (int j = 0; j < Vectors; j++) store(c + j * lanes, sum[j], part);
    }
};

}  // namespace nutshell
