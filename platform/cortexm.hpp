// SPDX-License-Identifier: MIT
// What the int8 kernels of all Cortex-M processors share: the walk over a layer, four outputs at a
// time. The sums and their usual requantization are assembly, one function per instruction set;
// here is what happens once per layer, and what is rare: groups with a shift to the left, outputs
// that are no multiple of four, a clamp narrower than int8.
#pragma once
#include <stddef.h>

#include "nutshell/kernels.hpp"

namespace nutshell::cortexm {

/// Where the assembly stands in a layer. It reads the fields by their offsets.
struct Groups {
    const int8_t* weights;      //  0: of the next group
    const int32_t* bias;        //  4
    const int32_t* multiplier;  //  8
    const int8_t* shift;        // 12
    int32_t zero_point;         // 16: of the output, in the form that the assembly adds
    int8_t* y;                  // 20
    int8_t* y_end;              // 24
    int32_t step;               // 28: from a group's multipliers to the next one's: 4, or 0
    const void* x;              // 32: the inputs in the form that the assembly reads
    int32_t rounds;             // 36: of the loop over the inputs, the first one shortened
    uint32_t own[2];            // 40: the assembly's
    int32_t skipped;            // 48: steps that the first round leaves out
    int32_t correction;         // 52: what is taken from every sum
    int32_t four[4];            // 56: a tensor's multiplier, four times; or a group's plain sums
    int8_t shifts[4];           // 72: a tensor's shift, four times
};
static_assert(sizeof(void*) != 4 || offsetof(Groups, shifts) == 72);

/// The assembly of an instruction set. Requantizes group after group until y_end is reached, or
/// until a group has a shift that is not to the right: then its sums are left in `four`, weights
/// and bias stand at the next group, and all else still at this one.
using RunGroups = void(Groups*);

/// Takes over what the requantization says.
[[gnu::noinline]] inline void prepare(Groups& groups, const Requantization& rule) noexcept {
    groups.bias = rule.bias;
    groups.multiplier = rule.multiplier;
    groups.shift = rule.shift;
    groups.step = 4;
    if (rule.per_output) return;
    const int32_t multiplier = *rule.multiplier;
    const int8_t shift = *rule.shift;
    for (int i = 0; i < 4; i++) {
        groups.four[i] = multiplier;
        groups.shifts[i] = shift;
    }
    groups.multiplier = groups.four;
    groups.shift = groups.shifts;
    groups.step = 0;
}

#if defined(__ARM_ARCH_6M__)
/// multiply_high for |a| at most kMaxSum and b >= 0, of four products of 16 bits each: there is
/// none of 64, and a function for it would be linked for this alone.
constexpr int32_t high_product(int32_t a, int32_t b) noexcept {
    const int32_t a_low = static_cast<int16_t>(a), a_high = (a - a_low) >> 16;
    const int32_t b_low = b & 0xFFFF, b_high = b >> 16;
    const int32_t middle = a_high * b_low + a_low * b_high + ((a_low * b_low) >> 16);
    return 2 * a_high * b_high + ((middle + (1 << 14)) >> 15);
}
#else
constexpr int32_t high_product(int32_t a, int32_t b) noexcept { return multiply_high(a, b); }
#endif

/// Requantizes the group that the assembly stopped at, and steps over it.
[[gnu::noinline]] inline void requantize_any_shift(Groups& groups,
                                                   const Requantization& rule) noexcept {
    for (int i = 0; i < 4; i++) {
        const int32_t multiplier = rule.per_output ? groups.multiplier[i] : *rule.multiplier;
        const int32_t code = multiply<high_product>(groups.four[i], {multiplier, groups.shift[i]});
        *groups.y++ = clamp_to_int8(code + rule.zero_point, INT8_MIN, INT8_MAX);
    }
    groups.multiplier += groups.step;
    groups.shift += groups.step;
}

template <RunGroups run>
[[gnu::always_inline]] inline void run_all(Groups& groups, int outputs, int8_t* y,
                                           const Requantization& rule) noexcept {
    groups.y = y;
    groups.y_end = y + outputs;
    while (groups.y != groups.y_end) {
        run(&groups);
        if (groups.y != groups.y_end) requantize_any_shift(groups, rule);
    }
}

/// Holds y[n] within low..high.
[[gnu::noinline]] inline void clamp(int n, int32_t low, int32_t high, int8_t* y) noexcept {
    for (int i = 0; i < n; i++) y[i] = clamp_to_int8(y[i], low, high);
}

/// How often the assembly goes round for `in` inputs: its loop takes step_inputs inputs a step and
/// round_steps steps a round.
template <int step_inputs, int round_steps>
[[gnu::always_inline]] inline void set_rounds(Groups& groups, int in) noexcept {
    // Unsigned, since these sizes are powers of two: a signed division would be a call.
    constexpr unsigned round = step_inputs * round_steps;
    const unsigned inputs = static_cast<unsigned>(in);
    const unsigned rounds = in == 0 && round > 1 ? 1 : (inputs + round - 1) / round;
    groups.rounds = static_cast<int32_t>(rounds);
    groups.skipped =
        static_cast<int32_t>(rounds * round_steps - (inputs + step_inputs - 1) / step_inputs);
}

/// Outputs y[whole..out-1], the first ones of a group.
template <RunGroups run>
[[gnu::always_inline]] inline void run_last(Groups& groups, int whole, int out,
                                            const Requantization& rule, int8_t* y) noexcept {
    int8_t last[4];
    run_all<run>(groups, 4, last, rule);
    // (A loop would become a call of memcpy.)
    y[whole] = last[0];
    if (out - whole > 1) y[whole + 1] = last[1];
    if (out - whole > 2) y[whole + 2] = last[2];
}

/// A dense layer. Weights, x, zero_point and correction of the groups are set.
template <RunGroups run, int step_inputs, int round_steps>
[[gnu::always_inline]] inline void dense(Groups& groups, int in, int out,
                                         const Requantization& rule, int8_t* y) noexcept {
    set_rounds<step_inputs, round_steps>(groups, in);
    prepare(groups, rule);
    const int whole = out & ~3;
    run_all<run>(groups, whole, y, rule);
    if (whole < out) run_last<run>(groups, whole, out, rule, y);
    if (rule.low != INT8_MIN || rule.high != INT8_MAX) clamp(out, rule.low, rule.high, y);
}

/// The same for rows of inputs. Weights and zero_point of the groups are set; convert(x) says where
/// a row's inputs lie in the form that the assembly reads, and sets the correction.
template <RunGroups run, int step_inputs, int round_steps, class Convert>
[[gnu::always_inline]] inline void dense_rows(Groups& groups, int rows, int in, int out,
                                              const Requantization& rule, const int8_t* x,
                                              ptrdiff_t x_stride, int8_t* y,
                                              Convert convert) noexcept {
    const int8_t* const weights = groups.weights;
    set_rounds<step_inputs, round_steps>(groups, in);
    const int groups_of_four = (out + 3) & ~3;
    int left = rows * out;
    for (int8_t* to = y; left > 0; left -= out, to += out, x += x_stride) {
        groups.weights = weights;
        groups.x = convert(x);
        prepare(groups, rule);
        // What a row's last group has besides its outputs goes where the next row's are written.
        const int whole = groups_of_four <= left ? groups_of_four : out & ~3;
        run_all<run>(groups, whole, to, rule);
        if (whole < out) run_last<run>(groups, whole, out, rule, to);
    }
    if (rule.low != INT8_MIN || rule.high != INT8_MAX) clamp(rows * out, rule.low, rule.high, y);
}

/// x[n] = table[x[n]], in place.
inline void look_up(int n, const int8_t* table, int8_t* x) {
    const uint8_t* code = reinterpret_cast<const uint8_t*>(x);
    for (; n >= 4; n -= 4, code += 4, x += 4) {
        const int8_t a = table[code[0]], b = table[code[1]], c = table[code[2]], d = table[code[3]];
        x[0] = a;
        x[1] = b;
        x[2] = c;
        x[3] = d;
    }
    for (; n > 0; n--, code++, x++) *x = table[*code];
}

}  // namespace nutshell::cortexm
