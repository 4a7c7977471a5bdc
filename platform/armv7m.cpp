// SPDX-License-Identifier: MIT
// int8 with the base instructions of Armv7-M: an input is loaded once for four outputs (LDRSB),
// each weight is loaded and multiplied and added (MLA). The pointers stand at the last step of a
// round, whose loads move them on.
#include "armv7m.hpp"

#include "cortexm.hpp"

namespace nutshell {
namespace {

/// One input of four outputs, 36 bytes of code: the input at r9 - x, the weights from r12 - w on.
#define NUTSHELL_MULTIPLY  \
    "mla r0, r4, r5, r0\n" \
    "mla r1, r4, r6, r1\n" \
    "mla r2, r4, r7, r2\n" \
    "mla r3, r4, r8, r3\n"
#define NUTSHELL_STEP(x, w0, w1, w2, w3) \
    "ldrsb r4, [r9, #-" #x               \
    "]\n"                                \
    "ldrsb r5, [r12, #-" #w0             \
    "]\n"                                \
    "ldrsb r6, [r12, #-" #w1             \
    "]\n"                                \
    "ldrsb r7, [r12, #-" #w2             \
    "]\n"                                \
    "ldrsb r8, [r12, #-" #w3 "]\n" NUTSHELL_MULTIPLY

/// Rounds twice and stores one sum at y. All are registers: `shift` is to the right, less one, and
/// `low`, which is lost, may be the multiplier.
#define NUTSHELL_REQUANTIZE(sum, low, multiplier, shift, zero_point, y) \
    "lsl " sum ", " sum                                                 \
    ", #1\n"                                                            \
    "smull " low ", " sum ", " sum ", " multiplier                      \
    "\n"                                                                \
    "lsls " low ", " low                                                \
    ", #1\n"                                                            \
    "adc " sum ", " sum                                                 \
    ", #0\n"                                                            \
    "add " sum ", " sum ", " sum                                        \
    ", asr #31\n"                                                       \
    "asr " sum ", " sum ", " shift                                      \
    "\n"                                                                \
    "add " sum ", " sum ", " zero_point                                 \
    "\n"                                                                \
    "ssat " sum ", #8, " sum                                            \
    ", asr #1\n"                                                        \
    "strb " sum ", [" y "], #1\n"

/// cortexm::RunGroups. A step is one input, a round eight; the zero point is doubled, plus 1.
/// There are two ways: one for any layer, with the Groups at r10, and one that loads less for
/// layers of whole rounds with one multiplier and one shift to the right.
[[gnu::naked]] void run(cortexm::Groups*) {
    __asm__ volatile(
        ".syntax unified\n"
        "push {r4-r11, lr}\n"
        "ldr r12, [r0]\n"
        "adds r12, #31\n"  // the last weight of a round
        "ldr r1, [r0, #32]\n"
        "adds r1, #7\n"  // the last input of a round
        "ldr r11, [r0, #48]\n"
        "ldr r2, [r0, #28]\n"
        "orrs r2, r2, r11\n"
        "bne 5f\n"
        "ldrd r4, r5, [r0, #68]\n"  // the multiplier, and its shift four times
        "mvns r5, r5\n"             // to the right, less one
        "bmi 5f\n"

        // Bias at r11, inputs from r10 on; on the stack multiplier, zero point and shift, y, y_end.
        "mov r10, r1\n"
        "ldr r11, [r0, #4]\n"
        "ldr lr, [r0, #36]\n"
        "add lr, r10, lr, lsl #3\n"
        "ldrd r6, r7, [r0, #16]\n"
        "uxtb r5, r5\n"
        "orr r5, r5, r6, lsl #8\n"
        "ldr r8, [r0, #24]\n"
        "push {r0}\n"
        "push {r4, r5, r7, r8}\n"
        "b 6f\n"

        "5:\n"
        "mov r10, r0\n"
        "movs r3, #0\n"
        "cmp r11, #8\n"  // no inputs: the loop is left before its first step
        "it eq\n"
        "streq r3, [r10, #36]\n"
        "subs r1, r1, r11\n"
        "str r1, [r10, #44]\n"
        "adr.w r2, 2f\n"
        "movs r3, #36\n"
        "mla r1, r11, r3, r2\n"
        "orr r1, r1, #1\n"  // Thumb code
        "str r1, [r10, #40]\n"
        "lsl r11, r11, #2\n"  // weights that the first round leaves out

        "1:\n"
        "ldr r4, [r10, #4]\n"
        "ldmia r4!, {r0-r3}\n"
        "str r4, [r10, #4]\n"
        "sub r12, r12, r11\n"
        "ldrd r4, r9, [r10, #40]\n"
        "ldr lr, [r10, #36]\n"
        "add lr, r9, lr, lsl #3\n"
        "bx r4\n"

        ".balign 4\n"
        "6:\n"
        "ldmia.w r11!, {r0-r3}\n"
        "mov.w r9, r10\n"
        "2:\n"  //
        NUTSHELL_STEP(7, 31, 30, 29, 28)
        NUTSHELL_STEP(6, 27, 26, 25, 24)
        NUTSHELL_STEP(5, 23, 22, 21, 20)
        NUTSHELL_STEP(4, 19, 18, 17, 16)
        NUTSHELL_STEP(3, 15, 14, 13, 12)
        NUTSHELL_STEP(2, 11, 10, 9, 8)
        NUTSHELL_STEP(1, 7, 6, 5, 4)
        "ldrsb r4, [r9], #8\n"
        "ldrsb r5, [r12, #-3]\n"
        "ldrsb r6, [r12, #-2]\n"
        "ldrsb r7, [r12, #-1]\n"
        "ldrsb r8, [r12], #32\n"  //
        NUTSHELL_MULTIPLY
        "cmp r9, lr\n"
        "bne.w 2b\n"
        "cmp r11, #32\n"  // more than the skipped weights can be: the bias
        "bls 7f\n"

        "ldmia sp, {r5, r6, r8, r9}\n"
        "asrs r7, r6, #8\n"  // (a shift reads the lowest byte alone)
        NUTSHELL_REQUANTIZE("r0", "r4", "r5", "r6", "r7", "r8")
        NUTSHELL_REQUANTIZE("r1", "r4", "r5", "r6", "r7", "r8")
        NUTSHELL_REQUANTIZE("r2", "r4", "r5", "r6", "r7", "r8")
        NUTSHELL_REQUANTIZE("r3", "r4", "r5", "r6", "r7", "r8")
        "str r8, [sp, #8]\n"
        "cmp r8, r9\n"
        "bne.w 6b\n"
        "add sp, #16\n"
        "pop {r10}\n"
        "str r11, [r10, #4]\n"
        "str r8, [r10, #20]\n"
        "b 3f\n"

        "7:\n"
        "ldrd r8, r9, [r10, #8]\n"
        "ldr lr, [r9]\n"  // four shifts, negative when to the right
        "mvn lr, lr\n"    // each to the right, less one
        "tst lr, #0x80808080\n"
        "bne 4f\n"
        "ldr r4, [r10, #28]\n"
        "add r5, r8, r4, lsl #2\n"
        "add r9, r9, r4\n"
        "strd r5, r9, [r10, #8]\n"
        "ldmia r8, {r4-r7}\n"
        "ldrd r8, r9, [r10, #16]\n"  //
        NUTSHELL_REQUANTIZE("r0", "r4", "r4", "lr", "r8", "r9")
        "lsr lr, lr, #8\n"  //
        NUTSHELL_REQUANTIZE("r1", "r5", "r5", "lr", "r8", "r9")
        "lsr lr, lr, #8\n"  //
        NUTSHELL_REQUANTIZE("r2", "r6", "r6", "lr", "r8", "r9")
        "lsr lr, lr, #8\n"  //
        NUTSHELL_REQUANTIZE("r3", "r7", "r7", "lr", "r8", "r9")
        "str r9, [r10, #20]\n"
        "ldr r4, [r10, #24]\n"
        "cmp r9, r4\n"
        "bne.w 1b\n"
        "3:\n"
        "subs r12, #31\n"
        "str r12, [r10]\n"
        "pop {r4-r11, pc}\n"

        "4:\n"
        "add r4, r10, #56\n"
        "stmia r4, {r0-r3}\n"
        "b 3b\n");
}

}  // namespace

void Armv7m::dense_int8(int in, int out, const int8_t* weights, const Requantization& rule,
                        const int8_t* x, int8_t* y, void*) noexcept {
    cortexm::Groups groups;
    groups.weights = weights;
    groups.x = x;
    groups.zero_point = 2 * rule.zero_point + 1;
    cortexm::dense<run, 1, 8>(groups, in, out, rule, y);
}

void Armv7m::dense_rows_int8(int rows, int in, int out, const int8_t* weights,
                             const Requantization& rule, const int8_t* x, ptrdiff_t x_stride,
                             int8_t* y, void*) noexcept {
    cortexm::Groups groups;
    groups.weights = weights;
    groups.zero_point = 2 * rule.zero_point + 1;
    cortexm::dense_rows<run, 1, 8>(groups, rows, in, out, rule, x, x_stride, y,
                                   [](const int8_t* row) noexcept { return row; });
}

void Armv7m::look_up(int n, const int8_t* table, int8_t* x) noexcept {
    cortexm::look_up(n, table, x);
}

}  // namespace nutshell
