// SPDX-License-Identifier: MIT
// The float kernels of a processor that multiplies and adds one pair of floats at a time: matrix
// products over three Loops, which go in whole blocks and know the registers; everything else over
// a fused Lane. A result has the same bits whatever supplies the Loops, which are:
//   dot_four(blocks, x, rows, sums): sums[r] = the dot product of x and rows[r], of dot_block
//     elements a block. Even and odd elements have a sum of their own, made in order from zero on;
//     the two are added.
//   combine(k, a, b, stride, from, to): to[block] = from[block] + a[0] * b[0..] + a[1] *
//   b[stride..]
//     + ... in this order.
//   add_scaled(blocks, factor, x, y): y[i] += factor * x[i], of `block` elements a block.
#pragma once
#include "nutshell/lane.hpp"
#include "vector_elementwise.hpp"

namespace nutshell {

template <class Loops, class Base>
class FpuKernels : public ElementwiseKernels<Lane<true>, Base> {
  public:
    static void gemm_nt(int m, int n, int k, const float* a, const float* b, const float* bias,
                        Clamp clamp, float* c) noexcept {
        for (int i = 0; i < m; i++, a += k, c += n) {
            for (int j = 0; j < n; j += 4) dots(j, n, k, a, b, bias, c);
            hold(n, clamp, c);
        }
    }

    static void gemm_nn(int m, int n, int k, const float* a, const float* b, const float* bias,
                        Clamp clamp, float* c) noexcept {
        static constexpr float zeros[block] = {};
        for (int i = 0; i < m; i++, a += k, c += n) {
            int j = 0;
            for (; j + block <= n; j += block) {
                Loops::combine(k, a, b + j, n, bias ? bias + j : zeros, c + j);
            }
            for (; j < n; j++) {
                float sum = bias ? bias[j] : 0.0f;
                const float* element = b + j;
                for (int t = 0; t < k; t++, element += n) sum = fmaf(a[t], *element, sum);
                c[j] = sum;
            }
            hold(n, clamp, c);
        }
    }

    static void gemm_tn(int m, int n, int k, float alpha, const float* a, const float* b,
                        float* c) noexcept {
        for (int t = 0; t < k; t++, b += n) {
            float* row = c;
            for (int i = 0; i < m; i++, row += n) add_scaled(n, alpha * *a++, b, row);
        }
    }

    static void sparse_gemm_nn(int m, int n, SparseBytes a, const float* b, const float* bias,
                               Clamp clamp, float* c) noexcept {
        for (int i = 0; i < m; i++, c += n) {
            for (int j = 0; j < n; j++) c[j] = bias ? bias[j] : 0.0f;
            for (size_t t = a.begin[a.index[i]]; t < a.begin[a.index[i] + 1]; t++) {
                add_scaled(n, value_of(a.byte[t]), b + a.column[t] * static_cast<ptrdiff_t>(n), c);
            }
            hold(n, clamp, c);
        }
    }

    static void sparse_gemm_tn(int m, int n, float alpha, SparseBytes a, const float* b,
                               float* c) noexcept {
        for (int i = 0; i < m; i++, b += n) {
            for (size_t t = a.begin[a.index[i]]; t < a.begin[a.index[i] + 1]; t++) {
                add_scaled(n, alpha * value_of(a.byte[t]), b,
                           c + a.column[t] * static_cast<ptrdiff_t>(n));
            }
        }
    }

    static void add_rows(int rows, int n, float alpha, const float* x, float* y) noexcept {
        for (int i = 0; i < rows; i++, x += n) add_scaled(n, alpha, x, y);
    }

  private:
    static constexpr int block = Loops::block, dot_block = Loops::dot_block;

    static float value_of(uint8_t byte) noexcept { return static_cast<float>(byte) / 255.0f; }

    /// c[j..j+3], or as many of them as there are, without the clamp.
    static void dots(int j, int n, int k, const float* a, const float* b, const float* bias,
                     float* c) noexcept {
        const int there = n - j < 4 ? n - j : 4;
        const float* rows[4];  // the last one again in place of those that are not there
        for (int r = 0; r < 4; r++) {
            rows[r] = b + (r < there ? j + r : n - 1) * static_cast<ptrdiff_t>(k);
        }
        float sums[4];
        Loops::dot_four(k / dot_block, a, rows, sums);
        for (int r = 0; r < there; r++) {
            float sum = sums[r];
            for (int t = k / dot_block * dot_block; t < k; t++) sum = fmaf(a[t], rows[r][t], sum);
            c[j + r] = bias ? sum + bias[j + r] : sum;
        }
    }

    static void add_scaled(int n, float factor, const float* x, float* y) noexcept {
        Loops::add_scaled(n / block, factor, x, y);
        for (int i = n / block * block; i < n; i++) y[i] = fmaf(factor, x[i], y[i]);
    }

    /// Holds c[n] within the clamp.
    static void hold(int n, Clamp clamp, float* c) noexcept {
        if (!(clamp.low > -__builtin_inff() || clamp.high < __builtin_inff())) return;
        for (int i = 0; i < n; i++) {
            const float low = c[i] < clamp.low ? clamp.low : c[i];
            c[i] = low > clamp.high ? clamp.high : low;
        }
    }
};

}  // namespace nutshell
