// SPDX-License-Identifier: MIT
// The vector of AVX-512: sixteen floats, thirty-two registers, masks for parts of a vector. Empty
// for other processors.
#pragma once
#if defined(__AVX512F__)
// gcc 12 warns about its own header's "undefined" vectors.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include "avx2_vector.hpp"
#pragma GCC diagnostic pop
#include <immintrin.h>
#include <stdint.h>

namespace nutshell {
namespace {

struct Vec {
    __m512 v;
    static constexpr int lanes = 16, exp_steps = 8;
    static constexpr int tile_rows = 8, tile_vectors = 3;  // 24 sums, 3 loads, 1 broadcast
    static constexpr int dot_tile_rows = 4,
                         dot_tile_columns = 6;  // 24 sums, 4 rows, columns from memory
    static constexpr bool stores_sums = true;
    // Rows of 24 floats, for one, begin in the middle of a cache line, and 64-byte stores that
    // straddle two lines are slow: with 32 bytes at a time, none does.
    using Sparse = Vec256;
    static constexpr int sparse_tile_vectors = 8, sparse_sums = 3;  // 24 sums
    static constexpr int together = 4, add_vectors = 8;

    static constexpr bool spreads_factors = false;
    static constexpr bool bias_last = true;
    static constexpr bool loads_four = false;
    static constexpr int row_dots = 6, row_depth = 2, row_vectors = 16;

    static Vec load(const float* p) noexcept { return {_mm512_loadu_ps(p)}; }
    static void store(float* p, Vec a) noexcept { _mm512_storeu_ps(p, a.v); }
    static Vec load_part(const float* p, int n) noexcept {
        return {_mm512_maskz_loadu_ps(mask(n), p)};
    }
    static void store_part(float* p, Vec a, int n) noexcept {
        _mm512_mask_storeu_ps(p, mask(n), a.v);
    }
    static Vec load_bytes(const uint8_t* p) noexcept {
        const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
        return {_mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(bytes))};
    }
    static Vec set(float x) noexcept { return {_mm512_set1_ps(x)}; }
    static Vec held(Vec a) noexcept { return a; }
    static Vec mul_add(Vec a, Vec b, Vec c) noexcept { return {_mm512_fmadd_ps(a.v, b.v, c.v)}; }
    static Vec sub_mul(Vec c, Vec a, Vec b) noexcept { return {_mm512_fnmadd_ps(a.v, b.v, c.v)}; }
    static Vec abs(Vec a) noexcept { return {_mm512_andnot_ps(sign_bit(), a.v)}; }
    static Vec minus_abs(Vec a) noexcept { return {_mm512_or_ps(sign_bit(), a.v)}; }
    static Vec max(Vec a, Vec b) noexcept { return {_mm512_max_ps(a.v, b.v)}; }
    static Vec min(Vec a, Vec b) noexcept { return {_mm512_min_ps(a.v, b.v)}; }
    static Vec sqrt(Vec a) noexcept { return {_mm512_sqrt_ps(a.v)}; }
    static Vec select_negative(Vec x, Vec a, Vec b) noexcept {
        return {_mm512_mask_blend_ps(_mm512_cmp_ps_mask(x.v, _mm512_setzero_ps(), _CMP_LT_OQ), b.v,
                                     a.v)};
    }
    static Vec select_positive(Vec x, Vec a, Vec b) noexcept {
        return {_mm512_mask_blend_ps(_mm512_cmp_ps_mask(x.v, _mm512_setzero_ps(), _CMP_GT_OQ), b.v,
                                     a.v)};
    }
    static Vec copy_sign(Vec magnitude, Vec sign) noexcept {
        return {_mm512_or_ps(abs(magnitude).v, _mm512_and_ps(sign_bit(), sign.v))};
    }
    static Vec shift_to_exponent(Vec x) noexcept {
        return {_mm512_castsi512_ps(_mm512_slli_epi32(_mm512_castps_si512(x.v), 23))};
    }
    static Vec power_of_two(Vec x) noexcept {
        constexpr const auto& powers = elementary::kEighthPowersOfTwo;
        const __m512i n = _mm512_castps_si512(x.v);
        const __m512i power =  // by the lowest 4 bits of n
            _mm512_permutexvar_epi32(n, _mm512_loadu_si512(powers.less));
        return {_mm512_castsi512_ps(_mm512_add_epi32(power, _mm512_slli_epi32(n, powers.shift)))};
    }
    static Vec exponent(Vec x) noexcept {
        const __m512i biased = _mm512_srli_epi32(_mm512_castps_si512(x.v), 23);
        return {_mm512_cvtepi32_ps(_mm512_sub_epi32(biased, _mm512_set1_epi32(127)))};
    }
    static Vec mantissa(Vec x) noexcept {
        const __m512 bits = _mm512_and_ps(x.v, _mm512_castsi512_ps(_mm512_set1_epi32(0x7FFFFF)));
        return {_mm512_or_ps(bits, _mm512_set1_ps(1.0f))};
    }
    static float sum(Vec a) noexcept {
        const __m256 eight =
            _mm256_add_ps(_mm512_castps512_ps256(a.v), _mm512_extractf32x8_ps(a.v, 1));
        const __m128 four =
            _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
        const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
        return _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps(two, two, 1)));
    }

    static void store_sums(const Vec* x, int step, const float* bias, Clamp clamp, float* c,
                           ptrdiff_t n) noexcept {
        __m512 fours[3];  // of a column: four numbers of each row
        NUTSHELL_UNROLL
        for (int j = 0; j < 3; j++, x++) {
            fours[j] = add_quarters(add_halves(x[0].v, x[step].v),
                                    add_halves(x[2 * step].v, x[3 * step].v));
        }
        Vec rows{add_each(add_pairs(fours[0], fours[1]), add_pairs(fours[2], fours[2]))};
        if (bias) rows.v = _mm512_add_ps(rows.v, _mm512_broadcast_f32x4(Vec256::load_three(bias)));
        rows = min(set(clamp.high), max(set(clamp.low), rows));
        Vec256::store_three(c, _mm512_castps512_ps128(rows.v));
        Vec256::store_three(c + n, _mm512_extractf32x4_ps(rows.v, 1));
        Vec256::store_three(c + 2 * n, _mm512_extractf32x4_ps(rows.v, 2));
        Vec256::store_three(c + 3 * n, _mm512_extractf32x4_ps(rows.v, 3));
    }

  private:
    // Sums in the order of sum(). A vector's halves, and then another one's:
    static __m512 add_halves(__m512 a, __m512 b) noexcept {
        return _mm512_add_ps(_mm512_shuffle_f32x4(a, b, 0x44), _mm512_shuffle_f32x4(a, b, 0xEE));
    }
    /// The halves of what is left of two, and then of two others.
    static __m512 add_quarters(__m512 a, __m512 b) noexcept {
        return _mm512_add_ps(_mm512_shuffle_f32x4(a, b, 0x88), _mm512_shuffle_f32x4(a, b, 0xDD));
    }
    /// Of each four elements the first two and the last two.
    static __m512 add_pairs(__m512 a, __m512 b) noexcept {
        return _mm512_add_ps(_mm512_shuffle_ps(a, b, 0x44), _mm512_shuffle_ps(a, b, 0xEE));
    }
    /// Of each two elements the first and the second.
    static __m512 add_each(__m512 a, __m512 b) noexcept {
        return _mm512_add_ps(_mm512_shuffle_ps(a, b, 0x88), _mm512_shuffle_ps(a, b, 0xDD));
    }
    static __m512 sign_bit() noexcept { return _mm512_set1_ps(-0.0f); }
    static __mmask16 mask(int n) noexcept { return static_cast<__mmask16>((1u << n) - 1u); }
};

inline Vec operator+(Vec a, Vec b) noexcept { return {_mm512_add_ps(a.v, b.v)}; }
inline Vec operator-(Vec a, Vec b) noexcept { return {_mm512_sub_ps(a.v, b.v)}; }
inline Vec operator*(Vec a, Vec b) noexcept { return {_mm512_mul_ps(a.v, b.v)}; }
inline Vec operator/(Vec a, Vec b) noexcept { return {_mm512_div_ps(a.v, b.v)}; }

}  // namespace
}  // namespace nutshell
#endif
