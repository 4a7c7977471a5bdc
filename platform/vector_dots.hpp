// SPDX-License-Identifier: MIT
// The dot products of many rows with many rows, in the register tiles of the vector type V of
// vector.hpp.
#pragma once
#include "nutshell/kernels.hpp"
#include "vector_parts.hpp"
#include "vector_row.hpp"

namespace nutshell {

template <class V>
class VectorDots {
  public:
    /// Dot products of m rows of A, a multiple of a tile's, with all rows of B: those that a tile
    /// needs of B stay in the first-level cache while A goes by.
    static void tiles(int m, int n, int k, const float* a, const float* b, const float* bias,
                      Clamp clamp, float* c) noexcept {
        constexpr int columns = V::dot_tile_columns;
        int j = 0;
        for (; j + columns <= n; j += columns, b += static_cast<ptrdiff_t>(columns) * k) {
            columns_of<columns>(m, n, k, a, b, bias ? bias + j : nullptr, clamp, c + j);
        }
        if (j < n) {
            last_columns<columns - 1>(n - j, m, n, k, a, b, bias ? bias + j : nullptr, clamp,
                                      c + j);
        }
    }

  private:
    static constexpr int lanes = V::lanes;

    /// The `width` rows of B that are left, at most Most.
    template <int Most>
    static void last_columns(int width, int m, int n, int k, const float* a, const float* b,
                             const float* bias, Clamp clamp, float* c) noexcept {
        if constexpr (Most > 1) {
            if (width < Most) {
                return last_columns<Most - 1>(width, m, n, k, a, b, bias, clamp, c);
            }
        }
        columns_of<Most>(m, n, k, a, b, bias, clamp, c);
    }

    template <int Columns>
    static void columns_of(int m, int n, int k, const float* a, const float* b, const float* bias,
                           Clamp clamp, float* c) noexcept {
        constexpr int rows = V::dot_tile_rows;
        for (int i = 0; i < m; i += rows) {
            tile<rows, Columns>(n, k, a, b, bias, clamp, c);
            a += static_cast<ptrdiff_t>(rows) * k;
            c += static_cast<ptrdiff_t>(rows) * n;
        }
    }

    template <int Rows, int Columns>
    static void tile(int n, int k, const float* a, const float* b, const float* bias, Clamp clamp,
                     float* c) noexcept {
        V sum[Rows * Columns];
        NUTSHELL_UNROLL
        for (int i = 0; i < Rows * Columns; i++) sum[i] = V::set(0.0f);
        const auto accumulate = [&](int t, auto part) __attribute__((always_inline)) {
            V row[Rows];
            NUTSHELL_UNROLL
            for (int i = 0; i < Rows; i++)
                row[i] = load(a + i * static_cast<ptrdiff_t>(k) + t, part);
            NUTSHELL_UNROLL
            for (int j = 0; j < Columns; j++) {
                const V column = V::held(load(b + j * static_cast<ptrdiff_t>(k) + t, part));
                NUTSHELL_UNROLL
                for (int i = 0; i < Rows; i++) {
                    V& at = sum[i * Columns + j];
                    at = V::mul_add(row[i], column, at);
                }
            }
        };
        int t = 0;
        for (; t + lanes <= k; t += lanes) accumulate(t, Full<V>{});
        if (t < k) accumulate(t, Part<V>{k - t});
        if constexpr (V::stores_sums && Columns % 3 == 0) {
            static_assert(Rows == 4);
            NUTSHELL_UNROLL
            for (int j = 0; j < Columns; j += 3) {
                V::store_sums(sum + j, Columns, bias ? bias + j : nullptr, clamp, c + j, n);
            }
            return;
        }
        NUTSHELL_UNROLL
        for (int i = 0; i < Rows; i++) {
            NUTSHELL_UNROLL
            for (int j = 0; j < Columns; j++) {
                const float total = V::sum(sum[i * Columns + j]);
                c[i * static_cast<ptrdiff_t>(n) + j] =
                    VectorRow<V>::clamped(bias ? total + bias[j] : total, clamp);
            }
        }
    }
};

}  // namespace nutshell
