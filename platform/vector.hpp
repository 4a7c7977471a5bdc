// SPDX-License-Identifier: MIT
// The float kernels, once, over the vector type V that an instruction-set file supplies: what
// nutshell/elementary.hpp and vector_row.hpp ask for, and
//
//   load, store              of any alignment
//   load_part, store_part    the first n < lanes elements, nothing read or written behind them
//   load_bytes, sqrt, select_positive, exponent, mantissa, sum
//   held(x)                  x, in a register from then on, where a compiler would load it again
//   tile_rows, tile_vectors, dot_tile_rows, dot_tile_columns    the register tiles
//   spreads_factors          whether numbers are spread over memory, once, rather than over a
//                            register whenever they multiply
//   bias_last                whether gemm_nn adds the bias last, where sums that begin with zeros
//                            are cheaper than those that begin with a copy
//   stores_sums              whether many vectors are summed up at once, with fewer operations
//                            than sum takes for one after the other:
//                            store_sums(x, step, bias, clamp, c, n) makes c[4][3], rows n apart,
//                            of the vectors x[row * step + column] and of bias[3], if any, clamped
//   Sparse                   V, or a narrower one for rows of sparse products that are not whole
//                            vectors; sparse_tile_vectors, sparse_sums: their tile
//   together                 vectors of the loss in lockstep, which hide the latency of its chain
//   add_vectors              sums of a vector made at a time, which hide that of an addition
//
// Two inner loops carry all matrix products: rows combined by scalars (gemm_nn, gemm_tn, here) and
// dot products (gemm_nt, vector_dots.hpp). An element's sum is always made in the same order,
// whatever tile it falls into, so that no result depends on the rows computed with it.
#pragma once
#include "platform.hpp"
#include "vector_convolution.hpp"
#include "vector_dots.hpp"
#include "vector_elementwise.hpp"
#include "vector_row.hpp"
#include "vector_sparse.hpp"

namespace nutshell {

template <class V, class Int8Kernels>
struct VectorKernels : SparseKernels<V, ConvolutionKernels<V, ElementwiseKernels<V, Int8Kernels>>> {
    static constexpr int lanes = V::lanes;

    static void gemm_nt(int m, int n, int k, const float* a, const float* b, const float* bias,
                        Clamp clamp, float* c) noexcept {
        const int tiled = m - m % V::dot_tile_rows;
        if (tiled > 0) VectorDots<V>::tiles(tiled, n, k, a, b, bias, clamp, c);
        for (int i = tiled; i < m; i++) {
            VectorRow<V>::times_transposed(n, k, a + i * static_cast<ptrdiff_t>(k), b, bias, clamp,
                                           c + i * static_cast<ptrdiff_t>(n));
        }
    }

    static void gemm_nn(int m, int n, int k, const float* a, const float* b, ptrdiff_t b_stride,
                        const float* bias, Clamp clamp, float* c) noexcept {
        if (m == 1) return VectorRow<V>::times(n, k, a, b, b_stride, bias, clamp, c);
        if constexpr (V::spreads_factors) {
            const Edge edge{true, bias, VectorRow<V>::clamps(clamp), clamp};
            return spread(m, n, {a, k, 1, V::set(1.0f), b, b_stride, k}, edge, c);
        }
        RowsOfB rows(m, b_stride);
        for (int j = 0; j < n; j += strip_width) {
            const int width = n - j < strip_width ? n - j : strip_width;
            int t = 0;
            do {  // at least once: without any k the result is the bias
                const int depth = k - t < rows.most ? k - t : rows.most;
                const float* strip_b = rows.of_strip(b + t * b_stride + j, depth, width);
                const Product product{a + t, k, 1, V::set(1.0f), strip_b, rows.stride, depth};
                const bool last = t + depth == k;
                const Edge edge{t == 0, bias && (V::bias_last ? last : t == 0) ? bias + j : nullptr,
                                last && VectorRow<V>::clamps(clamp), clamp};
                strip<false>(m, width, product, edge, c + j, n);
                t += depth;
            } while (t < k);
        }
    }

    static void gemm_tn(int m, int n, int k, float alpha, const float* a, const float* b,
                        float* c) noexcept {
        const Edge edge{false, nullptr, false, {}};
        if constexpr (V::spreads_factors) {
            return spread(m, n, {a, 1, m, V::set(alpha), b, n, k}, edge, c);
        }
        RowsOfB rows(m, n);
        for (int j = 0; j < n; j += strip_width) {
            const int width = n - j < strip_width ? n - j : strip_width;
            for (int t = 0; t < k; t += rows.most) {
                const int depth = k - t < rows.most ? k - t : rows.most;
                const ptrdiff_t at = t;
                const float* strip_b = rows.of_strip(b + at * n + j, depth, width);
                const Product product{a + at * m, 1, m, V::set(alpha), strip_b, rows.stride, depth};
                if (alpha == 1.0f) {
                    strip<false>(m, width, product, edge, c + j, n);
                } else {
                    strip<true>(m, width, product, edge, c + j, n);
                }
            }
        }
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
    static constexpr int peak_sums = 14;  // hide the latency, fit the registers

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

    /// The rows of B, given_stride apart, as strips take them: where they are, or copied side by
    /// side where they would crowd into a few sets of a first-level cache of 64 lines of 64 bytes a
    /// way, so that those of a tile would push each other out; and if the rows of A, m of them,
    /// are enough to repay that. The closer the rows crowd, the fewer are enough.
    class RowsOfB {
      public:
        RowsOfB(int m, ptrdiff_t given_stride) noexcept
            : copies((m >= 16 * V::tile_rows && crowd(given_stride, 16)) ||
                     (m >= 6 * V::tile_rows && crowd(given_stride, 3))),
              stride(copies ? strip_width : given_stride),
              most(copies ? copied_depth : block_depth),
              given_stride_(given_stride) {}

        /// `width` columns of `depth` rows from b on, stride apart, valid until the next call.
        const float* of_strip(const float* b, int depth, int width) noexcept {
            return copies ? copy(b, depth, width) : b;
        }

        const bool copies;
        const ptrdiff_t stride;
        const int most;  // rows at a time

      private:
        static constexpr int copied_depth = 64;

        /// At most `near` floats from a multiple of half a way.
        static bool crowd(ptrdiff_t stride, ptrdiff_t near) noexcept {
            constexpr ptrdiff_t half_a_way = 512;  // floats
            return stride > near && (stride + near) % half_a_way <= 2 * near;
        }

        __attribute__((noinline)) const float* copy(const float* b, int depth, int width) noexcept {
            float* to = copied_;
            for (int t = 0; t < depth; t++, b += given_stride_, to += strip_width) {
                for_each<V>(width, [=](int i, auto part) noexcept {
                    store(to + i, load(b + i, part), part);
                });
            }
            return copied_;
        }

        ptrdiff_t given_stride_;
        float copied_[copied_depth * strip_width];
    };

    /// What happens before the first and after the last block of a sum. The bias is that of one of
    /// them, null in all others: the last one if bias_last, else the first one.
    struct Edge {
        bool first;
        const float* bias;
        bool clamps;
        Clamp clamp;
    };

    /// A product in which each factor, times alpha, has a vector of its own: spread once for some
    /// rows and all strips, where no load spreads a number over a register.
    static void spread(int m, int n, const Product& product, const Edge& edge, float* c) noexcept {
        RowsOfB rows_of_b(m, product.stride);
        int t = 0;
        do {
            Product block = product;
            block.a += t * product.step;
            block.b += t * product.stride;
            block.depth = product.depth - t < rows_of_b.most ? product.depth - t : rows_of_b.most;
            Edge block_edge = edge;
            block_edge.first = edge.first && t == 0;
            t += block.depth;
            const bool last = t == product.depth;
            block_edge.clamps = edge.clamps && last;
            if (!(V::bias_last ? last : block_edge.first)) block_edge.bias = nullptr;
            spread_block(m, n, block, rows_of_b, block_edge, c);
        } while (t < product.depth);
    }

    static void spread_block(int m, int n, Product product, RowsOfB& rows_of_b, const Edge& edge,
                             float* c) noexcept {
        constexpr int most = block_depth * 4;
        static_assert(V::tile_rows <= 4);
        float factors[most * lanes];
        const int depth = product.depth > 0 ? product.depth : 1;
        const int some = most / depth / V::tile_rows * V::tile_rows;
        const Product whole = product;
        for (int i = 0; i < m; i += some, c += static_cast<ptrdiff_t>(some) * n) {
            const int rows = m - i < some ? m - i : some;
            const float* a = whole.a + i * whole.row;
            float* factor = factors;
            for (int t = 0; t < whole.depth; t++, a += whole.step) {
                for (int r = 0; r < rows; r++, factor += lanes) {
                    V::store(factor, V::set(a[r * whole.row]) * whole.alpha);
                }
            }
            product.a = factors;
            product.row = lanes;
            product.step = static_cast<ptrdiff_t>(rows) * lanes;
            product.stride = rows_of_b.stride;
            for (int j = 0; j < n; j += strip_width) {
                const int width = n - j < strip_width ? n - j : strip_width;
                product.b = rows_of_b.of_strip(whole.b + j, whole.depth, width);
                Edge strip_edge = edge;
                if (edge.bias) strip_edge.bias += j;
                strip<false>(rows, width, product, strip_edge, c + j, n);
            }
        }
    }

    /// All rows of a strip of `width` columns, Vectors vectors at a time as long as there are so
    /// many.
    template <bool Scaled, int Vectors = V::tile_vectors>
    static void strip(int m, int width, const Product& product, const Edge& edge, float* c,
                      ptrdiff_t c_stride) noexcept {
        if constexpr (Vectors == 0) {
            if (width > 0) rows_of_tiles<1, Scaled>(m, product, edge, c, c_stride, Part<V>{width});
        } else {
            constexpr int full = Vectors * lanes;
            if (width < full) {
                strip<Scaled, Vectors - 1>(m, width, product, edge, c, c_stride);
                return;
            }
            rows_of_tiles<Vectors, Scaled>(m, product, edge, c, c_stride, Full<V>{});
            if (width == full) return;
            Product rest = product;
            Edge rest_edge = edge;
            rest.b += full;
            if (rest_edge.bias) rest_edge.bias += full;
            strip<Scaled, 0>(m, width - full, rest, rest_edge, c + full, c_stride);
        }
    }

    // Inlined whatever happens: where gcc does not, it keeps the sums in memory.
    template <int Vectors, bool Scaled, class P>
    __attribute__((always_inline)) static void rows_of_tiles(int m, const Product& product,
                                                             const Edge& edge, float* c,
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
    __attribute__((always_inline)) static void tile(const Product& product, const Edge& edge,
                                                    float* c, ptrdiff_t c_stride, P part) noexcept {
        V sum[Rows][Vectors];
        NUTSHELL_UNROLL
        for (int j = 0; j < Vectors; j++) {
            const bool biased = edge.bias && !V::bias_last;
            const V start = biased ? load(edge.bias + j * lanes, part) : V::set(0.0f);
            NUTSHELL_UNROLL
            for (int i = 0; i < Rows; i++) {
                sum[i][j] = edge.first ? start : load(c + i * c_stride + j * lanes, part);
            }
        }
        multiply<Rows, Vectors, Scaled>(product, sum, part);
        if (edge.bias && V::bias_last) {
            NUTSHELL_UNROLL
            for (int j = 0; j < Vectors; j++) {
                const V bias = load(edge.bias + j * lanes, part);
                NUTSHELL_UNROLL
                for (int i = 0; i < Rows; i++) sum[i][j] = sum[i][j] + bias;
            }
        }
        if (edge.clamps) {
            const V low = V::set(edge.clamp.low), high = V::set(edge.clamp.high);
            NUTSHELL_UNROLL
            for (int i = 0; i < Rows; i++) {
                NUTSHELL_UNROLL
                for (int j = 0; j < Vectors; j++) {
                    sum[i][j] = V::min(high, V::max(low, sum[i][j]));
                }
            }
        }
        NUTSHELL_UNROLL
        for (int i = 0; i < Rows; i++) {
            NUTSHELL_UNROLL
            for (int j = 0; j < Vectors; j++) store(c + i * c_stride + j * lanes, sum[i][j], part);
        }
    }

    /// The shorter side of the tile waits in registers while the longer one passes by.
    template <int Rows, int Vectors, bool Scaled, class P>
    __attribute__((always_inline)) static void multiply(const Product& product,
                                                        V (&sum)[Rows][Vectors], P part) noexcept {
        const float* a = product.a;
        const float* b = product.b;
        const auto factor_of = [&](int i) __attribute__((always_inline)) {
            const float* at = a + i * product.row;
            const V factor = V::spreads_factors ? V::load(at) : V::set(*at);
            return Scaled ? factor * product.alpha : factor;
        };
        for (int t = 0; t < product.depth; t++, a += product.step, b += product.stride) {
            if constexpr (Rows < Vectors) {
                V factor[Rows];
                NUTSHELL_UNROLL
                for (int i = 0; i < Rows; i++) factor[i] = factor_of(i);
                NUTSHELL_UNROLL
                for (int j = 0; j < Vectors; j++) {
                    const V column = V::held(load(b + j * lanes, part));
                    NUTSHELL_UNROLL
                    for (int i = 0; i < Rows; i++) {
                        sum[i][j] = V::mul_add(factor[i], column, sum[i][j]);
                    }
                }
            } else {
                V column[Vectors];
                NUTSHELL_UNROLL
                for (int j = 0; j < Vectors; j++) column[j] = load(b + j * lanes, part);
                NUTSHELL_UNROLL
                for (int i = 0; i < Rows; i++) {
                    const V factor = factor_of(i);
                    NUTSHELL_UNROLL
                    for (int j = 0; j < Vectors; j++) {
                        sum[i][j] = V::mul_add(factor, column[j], sum[i][j]);
                    }
                }
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
