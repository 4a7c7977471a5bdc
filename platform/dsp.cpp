// SPDX-License-Identifier: MIT
// int8 with the DSP extension of Armv7E-M and Armv8-M: inputs become int16 once per layer; a word
// of four weights becomes two pairs (SXTB16), each multiplied and added at once (SMLAD). The
// rounding of both steps is in SMMULR and in a shift by one bit less, so that SSAT shifts the last
// one.
#include "dsp.hpp"

#include <arm_acle.h>
#include <string.h>

#include "cortexm.hpp"

namespace nutshell {
namespace {

/// Four inputs of one output: its weights in a register of r4..r7, inputs 0 2 in r8, 1 3 in r9.
#define NUTSHELL_ROW(sum, weights) \
    "sxtb16 r10, " weights         \
    "\n"                           \
    "sxtb16 " weights ", " weights \
    ", ror #8\n"                   \
    "smlad " sum ", r10, r8, " sum \
    "\n"                           \
    "smlad " sum ", " weights ", r9, " sum "\n"

/// Four inputs of four outputs: 72 bytes of code.
#define NUTSHELL_STEP                                                            \
    "ldmia r12!, {r4-r7}\n"                                                      \
    "ldrd r8, r9, [r11], #8\n" NUTSHELL_ROW("r0", "r4") NUTSHELL_ROW("r1", "r5") \
        NUTSHELL_ROW("r2", "r6") NUTSHELL_ROW("r3", "r7")

/// One instruction for each of the four sums.
#define NUTSHELL_EACH(before, middle, after)                                           \
    before " r0, " middle "r0" after "\n" before " r1, " middle "r1" after "\n" before \
           " r2, " middle "r2" after "\n" before " r3, " middle "r3" after "\n"

/// cortexm::RunGroups. A step is four inputs, a round four steps; the zero point is doubled,
/// plus 1.
[[gnu::naked]] void run(cortexm::Groups*) {
    __asm__ volatile(
        ".syntax unified\n"
        "push {r0, r4-r11, lr}\n"
        "mov r10, r0\n"
        "ldr r12, [r10]\n"
        "ldr r1, [r10, #48]\n"
        "adr.w r2, 2f\n"
        "movs r3, #72\n"
        "mla r1, r1, r3, r2\n"
        "orr r1, r1, #1\n"  // Thumb code
        "str r1, [r10, #40]\n"

        "1:\n"
        "ldr r4, [r10, #4]\n"
        "ldmia r4!, {r0-r3}\n"
        "str r4, [r10, #4]\n"
        "ldrd r11, lr, [r10, #32]\n"
        "ldr r4, [r10, #40]\n"
        "bx r4\n"
        ".balign 4\n"
        "2:\n"  //
        NUTSHELL_STEP NUTSHELL_STEP NUTSHELL_STEP NUTSHELL_STEP
        "subs lr, lr, #1\n"
        "bne.w 2b\n"

        "ldr r10, [sp]\n"
        "ldr lr, [r10, #28]\n"
        "cmp lr, #0\n"
        "bne 5f\n"
        "ldrd r4, r11, [r10, #68]\n"  // the multiplier, and its shift four times
        "mvn r11, r11\n"              // each to the right, less one
        "cmp r11, #0\n"
        "blt 4f\n"
        "mov r5, r4\n"
        "mov r6, r4\n"
        "mov r7, r4\n"
        "6:\n"
        "ldrd r8, r9, [r10, #16]\n"  //
        NUTSHELL_EACH("lsl", "", ", #1")
        "smmulr r0, r0, r4\n"
        "smmulr r1, r1, r5\n"
        "smmulr r2, r2, r6\n"
        "smmulr r3, r3, r7\n"
        "add r0, r0, r0, asr #31\n"
        "add r1, r1, r1, asr #31\n"
        "add r2, r2, r2, asr #31\n"
        "add r3, r3, r3, asr #31\n"
        "asr r0, r0, r11\n"
        "lsr r11, r11, #8\n"  // a shift reads the lowest byte alone
        "asr r1, r1, r11\n"
        "lsr r11, r11, #8\n"
        "asr r2, r2, r11\n"
        "lsr r11, r11, #8\n"
        "asr r3, r3, r11\n"  //
        NUTSHELL_EACH("add", "", ", r8")
        NUTSHELL_EACH("ssat", "#8, ", ", asr #1")
        "strb r0, [r9], #1\n"
        "strb r1, [r9], #1\n"
        "strb r2, [r9], #1\n"
        "strb r3, [r9], #1\n"
        "str r9, [r10, #20]\n"
        "ldr r4, [r10, #24]\n"
        "cmp r9, r4\n"
        "bne.w 1b\n"
        "3:\n"
        "str r12, [r10]\n"
        "pop {r0, r4-r11, pc}\n"

        "5:\n"  // each output has its own
        "ldrd r8, r9, [r10, #8]\n"
        "ldr r11, [r9], #4\n"
        "mvn r11, r11\n"
        "tst r11, #0x80808080\n"
        "bne 4f\n"
        "ldmia r8!, {r4-r7}\n"
        "strd r8, r9, [r10, #8]\n"
        "b 6b\n"

        "4:\n"
        "add r4, r10, #56\n"
        "stmia r4, {r0-r3}\n"
        "b 3b\n");
}

/// x[n] -> pairs of int16: 0 2, 1 3, 4 6, ... The last pairs of a rest have any content beyond n.
void widen(int n, const int8_t* x, uint32_t* pairs) {
    for (; n >= 4; n -= 4, x += 4, pairs += 2) {
        uint32_t word, even, odd;
        memcpy(&word, x, 4);
        __asm__("sxtb16 %0, %1" : "=r"(even) : "r"(word));
        __asm__("sxtb16 %0, %1, ror #8" : "=r"(odd) : "r"(word));
        pairs[0] = even;
        pairs[1] = odd;
    }
    if (n == 0) return;
    const auto half = [](int8_t value) { return static_cast<uint32_t>(value) & 0xFFFFu; };
    pairs[0] = half(x[0]) | (n > 2 ? static_cast<uint32_t>(x[2]) << 16 : 0);
    pairs[1] = n > 1 ? half(x[1]) : 0;
}

[[gnu::always_inline]] inline void multiply_pairs(int in, int out, const int8_t* weights,
                                                  const Requantization& rule, const void* x,
                                                  int8_t* y) noexcept {
    cortexm::Groups groups;
    groups.weights = weights;
    groups.x = x;
    groups.zero_point = 2 * rule.zero_point + 1;
    cortexm::dense<run, 4, 4>(groups, in, out, rule, y);
}

uint32_t turned(uint32_t word) noexcept { return word >> 8 | word << 24; }

/// The squares of the differences of a word's bytes from the query's, which are two pairs.
int32_t add_squares(int32_t sum, int16x2_t even, int16x2_t odd, uint32_t codes) noexcept {
    const int16x2_t even_off = __ssub16(even, __sxtb16(static_cast<int8x4_t>(codes)));
    const int16x2_t odd_off = __ssub16(odd, __sxtb16(static_cast<int8x4_t>(turned(codes))));
    return __smlad(odd_off, odd_off, __smlad(even_off, even_off, sum));
}

}  // namespace

void Dsp::squared_distances_int8(int groups, int n, const int8_t* query, const int8_t* codes,
                                 int32_t* distances) noexcept {
    constexpr int word = kGroupCodes * kGroupBytes;  // bytes of it in all codes of a group
    constexpr int together = 4;                      // codes, whose sums stay in registers
    const int words = (n + kGroupBytes - 1) / kGroupBytes;
    for (; groups > 0; groups--, codes += (words - 1) * word) {
        for (int code = 0; code < kGroupCodes; code += together, codes += together * kGroupBytes) {
            int32_t sums[together] = {};
            const int8_t* at = codes;
            for (int i = 0; i < n; i += kGroupBytes, at += word) {
                uint32_t bytes = 0;
                memcpy(&bytes, query + i,
                       static_cast<size_t>(n - i < kGroupBytes ? n - i : kGroupBytes));
                const int16x2_t even = __sxtb16(static_cast<int8x4_t>(bytes));
                const int16x2_t odd = __sxtb16(static_cast<int8x4_t>(turned(bytes)));
                for (int c = 0; c < together; c++) {
                    uint32_t four;
                    memcpy(&four, at + c * kGroupBytes, sizeof four);
                    sums[c] = add_squares(sums[c], even, odd, four);
                }
            }
            memcpy(distances, sums, sizeof sums);
            distances += together;
        }
    }
}

void Dsp::dense_int8(int in, int out, const int8_t* weights, const Requantization& rule,
                     const int8_t* x, int8_t* y, void* scratch) noexcept {
    widen(in, x, static_cast<uint32_t*>(scratch));
    multiply_pairs(in, out, weights, rule, scratch, y);
}

void Dsp::dense_widened(int in, int out, const int8_t* weights, const Requantization& rule,
                        const void* x, int8_t* y) noexcept {
    multiply_pairs(in, out, weights, rule, x, y);
}

void Dsp::look_up(int n, const int8_t* table, int8_t* x) noexcept { cortexm::look_up(n, table, x); }

}  // namespace nutshell
