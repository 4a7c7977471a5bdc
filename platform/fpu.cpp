// SPDX-License-Identifier: MIT
// Floats of Cortex-M4F, M7 and M33 by fused multiply-adds (VFMA) on thirty-two registers, which are
// loaded up to sixteen at a time (VLDM). Sums take turns, so that a pipelined unit need not wait.
// Empty for a processor without a floating-point unit.
#if defined(__ARM_FEATURE_FMA)
#include "dsp.hpp"
#include "row_kernels.hpp"

namespace nutshell {
namespace {

/// One element of two rows, x times a and x times b.
#define NUTSHELL_TWO(sum_a, sum_b, a, b, x) \
    "vfma.f32 " sum_a ", " a ", " x         \
    "\n"                                    \
    "vfma.f32 " sum_b ", " b ", " x "\n"

/// Eight elements, s8..s15, of two rows, s16..s23 and s24..s31: sums of the even and odd ones.
#define NUTSHELL_EIGHT(even_a, even_b, odd_a, odd_b)  \
    NUTSHELL_TWO(even_a, even_b, "s16", "s24", "s8")  \
    NUTSHELL_TWO(odd_a, odd_b, "s17", "s25", "s9")    \
    NUTSHELL_TWO(even_a, even_b, "s18", "s26", "s10") \
    NUTSHELL_TWO(odd_a, odd_b, "s19", "s27", "s11")   \
    NUTSHELL_TWO(even_a, even_b, "s20", "s28", "s12") \
    NUTSHELL_TWO(odd_a, odd_b, "s21", "s29", "s13")   \
    NUTSHELL_TWO(even_a, even_b, "s22", "s30", "s14") \
    NUTSHELL_TWO(odd_a, odd_b, "s23", "s31", "s15")

/// A factor times s16..s23, added to eight registers.
#define NUTSHELL_ADD(factor, y0, y1, y2, y3, y4, y5, y6, y7) \
    "vfma.f32 " y0 ", s16, " factor                          \
    "\n"                                                     \
    "vfma.f32 " y1 ", s17, " factor                          \
    "\n"                                                     \
    "vfma.f32 " y2 ", s18, " factor                          \
    "\n"                                                     \
    "vfma.f32 " y3 ", s19, " factor                          \
    "\n"                                                     \
    "vfma.f32 " y4 ", s20, " factor                          \
    "\n"                                                     \
    "vfma.f32 " y5 ", s21, " factor                          \
    "\n"                                                     \
    "vfma.f32 " y6 ", s22, " factor                          \
    "\n"                                                     \
    "vfma.f32 " y7 ", s23, " factor "\n"

/// A factor times sixteen elements from a register's address on, added to s0..s15.
#define NUTSHELL_ADD_BLOCK(address, factor)                                                     \
    "vldmia " address "!, {s16-s23}\n" NUTSHELL_ADD(                                            \
        factor, "s0", "s1", "s2", "s3", "s4", "s5", "s6",                                       \
        "s7") "vldmia " address "!, {s16-s23}\n" NUTSHELL_ADD(factor, "s8", "s9", "s10", "s11", \
                                                              "s12", "s13", "s14", "s15")

#define NUTSHELL_BLOCK_REGISTERS                                                                   \
    "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "s12", "s13", "s14", \
        "s15", "s16", "s17", "s18", "s19", "s20", "s21", "s22", "s23"
#define NUTSHELL_LAST_REGISTERS "s24", "s25", "s26", "s27", "s28", "s29", "s30", "s31"

/// What row_kernels.hpp asks for.
class Vfma {
  public:
    static constexpr int block = 16, dot_block = 8, dot_rows = 4;

    /// Even and odd elements have a sum of their own, from zero on; the two are added.
    static void dots(int blocks, const float* x, const float* const* rows, float* sums) noexcept {
        if (blocks == 0) {
            for (int r = 0; r < 4; r++) sums[r] = 0.0f;
            return;
        }
        const float *row0 = rows[0], *row1 = rows[1], *row2 = rows[2], *row3 = rows[3];
        __asm__ volatile(
            "vmov s0, s1, %[zero], %[zero]\n"
            "vmov s2, s3, %[zero], %[zero]\n"
            "vmov s4, s5, %[zero], %[zero]\n"
            "vmov s6, s7, %[zero], %[zero]\n"
            "1:\n"
            "vldmia %[x]!, {s8-s15}\n"
            "vldmia %[row0]!, {s16-s23}\n"
            "vldmia %[row1]!, {s24-s31}\n"  //
            NUTSHELL_EIGHT("s0", "s1", "s4", "s5")
            "vldmia %[row2]!, {s16-s23}\n"
            "vldmia %[row3]!, {s24-s31}\n"  //
            NUTSHELL_EIGHT("s2", "s3", "s6", "s7")
            "subs %[blocks], %[blocks], #1\n"
            "bne 1b\n"
            "vadd.f32 s0, s0, s4\n"
            "vadd.f32 s1, s1, s5\n"
            "vadd.f32 s2, s2, s6\n"
            "vadd.f32 s3, s3, s7\n"
            "vstmia %[sums], {s0-s3}\n"
            : [x] "+r"(x), [row0] "+r"(row0), [row1] "+r"(row1), [row2] "+r"(row2),
              [row3] "+r"(row3), [blocks] "+r"(blocks)
            : [sums] "r"(sums), [zero] "r"(0)
            : "cc", "memory", NUTSHELL_BLOCK_REGISTERS, NUTSHELL_LAST_REGISTERS);
    }

    static void combine(int k, const float* a, const float* b, ptrdiff_t stride, const float* from,
                        float* to) noexcept {
        // From behind one row's block to the next one's, in bytes.
        const ptrdiff_t step = (stride - block) * static_cast<ptrdiff_t>(sizeof(float));
        int fours = k / 4, ones = k % 4;
        __asm__ volatile(
            "vldmia %[from], {s0-s15}\n"
            "cmp %[fours], #0\n"
            "beq 2f\n"
            "1:\n"
            "vldmia %[a]!, {s24-s27}\n"  //
            NUTSHELL_ADD_BLOCK("%[b]", "s24")
            "add %[b], %[step]\n"  //
            NUTSHELL_ADD_BLOCK("%[b]", "s25")
            "add %[b], %[step]\n"  //
            NUTSHELL_ADD_BLOCK("%[b]", "s26")
            "add %[b], %[step]\n"  //
            NUTSHELL_ADD_BLOCK("%[b]", "s27")
            "add %[b], %[step]\n"
            "subs %[fours], %[fours], #1\n"
            "bne 1b\n"
            "2:\n"
            "cmp %[ones], #0\n"
            "beq 4f\n"
            "3:\n"
            "vldmia %[a]!, {s24}\n"  //
            NUTSHELL_ADD_BLOCK("%[b]", "s24")
            "add %[b], %[step]\n"
            "subs %[ones], %[ones], #1\n"
            "bne 3b\n"
            "4:\n"
            "vstmia %[to], {s0-s15}\n"
            : [a] "+r"(a), [b] "+r"(b), [fours] "+r"(fours), [ones] "+r"(ones)
            : [step] "r"(step), [from] "r"(from), [to] "r"(to)
            : "cc", "memory", NUTSHELL_BLOCK_REGISTERS, "s24", "s25", "s26", "s27");
    }

    static void add_scaled(int n, float factor, const float* x, float* y) noexcept {
        add_blocks(n / block, factor, x, y);
        for (int i = n / block * block; i < n; i++) y[i] = fmaf(factor, x[i], y[i]);
    }

  private:
    static void add_blocks(int blocks, float factor, const float* x, float* y) noexcept {
        if (blocks == 0) return;
        __asm__ volatile(
            "1:\n"
            "vldmia %[y], {s0-s15}\n"  //
            NUTSHELL_ADD_BLOCK("%[x]", "%[factor]")
            "vstmia %[y]!, {s0-s15}\n"
            "subs %[blocks], %[blocks], #1\n"
            "bne 1b\n"
            : [x] "+r"(x), [y] "+r"(y), [blocks] "+r"(blocks)
            : [factor] "t"(factor)
            : "cc", "memory", NUTSHELL_BLOCK_REGISTERS);
    }
};

}  // namespace

#define NUTSHELL_NAME(name) Dsp::name
#define NUTSHELL_RUN(name) RowKernels<Lane<true>, Vfma, Reference>::name
#include "forward_float.inc"

}  // namespace nutshell
#endif
