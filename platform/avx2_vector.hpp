// SPDX-License-Identifier: MIT
// The vector of AVX2 with fused multiply-add, which AVX-512 includes: eight floats. Empty for other
// processors.
#pragma once
#if defined(__AVX2__) || defined(__AVX512F__)
#include <immintrin.h>
#include <stdint.h>

#include "nutshell/elementary.hpp"
#include "nutshell/kernels.hpp"
#include "vector_parts.hpp"

namespace nutshell {
namespace {

struct Vec256 {
    __m256 v;
    static constexpr int lanes = 8, exp_steps = 8;
    static constexpr int tile_rows = 4, tile_vectors = 3;  // 12 sums, 3 loads, 1 broadcast
    static constexpr int dot_tile_rows = 4,
                         dot_tile_columns = 3;  // 12 sums, 4 rows, columns from memory
    static constexpr bool stores_sums = true;
    using Sparse = Vec256;
    static constexpr int sparse_tile_vectors = 3, sparse_sums = 4;
    static constexpr int together = 4, add_vectors = 8;

    static constexpr bool spreads_factors = false;
    static constexpr bool bias_last = false;
    static constexpr bool loads_four = false;
    static constexpr int row_dots = 8, row_depth = 2, row_vectors = 14;

    static Vec256 load(const float* p) noexcept { return {_mm256_loadu_ps(p)}; }
    static void store(float* p, Vec256 a) noexcept { _mm256_storeu_ps(p, a.v); }
    static Vec256 load_part(const float* p, int n) noexcept {
        return {_mm256_maskload_ps(p, mask(n))};
    }
    static void store_part(float* p, Vec256 a, int n) noexcept {
        _mm256_maskstore_ps(p, mask(n), a.v);
    }
    static Vec256 load_bytes(const uint8_t* p) noexcept {
        const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(p));
        return {_mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(bytes))};
    }
    static Vec256 set(float x) noexcept { return {_mm256_set1_ps(x)}; }
    static Vec256 held(Vec256 a) noexcept { return a; }
    static Vec256 mul_add(Vec256 a, Vec256 b, Vec256 c) noexcept {
        return {_mm256_fmadd_ps(a.v, b.v, c.v)};
    }
    static Vec256 sub_mul(Vec256 c, Vec256 a, Vec256 b) noexcept {
        return {_mm256_fnmadd_ps(a.v, b.v, c.v)};
    }
    static Vec256 abs(Vec256 a) noexcept { return {_mm256_andnot_ps(sign_bit(), a.v)}; }
    static Vec256 minus_abs(Vec256 a) noexcept { return {_mm256_or_ps(sign_bit(), a.v)}; }
    static Vec256 max(Vec256 a, Vec256 b) noexcept { return {_mm256_max_ps(a.v, b.v)}; }
    static Vec256 min(Vec256 a, Vec256 b) noexcept { return {_mm256_min_ps(a.v, b.v)}; }
    static Vec256 sqrt(Vec256 a) noexcept { return {_mm256_sqrt_ps(a.v)}; }
    static Vec256 select_negative(Vec256 x, Vec256 a, Vec256 b) noexcept {
        return {_mm256_blendv_ps(b.v, a.v, x.v)};  // by the sign bit
    }
    static Vec256 select_positive(Vec256 x, Vec256 a, Vec256 b) noexcept {
        return {_mm256_blendv_ps(b.v, a.v, _mm256_cmp_ps(x.v, _mm256_setzero_ps(), _CMP_GT_OQ))};
    }
    static Vec256 copy_sign(Vec256 magnitude, Vec256 sign) noexcept {
        return {_mm256_or_ps(abs(magnitude).v, _mm256_and_ps(sign_bit(), sign.v))};
    }
    static Vec256 shift_to_exponent(Vec256 x) noexcept {
        return {_mm256_castsi256_ps(_mm256_slli_epi32(_mm256_castps_si256(x.v), 23))};
    }
    static Vec256 power_of_two(Vec256 x) noexcept {
        constexpr const auto& powers = elementary::kEighthPowersOfTwo;
        const __m256i less = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(powers.less));
        const __m256i n = _mm256_castps_si256(x.v);
        const __m256i power = _mm256_permutevar8x32_epi32(less, n);  // by the lowest 3 bits of n
        return {_mm256_castsi256_ps(_mm256_add_epi32(power, _mm256_slli_epi32(n, powers.shift)))};
    }
    static Vec256 exponent(Vec256 x) noexcept {
        const __m256i biased = _mm256_srli_epi32(_mm256_castps_si256(x.v), 23);
        return {_mm256_cvtepi32_ps(_mm256_sub_epi32(biased, _mm256_set1_epi32(127)))};
    }
    static Vec256 mantissa(Vec256 x) noexcept {
        const __m256 bits = _mm256_and_ps(x.v, _mm256_castsi256_ps(_mm256_set1_epi32(0x7FFFFF)));
        return {_mm256_or_ps(bits, _mm256_set1_ps(1.0f))};
    }
    static float sum(Vec256 a) noexcept {
        const __m128 four = _mm_add_ps(_mm256_castps256_ps128(a.v), _mm256_extractf128_ps(a.v, 1));
        const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
        return _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps(two, two, 1)));
    }

    static void store_sums(const Vec256* x, int step, const float* bias, Clamp clamp, float* c,
                           ptrdiff_t n) noexcept {
        NUTSHELL_UNROLL
        for (int i = 0; i < 2; i++, x += 2 * step, c += 2 * n) {
            __m256 fours[3];  // of a column: four numbers of both rows
            NUTSHELL_UNROLL
            for (int j = 0; j < 3; j++) fours[j] = add_halves(x[j].v, x[j + step].v);
            Vec256 rows{add_each(add_pairs(fours[0], fours[1]), add_pairs(fours[2], fours[2]))};
            if (bias) {
                const __m128 three = load_three(bias);
                rows.v = _mm256_add_ps(rows.v, _mm256_set_m128(three, three));
            }
            rows = min(set(clamp.high), max(set(clamp.low), rows));
            store_three(c, _mm256_castps256_ps128(rows.v));
            store_three(c + n, _mm256_extractf128_ps(rows.v, 1));
        }
    }
    static __m128 load_three(const float* p) noexcept {
        return _mm_setr_ps(p[0], p[1], p[2], 0.0f);
    }
    static void store_three(float* p, __m128 a) noexcept {
        _mm_storel_pi(reinterpret_cast<__m64*>(p), a);
        _mm_store_ss(p + 2, _mm_movehl_ps(a, a));
    }

  private:
    // Sums in the order of sum(). A vector's halves, and then another one's:
    static __m256 add_halves(__m256 a, __m256 b) noexcept {
        return _mm256_add_ps(_mm256_permute2f128_ps(a, b, 0x20),
                             _mm256_permute2f128_ps(a, b, 0x31));
    }
    /// Of each four elements the first two and the last two.
    static __m256 add_pairs(__m256 a, __m256 b) noexcept {
        return _mm256_add_ps(_mm256_shuffle_ps(a, b, 0x44), _mm256_shuffle_ps(a, b, 0xEE));
    }
    /// Of each two elements the first and the second.
    static __m256 add_each(__m256 a, __m256 b) noexcept {
        return _mm256_add_ps(_mm256_shuffle_ps(a, b, 0x88), _mm256_shuffle_ps(a, b, 0xDD));
    }
    static __m256 sign_bit() noexcept { return _mm256_set1_ps(-0.0f); }
    static __m256i mask(int n) noexcept {
        return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
    }
};

inline Vec256 operator+(Vec256 a, Vec256 b) noexcept { return {_mm256_add_ps(a.v, b.v)}; }
inline Vec256 operator-(Vec256 a, Vec256 b) noexcept { return {_mm256_sub_ps(a.v, b.v)}; }
inline Vec256 operator*(Vec256 a, Vec256 b) noexcept { return {_mm256_mul_ps(a.v, b.v)}; }
inline Vec256 operator/(Vec256 a, Vec256 b) noexcept { return {_mm256_div_ps(a.v, b.v)}; }

}  // namespace
}  // namespace nutshell
#endif
