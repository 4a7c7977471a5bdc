// SPDX-License-Identifier: MIT
// The int8 kernels of AVX-512, once, over how an instruction-set file multiplies a block of 64
// weights and adds (`Products`). Included after avx512_vector.hpp; empty for other processors.
#pragma once
#if defined(__AVX512F__)
#include "avx512_vector.hpp"
#include "blocks_int8.hpp"
#include "distances.hpp"

namespace nutshell {
namespace {

/// x[n] = rule(x), 64 codes at a time.
template <class Rule>
void for_each_64(int n, int8_t* x, Rule rule) noexcept {
    for (; n >= 64; n -= 64, x += 64) _mm512_storeu_si512(x, rule(_mm512_loadu_si512(x)));
    if (n <= 0) return;
    const __mmask64 part = (__mmask64{1} << n) - 1;
    _mm512_mask_storeu_epi8(x, part, rule(_mm512_maskz_loadu_epi8(part, x)));
}

/// A vector of sixteen sums. Bytes at even and at odd places are widened in place: a pair of
/// squares is one code's.
class Avx512Sums {
  public:
    void add_squares(uint32_t word, const int8_t* codes) noexcept {
        const __m512i query = _mm512_set1_epi32(static_cast<int32_t>(word));
        const __m512i bytes = _mm512_loadu_si512(codes);
        const __m512i even = _mm512_sub_epi16(even_bytes(query), even_bytes(bytes));
        const __m512i odd =
            _mm512_sub_epi16(_mm512_srai_epi16(query, 8), _mm512_srai_epi16(bytes, 8));
        add(_mm512_add_epi32(_mm512_madd_epi16(even, even), _mm512_madd_epi16(odd, odd)));
    }
    /// Of each half byte by a table.
    void add_ones(uint32_t word, const uint32_t* codes) noexcept {
        const __m512i table =
            _mm512_broadcast_i32x4(_mm_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4));
        const __m512i lower = _mm512_set1_epi8(15);
        const __m512i x = _mm512_xor_si512(_mm512_set1_epi32(static_cast<int32_t>(word)),
                                           _mm512_loadu_si512(codes));
        const __m512i low = _mm512_shuffle_epi8(table, _mm512_and_si512(x, lower));
        const __m512i high =
            _mm512_shuffle_epi8(table, _mm512_and_si512(_mm512_srli_epi16(x, 4), lower));
        const __m512i pairs = _mm512_maddubs_epi16(_mm512_add_epi8(low, high), _mm512_set1_epi8(1));
        add(_mm512_madd_epi16(pairs, _mm512_set1_epi16(1)));
    }
    void store(int32_t* distances) const noexcept { _mm512_storeu_si512(distances, sums_); }

  private:
    static __m512i even_bytes(__m512i bytes) noexcept {
        return _mm512_srai_epi16(_mm512_slli_epi16(bytes, 8), 8);
    }
    void add(__m512i x) noexcept { sums_ = _mm512_add_epi32(sums_, x); }

    __m512i sums_ = _mm512_setzero_si512();
};

/// 8 outputs a vector of sums, 16 a vector of codes.
template <class Products>
struct Avx512Int8 {
    static constexpr int tile_groups = 8;
    static constexpr int chains = Products::chains;
    static constexpr bool unsigned_inputs = Products::unsigned_inputs;

    using Sums = __m512i;  // outputs 0 0 1 1 2 2 ...
    using Input = typename Products::Input;

    static Sums zero() noexcept { return _mm512_setzero_si512(); }
    static Input input(const int8_t* x) noexcept {
        return Products::input(_mm512_set1_epi64(word_of(x)));
    }
    static void multiply_add(Sums& sums, Input input, const int8_t* block) noexcept {
        sums = Products::multiply_add(sums, input, _mm512_loadu_si512(block));
    }
    static void multiply_add(Sums& sums, Input input, const uint8_t* block) noexcept {
        const __m256i halves = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(block));
        const __m512i both =
            _mm512_inserti64x4(_mm512_castsi256_si512(_mm256_slli_epi16(halves, 4)), halves, 1);
        sums = Products::multiply_add(sums, input, _mm512_and_si512(both, _mm512_set1_epi8(-16)));
    }
    static void add_chunk(Sums& sums, const int8_t* x, const int8_t* weights) noexcept {
        multiply_add(sums, Products::input(_mm512_loadu_si512(x)), weights);
    }
    static int32_t total(Sums sums) noexcept { return _mm512_reduce_add_epi32(sums); }
    static void add(Sums& to, Sums sums) noexcept { to = _mm512_add_epi32(to, sums); }

    template <int Groups, int Step, int ExtraBits>
    static void finish(const Sums* sums, const OutputScales& scales, int count,
                       int8_t* y) noexcept {
        const __m512i zero_point = _mm512_set1_epi16(scales.zero_point);
        const __m512i low = two_codes<Groups, Step, ExtraBits, 0>(sums, scales);
        const __m512i high = two_codes<Groups, Step, ExtraBits, 4>(sums, scales);
        const __m512i codes = _mm512_packs_epi16(_mm512_adds_epi16(low, zero_point),
                                                 _mm512_adds_epi16(high, zero_point));
        const __m512i order =
            _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
        const __m512i bytes = _mm512_permutexvar_epi32(order, codes);
        const __m512i clamped = _mm512_min_epi8(
            _mm512_set1_epi8(scales.high), _mm512_max_epi8(_mm512_set1_epi8(scales.low), bytes));
        if (count == 64) return _mm512_storeu_si512(y, clamped);
        _mm512_mask_storeu_epi8(y, (__mmask64{1} << count) - 1, clamped);
    }

    static constexpr int channels = 16;
    /// Two taps of a channel are neighbours of 16 bits.
    static void channel_codes(int taps, int stride, const int8_t* weights,
                              const OutputScales& scales, const int8_t* const* x, int first,
                              int8_t* y) noexcept {
        const __m128i none = _mm_setzero_si128();
        __m512i sums = _mm512_loadu_si512(scales.bias);
        for (int t = 0; t < taps; t += 2, weights += 2 * static_cast<ptrdiff_t>(stride)) {
            const bool both = t + 1 < taps;
            const __m512i codes =
                pairs_of(load_16(x[t] + first), both ? load_16(x[t + 1] + first) : none);
            const __m512i weight =
                pairs_of(load_16(weights), both ? load_16(weights + stride) : none);
            sums = _mm512_add_epi32(sums, _mm512_madd_epi16(codes, weight));
        }
        const __m512i values = multiply(sums, _mm512_loadu_si512(scales.multiplier),
                                        _mm512_cvtepi8_epi32(load_16(scales.shift)));
        const __m512i codes = _mm512_add_epi32(values, _mm512_set1_epi32(scales.zero_point));
        const __m128i bytes = _mm512_cvtsepi32_epi8(codes);
        _mm_storeu_si128(reinterpret_cast<__m128i*>(y),
                         _mm_min_epi8(_mm_set1_epi8(scales.high),
                                      _mm_max_epi8(_mm_set1_epi8(scales.low), bytes)));
    }

  private:
    static __m128i load_16(const int8_t* p) noexcept {
        return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    }
    /// The bytes of both in turn, widened.
    static __m512i pairs_of(__m128i first, __m128i second) noexcept {
        return _mm512_cvtepi8_epi16(
            _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_unpacklo_epi8(first, second)),
                                    _mm_unpackhi_epi8(first, second), 1));
    }

    /// The codes of four groups as 16-bit integers, eight of one pair and eight of the other in
    /// turn; of any number where there are fewer groups.
    template <int Groups, int Step, int ExtraBits, int First>
    static __m512i two_codes(const Sums* sums, const OutputScales& scales) noexcept {
        __m512i pairs[2] = {_mm512_setzero_si512(), _mm512_setzero_si512()};
        if constexpr (First < Groups)
            pairs[0] = pair_codes<Groups, Step, ExtraBits, First>(sums, scales);
        if constexpr (First + 2 < Groups)
            pairs[1] = pair_codes<Groups, Step, ExtraBits, First + 2>(sums, scales);
        return _mm512_packs_epi32(pairs[0], pairs[1]);
    }

    /// The quotients of two groups, or of the last one.
    template <int Groups, int Step, int ExtraBits, int First>
    static __m512i pair_codes(const Sums* sums, const OutputScales& scales) noexcept {
        constexpr bool both = First + 1 < Groups;
        constexpr __mmask16 there = both ? 0xFFFF : 0x00FF;
        const __m512i even =
            _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
        const __m512i odd = _mm512_add_epi32(even, _mm512_set1_epi32(1));
        const __m512i first = sums[First], second = sums[both ? First + 1 : First];
        const __m512i total = _mm512_add_epi32(_mm512_permutex2var_epi32(first, even, second),
                                               _mm512_permutex2var_epi32(first, odd, second));
        const int o = First * Step;
        __m512i bias, multiplier;
        __m128i shift;
        if constexpr (Step == 0) {
            bias = twice(scales.bias);
            multiplier = twice(scales.multiplier);
            shift = _mm_set1_epi64x(word_of(scales.shift));
        } else {
            bias = _mm512_maskz_loadu_epi32(there, scales.bias + o);
            multiplier = _mm512_maskz_loadu_epi32(there, scales.multiplier + o);
            shift = both ? load_16(scales.shift + o) : _mm_set1_epi64x(word_of(scales.shift + o));
        }
        return multiply(_mm512_add_epi32(_mm512_srai_epi32(total, ExtraBits), bias), multiplier,
                        _mm512_cvtepi8_epi32(shift));
    }

    static int64_t word_of(const int8_t* bytes) noexcept {
        int64_t word;
        memcpy(&word, bytes, sizeof word);
        return word;
    }
    static __m512i twice(const int32_t* eight) noexcept {
        return _mm512_broadcast_i64x4(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(eight)));
    }

    /// nutshell::multiply of 16 sums, with their doubles: the product's upper half is then its
    /// quotient by 2^31. The second rounding is of the magnitude.
    static __m512i multiply(__m512i sums, __m512i multiplier, __m512i shift) noexcept {
        const __m512i zero = _mm512_setzero_si512();
        const __m512i left = _mm512_max_epi32(shift, zero);
        const __m512i right = _mm512_sub_epi32(left, shift);
        // 2^(right - 1): a shift of 32 or more, as where right is 0, gives 0.
        const __m512i half =
            _mm512_sllv_epi32(_mm512_set1_epi32(1), _mm512_xor_si512(shift, _mm512_set1_epi32(-1)));

        const __m512i twice = _mm512_sllv_epi32(_mm512_add_epi32(sums, sums), left);
        const __m512i rounding = _mm512_set1_epi64(int64_t{1} << 31);
        const __m512i even = _mm512_add_epi64(_mm512_mul_epi32(twice, multiplier), rounding);
        const __m512i odd = _mm512_add_epi64(
            _mm512_mul_epi32(_mm512_srli_epi64(twice, 32), _mm512_srli_epi64(multiplier, 32)),
            rounding);
        const __m512i quotient = _mm512_mask_blend_epi32(0xAAAA, _mm512_srli_epi64(even, 32), odd);
        const __m512i magnitude =
            _mm512_srlv_epi32(_mm512_add_epi32(_mm512_abs_epi32(quotient), half), right);
        return _mm512_mask_sub_epi32(magnitude, _mm512_movepi32_mask(quotient), zero, magnitude);
    }
};

}  // namespace
}  // namespace nutshell
#endif
