// SPDX-License-Identifier: MIT
// Floats with Helium, four in each of eight registers. It has neither division nor square root, nor
// a sum over lanes: those are done on the scalar registers that a vector consists of.
#include <arm_mve.h>

#include "helium.hpp"
#include "row_kernels.hpp"

namespace nutshell {
namespace {

struct Vec {
    float32x4_t v;
    static constexpr int lanes = 4, exp_steps = 1;
    static constexpr int together = 1, add_vectors = 4;
    static constexpr int row_vectors = 4;
    static constexpr bool loads_four = false;
    static constexpr bool bias_last = false;

    static Vec load(const float* p) noexcept { return {vld1q_f32(p)}; }
    static void store(float* p, Vec a) noexcept { vst1q_f32(p, a.v); }
    static Vec load_part(const float* p, int n) noexcept {
        return {vldrwq_z_f32(p, vctp32q(static_cast<uint32_t>(n)))};
    }
    static void store_part(float* p, Vec a, int n) noexcept {
        vstrwq_p_f32(p, a.v, vctp32q(static_cast<uint32_t>(n)));
    }
    static Vec load_bytes(const uint8_t* p) noexcept { return {vcvtq_f32_u32(vldrbq_u32(p))}; }
    static Vec set(float x) noexcept { return {vdupq_n_f32(x)}; }
    static Vec mul_add(Vec a, Vec b, Vec c) noexcept { return {vfmaq_f32(c.v, a.v, b.v)}; }
    static Vec sub_mul(Vec c, Vec a, Vec b) noexcept { return {vfmsq_f32(c.v, a.v, b.v)}; }
    static Vec abs(Vec a) noexcept { return {vabsq_f32(a.v)}; }
    static Vec minus_abs(Vec a) noexcept { return {vnegq_f32(vabsq_f32(a.v))}; }
    static Vec max(Vec a, Vec b) noexcept { return select_greater(a, b, a, b); }
    static Vec min(Vec a, Vec b) noexcept { return select_greater(b, a, a, b); }
    static Vec select_negative(Vec x, Vec a, Vec b) noexcept {
        return select_greater(set(0.0f), x, a, b);
    }
    static Vec select_positive(Vec x, Vec a, Vec b) noexcept {
        return select_greater(x, set(0.0f), a, b);
    }
    static Vec copy_sign(Vec magnitude, Vec sign) noexcept {
        const uint32x4_t bit = vdupq_n_u32(0x80000000u);
        return from_bits(vorrq_u32(vbicq_u32(bits(magnitude), bit), vandq_u32(bits(sign), bit)));
    }
    static Vec shift_to_exponent(Vec x) noexcept { return from_bits(vshlq_n_u32(bits(x), 23)); }
    static Vec exponent(Vec x) noexcept {
        const int32x4_t biased = vreinterpretq_s32_u32(vshrq_n_u32(bits(x), 23));
        return {vcvtq_f32_s32(vsubq_n_s32(biased, 127))};
    }
    static Vec mantissa(Vec x) noexcept {
        const uint32x4_t fraction = vandq_u32(bits(x), vdupq_n_u32(0x7FFFFFu));
        return from_bits(vorrq_u32(fraction, bits(set(1.0f))));
    }
    static float sum(Vec a) noexcept {
        register float32x4_t x __asm__("q0") = a.v;
        float result;
        __asm__(
            "vadd.f32 s0, s0, s2\n"
            "vadd.f32 s1, s1, s3\n"
            "vadd.f32 %0, s0, s1\n"
            : "=t"(result), "+w"(x));
        return result;
    }
    static Vec sqrt(Vec a) noexcept {
        register float32x4_t x __asm__("q0") = a.v;
        __asm__(
            "vsqrt.f32 s0, s0\n"
            "vsqrt.f32 s1, s1\n"
            "vsqrt.f32 s2, s2\n"
            "vsqrt.f32 s3, s3\n"
            : "+w"(x));
        return {x};
    }
    static Vec divide(Vec a, Vec b) noexcept {
        register float32x4_t x __asm__("q0") = a.v;
        register float32x4_t y __asm__("q1") = b.v;
        __asm__(
            "vdiv.f32 s0, s0, s4\n"
            "vdiv.f32 s1, s1, s5\n"
            "vdiv.f32 s2, s2, s6\n"
            "vdiv.f32 s3, s3, s7\n"
            : "+w"(x)
            : "w"(y));
        return {x};
    }

  private:
    /// x > y ? a : b. ("Less than" would hold for NaN.)
    static Vec select_greater(Vec x, Vec y, Vec a, Vec b) noexcept {
        return {vpselq_f32(a.v, b.v, vcmpgtq_f32(x.v, y.v))};
    }
    static uint32x4_t bits(Vec x) noexcept { return vreinterpretq_u32_f32(x.v); }
    static Vec from_bits(uint32x4_t x) noexcept { return {vreinterpretq_f32_u32(x)}; }
};

inline Vec operator+(Vec a, Vec b) noexcept { return {vaddq_f32(a.v, b.v)}; }
inline Vec operator-(Vec a, Vec b) noexcept { return {vsubq_f32(a.v, b.v)}; }
inline Vec operator*(Vec a, Vec b) noexcept { return {vmulq_f32(a.v, b.v)}; }
inline Vec operator/(Vec a, Vec b) noexcept { return Vec::divide(a, b); }

/// A vector of six rows, times that of x.
#define NUTSHELL_SIX                \
    "vldrw.32 q6, [%[x]], #16\n"    \
    "vldrw.32 q7, [%[row0]], #16\n" \
    "vfma.f32 q0, q6, q7\n"         \
    "vldrw.32 q7, [%[row1]], #16\n" \
    "vfma.f32 q1, q6, q7\n"         \
    "vldrw.32 q7, [%[row2]], #16\n" \
    "vfma.f32 q2, q6, q7\n"         \
    "vldrw.32 q7, [%[row3]], #16\n" \
    "vfma.f32 q3, q6, q7\n"         \
    "vldrw.32 q7, [%[row4]], #16\n" \
    "vfma.f32 q4, q6, q7\n"         \
    "vldrw.32 q7, [%[row5]], #16\n" \
    "vfma.f32 q5, q6, q7\n"

/// The sum of a vector's four registers, stored.
#define NUTSHELL_SUM(x0, x1, x2, x3) \
    "vadd.f32 " x0 ", " x0 ", " x2   \
    "\n"                             \
    "vadd.f32 " x1 ", " x1 ", " x3   \
    "\n"                             \
    "vadd.f32 " x0 ", " x0 ", " x1   \
    "\n"                             \
    "vstmia %[sums]!, {" x0 "}\n"

#define NUTSHELL_VECTORS "q0", "q1", "q2", "q3", "q4", "q5", "q6", "q7"

/// A factor times seven vectors of a row of b, which is left at the next row.
#define NUTSHELL_SEVEN(factor)   \
    "vldrw.32 q7, [%[b]]\n"      \
    "vfma.f32 q0, q7, " factor   \
    "\n"                         \
    "vldrw.32 q7, [%[b], #16]\n" \
    "vfma.f32 q1, q7, " factor   \
    "\n"                         \
    "vldrw.32 q7, [%[b], #32]\n" \
    "vfma.f32 q2, q7, " factor   \
    "\n"                         \
    "vldrw.32 q7, [%[b], #48]\n" \
    "vfma.f32 q3, q7, " factor   \
    "\n"                         \
    "vldrw.32 q7, [%[b], #64]\n" \
    "vfma.f32 q4, q7, " factor   \
    "\n"                         \
    "vldrw.32 q7, [%[b], #80]\n" \
    "vfma.f32 q5, q7, " factor   \
    "\n"                         \
    "vldrw.32 q7, [%[b], #96]\n" \
    "vfma.f32 q6, q7, " factor   \
    "\n"                         \
    "add %[b], %[stride]\n"

/// One instruction for q0..q6 and the memory at an address.
#define NUTSHELL_SEVEN_AT(instruction, address)                                                 \
    instruction " q0, [" address "]\n" instruction " q1, [" address ", #16]\n" instruction      \
                " q2, [" address ", #32]\n" instruction " q3, [" address ", #48]\n" instruction \
                " q4, [" address ", #64]\n" instruction " q5, [" address ", #80]\n" instruction \
                " q6, [" address ", #96]\n"

/// What row_kernels.hpp asks for. (Compilers keep sums in memory between intrinsics.)
struct Mve {
    static constexpr int block = 28, dot_block = 8, dot_rows = 6;

    /// Each lane has a sum of its own, from zero on; then they are added. (Not inline: gcc would
    /// run out of registers for the operands.)
    [[gnu::noinline]] static void dots(int blocks, const float* x, const float* const* rows,
                                       float* sums) noexcept {
        const float *row0 = rows[0], *row1 = rows[1], *row2 = rows[2], *row3 = rows[3];
        const float *row4 = rows[4], *row5 = rows[5];
        __asm__ volatile(
            "vmov.i32 q0, #0\n"
            "vmov.i32 q1, #0\n"
            "vmov.i32 q2, #0\n"
            "vmov.i32 q3, #0\n"
            "vmov.i32 q4, #0\n"
            "vmov.i32 q5, #0\n"
            "wls lr, %[blocks], 2f\n"
            "1:\n" NUTSHELL_SIX NUTSHELL_SIX
            "le lr, 1b\n"
            "2:\n" NUTSHELL_SUM("s0", "s1", "s2", "s3") NUTSHELL_SUM("s4", "s5", "s6", "s7")
                NUTSHELL_SUM("s8", "s9", "s10", "s11") NUTSHELL_SUM("s12", "s13", "s14", "s15")
                    NUTSHELL_SUM("s16", "s17", "s18", "s19")
                        NUTSHELL_SUM("s20", "s21", "s22", "s23")
            : [x] "+r"(x), [row0] "+r"(row0), [row1] "+r"(row1), [row2] "+r"(row2),
              [row3] "+r"(row3), [row4] "+r"(row4), [row5] "+r"(row5), [sums] "+r"(sums)
            : [blocks] "r"(blocks)
            : "memory", "lr", NUTSHELL_VECTORS);
    }

    static void combine(int k, const float* a, const float* b, ptrdiff_t stride, const float* from,
                        float* to) noexcept {
        const ptrdiff_t bytes = stride * static_cast<ptrdiff_t>(sizeof(float));
        const int pairs = k / 2;
        float factor, next;
        __asm__ volatile(
            NUTSHELL_SEVEN_AT("vldrw.32", "%[from]")
            "wls lr, %[pairs], 2f\n"
            "1:\n"
            "ldrd %[factor], %[next], [%[a]], #8\n"
            NUTSHELL_SEVEN("%[factor]")
            NUTSHELL_SEVEN("%[next]")
            "le lr, 1b\n"
            "2:\n"
            "wls lr, %[ones], 4f\n"
            "3:\n"
            "ldr %[factor], [%[a]], #4\n"
            NUTSHELL_SEVEN("%[factor]")
            "le lr, 3b\n"
            "4:\n"
            NUTSHELL_SEVEN_AT("vstrw.32", "%[to]")
            : [a] "+r"(a), [b] "+r"(b), [factor] "=&r"(factor), [next] "=&r"(next)
            : [stride] "r"(bytes), [from] "r"(from), [to] "r"(to), [pairs] "r"(pairs),
              [ones] "r"(k - 2 * pairs)
            : "memory", "lr", NUTSHELL_VECTORS);
    }

    static void add_scaled(int n, float factor, const float* x, float* y) noexcept {
        __asm__ volatile(
            "wlstp.32 lr, %[n], 2f\n"
            "1:\n"
            "vldrw.32 q0, [%[x]], #16\n"
            "vldrw.32 q1, [%[y]]\n"
            "vfma.f32 q1, q0, %[factor]\n"
            "vstrw.32 q1, [%[y]], #16\n"
            "letp lr, 1b\n"
            "2:\n"
            : [x] "+r"(x), [y] "+r"(y)
            : [n] "r"(n), [factor] "r"(factor)
            : "memory", "lr", "q0", "q1");
    }
};

}  // namespace

#define NUTSHELL_NAME(name) Helium::name
#define NUTSHELL_RUN(name) RowKernels<Vec, Mve, Reference>::name
#include "forward_float.inc"

}  // namespace nutshell
