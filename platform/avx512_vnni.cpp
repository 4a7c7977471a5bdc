// SPDX-License-Identifier: MIT
// AVX-512 with the dot products of four bytes (VNNI) and the permutations of bytes (VBMI) that
// came together: avx512.cpp's floats, and int8 by those.
#if !defined(__AVX512VNNI__) || !defined(__AVX512VBMI__)
#error "avx512_vnni.cpp needs avx512.cpp's flags, -mavx512vnni and -mavx512vbmi"
#endif
#include "avx512_int8.hpp"
#include "avx512_vector.hpp"
#include "vector.hpp"

namespace nutshell {
namespace {

/// Sums of dot products of x + 128, as unsigned bytes, with the weights.
struct DotProducts {
    static constexpr bool unsigned_inputs = true;
    static constexpr int chains = 12;  // two a cycle, each waits five

    using Input = __m512i;
    static Input input(__m512i x) noexcept { return _mm512_xor_si512(x, _mm512_set1_epi8(-128)); }
    static __m512i multiply_add(__m512i sums, Input input, __m512i weights) noexcept {
        return _mm512_dpbusd_epi32(sums, input, weights);
    }
};

struct Int8Kernels
    : IntegerDistances<Avx512Sums, Avx512Sums, BlockKernels<Avx512Int8<DotProducts>>> {
    /// Two look-ups among 128 entries each, and the one that the code's sign chooses.
    static void look_up(int n, const int8_t* table, int8_t* x) noexcept {
        const __m512i first = _mm512_loadu_si512(table);
        const __m512i second = _mm512_loadu_si512(table + 64);
        const __m512i third = _mm512_loadu_si512(table + 128);
        const __m512i fourth = _mm512_loadu_si512(table + 192);
        for_each_64(n, x, [=](__m512i codes) noexcept {
            return _mm512_mask_blend_epi8(_mm512_movepi8_mask(codes),
                                          _mm512_permutex2var_epi8(first, codes, second),
                                          _mm512_permutex2var_epi8(third, codes, fourth));
        });
    }
};

}  // namespace

extern const VectorPlatform avx512_vnni_platform;
const VectorPlatform avx512_vnni_platform = vector_platform<Vec, Int8Kernels>();

}  // namespace nutshell
