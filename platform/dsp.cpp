// SPDX-License-Identifier: MIT
// int8 with the DSP extension of Armv7E-M and Armv8-M: inputs become int16 once per layer; a word
// of four weights becomes two pairs (SXTB16), each multiplied and added at once (SMLAD). The
// rounding of both steps is in SMMULR and in a shift by one bit less, so that SSAT shifts the last
// one.
#include "dsp.hpp"

#include <arm_acle.h>
#include <string.h>

#include "cortexm.hpp"
#include "nutshell/depthwise_int8.hpp"

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

/// Where the assembly stands with two rows of inputs, two outputs at a time. It reads the fields by
/// their offsets.
struct TwoRows {
    const int8_t* weights;      //  0: of the next output, those of the second one 4 bytes on
    const uint32_t* x;          //  4: of both rows, as widen_two leaves them
    const uint32_t* x_end;      //  8
    const int32_t* bias;        // 12
    const int32_t* multiplier;  // 16
    const int8_t* shift;        // 20
    int32_t zero_point;         // 24: doubled, plus 1
    int8_t* y;                  // 28: of the first row
    int32_t left;               // 32: outputs
    int32_t out;                // 36: from a row's outputs to the other one's
    int32_t step;               // 40: multipliers from two outputs to the next ones: 2, or 0
    int32_t next;               // 44: bytes to the weights of the next two outputs: within a group
    int32_t group;              // 48: of four, or to the next group, in turn; the sum of both
    int32_t sums[2][2];         // 52: [output][row], left where a shift is not to the right
};
static_assert(sizeof(void*) != 4 || offsetof(TwoRows, sums) == 52);

/// Four inputs of two rows and of one output, whose weights are in a register.
#define NUTSHELL_TWO_ROWS(weights, first, second) \
    "sxtb16 r10, " weights                        \
    "\n"                                          \
    "smlad " first ", r10, r4, " first            \
    "\n"                                          \
    "smlad " second ", r10, r5, " second          \
    "\n"                                          \
    "sxtb16 " weights ", " weights                \
    ", ror #8\n"                                  \
    "smlad " first ", " weights ", r6, " first    \
    "\n"                                          \
    "smlad " second ", " weights ", r7, " second "\n"

/// Four inputs of two rows and two outputs.
#define NUTSHELL_TWO_BY_TWO                                     \
    "ldrd r8, r9, [r11], #16\n"                                 \
    "ldmia r12!, {r4-r7}\n" NUTSHELL_TWO_ROWS("r8", "r0", "r1") \
        NUTSHELL_TWO_ROWS("r9", "r2", "r3")

/// Writes the codes of the outputs that are left, or stops behind two outputs that have a shift
/// that is not to the right: their sums are then left, and y and left still stand at them. A weight
/// is loaded and widened once for two rows.
[[gnu::naked]] void run_two(TwoRows*) {
    __asm__ volatile(
        ".syntax unified\n"
        "push {r0, r4-r11, lr}\n"

        "1:\n"
        "ldr r3, [sp]\n"
        "ldrd r11, r12, [r3]\n"
        "ldrd lr, r1, [r3, #8]\n"
        "ldrd r5, r6, [r3, #44]\n"
        "subs r6, r6, r5\n"
        "str r6, [r3, #44]\n"
        "add r5, r5, r11\n"
        "str r5, [r3]\n"
        "ldrd r0, r2, [r1], #8\n"
        "str r1, [r3, #12]\n"
        "mov r1, r0\n"
        "mov r3, r2\n"
        "subs r4, lr, r12\n"
        "beq 4f\n"
        "lsls r4, r4, #27\n"  // negative: an odd number of steps
        "bmi 3f\n"
        "2:\n"  //
        NUTSHELL_TWO_BY_TWO
        "3:\n"  //
        NUTSHELL_TWO_BY_TWO
        "cmp r12, lr\n"
        "bne.w 2b\n"

        "4:\n"
        "ldr r12, [sp]\n"
        "ldrd r5, r6, [r12, #16]\n"
        "ldr r4, [r12, #40]\n"
        "ldrd r9, r10, [r5]\n"
        "ldrsb r7, [r6]\n"
        "ldrsb r8, [r6, #1]\n"
        "add r5, r5, r4, lsl #2\n"
        "add r6, r6, r4\n"
        "strd r5, r6, [r12, #16]\n"
        "mvns r7, r7\n"  // to the right, less one
        "bmi 6f\n"
        "mvns r8, r8\n"
        "bmi 6f\n"
        "ldrd r5, r6, [r12, #24]\n"  //
        NUTSHELL_EACH("lsl", "", ", #1")
        "smmulr r0, r0, r9\n"
        "smmulr r1, r1, r9\n"
        "smmulr r2, r2, r10\n"
        "smmulr r3, r3, r10\n"
        "add r0, r0, r0, asr #31\n"
        "add r1, r1, r1, asr #31\n"
        "add r2, r2, r2, asr #31\n"
        "add r3, r3, r3, asr #31\n"
        "asr r0, r0, r7\n"
        "asr r1, r1, r7\n"
        "asr r2, r2, r8\n"
        "asr r3, r3, r8\n"  //
        NUTSHELL_EACH("add", "", ", r5")
        NUTSHELL_EACH("ssat", "#8, ", ", asr #1")
        "ldrd r7, r8, [r12, #32]\n"
        "add r9, r6, r8\n"
        "strb r0, [r6], #1\n"
        "strb r1, [r9], #1\n"
        "subs r7, r7, #2\n"
        "bmi 5f\n"  // a last one
        "strb r2, [r6], #1\n"
        "strb r3, [r9]\n"
        "str r6, [r12, #28]\n"
        "str r7, [r12, #32]\n"
        "bne.w 1b\n"
        "pop {r0, r4-r11, pc}\n"
        "5:\n"
        "movs r7, #0\n"
        "str r7, [r12, #32]\n"
        "pop {r0, r4-r11, pc}\n"

        "6:\n"
        "add r4, r12, #52\n"
        "stmia r4, {r0-r3}\n"
        "pop {r0, r4-r11, pc}\n");
}

/// Four codes as int16: 0 2, 1 3.
struct Pairs {
    uint32_t even, odd;

    explicit Pairs(uint32_t codes) noexcept {
        __asm__("sxtb16 %0, %1" : "=r"(even) : "r"(codes));
        __asm__("sxtb16 %0, %1, ror #8" : "=r"(odd) : "r"(codes));
    }
    explicit Pairs(const int8_t* x) noexcept : Pairs(word_of(x)) {}
    /// Of n codes, 1 to 3.
    Pairs(const int8_t* x, int n) noexcept {
        const auto half = [](int8_t value) { return static_cast<uint32_t>(value) & 0xFFFFu; };
        even = half(x[0]) | (n > 2 ? static_cast<uint32_t>(x[2]) << 16 : 0);
        odd = n > 1 ? half(x[1]) : 0;
    }

  private:
    static uint32_t word_of(const int8_t* x) noexcept {
        uint32_t word;
        memcpy(&word, x, sizeof word);
        return word;
    }
};

/// x[n] -> pairs of int16: 0 2, 1 3, 4 6, ... The last pairs of a rest have any content beyond n.
void widen(int n, const int8_t* x, uint32_t* pairs) {
    for (; n >= 4; n -= 4, x += 4, pairs += 2) {
        const Pairs four(x);
        pairs[0] = four.even;
        pairs[1] = four.odd;
    }
    if (n == 0) return;
    const Pairs rest(x, n);
    pairs[0] = rest.even;
    pairs[1] = rest.odd;
}

/// The same for two rows in turn: 0 2 of both, 1 3 of both, ...; the end of what is written.
uint32_t* widen_two(int n, const int8_t* x, ptrdiff_t x_stride, uint32_t* pairs) {
    const auto put = [&](Pairs first, Pairs second) noexcept {
        pairs[0] = first.even;
        pairs[1] = second.even;
        pairs[2] = first.odd;
        pairs[3] = second.odd;
        pairs += 4;
    };
    for (; n >= 4; n -= 4, x += 4) put(Pairs(x), Pairs(x + x_stride));
    if (n > 0) put({x, n}, {x + x_stride, n});
    return pairs;
}

/// Requantizes the two outputs that the assembly stopped behind.
[[gnu::noinline]] void requantize_any_shift(TwoRows& rows) noexcept {
    const int32_t zero_point = (rows.zero_point - 1) / 2;
    for (int i = 0; i < 2 && rows.left > 0; i++, rows.left--, rows.y++) {
        const FixedPoint scale{rows.multiplier[i - rows.step], rows.shift[i - rows.step]};
        for (int row = 0; row < 2; row++) {
            const int32_t code = multiply(rows.sums[i][row], scale) + zero_point;
            rows.y[row * rows.out] = clamp_to_int8(code, INT8_MIN, INT8_MAX);
        }
    }
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

void Dsp::dense_rows_int8(int rows, int in, int out, const int8_t* weights,
                          const Requantization& rule, const int8_t* x, ptrdiff_t x_stride,
                          int8_t* y, void* scratch) noexcept {
    static_assert(kRowsConverted == 2);
    uint32_t* const pairs = static_cast<uint32_t*>(scratch);
    int32_t multipliers[2] = {};  // a single one, as often as it is read
    int8_t shifts[2] = {};
    if (!rule.per_output) {
        multipliers[0] = multipliers[1] = *rule.multiplier;
        shifts[0] = shifts[1] = *rule.shift;
    }
    int left = rows;
    for (int8_t* to = y; left > 1; left -= 2, x += 2 * x_stride, to += 2 * out) {
        TwoRows two;
        two.weights = weights;
        two.x = pairs;
        two.x_end = widen_two(in, x, x_stride, pairs);
        two.bias = rule.bias;
        two.multiplier = rule.per_output ? rule.multiplier : multipliers;
        two.shift = rule.per_output ? rule.shift : shifts;
        two.zero_point = 2 * rule.zero_point + 1;
        two.y = to;
        two.left = two.out = out;
        two.step = rule.per_output ? 2 : 0;
        two.next = 8;
        two.group = (two.x_end - pairs) * 4;
        while (two.left > 0) {
            run_two(&two);
            if (two.left > 0) requantize_any_shift(two);
        }
    }
    const int done = rows - left;
    if (rule.low != INT8_MIN || rule.high != INT8_MAX) {
        cortexm::clamp(done * out, rule.low, rule.high, y);
    }
    if (left > 0) dense_int8(in, out, weights, rule, x, y + done * out, scratch);
}

void Dsp::depthwise_int8(int taps, int channels, const int8_t* weights, const Requantization& rule,
                         const int8_t* const* x, int8_t* y) noexcept {
    depthwise_codes(taps, channels, weights, rule.bias, x, y, [&](int32_t sum, int c) noexcept {
        const int channel = rule.per_output ? c : 0;
        const FixedPoint scale{rule.multiplier[channel], rule.shift[channel]};
        if (scale.shift >= 0) return requantize(sum, rule, c);
        int32_t high;
        __asm__("smmulr %0, %1, %2" : "=r"(high) : "r"(2 * sum), "r"(scale.multiplier));
        const int32_t code = (high + (high >> 31) + (1 << ~scale.shift)) >> -scale.shift;
        return clamp_to_int8(code + rule.zero_point, rule.low, rule.high);
    });
}

void Dsp::dense_widened(int in, int out, const int8_t* weights, const Requantization& rule,
                        const void* x, int8_t* y) noexcept {
    multiply_pairs(in, out, weights, rule, x, y);
}

void Dsp::look_up(int n, const int8_t* table, int8_t* x) noexcept { cortexm::look_up(n, table, x); }

}  // namespace nutshell
