// SPDX-License-Identifier: MIT
// AVX2 with fused multiply-add: eight floats a vector, sixteen registers.
#if !defined(__AVX2__) || !defined(__FMA__)
#error "avx2.cpp needs -mavx2 -mfma"
#endif
#include <immintrin.h>

#include "avx2_vector.hpp"
#include "blocks_int8.hpp"
#include "distances.hpp"
#include "vector.hpp"

namespace nutshell {
namespace {

/// 8 outputs; bytes multiplied in pairs, |x| with the weight under x's sign, so that no pair
/// saturates.
struct Int8 {
    static constexpr int tile_groups = 4;  // 8 sums, 2 of the input, ones, what is in between
    static constexpr int chains = 1;
    static constexpr bool unsigned_inputs = false;

    struct Sums {
        __m256i v[2];  // outputs 0 0 1 1 2 2 3 3, 4 4 5 5 6 6 7 7
    };
    struct Input {
        __m256i x, magnitude;
    };
    static Sums zero() noexcept {
        const __m256i none = _mm256_setzero_si256();
        return {{none, none}};
    }
    static Input input(const int8_t* x) noexcept {
        int64_t codes;
        memcpy(&codes, x, sizeof codes);
        const __m256i v = _mm256_set1_epi64x(codes);
        return {v, _mm256_abs_epi8(v)};
    }
    static void multiply_add(Sums& sums, Input input, const int8_t* block) noexcept {
        sums.v[0] = multiply_add(sums.v[0], input, load(block));
        sums.v[1] = multiply_add(sums.v[1], input, load(block + 32));
    }
    static void multiply_add(Sums& sums, Input input, const uint8_t* block) noexcept {
        const __m256i halves = load(block);
        const __m256i upper = _mm256_set1_epi8(-16);
        sums.v[0] =
            multiply_add(sums.v[0], input, _mm256_and_si256(_mm256_slli_epi16(halves, 4), upper));
        sums.v[1] = multiply_add(sums.v[1], input, _mm256_and_si256(halves, upper));
    }
    static void add_chunk(Sums& sums, const int8_t* x, const int8_t* weights) noexcept {
        for (int half = 0; half < 2; half++) {
            const __m256i codes = load(x + 32 * half);
            sums.v[half] = multiply_add(sums.v[half], {codes, _mm256_abs_epi8(codes)},
                                        load(weights + 32 * half));
        }
    }
    static int32_t total(Sums sums) noexcept {
        const __m256i eight = _mm256_add_epi32(sums.v[0], sums.v[1]);
        const __m128i four =
            _mm_add_epi32(_mm256_castsi256_si128(eight), _mm256_extracti128_si256(eight, 1));
        const __m128i two = _mm_hadd_epi32(four, four);
        return _mm_cvtsi128_si32(_mm_hadd_epi32(two, two));
    }
    static void add(Sums& to, Sums sums) noexcept {
        for (int half = 0; half < 2; half++) {
            to.v[half] = _mm256_add_epi32(to.v[half], sums.v[half]);
        }
    }
    template <int Groups, int Step, int ExtraBits>
    static void finish(const Sums* sums, const OutputScales& scales, int count,
                       int8_t* y) noexcept {
        __m256i codes[tile_groups] = {};
        for (int g = 0; g < Groups; g++) {
            const __m256i pairs = _mm256_hadd_epi32(sums[g].v[0], sums[g].v[1]);  // 0145 2367
            const __m256i total = _mm256_add_epi32(
                _mm256_srai_epi32(_mm256_permute4x64_epi64(pairs, 0xD8), ExtraBits),
                load(scales.bias + Step * g));
            codes[g] = multiply(total, scales.multiplier + Step * g, scales.shift + Step * g);
        }
        const __m256i zero_point = _mm256_set1_epi16(scales.zero_point);
        const __m256i low = _mm256_adds_epi16(_mm256_packs_epi32(codes[0], codes[1]), zero_point);
        const __m256i high = _mm256_adds_epi16(_mm256_packs_epi32(codes[2], codes[3]), zero_point);
        const __m256i bytes = _mm256_permutevar8x32_epi32(
            _mm256_packs_epi16(low, high), _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
        const __m256i clamped = _mm256_min_epi8(
            _mm256_set1_epi8(scales.high), _mm256_max_epi8(_mm256_set1_epi8(scales.low), bytes));
        if (count == 32) return _mm256_storeu_si256(reinterpret_cast<__m256i*>(y), clamped);
        int8_t all[32] = {};
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(all), clamped);
        copy_codes(all, count, y);
    }

    static constexpr int channels = 8;
    /// Two taps of a channel are neighbours of 16 bits.
    static void channel_codes(int taps, int stride, const int8_t* weights,
                              const OutputScales& scales, const int8_t* const* x, int first,
                              int8_t* y) noexcept {
        const __m128i none = _mm_setzero_si128();
        __m256i sums = load(scales.bias);
        for (int t = 0; t < taps; t += 2, weights += 2 * static_cast<ptrdiff_t>(stride)) {
            const bool both = t + 1 < taps;
            const __m128i codes =
                _mm_unpacklo_epi8(load_8(x[t] + first), both ? load_8(x[t + 1] + first) : none);
            const __m128i weight =
                _mm_unpacklo_epi8(load_8(weights), both ? load_8(weights + stride) : none);
            sums = _mm256_add_epi32(
                sums, _mm256_madd_epi16(_mm256_cvtepi8_epi16(codes), _mm256_cvtepi8_epi16(weight)));
        }
        const __m256i values = multiply(sums, scales.multiplier, scales.shift);
        const __m128i narrow =
            _mm_packs_epi32(_mm256_castsi256_si128(values), _mm256_extracti128_si256(values, 1));
        const __m128i bytes =
            _mm_packs_epi16(_mm_adds_epi16(narrow, _mm_set1_epi16(scales.zero_point)), none);
        _mm_storel_epi64(reinterpret_cast<__m128i*>(y),
                         _mm_min_epi8(_mm_set1_epi8(scales.high),
                                      _mm_max_epi8(_mm_set1_epi8(scales.low), bytes)));
    }

  private:
    static __m128i load_8(const int8_t* p) noexcept {
        return _mm_loadl_epi64(reinterpret_cast<const __m128i*>(p));
    }
    static __m256i multiply_add(__m256i sums, Input input, __m256i weights) noexcept {
        const __m256i pairs =
            _mm256_maddubs_epi16(input.magnitude, _mm256_sign_epi8(weights, input.x));
        return _mm256_add_epi32(sums, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
    }

    template <class T>
    static __m256i load(const T* p) noexcept {
        return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
    }

    /// nutshell::multiply of 8 sums, with their doubles: the product's upper half is then its
    /// quotient by 2^31. The second rounding is of the magnitude.
    static __m256i multiply(__m256i sums, const int32_t* multipliers,
                            const int8_t* shifts) noexcept {
        const __m256i multiplier = load(multipliers);
        const __m256i shift =
            _mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(shifts)));
        const __m256i left = _mm256_max_epi32(shift, _mm256_setzero_si256());
        const __m256i right = _mm256_sub_epi32(left, shift);
        // 2^(right - 1): a shift of 32 or more, as where right is 0, gives 0.
        const __m256i half =
            _mm256_sllv_epi32(_mm256_set1_epi32(1), _mm256_xor_si256(shift, _mm256_set1_epi32(-1)));

        const __m256i twice = _mm256_sllv_epi32(_mm256_add_epi32(sums, sums), left);
        const __m256i rounding = _mm256_set1_epi64x(int64_t{1} << 31);
        const __m256i even = _mm256_add_epi64(_mm256_mul_epi32(twice, multiplier), rounding);
        const __m256i odd = _mm256_add_epi64(
            _mm256_mul_epi32(_mm256_srli_epi64(twice, 32), _mm256_srli_epi64(multiplier, 32)),
            rounding);
        const __m256i quotient = _mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xAA);
        const __m256i magnitude =
            _mm256_srlv_epi32(_mm256_add_epi32(_mm256_abs_epi32(quotient), half), right);
        return _mm256_sign_epi32(magnitude, quotient);
    }
};

/// Two vectors of eight sums. Bytes at even and at odd places are widened in place: a pair of
/// squares is one code's.
class Sums {
  public:
    void add_squares(uint32_t word, const int8_t* codes) noexcept {
        const __m256i query = _mm256_set1_epi32(static_cast<int32_t>(word));
        for (int v = 0; v < 2; v++) {
            const __m256i bytes = load(codes + 32 * v);
            const __m256i even = _mm256_sub_epi16(even_bytes(query), even_bytes(bytes));
            const __m256i odd =
                _mm256_sub_epi16(_mm256_srai_epi16(query, 8), _mm256_srai_epi16(bytes, 8));
            add(v, _mm256_add_epi32(_mm256_madd_epi16(even, even), _mm256_madd_epi16(odd, odd)));
        }
    }
    /// Of each half byte by a table.
    void add_ones(uint32_t word, const uint32_t* codes) noexcept {
        const __m256i query = _mm256_set1_epi32(static_cast<int32_t>(word));
        const __m256i table = _mm256_broadcastsi128_si256(
            _mm_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4));
        const __m256i lower = _mm256_set1_epi8(15);
        for (int v = 0; v < 2; v++) {
            const __m256i x = _mm256_xor_si256(query, load(codes + 8 * v));
            const __m256i low = _mm256_shuffle_epi8(table, _mm256_and_si256(x, lower));
            const __m256i high =
                _mm256_shuffle_epi8(table, _mm256_and_si256(_mm256_srli_epi16(x, 4), lower));
            const __m256i pairs =
                _mm256_maddubs_epi16(_mm256_add_epi8(low, high), _mm256_set1_epi8(1));
            add(v, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
        }
    }
    void store(int32_t* distances) const noexcept {
        for (int v = 0; v < 2; v++) {
            _mm256_storeu_si256(reinterpret_cast<__m256i*>(distances + 8 * v), sums_[v]);
        }
    }

  private:
    template <class T>
    static __m256i load(const T* p) noexcept {
        return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
    }
    static __m256i even_bytes(__m256i bytes) noexcept {
        return _mm256_srai_epi16(_mm256_slli_epi16(bytes, 8), 8);
    }
    void add(int v, __m256i x) noexcept { sums_[v] = _mm256_add_epi32(sums_[v], x); }

    __m256i sums_[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()};
};

struct Int8Kernels : IntegerDistances<Sums, Sums, BlockKernels<Int8>> {
    /// 16 tables of 16 bytes by the code's lower half, then the one of them that the bits of its
    /// upper half choose, a bit at a time.
    static void look_up(int n, const int8_t* table, int8_t* x) noexcept {
        int i = 0;
        for (; i + 32 <= n; i += 32) {
            __m256i* const place = reinterpret_cast<__m256i*>(x + i);
            _mm256_storeu_si256(place, entries<7>(table, _mm256_loadu_si256(place)));
        }
        Reference::look_up(n - i, table, x + i);
    }

  private:
    /// The entries of codes whose bits above `Bit` are those of the table's first entry.
    template <int Bit>
    static __m256i entries(const int8_t* table, __m256i codes) noexcept {
        if constexpr (Bit < 4) {
            const __m256i sixteen = _mm256_broadcastsi128_si256(
                _mm_loadu_si128(reinterpret_cast<const __m128i*>(table)));
            return _mm256_shuffle_epi8(sixteen, _mm256_and_si256(codes, _mm256_set1_epi8(15)));
        } else {
            return _mm256_blendv_epi8(entries<Bit - 1>(table, codes),
                                      entries<Bit - 1>(table + (1 << Bit), codes),
                                      _mm256_slli_epi16(codes, 7 - Bit));
        }
    }
};

}  // namespace

extern const VectorPlatform avx2_platform;
const VectorPlatform avx2_platform = vector_platform<Vec256, Int8Kernels>();

}  // namespace nutshell
