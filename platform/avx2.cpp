// SPDX-License-Identifier: MIT
// AVX2 with fused multiply-add: eight floats a vector, sixteen registers.
#if !defined(__AVX2__) || !defined(__FMA__)
#error "avx2.cpp needs -mavx2 -mfma"
#endif
#include <immintrin.h>

#include "vector.hpp"

namespace nutshell {
namespace {

struct Vec {
    __m256 v;
    static constexpr int lanes = 8;
    static constexpr int tile_rows = 4, tile_vectors = 3;  // 12 sums, 3 loads, 1 broadcast
    static constexpr int dot_tile_rows = 4,
                         dot_tile_columns = 3;  // 12 sums, 4 rows, columns from memory

    static Vec load(const float* p) noexcept { return {_mm256_loadu_ps(p)}; }
    static void store(float* p, Vec a) noexcept { _mm256_storeu_ps(p, a.v); }
    static Vec load_part(const float* p, int n) noexcept {
        return {_mm256_maskload_ps(p, mask(n))};
    }
    static void store_part(float* p, Vec a, int n) noexcept {
        _mm256_maskstore_ps(p, mask(n), a.v);
    }
    static Vec set(float x) noexcept { return {_mm256_set1_ps(x)}; }
    static Vec mul_add(Vec a, Vec b, Vec c) noexcept { return {_mm256_fmadd_ps(a.v, b.v, c.v)}; }
    static Vec abs(Vec a) noexcept { return {_mm256_andnot_ps(sign_bit(), a.v)}; }
    static Vec max(Vec a, Vec b) noexcept { return {_mm256_max_ps(a.v, b.v)}; }
    static Vec min(Vec a, Vec b) noexcept { return {_mm256_min_ps(a.v, b.v)}; }
    static Vec sqrt(Vec a) noexcept { return {_mm256_sqrt_ps(a.v)}; }
    static Vec select_negative(Vec x, Vec a, Vec b) noexcept {
        return {_mm256_blendv_ps(b.v, a.v, _mm256_cmp_ps(x.v, _mm256_setzero_ps(), _CMP_LT_OQ))};
    }
    static Vec select_positive(Vec x, Vec a, Vec b) noexcept {
        return {_mm256_blendv_ps(b.v, a.v, _mm256_cmp_ps(x.v, _mm256_setzero_ps(), _CMP_GT_OQ))};
    }
    static Vec copy_sign(Vec magnitude, Vec sign) noexcept {
        return {_mm256_or_ps(abs(magnitude).v, _mm256_and_ps(sign_bit(), sign.v))};
    }
    static Vec shift_to_exponent(Vec x) noexcept {
        return {_mm256_castsi256_ps(_mm256_slli_epi32(_mm256_castps_si256(x.v), 23))};
    }
    static Vec exponent(Vec x) noexcept {
        const __m256i biased = _mm256_srli_epi32(_mm256_castps_si256(x.v), 23);
        return {_mm256_cvtepi32_ps(_mm256_sub_epi32(biased, _mm256_set1_epi32(127)))};
    }
    static Vec mantissa(Vec x) noexcept {
        const __m256 bits = _mm256_and_ps(x.v, _mm256_castsi256_ps(_mm256_set1_epi32(0x7FFFFF)));
        return {_mm256_or_ps(bits, _mm256_set1_ps(1.0f))};
    }
    static float sum(Vec a) noexcept {
        const __m128 four = _mm_add_ps(_mm256_castps256_ps128(a.v), _mm256_extractf128_ps(a.v, 1));
        const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
        return _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps(two, two, 1)));
    }

  private:
    static __m256 sign_bit() noexcept { return _mm256_set1_ps(-0.0f); }
    static __m256i mask(int n) noexcept {
        return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
    }
};

inline Vec operator+(Vec a, Vec b) noexcept { return {_mm256_add_ps(a.v, b.v)}; }
inline Vec operator-(Vec a, Vec b) noexcept { return {_mm256_sub_ps(a.v, b.v)}; }
inline Vec operator*(Vec a, Vec b) noexcept { return {_mm256_mul_ps(a.v, b.v)}; }
inline Vec operator/(Vec a, Vec b) noexcept { return {_mm256_div_ps(a.v, b.v)}; }

}  // namespace

extern const VectorPlatform avx2_platform;
const VectorPlatform avx2_platform = vector_platform<Vec, Reference>();

}  // namespace nutshell
