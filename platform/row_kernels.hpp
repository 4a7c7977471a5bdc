// SPDX-License-Identifier: MIT
// The float kernels of a processor with few registers for vectors, or none: products go a row at a
// time over three Loops, which know the registers; everything else is the shared body over V. A
// result has the same bits whatever supplies the Loops, as long as they keep the order. They are:
//   dots(blocks, x, rows, sums): sums[r] = the dot product of x and rows[r], dot_rows of them, over
//     dot_block elements a block.
//   combine(k, a, b, stride, from, to): `block` sums to[j] = from[j] + a[0] * b[j] + a[1] *
//     b[stride + j] + ... in this order.
//   add_scaled(n, factor, x, y): y[n] += factor * x[n].
#pragma once
#include "nutshell/lane.hpp"
#include "vector_convolution.hpp"
#include "vector_elementwise.hpp"
#include "vector_row.hpp"

namespace nutshell {

template <class V, class Loops, class Base>
class RowKernels : public ConvolutionKernels<V, ElementwiseKernels<V, Base>> {
  public:
    static void gemm_nt(int m, int n, int k, const float* a, const float* b, const float* bias,
                        Clamp clamp, float* c) noexcept {
        for (int i = 0; i < m; i++, a += k, c += n) {
            const float* row = b;
            for (int j = 0; j < n; j += dot_rows, row += dot_rows * static_cast<ptrdiff_t>(k)) {
                const int there = n - j < dot_rows ? n - j : dot_rows;
                dots(there, k, a, row, bias ? bias + j : nullptr, c + j);
            }
            hold(n, clamp, c);
        }
    }

    static void gemm_nn(int m, int n, int k, const float* a, const float* b, ptrdiff_t b_stride,
                        const float* bias, Clamp clamp, float* c) noexcept {
        static constexpr float zeros[block] = {};
        for (int i = 0; i < m; i++, a += k, c += n) {
            if (n < block) {
                VectorRow<V>::times(n, k, a, b, b_stride, bias, clamp, c);
                continue;
            }
            for (int j = 0; j < n; j += block) {
                const int at = j + block <= n ? j : n - block;  // the last sums are made again
                Loops::combine(k, a, b + at, b_stride, bias ? bias + at : zeros, c + at);
            }
            hold(n, clamp, c);
        }
    }

    static void gemm_tn(int m, int n, int k, float alpha, const float* a, const float* b,
                        float* c) noexcept {
        for (int t = 0; t < k; t++, b += n) {
            float* row = c;
            for (int i = 0; i < m; i++, row += n) Loops::add_scaled(n, alpha * *a++, b, row);
        }
    }

    static void sparse_gemm_nn(int m, int n, SparseBytes a, const float* b, const float* bias,
                               Clamp clamp, float* c) noexcept {
        for (int i = 0; i < m; i++, c += n) {
            for (int j = 0; j < n; j++) c[j] = bias ? bias[j] : 0.0f;
            for (size_t t = a.begin[a.index[i]]; t < a.begin[a.index[i] + 1]; t++) {
                const float* row = b + a.column[t] * static_cast<ptrdiff_t>(n);
                Loops::add_scaled(n, value_of(a.byte[t]), row, c);
            }
            hold(n, clamp, c);
        }
    }

    static void sparse_gemm_tn(int m, int n, float alpha, SparseBytes a, const float* b,
                               float* c) noexcept {
        for (int i = 0; i < m; i++, b += n) {
            for (size_t t = a.begin[a.index[i]]; t < a.begin[a.index[i] + 1]; t++) {
                float* row = c + a.column[t] * static_cast<ptrdiff_t>(n);
                Loops::add_scaled(n, alpha * value_of(a.byte[t]), b, row);
            }
        }
    }

    static void add_rows(int rows, int n, float alpha, const float* x, float* y) noexcept {
        for (int i = 0; i < rows; i++, x += n) Loops::add_scaled(n, alpha, x, y);
    }

  private:
    static constexpr int block = Loops::block;
    static constexpr int dot_block = Loops::dot_block, dot_rows = Loops::dot_rows;

    static float value_of(uint8_t byte) noexcept { return static_cast<float>(byte) / 255.0f; }

    /// c[there] = a[k] * B[there][k]^T + bias[there], without the clamp.
    static void dots(int there, int k, const float* a, const float* b, const float* bias,
                     float* c) noexcept {
        const float* rows[dot_rows];  // the last one again in place of those that are not there
        NUTSHELL_UNROLL
        for (int r = 0; r < dot_rows; r++) {
            rows[r] = b;
            if (r + 1 < there) b += k;
        }
        float sums[dot_rows];
        Loops::dots(k / dot_block, a, rows, sums);
        for (int r = 0; r < there; r++) {
            float sum = sums[r];
            for (int t = k / dot_block * dot_block; t < k; t++) sum = fmaf(a[t], rows[r][t], sum);
            c[r] = bias ? sum + bias[r] : sum;
        }
    }

    /// Holds c[n] within the clamp.
    static void hold(int n, Clamp clamp, float* c) noexcept {
        if (!VectorRow<V>::clamps(clamp)) return;
        for (int i = 0; i < n; i++) c[i] = VectorRow<V>::clamped(c[i], clamp);
    }
};

}  // namespace nutshell
