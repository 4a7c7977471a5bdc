// SPDX-License-Identifier: MIT
// SSE2, the baseline of x86-64: four floats a vector, sixteen registers, no fused multiply-add.
#if !defined(__SSE2__)
#error "sse2.cpp needs -msse2"
#endif
#include <emmintrin.h>

#include "vector.hpp"

namespace nutshell {
namespace {

struct Vec {
    __m128 v;
    static constexpr int lanes = 4;
    static constexpr int tile_rows = 2, tile_vectors = 6;  // 12 sums, 2 factors, 2 products
    static constexpr int dot_tile_rows = 3, dot_tile_columns = 3;

    static Vec load(const float* p) noexcept { return {_mm_loadu_ps(p)}; }
    static void store(float* p, Vec a) noexcept { _mm_storeu_ps(p, a.v); }
    static Vec load_part(const float* p, int n) noexcept {
        return {_mm_setr_ps(p[0], n > 1 ? p[1] : 0.0f, n > 2 ? p[2] : 0.0f, 0.0f)};
    }
    static void store_part(float* p, Vec a, int n) noexcept {
        _mm_store_ss(p, a.v);
        if (n > 1) _mm_store_ss(p + 1, _mm_shuffle_ps(a.v, a.v, 1));
        if (n > 2) _mm_store_ss(p + 2, _mm_shuffle_ps(a.v, a.v, 2));
    }
    static Vec set(float x) noexcept { return {_mm_set1_ps(x)}; }
    static Vec mul_add(Vec a, Vec b, Vec c) noexcept {
        return {_mm_add_ps(_mm_mul_ps(a.v, b.v), c.v)};
    }
    static Vec abs(Vec a) noexcept { return {_mm_andnot_ps(sign_bit(), a.v)}; }
    static Vec max(Vec a, Vec b) noexcept { return {_mm_max_ps(a.v, b.v)}; }
    static Vec min(Vec a, Vec b) noexcept { return {_mm_min_ps(a.v, b.v)}; }
    static Vec sqrt(Vec a) noexcept { return {_mm_sqrt_ps(a.v)}; }
    static Vec select_negative(Vec x, Vec a, Vec b) noexcept {
        return blend(_mm_cmplt_ps(x.v, _mm_setzero_ps()), a, b);
    }
    static Vec select_positive(Vec x, Vec a, Vec b) noexcept {
        return blend(_mm_cmpgt_ps(x.v, _mm_setzero_ps()), a, b);
    }
    static Vec copy_sign(Vec magnitude, Vec sign) noexcept {
        return {_mm_or_ps(abs(magnitude).v, _mm_and_ps(sign_bit(), sign.v))};
    }
    static Vec shift_to_exponent(Vec x) noexcept {
        return {_mm_castsi128_ps(_mm_slli_epi32(_mm_castps_si128(x.v), 23))};
    }
    static Vec exponent(Vec x) noexcept {
        const __m128i biased = _mm_srli_epi32(_mm_castps_si128(x.v), 23);
        return {_mm_cvtepi32_ps(_mm_sub_epi32(biased, _mm_set1_epi32(127)))};
    }
    static Vec mantissa(Vec x) noexcept {
        const __m128 bits = _mm_and_ps(x.v, _mm_castsi128_ps(_mm_set1_epi32(0x7FFFFF)));
        return {_mm_or_ps(bits, _mm_set1_ps(1.0f))};
    }
    static float sum(Vec a) noexcept {
        const __m128 two = _mm_add_ps(a.v, _mm_movehl_ps(a.v, a.v));
        return _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps(two, two, 1)));
    }

  private:
    static __m128 sign_bit() noexcept { return _mm_set1_ps(-0.0f); }
    static Vec blend(__m128 mask, Vec a, Vec b) noexcept {
        return {_mm_or_ps(_mm_and_ps(mask, a.v), _mm_andnot_ps(mask, b.v))};
    }
};

inline Vec operator+(Vec a, Vec b) noexcept { return {_mm_add_ps(a.v, b.v)}; }
inline Vec operator-(Vec a, Vec b) noexcept { return {_mm_sub_ps(a.v, b.v)}; }
inline Vec operator*(Vec a, Vec b) noexcept { return {_mm_mul_ps(a.v, b.v)}; }
inline Vec operator/(Vec a, Vec b) noexcept { return {_mm_div_ps(a.v, b.v)}; }

}  // namespace

extern const VectorPlatform sse2_platform;
const VectorPlatform sse2_platform = vector_platform<Vec, Reference>();

}  // namespace nutshell
