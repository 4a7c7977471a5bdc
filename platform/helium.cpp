// SPDX-License-Identifier: MIT
// int8 with Helium: sixteen inputs of four outputs a round, the last one cut to the inputs that
// there are by the tail-predicated loop; four sums are requantized as one vector.
#include "helium.hpp"

#include "cortexm.hpp"

namespace nutshell {
namespace {

/// The sums of four outputs in q0: bias at r10, weights at r3, inputs at r1, their number in `n`.
#define NUTSHELL_SUMS(n)             \
    "ldmia r10!, {r0, r2, r4, r6}\n" \
    "wlstp.8 lr, " n                 \
    ", 3f\n"                         \
    "2:\n"                           \
    "vldrb.8 q0, [r1], #16\n"        \
    "vldrb.8 q1, [r3], #16\n"        \
    "vldrb.8 q2, [r3], #16\n"        \
    "vmlava.s8 r0, q0, q1\n"         \
    "vldrb.8 q1, [r3], #16\n"        \
    "vmlava.s8 r2, q0, q2\n"         \
    "vldrb.8 q2, [r3], #16\n"        \
    "vmlava.s8 r4, q0, q1\n"         \
    "vmlava.s8 r6, q0, q2\n"         \
    "letp lr, 2b\n"                  \
    "3:\n"                           \
    "vmov q0[2], q0[0], r0, r4\n"    \
    "vmov q0[3], q0[1], r2, r6\n"

/// Adds the zero point, narrows and stores the four lanes of q0.
#define NUTSHELL_STORE       \
    "vadd.i32 q0, q0, r11\n" \
    "vqmovnb.s32 q0, q0\n"   \
    "vqmovnb.s16 q0, q0\n"   \
    "vstrb.32 q0, [r7], #4\n"

/// cortexm::RunGroups for any shift: it always reaches the end. rounds is the number of inputs.
[[gnu::naked]] void run(cortexm::Groups*) {
    __asm__ volatile(
        ".syntax unified\n"
        "push {r0, r4-r11, lr}\n"
        "mov r12, r0\n"
        "ldrd r3, r10, [r12]\n"
        "ldrd r11, r7, [r12, #16]\n"
        "ldr r0, [r12, #28]\n"
        "cmp r0, #0\n"
        "bne 6f\n"
        "ldrd r8, r9, [r12, #68]\n"  // the multiplier, and its shift four times
        "cmp r9, #0\n"
        "bge 6f\n"

        // One multiplier, and one shift to the right, for all: q3 and r9. All that a group needs
        // stays in registers.
        "vdup.32 q3, r8\n"
        "sxtb r9, r9\n"
        "ldr r8, [r12, #24]\n"
        "ldrd r5, r12, [r12, #32]\n"
        "1:\n"
        "mov r1, r5\n"  //
        NUTSHELL_SUMS("r12")
        "vqrdmulh.s32 q0, q0, q3\n"
        "vshr.s32 q1, q0, #31\n"
        "vadd.i32 q0, q0, q1\n"
        "vrshl.s32 q0, r9\n"  //
        NUTSHELL_STORE
        "cmp r7, r8\n"
        "bne 1b\n"
        "ldr r12, [sp]\n"
        "b 5f\n"

        // Each output has its own; both directions.
        "6:\n"
        "ldrd r8, r9, [r12, #8]\n"
        "4:\n"
        "ldrd r1, r5, [r12, #32]\n"  //
        NUTSHELL_SUMS("r5")
        "vldrw.32 q1, [r8]\n"
        "mov r0, r9\n"
        "vldrb.s32 q2, [r0]\n"
        "vmov.i32 q3, #0\n"
        "vmax.s32 q3, q2, q3\n"
        "vshl.s32 q0, q0, q3\n"
        "vqrdmulh.s32 q0, q0, q1\n"
        "vmov.i32 q3, #0\n"
        "vmin.s32 q2, q2, q3\n"
        "vand q1, q0, q2\n"  // ties go away from zero, when there is a shift to the right
        "vshr.s32 q1, q1, #31\n"
        "vadd.i32 q0, q0, q1\n"
        "vrshl.s32 q0, q0, q2\n"  //
        NUTSHELL_STORE
        "ldrd r1, r5, [r12, #24]\n"
        "add r8, r8, r5, lsl #2\n"
        "add r9, r9, r5\n"
        "cmp r7, r1\n"
        "bne 4b\n"
        "strd r8, r9, [r12, #8]\n"

        "5:\n"
        "strd r3, r10, [r12]\n"
        "str r7, [r12, #20]\n"
        "pop {r0, r4-r11, pc}\n");
}

}  // namespace

void Helium::dense_int8(int in, int out, const int8_t* weights, const Requantization& rule,
                        const int8_t* x, int8_t* y, void*) noexcept {
    cortexm::Groups groups;
    groups.weights = weights;
    groups.x = x;
    groups.zero_point = rule.zero_point;
    cortexm::dense<run, 1, 1>(groups, in, out, rule, y);
}

void Helium::dense_rows_int8(int rows, int in, int out, const int8_t* weights,
                             const Requantization& rule, const int8_t* x, ptrdiff_t x_stride,
                             int8_t* y, void*) noexcept {
    cortexm::Groups groups;
    groups.weights = weights;
    groups.zero_point = rule.zero_point;
    cortexm::dense_rows<run, 1, 1>(groups, rows, in, out, rule, x, x_stride, y,
                                   [](const int8_t* row) noexcept { return row; });
}

void Helium::look_up(int n, const int8_t* table, int8_t* x) noexcept {
    __asm__ volatile(
        "wlstp.8 lr, %[n], 2f\n"
        "1:\n"
        "vldrb.u8 q0, [%[x]]\n"
        "vldrb.u8 q1, [%[table], q0]\n"
        "vstrb.8 q1, [%[x]], #16\n"
        "letp lr, 1b\n"
        "2:\n"
        : [x] "+r"(x)
        : [n] "r"(n), [table] "r"(table)
        : "lr", "q0", "q1", "memory");
}

}  // namespace nutshell
