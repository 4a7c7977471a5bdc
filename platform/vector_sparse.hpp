// SPDX-License-Identifier: MIT
// Products of a matrix of which most elements are zero, over the vector type V of vector.hpp:
// sparse_tile_vectors vectors of the result at a time, and sparse_sums interleaved sums for each,
// to hide the latency of additions. Rows that are not whole vectors go by those of V::Sparse.
#pragma once
#include "nutshell/kernels.hpp"
#include "vector_parts.hpp"

namespace nutshell {

/// byte / 255, rounded to the nearest float.
struct ByteValues {
    float value[256];
    constexpr ByteValues() noexcept : value() {
        for (int i = 0; i < 256; i++) value[i] = static_cast<float>(i) / 255.0f;
    }
};
constexpr ByteValues kByteValues;

template <class V>
class SparseProducts {
  public:
    static void gemm_nn(int m, int n, SparseBytes a, const float* b, const float* bias, Clamp clamp,
                        float* c) noexcept {
        for (int i = 0; i < m; i++, c += n) {
            const size_t first = a.begin[a.index[i]], last = a.begin[a.index[i] + 1];
            const Product product{static_cast<ptrdiff_t>(last - first),
                                  a.column + first,
                                  a.byte + first,
                                  b,
                                  bias,
                                  n,
                                  clamp};
            in_tiles(n, [&](int j, auto vectors, auto part) noexcept {
                multiply<decltype(vectors)::count>(product, j, c + j, part);
            });
        }
    }

    static void gemm_tn(int m, int n, float alpha, SparseBytes a, const float* b,
                        float* c) noexcept {
        for (int i = 0; i < m; i++, b += n) {
            const size_t first = a.begin[a.index[i]], last = a.begin[a.index[i] + 1];
            in_tiles(n, [&](int j, auto vectors, auto part) noexcept {
                constexpr int count = decltype(vectors)::count;
                V row[count];
                for_each_vector<count>(part, [&](int v, auto there) noexcept {
                    row[v] = load(b + j + v * lanes, there) * V::set(alpha);
                });
                for (size_t t = first; t < last; t++) {
                    const V factor = V::set(kByteValues.value[a.byte[t]]);
                    float* to = c + a.column[t] * static_cast<ptrdiff_t>(n) + j;
                    for_each_vector<count>(part, [&](int v, auto there) noexcept {
                        float* at = to + v * lanes;
                        store(at, V::mul_add(factor, row[v], load(at, there)), there);
                    });
                }
            });
        }
    }

  private:
    static constexpr int lanes = V::lanes;

    template <int Count>
    struct Vectors {
        static constexpr int count = Count;
    };

    /// body(j, vectors, part) for all columns j of 0..n-1, at most sparse_tile_vectors vectors at a
    /// time, `part` saying what is there of the last one.
    template <class Body>
    static void in_tiles(int n, Body body) noexcept {
        constexpr int width = V::sparse_tile_vectors * lanes;
        int j = 0;
        for (; j + width <= n; j += width) body(j, Vectors<V::sparse_tile_vectors>{}, Full<V>{});
        if (j < n) last_tile<V::sparse_tile_vectors>(j, n - j, body);
    }

    template <int Most, class Body>
    static void last_tile(int j, int width, Body body) noexcept {
        if constexpr (Most > 1) {
            if (width <= (Most - 1) * lanes) return last_tile<Most - 1>(j, width, body);
        }
        if (width == Most * lanes) {
            body(j, Vectors<Most>{}, Full<V>{});
        } else {
            body(j, Vectors<Most>{}, Part<V>{width - (Most - 1) * lanes});
        }
    }

    /// body(v, part) for Count vectors, of which all but the last are whole.
    template <int Count, class P, class Body>
    static inline void for_each_vector(P part, Body body) noexcept {
        for (int v = 0; v + 1 < Count; v++) body(v, Full<V>{});
        body(Count - 1, part);
    }

    /// One row of the sparse matrix times all of b.
    struct Product {
        ptrdiff_t count;
        const uint16_t* column;
        const uint8_t* byte;
        const float* b;
        const float* bias;
        ptrdiff_t n;
        Clamp clamp;
    };

    template <int Count, class P>
    static void multiply(const Product& product, int j, float* c, P part) noexcept {
        constexpr int sums = V::sparse_sums;
        V sum[sums][Count];
        for (int u = 0; u < sums; u++) {
            for (int v = 0; v < Count; v++) sum[u][v] = V::set(0.0f);
        }
        const auto add = [&](ptrdiff_t t, int u) __attribute__((always_inline)) {
            const V factor = V::set(kByteValues.value[product.byte[t]]);
            const float* row = product.b + product.column[t] * product.n + j;
            for_each_vector<Count>(part, [&](int v, auto there) noexcept {
                sum[u][v] = V::mul_add(factor, load(row + v * lanes, there), sum[u][v]);
            });
        };
        ptrdiff_t t = 0;
        for (; t + sums <= product.count; t += sums) {
            for (int u = 0; u < sums; u++) add(t + u, u);
        }
        for (; t < product.count; t++) add(t, 0);
        const V low = V::set(product.clamp.low), high = V::set(product.clamp.high);
        for_each_vector<Count>(part, [&](int v, auto there) noexcept {
            V total = product.bias ? load(product.bias + j + v * lanes, there) : V::set(0.0f);
            for (int u = 0; u < sums; u++) total = total + sum[u][v];
            store(c + v * lanes, V::min(high, V::max(low, total)), there);
        });
    }
};

template <class V, class Base>
struct SparseKernels : Base {
    static void sparse_gemm_nn(int m, int n, SparseBytes a, const float* b, const float* bias,
                               Clamp clamp, float* c) noexcept {
        if (in_whole_vectors(n)) {
            SparseProducts<V>::gemm_nn(m, n, a, b, bias, clamp, c);
        } else {
            SparseProducts<Narrow>::gemm_nn(m, n, a, b, bias, clamp, c);
        }
    }

    static void sparse_gemm_tn(int m, int n, float alpha, SparseBytes a, const float* b,
                               float* c) noexcept {
        if (in_whole_vectors(n)) {
            SparseProducts<V>::gemm_tn(m, n, alpha, a, b, c);
        } else {
            SparseProducts<Narrow>::gemm_tn(m, n, alpha, a, b, c);
        }
    }

  private:
    using Narrow = typename V::Sparse;
    static constexpr bool in_whole_vectors(int n) noexcept {
        return Narrow::lanes == V::lanes || n % V::lanes == 0;
    }
};

}  // namespace nutshell
