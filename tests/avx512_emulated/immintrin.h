// SPDX-License-Identifier: MIT
// Takes the place of the compiler's <immintrin.h> for a second copy of platform/avx512.cpp, which
// any x86-64 can then run: the intrinsics as SIMDe (Debian's libsimde-dev) emulates them, and those
// that its 0.7.4 leaves out or rounds twice, after Intel's "Intrinsics Guide".
#pragma once

// The command line claims them for avx512.cpp; SIMDe must not believe it.
#undef __AVX512F__
#undef __AVX512BW__
#undef __AVX512DQ__
#undef __AVX512VL__
#undef __AVX512VBMI__
#undef __AVX512VNNI__
#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/x86/avx512.h>
#include <simde/x86/fma.h>
#include <stdint.h>
#include <string.h>

namespace emulated {

/// The lanes of a vector as an array.
template <class Lane, int Bytes = 64>
struct Lanes {
    static constexpr int count = Bytes / static_cast<int>(sizeof(Lane));
    Lane at[count];

    template <class Vector>
    static Lanes of(Vector v) {
        static_assert(sizeof v == Bytes);
        Lanes lanes;
        memcpy(lanes.at, &v, sizeof v);
        return lanes;
    }
    template <class Vector>
    Vector as() const {
        static_assert(sizeof(Vector) == Bytes);
        Vector v;
        memcpy(&v, at, sizeof v);
        return v;
    }
};

/// rule(lane) of all lanes; To's lanes may be wider or narrower.
template <class From, class To, class Result, class Vector, class Rule>
inline Result map(Vector v, Rule rule) {
    const auto from = Lanes<From, sizeof(Vector)>::of(v);
    Lanes<To, sizeof(Result)> to;
    static_assert(from.count == to.count);
    for (int i = 0; i < to.count; i++) to.at[i] = static_cast<To>(rule(from.at[i]));
    return to.template as<Result>();
}

/// The lanes whose bit of the mask is set; zero, and nothing read, where it is not.
template <class Lane, class Vector>
inline Vector load(uint64_t mask, const void* memory) {
    Lanes<Lane, sizeof(Vector)> lanes{};
    for (int i = 0; i < lanes.count; i++) {
        const char* place = static_cast<const char*>(memory) + i * sizeof(Lane);
        if (mask >> i & 1) memcpy(&lanes.at[i], place, sizeof(Lane));
    }
    return lanes.template as<Vector>();
}

template <class Lane, class Vector>
inline void store(void* memory, uint64_t mask, Vector v) {
    const auto lanes = Lanes<Lane, sizeof(Vector)>::of(v);
    for (int i = 0; i < lanes.count; i++) {
        char* place = static_cast<char*>(memory) + i * sizeof(Lane);
        if (mask >> i & 1) memcpy(place, &lanes.at[i], sizeof(Lane));
    }
}

/// A bit for each of the lanes that are negative.
inline uint64_t signs(simde__m256i v) {
    const auto lanes = Lanes<int32_t, 32>::of(v);
    uint64_t bits = 0;
    for (int i = 0; i < lanes.count; i++) bits |= uint64_t{lanes.at[i] < 0} << i;
    return bits;
}

template <class Lane, class Vector>
inline Lane sum(Vector v) {
    auto lanes = Lanes<Lane, sizeof(Vector)>::of(v);
    for (int width = lanes.count / 2; width > 0; width /= 2) {
        for (int i = 0; i < width; i++) lanes.at[i] += lanes.at[i + width];
    }
    return lanes.at[0];
}

template <class To, class From>
inline To part(From v, int index) {
    To result;
    memcpy(&result, reinterpret_cast<const char*>(&v) + index * static_cast<int>(sizeof(To)),
           sizeof result);
    return result;
}

/// Two quarters of a and then two of b, each chosen by two bits of `order`, the lowest first.
inline simde__m512 quarters(simde__m512 a, simde__m512 b, int order) {
    Lanes<simde__m128> result;
    for (int i = 0; i < result.count; i++) {
        result.at[i] = part<simde__m128>(i < 2 ? a : b, order >> (2 * i) & 3);
    }
    return result.as<simde__m512>();
}

template <class Vector>
inline Vector fused(Vector a, Vector b, Vector c) {
    using Floats = Lanes<float, sizeof(Vector)>;
    const auto x = Floats::of(a), y = Floats::of(b), z = Floats::of(c);
    Floats result;
    for (int i = 0; i < result.count; i++) {
        result.at[i] = __builtin_fmaf(x.at[i], y.at[i], z.at[i]);
    }
    return result.template as<Vector>();
}

template <class Vector>
inline Vector negative(Vector a) {
    return map<float, float, Vector>(a, [](float x) { return -x; });
}

template <class Lane>
inline Lane shifted_right(Lane x, uint64_t count) {
    constexpr uint64_t most = 8 * sizeof(Lane) - 1;
    return static_cast<Lane>(x >>
                             (count < most ? count : most));  // a shift too far leaves the sign
}

template <class Lane>
inline simde__m512i shift_right(simde__m512i v, uint64_t count) {
    return map<Lane, Lane, simde__m512i>(v, [=](Lane x) { return shifted_right(x, count); });
}

template <class Lane>
inline simde__m512i shift_right_each(simde__m512i v, simde__m512i counts) {
    const auto x = Lanes<Lane>::of(v);
    const auto count = Lanes<Lane>::of(counts);
    Lanes<Lane> result;
    for (int i = 0; i < result.count; i++) {
        result.at[i] = shifted_right(x.at[i], static_cast<uint64_t>(count.at[i]));
    }
    return result.template as<simde__m512i>();
}

}  // namespace emulated

using __mmask8 = simde__mmask8;
using __mmask16 = simde__mmask16;
using __mmask32 = simde__mmask32;
using __mmask64 = simde__mmask64;

// Rounded once, as the machine does.
#undef _mm512_fmadd_ps
#define _mm512_fmadd_ps(a, b, c) emulated::fused(a, b, c)
#undef _mm512_fmsub_ps
#define _mm512_fmsub_ps(a, b, c) emulated::fused(a, b, emulated::negative(c))
#undef _mm512_fnmadd_ps
#define _mm512_fnmadd_ps(a, b, c) emulated::fused(emulated::negative(a), b, c)
#undef _mm512_fnmsub_ps
#define _mm512_fnmsub_ps(a, b, c) emulated::fused(emulated::negative(a), b, emulated::negative(c))

#undef _mm256_fmadd_ps
#define _mm256_fmadd_ps(a, b, c) emulated::fused(a, b, c)
#undef _mm256_fnmadd_ps
#define _mm256_fnmadd_ps(a, b, c) emulated::fused(emulated::negative(a), b, c)

#define _mm512_maskz_loadu_ps(mask, p) emulated::load<float, simde__m512>(mask, p)
// SIMDe touches what the mask leaves out.
#undef _mm256_maskload_ps
#define _mm256_maskload_ps(p, mask) emulated::load<float, simde__m256>(emulated::signs(mask), p)
#undef _mm256_maskstore_ps
#define _mm256_maskstore_ps(p, mask, v) emulated::store<float>(p, emulated::signs(mask), v)
#define _mm512_maskz_loadu_epi32(mask, p) emulated::load<int32_t, simde__m512i>(mask, p)
#define _mm512_maskz_loadu_epi8(mask, p) emulated::load<int8_t, simde__m512i>(mask, p)
#define _mm256_maskz_loadu_epi8(mask, p) emulated::load<int8_t, simde__m256i>(mask, p)
#define _mm_maskz_loadu_epi8(mask, p) emulated::load<int8_t, simde__m128i>(mask, p)
#define _mm512_mask_storeu_ps(p, mask, v) emulated::store<float>(p, mask, v)
#define _mm512_mask_storeu_epi32(p, mask, v) emulated::store<int32_t>(p, mask, v)
#define _mm512_mask_storeu_epi8(p, mask, v) emulated::store<int8_t>(p, mask, v)
#define _mm256_mask_storeu_epi8(p, mask, v) emulated::store<int8_t>(p, mask, v)
#define _mm_mask_storeu_epi8(p, mask, v) emulated::store<int8_t>(p, mask, v)
#define _mm512_mask_cvtsepi32_storeu_epi8(p, mask, v) \
    emulated::store<int8_t>(p, mask, simde_mm512_cvtsepi32_epi8(v))

#define _mm512_cvtepi32_ps(v) \
    emulated::map<int32_t, float, simde__m512>(v, [](auto x) { return x; })
#define _mm512_cvtps_epi32(v) \
    emulated::map<float, int32_t, simde__m512i>(v, [](float x) { return __builtin_rintf(x); })
#define _mm512_cvtepi8_epi32(v) \
    emulated::map<int8_t, int32_t, simde__m512i>(v, [](auto x) { return x; })
#define _mm512_cvtepu8_epi32(v) \
    emulated::map<uint8_t, int32_t, simde__m512i>(v, [](auto x) { return x; })
#define _mm512_cvtepu8_epi16(v) \
    emulated::map<uint8_t, int16_t, simde__m512i>(v, [](auto x) { return x; })
#define _mm512_cvtepi16_epi32(v) \
    emulated::map<int16_t, int32_t, simde__m512i>(v, [](auto x) { return x; })
#define _mm512_cvtepi32_epi64(v) \
    emulated::map<int32_t, int64_t, simde__m512i>(v, [](auto x) { return x; })
#define _mm512_cvtepi32_epi8(v) \
    emulated::map<int32_t, int8_t, simde__m128i>(v, [](auto x) { return x; })

#define _mm512_srai_epi32(v, count) emulated::shift_right<int32_t>(v, count)
#define _mm512_srai_epi64(v, count) emulated::shift_right<int64_t>(v, count)
#define _mm512_sra_epi64(v, count) \
    emulated::shift_right<int64_t>(v, emulated::part<uint64_t>(count, 0))
#define _mm512_srav_epi32(v, counts) emulated::shift_right_each<int32_t>(v, counts)
#define _mm512_srav_epi64(v, counts) emulated::shift_right_each<int64_t>(v, counts)

#define _mm512_shuffle_f32x4(a, b, order) emulated::quarters(a, b, order)
#define _mm512_extractf32x4_ps(v, index) emulated::part<simde__m128>(v, index)
#define _mm512_extractf32x8_ps(v, index) emulated::part<simde__m256>(v, index)
#define _mm512_extracti32x8_epi32(v, index) emulated::part<simde__m256i>(v, index)
#define _mm512_reduce_add_ps(v) emulated::sum<float>(v)
#define _mm512_reduce_add_epi32(v) emulated::sum<int32_t>(v)
#define _mm512_cmplt_epi32_mask(a, b) simde_mm512_cmpgt_epi32_mask(b, a)

// SIMDe's name takes the arguments of another.
#undef _mm512_madd_epi16
#define _mm512_madd_epi16(a, b) simde_mm512_madd_epi16(a, b)
