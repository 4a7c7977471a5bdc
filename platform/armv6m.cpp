// SPDX-License-Identifier: MIT
// int8 for Cortex-M0: inputs and weights are unsigned bytes, 128 too large, because signed ones
// cannot be loaded with an offset; what that adds to every sum is the same, and taken off again.
// There is no product of 64 bits: it is made of four of 32, of which only the needed bits are kept.
#include "armv6m.hpp"

#include "cortexm.hpp"
#include "nutshell/depthwise_int8.hpp"

namespace nutshell {
namespace {

/// One input of four outputs, 26 bytes of code: the input at r2 + x, the weights at r3 + w.
#define NUTSHELL_STEP(x, w0, w1, w2, w3) \
    "ldrb r1, [r2, #" #x                 \
    "]\n"                                \
    "ldrb r0, [r3, #" #w0                \
    "]\n"                                \
    "muls r0, r1\n"                      \
    "add r8, r0\n"                       \
    "ldrb r0, [r3, #" #w1                \
    "]\n"                                \
    "muls r0, r1\n"                      \
    "add r9, r0\n"                       \
    "ldrb r0, [r3, #" #w2                \
    "]\n"                                \
    "muls r0, r1\n"                      \
    "add r10, r0\n"                      \
    "ldrb r0, [r3, #" #w3                \
    "]\n"                                \
    "muls r0, r1\n"                      \
    "add r11, r0\n"

/// cortexm::RunGroups. A step is one input, a round eight. On the stack lie the shifts of a layer
/// that has one multiplier and one shift to the right, or -1; the weights while a group is rounded;
/// where a round begins; the Groups. The zero point is in r12.
[[gnu::naked]] void run(cortexm::Groups*) {
    __asm__ volatile(
        ".syntax unified\n"
        "push {r4-r7, lr}\n"
        "mov r4, r8\n"
        "mov r5, r9\n"
        "mov r6, r10\n"
        "mov r7, r11\n"
        "push {r0, r4-r7}\n"
        "mov r6, r0\n"
        "ldr r1, [r6, #16]\n"
        "mov r12, r1\n"
        "ldr r1, [r6, #48]\n"
        "ldr r2, [r6, #32]\n"
        "subs r2, r2, r1\n"
        "str r2, [r6, #40]\n"  // where the inputs of a whole first round would begin
        "lsls r2, r1, #2\n"
        "str r2, [r6, #44]\n"  // weights that the first round leaves out
        "movs r2, #26\n"
        "muls r1, r2\n"
        "adr r2, 2f\n"
        "adds r1, r1, r2\n"
        "adds r1, #1\n"  // Thumb code
        "sub sp, #12\n"
        "str r1, [sp, #8]\n"
        "ldr r1, [r6, #28]\n"
        "cmp r1, #0\n"
        "bne 3f\n"
        "ldr r5, [r6, #68]\n"  // the multiplier
        "ldr r1, [r6, #72]\n"
        "3:\n"
        "mvns r1, r1\n"  // each to the right, less one; of 4, the step, less than 0
        "str r1, [sp]\n"
        "ldr r3, [r6]\n"

        "1:\n"
        "ldr r0, [r6, #4]\n"
        "ldr r4, [r6, #52]\n"
        "ldmia r0!, {r1, r2}\n"
        "subs r1, r1, r4\n"
        "subs r2, r2, r4\n"
        "mov r8, r1\n"
        "mov r9, r2\n"
        "ldmia r0!, {r1, r2}\n"
        "subs r1, r1, r4\n"
        "subs r2, r2, r4\n"
        "mov r10, r1\n"
        "mov r11, r2\n"
        "str r0, [r6, #4]\n"
        "ldr r2, [r6, #40]\n"
        "ldr r1, [r6, #44]\n"
        "subs r3, r3, r1\n"
        "ldr r4, [r6, #36]\n"
        "ldr r1, [sp, #8]\n"
        "bx r1\n"
        ".balign 4\n"
        "2:\n"  //
        NUTSHELL_STEP(0, 0, 1, 2, 3)
        NUTSHELL_STEP(1, 4, 5, 6, 7)
        NUTSHELL_STEP(2, 8, 9, 10, 11)
        NUTSHELL_STEP(3, 12, 13, 14, 15)
        NUTSHELL_STEP(4, 16, 17, 18, 19)
        NUTSHELL_STEP(5, 20, 21, 22, 23)
        NUTSHELL_STEP(6, 24, 25, 26, 27)
        NUTSHELL_STEP(7, 28, 29, 30, 31)
        "adds r3, #32\n"
        "adds r2, #8\n"
        "subs r4, #1\n"
        "bne 2b\n"

        "str r3, [sp, #4]\n"
        "ldr r7, [sp]\n"
        "cmp r7, #0\n"
        "blt 5f\n"
        "ldr r6, [r6, #20]\n"
        "mov r0, r8\n"
        "bl 6f\n"
        "mov r0, r9\n"
        "bl 6f\n"
        "mov r0, r10\n"
        "bl 6f\n"
        "mov r0, r11\n"
        "bl 6f\n"

        "4:\n"
        "movs r2, r6\n"
        "ldr r6, [sp, #12]\n"
        "str r2, [r6, #20]\n"
        "ldr r3, [sp, #4]\n"
        "ldr r1, [r6, #24]\n"
        "cmp r1, r2\n"
        "beq 3f\n"
        "b 1b\n"
        "3:\n"
        "str r3, [r6]\n"
        "add sp, #16\n"
        "pop {r4-r7}\n"
        "mov r8, r4\n"
        "mov r9, r5\n"
        "mov r10, r6\n"
        "mov r11, r7\n"
        "pop {r4-r7, pc}\n"

        "5:\n"  // each output has its own
        "ldr r5, [r6, #8]\n"
        "ldr r1, [r6, #12]\n"
        "lsls r2, r1, #30\n"
        "bne 10f\n"
        "ldr r7, [r1]\n"
        "11:\n"
        "mvns r7, r7\n"
        "ldr r2, 9f\n"
        "tst r7, r2\n"
        "bne 8f\n"
        "adds r1, #4\n"
        "str r1, [r6, #12]\n"
        "movs r1, r5\n"
        "adds r1, #16\n"
        "str r1, [r6, #8]\n"
        "ldr r6, [r6, #20]\n"
        "mov r0, r8\n"
        "ldmia r5!, {r4}\n"
        "bl 7f\n"
        "mov r0, r9\n"
        "ldmia r5!, {r4}\n"
        "bl 7f\n"
        "mov r0, r10\n"
        "ldmia r5!, {r4}\n"
        "bl 7f\n"
        "mov r0, r11\n"
        "ldmia r5!, {r4}\n"
        "bl 7f\n"
        "b 4b\n"

        "10:\n"  // a word that is not aligned, byte by byte
        "movs r4, #3\n"
        "12:\n"
        "lsls r7, r7, #8\n"
        "ldrb r2, [r1, r4]\n"
        "orrs r7, r2\n"
        "subs r4, #1\n"
        "bpl 12b\n"
        "b 11b\n"

        "8:\n"
        "movs r4, r6\n"
        "adds r4, #56\n"
        "mov r0, r8\n"
        "mov r1, r9\n"
        "mov r2, r10\n"
        "mov r3, r11\n"
        "stmia r4!, {r0-r3}\n"
        "ldr r3, [sp, #4]\n"
        "b 3b\n"

        // Rounds the sum r0 twice and stores it at r6: multiplier r4 (or r5), shift to the right,
        // less one, in the lowest byte of r7, which a shift alone reads. With the sum as
        // a * 2^16 + b and the multiplier as m * 2^16 + n (b signed, n not), the product / 2^31 is
        // 2 a m + (a n + b m + (b n >> 16)) / 2^15; a shift leaves in the carry what is to be
        // added to round.
        "6:\n"
        "mov r4, r5\n"
        "7:\n"
        "sxth r1, r0\n"
        "subs r0, r0, r1\n"
        "asrs r0, r0, #16\n"
        "uxth r2, r4\n"
        "lsrs r4, r4, #16\n"
        "movs r3, r1\n"
        "muls r3, r2\n"
        "asrs r3, r3, #16\n"
        "muls r1, r4\n"
        "adds r3, r3, r1\n"
        "muls r2, r0\n"
        "adds r3, r3, r2\n"
        "muls r0, r4\n"
        "lsls r0, r0, #1\n"
        "asrs r3, r3, #15\n"
        "adcs r0, r3\n"
        "asrs r1, r0, #31\n"  // ties go away from zero
        "adds r0, r0, r1\n"
        "asrs r0, r7\n"
        "lsrs r7, r7, #8\n"
        "mov r2, r12\n"
        "asrs r0, r0, #1\n"
        "adcs r0, r2\n"
        "sxtb r1, r0\n"
        "cmp r1, r0\n"
        "beq 3f\n"
        "asrs r0, r0, #31\n"  // -128 or 127
        "movs r1, #127\n"
        "eors r0, r1\n"
        "3:\n"
        "strb r0, [r6]\n"
        "adds r6, #1\n"
        "bx lr\n"
        ".balign 4\n"
        "9:\n"
        ".word 0x80808080\n");
}

/// One byte of make_unsigned.
#define NUTSHELL_CONVERT(i)         \
    "ldrb %[byte], [%[x], #" #i     \
    "]\n"                           \
    "eors %[byte], %[flip]\n"       \
    "strb %[byte], [%[bytes], #" #i \
    "]\n"                           \
    "adds %[sum], %[sum], %[byte]\n"

/// x[n] -> bytes x + 128; returns their sum.
uint32_t make_unsigned(int n, const int8_t* x, uint8_t* bytes) noexcept {
    uint32_t sum = 0, byte;
    for (; n >= 4; n -= 4, x += 4, bytes += 4) {
        __asm__ volatile(".syntax unified\n"  //
                         NUTSHELL_CONVERT(0) NUTSHELL_CONVERT(1) NUTSHELL_CONVERT(2)
                             NUTSHELL_CONVERT(3)
                         : [sum] "+l"(sum), [byte] "=&l"(byte)
                         : [x] "l"(x), [bytes] "l"(bytes), [flip] "l"(0x80)
                         : "cc", "memory");
    }
    for (int i = 0; i < n; i++) {
        bytes[i] = static_cast<uint8_t>(x[i] ^ 0x80);
        sum += bytes[i];
    }
    return sum;
}

}  // namespace

void Armv6m::dense_int8(int in, int out, const int8_t* weights, const Requantization& rule,
                        const int8_t* x, int8_t* y, void* scratch) noexcept {
    cortexm::Groups groups;
    groups.weights = weights;
    groups.x = scratch;
    groups.zero_point = rule.zero_point;
    groups.correction =
        static_cast<int32_t>(128 * make_unsigned(in, x, static_cast<uint8_t*>(scratch)));
    cortexm::dense<run, 1, 8>(groups, in, out, rule, y);
}

void Armv6m::dense_rows_int8(int rows, int in, int out, const int8_t* weights,
                             const Requantization& rule, const int8_t* x, ptrdiff_t x_stride,
                             int8_t* y, void* scratch) noexcept {
    cortexm::Groups groups;
    groups.weights = weights;
    groups.zero_point = rule.zero_point;
    cortexm::dense_rows<run, 1, 8>(
        groups, rows, in, out, rule, x, x_stride, y, [&](const int8_t* row) noexcept {
            uint8_t* const bytes = static_cast<uint8_t*>(scratch);
            groups.correction = static_cast<int32_t>(128 * make_unsigned(in, row, bytes));
            return bytes;
        });
}

void Armv6m::depthwise_int8(int taps, int channels, const int8_t* weights,
                            const Requantization& rule, const int8_t* const* x,
                            int8_t* y) noexcept {
    depthwise_codes(taps, channels, weights, rule.bias, x, y, [&](int32_t sum, int c) noexcept {
        const int channel = rule.per_output ? c : 0;
        const FixedPoint scale{rule.multiplier[channel], rule.shift[channel]};
        const int32_t code = multiply<cortexm::high_product>(sum, scale) + rule.zero_point;
        return clamp_to_int8(code, rule.low, rule.high);
    });
}

void Armv6m::look_up(int n, const int8_t* table, int8_t* x) noexcept {
    cortexm::look_up(n, table, x);
}

}  // namespace nutshell
