// SPDX-License-Identifier: MIT
// SSE2, the baseline of x86-64: four floats a vector, sixteen registers, no fused multiply-add.
#if !defined(__SSE2__)
#error "sse2.cpp needs -msse2"
#endif
#include <emmintrin.h>
#include <string.h>

#include "blocks_int8.hpp"
#include "distances.hpp"
#include "vector.hpp"

namespace nutshell {
namespace {

struct Vec {
    __m128 v;
    static constexpr int lanes = 4, exp_steps = 1;
    // 12 sums, 2 factors, what they multiply, and its product; even: no row is left alone.
    static constexpr int tile_rows = 2, tile_vectors = 6;
    static constexpr int dot_tile_rows = 2, dot_tile_columns = 6;
    static constexpr bool stores_sums = false;
    using Sparse = Vec;
    static constexpr int sparse_tile_vectors = 6, sparse_sums = 2;
    static constexpr int together = 4, add_vectors = 8;

    static constexpr bool spreads_factors = true;
    static constexpr bool bias_last = false;
    static constexpr bool loads_four = false;
    static constexpr int row_dots = 8, row_depth = 2, row_vectors = 14;

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
    static Vec load_bytes(const uint8_t* p) noexcept {
        int32_t four;
        memcpy(&four, p, sizeof four);
        const __m128i zero = _mm_setzero_si128();
        const __m128i words = _mm_unpacklo_epi8(_mm_cvtsi32_si128(four), zero);
        return {_mm_cvtepi32_ps(_mm_unpacklo_epi16(words, zero))};
    }
    static Vec set(float x) noexcept { return {_mm_set1_ps(x)}; }
    // A product overwrites a factor: gcc would load that again rather than copy it.
    static Vec held(Vec a) noexcept {
        asm("" : "+x"(a.v));
        return a;
    }
    static Vec mul_add(Vec a, Vec b, Vec c) noexcept {
        return {_mm_add_ps(_mm_mul_ps(a.v, b.v), c.v)};
    }
    static Vec sub_mul(Vec c, Vec a, Vec b) noexcept {
        return {_mm_sub_ps(c.v, _mm_mul_ps(a.v, b.v))};
    }
    static Vec abs(Vec a) noexcept { return {_mm_andnot_ps(sign_bit(), a.v)}; }
    static Vec minus_abs(Vec a) noexcept { return {_mm_or_ps(sign_bit(), a.v)}; }
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

/// 8 outputs; the bytes at even and at odd places, widened in place, multiplied in pairs.
struct Int8 {
    static constexpr int tile_groups = 2;  // 8 sums, 2 of the input, what is in between
    static constexpr int chains = 1;
    static constexpr bool unsigned_inputs = false;
    static constexpr int channels = 0;  // depthwise_int8 is the reference's

    struct Sums {
        __m128i v[4];  // outputs 0 0 1 1, 2 2 3 3, 4 4 5 5, 6 6 7 7
    };
    struct Input {
        __m128i even, odd;
    };
    static Sums zero() noexcept {
        const __m128i none = _mm_setzero_si128();
        return {{none, none, none, none}};
    }
    static Input input(const int8_t* x) noexcept {
        const __m128i codes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(x));
        return widen(_mm_unpacklo_epi64(codes, codes));
    }
    static void multiply_add(Sums& sums, Input input, const int8_t* block) noexcept {
        for (int v = 0; v < 4; v++) {
            sums.v[v] = multiply_add(sums.v[v], input, load(block + 16 * v));
        }
    }
    static void multiply_add(Sums& sums, Input input, const uint8_t* block) noexcept {
        const __m128i upper = _mm_set1_epi8(-16);
        for (int v = 0; v < 2; v++) {
            const __m128i halves = load(block + 16 * v);
            sums.v[v] =
                multiply_add(sums.v[v], input, _mm_and_si128(_mm_slli_epi16(halves, 4), upper));
            sums.v[v + 2] = multiply_add(sums.v[v + 2], input, _mm_and_si128(halves, upper));
        }
    }
    static void add_chunk(Sums& sums, const int8_t* x, const int8_t* weights) noexcept {
        for (int v = 0; v < 4; v++) {
            sums.v[v] = multiply_add(sums.v[v], widen(load(x + 16 * v)), load(weights + 16 * v));
        }
    }
    static int32_t total(Sums sums) noexcept {
        const __m128i four =
            _mm_add_epi32(_mm_add_epi32(sums.v[0], sums.v[1]), _mm_add_epi32(sums.v[2], sums.v[3]));
        const __m128i two = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4E));
        return _mm_cvtsi128_si32(_mm_add_epi32(two, _mm_shuffle_epi32(two, 0xB1)));
    }
    static void add(Sums& to, Sums sums) noexcept {
        for (int v = 0; v < 4; v++) to.v[v] = _mm_add_epi32(to.v[v], sums.v[v]);
    }
    template <int Groups, int Step, int ExtraBits>
    static void finish(const Sums* sums, const OutputScales& scales, int count,
                       int8_t* y) noexcept {
        const __m128i zero_point = _mm_set1_epi16(scales.zero_point);
        const __m128i lowest = _mm_set1_epi16(scales.low), highest = _mm_set1_epi16(scales.high);
        int8_t all[8 * Groups] = {};
        int8_t* const to = count == 8 * Groups ? y : all;
        for (int g = 0; g < Groups; g++) {
            const __m128i* v = sums[g].v;
            const int8_t* shifts = scales.shift + Step * g;
            __m128i low = _mm_add_epi32(_mm_srai_epi32(total(v[0], v[1]), ExtraBits),
                                        load(scales.bias + Step * g));
            __m128i high = _mm_add_epi32(_mm_srai_epi32(total(v[2], v[3]), ExtraBits),
                                         load(scales.bias + Step * g + 4));
            if (any_positive(shifts)) {
                low = shift_left(low, shifts);
                high = shift_left(high, shifts + 4);
            }
            const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(shifts));
            const __m128i right = _mm_max_epi16(  // at most 0
                _mm_setzero_si128(),
                _mm_sub_epi16(_mm_setzero_si128(),
                              _mm_srai_epi16(_mm_unpacklo_epi8(bytes, bytes), 8)));
            low = multiply(low, load(scales.multiplier + Step * g),
                           _mm_unpacklo_epi16(right, _mm_setzero_si128()));
            high = multiply(high, load(scales.multiplier + Step * g + 4),
                            _mm_unpackhi_epi16(right, _mm_setzero_si128()));
            const __m128i codes = _mm_adds_epi16(_mm_packs_epi32(low, high), zero_point);
            const __m128i clamped = _mm_min_epi16(highest, _mm_max_epi16(lowest, codes));
            _mm_storel_epi64(reinterpret_cast<__m128i*>(to + 8 * g),
                             _mm_packs_epi16(clamped, clamped));
        }
        if (to == all) copy_codes(all, count, y);
    }

  private:
    static __m128i multiply_add(__m128i sums, Input input, __m128i bytes) noexcept {
        const Input weights = widen(bytes);
        const __m128i even = _mm_madd_epi16(input.even, weights.even);
        const __m128i odd = _mm_madd_epi16(input.odd, weights.odd);
        return _mm_add_epi32(sums, _mm_add_epi32(even, odd));
    }

    template <class T>
    static __m128i load(const T* p) noexcept {
        return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    }

    /// The bytes of each pair as 16-bit integers.
    static Input widen(__m128i bytes) noexcept {
        return {_mm_srai_epi16(_mm_slli_epi16(bytes, 8), 8), _mm_srai_epi16(bytes, 8)};
    }

    /// Neighbours added: a's two outputs, then b's.
    static __m128i total(__m128i a, __m128i b) noexcept {
        const __m128 x = _mm_castsi128_ps(a), y = _mm_castsi128_ps(b);
        return _mm_add_epi32(_mm_castps_si128(_mm_shuffle_ps(x, y, 0x88)),
                             _mm_castps_si128(_mm_shuffle_ps(x, y, 0xDD)));
    }

    static bool any_positive(const int8_t* shifts) noexcept {
        const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(shifts));
        return _mm_movemask_epi8(_mm_cmpgt_epi8(bytes, _mm_setzero_si128())) != 0;
    }

    /// Four sums shifted to the left where their shift is positive, which is rare.
    static __m128i shift_left(__m128i sums, const int8_t* shifts) noexcept {
        int32_t values[4];
        _mm_storeu_si128(reinterpret_cast<__m128i*>(values), sums);
        for (int i = 0; i < 4; i++) values[i] *= 1 << (shifts[i] > 0 ? shifts[i] : 0);
        return load(values);
    }

    /// a * b of the even elements and of the odd ones, in 64 bits.
    struct Products {
        __m128i even, odd;
    };
    static Products unsigned_products(__m128i a, __m128i b) noexcept {
        return {_mm_mul_epu32(a, b), _mm_mul_epu32(_mm_srli_epi64(a, 32), _mm_srli_epi64(b, 32))};
    }

    /// nutshell::multiply of 4 sums, by magnitudes, since SSE2 multiplies unsigned integers only
    /// and shifts all elements alike: the second rounding is of a product with 2^(31 - right).
    static __m128i multiply(__m128i sums, __m128i multiplier, __m128i right) noexcept {
        const __m128i negative = _mm_srai_epi32(sums, 31);
        const __m128i magnitude = _mm_sub_epi32(_mm_xor_si128(sums, negative), negative);
        // Halves are rounded up: towards zero for the magnitude of a negative sum.
        const __m128i half = _mm_add_epi32(_mm_set1_epi32(1 << 30), negative);
        const Products first = unsigned_products(magnitude, multiplier);
        const __m128i lower = _mm_set1_epi64x(0xFFFFFFFF);
        const __m128i even =
            _mm_srli_epi64(_mm_add_epi64(first.even, _mm_and_si128(half, lower)), 31);
        const __m128i odd = _mm_srli_epi64(_mm_add_epi64(first.odd, _mm_srli_epi64(half, 32)), 31);

        // The float 2^(31 - right), as an integer; 2^31 becomes its bits by overflow.
        const __m128i exponent = _mm_sub_epi32(_mm_set1_epi32(127 + 31), right);
        const __m128i power = _mm_cvttps_epi32(_mm_castsi128_ps(_mm_slli_epi32(exponent, 23)));
        const __m128i ties_up = _mm_set1_epi64x(1 << 30);
        const __m128i low = _mm_srli_epi64(_mm_add_epi64(_mm_mul_epu32(even, power), ties_up), 31);
        const __m128i high = _mm_srli_epi64(
            _mm_add_epi64(_mm_mul_epu32(odd, _mm_srli_epi64(power, 32)), ties_up), 31);
        const __m128i result = _mm_or_si128(low, _mm_slli_epi64(high, 32));
        return _mm_sub_epi32(_mm_xor_si128(result, negative), negative);
    }
};

/// Four vectors of four sums. Bytes at even and at odd places are widened in place: a pair of
/// squares is one code's.
class Sums {
  public:
    void add_squares(uint32_t word, const int8_t* codes) noexcept {
        const __m128i query = _mm_set1_epi32(static_cast<int32_t>(word));
        for (int v = 0; v < 4; v++) {
            const __m128i bytes = load(codes + 16 * v);
            const __m128i even = _mm_sub_epi16(even_bytes(query), even_bytes(bytes));
            const __m128i odd = _mm_sub_epi16(_mm_srai_epi16(query, 8), _mm_srai_epi16(bytes, 8));
            add(v, _mm_add_epi32(_mm_madd_epi16(even, even), _mm_madd_epi16(odd, odd)));
        }
    }
    void add_ones(uint32_t word, const uint32_t* codes) noexcept {
        const __m128i query = _mm_set1_epi32(static_cast<int32_t>(word));
        for (int v = 0; v < 4; v++) add(v, ones(_mm_xor_si128(query, load(codes + 4 * v))));
    }
    void store(int32_t* distances) const noexcept {
        for (int v = 0; v < 4; v++) {
            _mm_storeu_si128(reinterpret_cast<__m128i*>(distances + 4 * v), sums_[v]);
        }
    }

  private:
    template <class T>
    static __m128i load(const T* p) noexcept {
        return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    }
    static __m128i even_bytes(__m128i bytes) noexcept {
        return _mm_srai_epi16(_mm_slli_epi16(bytes, 8), 8);
    }
    /// The bits set in each 32: sums of neighbouring bits, pairs, fours, bytes and halves.
    static __m128i ones(__m128i x) noexcept {
        const __m128i twos = _mm_set1_epi8(0x55), fours = _mm_set1_epi8(0x33);
        x = _mm_sub_epi32(x, _mm_and_si128(_mm_srli_epi32(x, 1), twos));
        x = _mm_add_epi32(_mm_and_si128(x, fours), _mm_and_si128(_mm_srli_epi32(x, 2), fours));
        x = _mm_and_si128(_mm_add_epi32(x, _mm_srli_epi32(x, 4)), _mm_set1_epi8(0x0F));
        x = _mm_and_si128(_mm_add_epi16(x, _mm_srli_epi16(x, 8)), _mm_set1_epi16(0xFF));
        return _mm_madd_epi16(x, _mm_set1_epi16(1));
    }
    void add(int v, __m128i x) noexcept { sums_[v] = _mm_add_epi32(sums_[v], x); }

    __m128i sums_[4] = {_mm_setzero_si128(), _mm_setzero_si128(), _mm_setzero_si128(),
                        _mm_setzero_si128()};
};

struct Int8Kernels : IntegerDistances<Sums, Sums, BlockKernels<Int8>> {
    /// SSE2 has no look-up; eight codes at a time keep loads and stores apart.
    static void look_up(int n, const int8_t* table, int8_t* x) noexcept {
        int i = 0;
        for (; i + 8 <= n; i += 8) {
            uint64_t codes;
            memcpy(&codes, x + i, 8);
            int8_t entries[8] = {};
            for (int k = 0; k < 8; k++) entries[k] = table[codes >> (8 * k) & 0xFF];
            memcpy(x + i, entries, 8);
        }
        Reference::look_up(n - i, table, x + i);
    }
};

}  // namespace

extern const VectorPlatform sse2_platform;
const VectorPlatform sse2_platform = vector_platform<Vec, Int8Kernels>();

}  // namespace nutshell
