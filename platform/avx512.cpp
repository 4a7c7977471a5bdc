// SPDX-License-Identifier: MIT
// AVX-512 (foundation, byte/word, doubleword/quadword), as every AVX-512 processor but the first
// has it.
#if !defined(__AVX512F__) || !defined(__AVX512BW__) || !defined(__AVX512DQ__)
#error "avx512.cpp needs -mavx512f -mavx512bw -mavx512dq"
#endif
#include "avx512_int8.hpp"
#include "avx512_vector.hpp"
#include "vector.hpp"

namespace nutshell {
namespace {

/// Sums of products of byte pairs: |x| times the weight under x's sign, so that no pair saturates.
struct PairProducts {
    static constexpr bool unsigned_inputs = false;
    static constexpr int chains = 1;

    struct Input {
        __m512i magnitude;
        __mmask64 negative;
    };
    static Input input(__m512i x) noexcept { return {_mm512_abs_epi8(x), _mm512_movepi8_mask(x)}; }
    static __m512i multiply_add(__m512i sums, Input input, __m512i weights) noexcept {
        const __m512i under_sign =
            _mm512_mask_sub_epi8(weights, input.negative, _mm512_setzero_si512(), weights);
        const __m512i pairs = _mm512_maddubs_epi16(input.magnitude, under_sign);
        return _mm512_add_epi32(sums, _mm512_madd_epi16(pairs, _mm512_set1_epi16(1)));
    }
};

struct Int8Kernels
    : IntegerDistances<Avx512Sums, Avx512Sums, BlockKernels<Avx512Int8<PairProducts>>> {
    /// 16 tables of 16 bytes by the code's lower half, then the one of them that the bits of its
    /// upper half choose, a bit at a time.
    static void look_up(int n, const int8_t* table, int8_t* x) noexcept {
        for_each_64(n, x, [=](__m512i codes) noexcept { return entries<7>(table, codes); });
    }

  private:
    /// The entries of codes whose bits above `Bit` are those of the table's first entry.
    template <int Bit>
    static __m512i entries(const int8_t* table, __m512i codes) noexcept {
        if constexpr (Bit < 4) {
            const __m512i sixteen =
                _mm512_broadcast_i32x4(_mm_loadu_si128(reinterpret_cast<const __m128i*>(table)));
            return _mm512_shuffle_epi8(sixteen, _mm512_and_si512(codes, _mm512_set1_epi8(15)));
        } else {
            return _mm512_mask_blend_epi8(_mm512_movepi8_mask(_mm512_slli_epi16(codes, 7 - Bit)),
                                          entries<Bit - 1>(table, codes),
                                          entries<Bit - 1>(table + (1 << Bit), codes));
        }
    }
};

}  // namespace

extern const VectorPlatform avx512_platform;
const VectorPlatform avx512_platform = vector_platform<Vec, Int8Kernels>();

}  // namespace nutshell
