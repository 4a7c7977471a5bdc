// SPDX-License-Identifier: MIT
// Convolutions over the vector type V of vector.hpp. Patches are read where they lie, never copied:
// a tile is some neighbours of a row of the grid, times one or two vectors of outputs, and its sums
// stay in registers. A single output has no vector of outputs: it is made of dot products along the
// run. Each sum is made in the order of the taps, whatever tile it falls into.
#pragma once
#include "nutshell/kernels.hpp"
#include "vector_parts.hpp"
#include "vector_row.hpp"

namespace nutshell {

template <class V, class Base>
struct ConvolutionKernels : Base {
    static void convolve(const Convolution& given, const float* x, const float* weight,
                         const float* bias, Clamp clamp, float* y) noexcept {
        const Convolution c = merged(given);
        for (int i = 0; i < c.height; i++, x += c.x_down, y += c.y_down) {
            if (c.n == 1 && c.run >= lanes) {
                dots<most_sums>(c, 0, x, weight, bias, clamp, y);
                continue;
            }
            for_each_strip(c.n, [&](int at, auto vectors, auto part) noexcept {
                constexpr int count = decltype(vectors)::value;
                const Sums<count, decltype(part)> sums{weight + at, bias ? bias + at : nullptr,
                                                       VectorRow<V>::clamps(clamp), clamp, part};
                patches<most_sums / count>(c, 0, x, sums, y + at);
            });
        }
    }

    static void convolve_gradient(const Convolution& given, float alpha, const float* x,
                                  const float* dy, float* weight) noexcept {
        const Convolution c = merged(given);
        for (int u = 0; u < c.taps_down; u++) {
            for (int v = 0; v < c.taps_across; v++) {
                const float* const run = x + u * c.tap_down + v * c.tap_across;
                float* const w = weight + u * c.weight_down + v * c.weight_across;
                if (c.n == 1 && c.run >= lanes) {
                    add_scaled_runs(c, alpha, run, dy, w);
                    continue;
                }
                for_each_strip(c.n, [&](int at, auto vectors, auto part) noexcept {
                    constexpr int count = decltype(vectors)::value;
                    run_gradients<most_sums / count, count>(c, 0, alpha, run, dy + at, w + at,
                                                            part);
                });
            }
        }
    }

    static void depthwise(const Convolution& c, const float* x, const float* weight,
                          const float* bias, Clamp clamp, float* y) noexcept {
        const V low = V::set(clamp.low), high = V::set(clamp.high);
        const bool clamps = VectorRow<V>::clamps(clamp);
        for_each_place(c, [&](ptrdiff_t at_x, ptrdiff_t at_y) noexcept {
            for_each<V>(c.n, [&](int o, auto part) noexcept {
                V sum = bias ? load(bias + o, part) : V::set(0.0f);
                for (int u = 0; u < c.taps_down; u++) {
                    const float* tap = x + at_x + u * c.tap_down + o;
                    const float* w = weight + u * c.weight_down + o;
                    for (int v = 0; v < c.taps_across; v++) {
                        sum = V::mul_add(load(tap, part), load(w, part), sum);
                        tap += c.tap_across;
                        w += c.weight_across;
                    }
                }
                if (clamps) sum = V::min(high, V::max(low, sum));
                store(y + at_y + o, sum, part);
            });
        });
    }

    static void depthwise_gradient(const Convolution& c, float alpha, const float* x,
                                   const float* dy, float* weight) noexcept {
        const V factor = V::set(alpha);
        for (int u = 0; u < c.taps_down; u++) {
            for (int v = 0; v < c.taps_across; v++) {
                const float* const tap = x + u * c.tap_down + v * c.tap_across;
                float* const w = weight + u * c.weight_down + v * c.weight_across;
                for_each<V>(c.n, [&](int o, auto part) noexcept {
                    V sum = load(w + o, part);
                    for_each_place(c, [&](ptrdiff_t at_x, ptrdiff_t at_y) noexcept {
                        sum = V::mul_add(load(tap + at_x + o, part),
                                         factor * load(dy + at_y + o, part), sum);
                    });
                    store(w + o, sum, part);
                });
            }
        }
    }

  private:
    static constexpr int lanes = V::lanes;
    static constexpr int most_sums = 8;  // hide the latency, fit sixteen registers

    template <int Value>
    struct Number {
        static constexpr int value = Value;
    };

    /// Taps that lie one after the other, in x and in the weights, are one long tap.
    static Convolution merged(Convolution c) noexcept {
        const ptrdiff_t size = static_cast<ptrdiff_t>(c.run) * c.n;
        if (c.tap_across == c.run && c.weight_across == size) {
            c.run *= c.taps_across;
            c.taps_across = 1;
        }
        return c;
    }

    /// visit(place in x, place in y) for the whole grid.
    template <class Visit>
    static void for_each_place(const Convolution& c, Visit visit) noexcept {
        for (int i = 0; i < c.height; i++) {
            for (int j = 0; j < c.width; j++) {
                visit(i * c.x_down + j * c.x_across, i * c.y_down + j * c.y_across);
            }
        }
    }

    /// visit(first output, number of vectors, part): two vectors as long as there are two.
    template <class Visit>
    static void for_each_strip(int n, Visit visit) noexcept {
        int at = 0;
        for (; at + 2 * lanes <= n; at += 2 * lanes) visit(at, Number<2>{}, Full<V>{});
        if (at + lanes <= n) {
            visit(at, Number<1>{}, Full<V>{});
            at += lanes;
        }
        if constexpr (lanes > 1) {
            if (at < n) visit(at, Number<1>{}, Part<V>{n - at});
        }
    }

    template <int Vectors, class P>
    struct Sums {
        const float* weight;
        const float* bias;
        bool clamps;
        Clamp clamp;
        P part;
    };

    /// A row of the grid from patch j on, Rows patches at a time, then half as many.
    template <int Rows, int Vectors, class P>
    static void patches(const Convolution& c, int j, const float* x, const Sums<Vectors, P>& sums,
                        float* y) noexcept {
        for (; j + Rows <= c.width; j += Rows) {
            tile<Rows>(c, x + j * c.x_across, sums, y + j * c.y_across);
        }
        if constexpr (Rows > 1) patches<Rows / 2>(c, j, x, sums, y);
    }

    template <int Rows, int Vectors, class P>
    static void tile(const Convolution& c, const float* x, const Sums<Vectors, P>& sums,
                     float* y) noexcept {
        V sum[Rows][Vectors];
        NUTSHELL_UNROLL
        for (int v = 0; v < Vectors; v++) {
            const V bias = sums.bias ? load(sums.bias + v * lanes, sums.part) : V::set(0.0f);
            NUTSHELL_UNROLL
            for (int r = 0; r < Rows; r++) sum[r][v] = bias;
        }
        for (int i = 0; i < c.taps_down; i++) {
            for (int j = 0; j < c.taps_across; j++) {
                const float* run = x + i * c.tap_down + j * c.tap_across;
                const float* w = sums.weight + i * c.weight_down + j * c.weight_across;
                for (int t = 0; t < c.run; t++, w += c.n) {
                    V column[Vectors];
                    NUTSHELL_UNROLL
                    for (int v = 0; v < Vectors; v++) column[v] = load(w + v * lanes, sums.part);
                    NUTSHELL_UNROLL
                    for (int r = 0; r < Rows; r++) {
                        const V factor = V::set(run[r * c.x_across + t]);
                        NUTSHELL_UNROLL
                        for (int v = 0; v < Vectors; v++) {
                            sum[r][v] = V::mul_add(factor, column[v], sum[r][v]);
                        }
                    }
                }
            }
        }
        const V low = V::set(sums.clamp.low), high = V::set(sums.clamp.high);
        NUTSHELL_UNROLL
        for (int r = 0; r < Rows; r++) {
            NUTSHELL_UNROLL
            for (int v = 0; v < Vectors; v++) {
                if (sums.clamps) sum[r][v] = V::min(high, V::max(low, sum[r][v]));
                store(y + r * c.y_across + v * lanes, sum[r][v], sums.part);
            }
        }
    }

    /// The same for a single output.
    template <int Rows>
    static void dots(const Convolution& c, int j, const float* x, const float* weight,
                     const float* bias, Clamp clamp, float* y) noexcept {
        for (; j + Rows <= c.width; j += Rows) {
            dot_tile<Rows>(c, x + j * c.x_across, weight, bias, clamp, y + j * c.y_across);
        }
        if constexpr (Rows > 1) dots<Rows / 2>(c, j, x, weight, bias, clamp, y);
    }

    template <int Rows>
    static void dot_tile(const Convolution& c, const float* x, const float* weight,
                         const float* bias, Clamp clamp, float* y) noexcept {
        V sum[Rows];
        NUTSHELL_UNROLL
        for (int r = 0; r < Rows; r++) sum[r] = V::set(0.0f);
        for (int i = 0; i < c.taps_down; i++) {
            for (int j = 0; j < c.taps_across; j++) {
                const float* run = x + i * c.tap_down + j * c.tap_across;
                const float* w = weight + i * c.weight_down + j * c.weight_across;
                for_each<V>(
                    c.run, [&](int t, auto part) __attribute__((always_inline)) {
                        const V factor = load(w + t, part);
                        NUTSHELL_UNROLL
                        for (int r = 0; r < Rows; r++) {
                            sum[r] =
                                V::mul_add(load(run + r * c.x_across + t, part), factor, sum[r]);
                        }
                    });
            }
        }
        NUTSHELL_UNROLL
        for (int r = 0; r < Rows; r++) {
            const float total = V::sum(sum[r]);
            y[r * c.y_across] = VectorRow<V>::clamped(bias ? total + *bias : total, clamp);
        }
    }

    /// The weights of a run from element t on, Rows of them at a time, then half as many.
    template <int Rows, int Vectors, class P>
    static void run_gradients(const Convolution& c, int t, float alpha, const float* x,
                              const float* dy, float* weight, P part) noexcept {
        for (; t + Rows <= c.run; t += Rows) {
            gradient_tile<Rows, Vectors>(c, alpha, x + t, dy,
                                         weight + static_cast<ptrdiff_t>(t) * c.n, part);
        }
        if constexpr (Rows > 1) {
            run_gradients<Rows / 2, Vectors>(c, t, alpha, x, dy, weight, part);
        }
    }

    template <int Rows, int Vectors, class P>
    static void gradient_tile(const Convolution& c, float alpha, const float* x, const float* dy,
                              float* weight, P part) noexcept {
        V sum[Rows][Vectors];
        NUTSHELL_UNROLL
        for (int r = 0; r < Rows; r++) {
            NUTSHELL_UNROLL
            for (int v = 0; v < Vectors; v++) {
                sum[r][v] = load(weight + static_cast<ptrdiff_t>(r) * c.n + v * lanes, part);
            }
        }
        const V scale = V::set(alpha);
        for (int i = 0; i < c.height; i++, x += c.x_down, dy += c.y_down) {
            const float* run = x;
            const float* d = dy;
            for (int j = 0; j < c.width; j++, run += c.x_across, d += c.y_across) {
                V gradient[Vectors];
                NUTSHELL_UNROLL
                for (int v = 0; v < Vectors; v++) gradient[v] = scale * load(d + v * lanes, part);
                NUTSHELL_UNROLL
                for (int r = 0; r < Rows; r++) {
                    const V factor = V::set(run[r]);
                    NUTSHELL_UNROLL
                    for (int v = 0; v < Vectors; v++) {
                        sum[r][v] = V::mul_add(factor, gradient[v], sum[r][v]);
                    }
                }
            }
        }
        NUTSHELL_UNROLL
        for (int r = 0; r < Rows; r++) {
            NUTSHELL_UNROLL
            for (int v = 0; v < Vectors; v++) {
                store(weight + static_cast<ptrdiff_t>(r) * c.n + v * lanes, sum[r][v], part);
            }
        }
    }

    /// The weights of a run that leads to a single output, along the run.
    static void add_scaled_runs(const Convolution& c, float alpha, const float* x, const float* dy,
                                float* weight) noexcept {
        for_each<V>(c.run, [&](int t, auto part) noexcept {
            V sum = load(weight + t, part);
            for_each_place(c, [&](ptrdiff_t at_x, ptrdiff_t at_y) noexcept {
                sum = V::mul_add(load(x + at_x + t, part), V::set(alpha * dy[at_y]), sum);
            });
            store(weight + t, sum, part);
        });
    }
};

}  // namespace nutshell
