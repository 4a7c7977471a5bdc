// SPDX-License-Identifier: MIT
// What the int8 kernels of all Cortex-M processors share: the walk over a layer, four outputs at a
// time. The sums and their usual requantization are assembly, one function per instruction set;
// here is what happens once per layer, and what is rare: groups with a shift to the left, outputs
// that are no multiple of four, a clamp narrower than int8.
#pragma once
#include <stddef.h>
#include <string.h>

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
/// until a group has a shift that is not to the right: then its sums are left in `four`, the
/// weights stand at the next group, and all else still at this one.
using RunGroups = void(Groups*);

/// Requantizes the group that the assembly stopped at, and steps over it.
[[gnu::noinline]] inline void requantize_any_shift(Groups& groups, const Requantization& rule) {
    for (int i = 0; i < 4; i++) {
        const int channel = rule.per_output ? i : 0;
        const FixedPoint scale{
            rule.per_output ? groups.multiplier[channel] : rule.multiplier[channel],
            groups.shift[channel]};
        const int32_t code = multiply(groups.four[i], scale) + rule.zero_point;
        groups.y[i] = clamp_to_int8(code, INT8_MIN, INT8_MAX);
    }
    groups.bias += 4;
    groups.multiplier += groups.step;
    groups.shift += groups.step;
    groups.y += 4;
}

template <RunGroups run>
void run_all(Groups& groups, int outputs, int8_t* y, const Requantization& rule) {
    groups.y = y;
    groups.y_end = y + outputs;
    while (groups.y != groups.y_end) {
        run(&groups);
        if (groups.y != groups.y_end) requantize_any_shift(groups, rule);
    }
}

/// Holds y[n] within low..high.
[[gnu::noinline]] inline void clamp(int n, int32_t low, int32_t high, int8_t* y) {
    for (int i = 0; i < n; i++) y[i] = clamp_to_int8(y[i], low, high);
}

/// A dense layer over converted inputs. The assembly's loop takes `in_step` inputs a step and
/// `steps` of them a round; zero_point and correction are as it wants them.
template <RunGroups run>
void dense(int in, int out, const int8_t* weights, const Requantization& rule, const void* x,
           int8_t* y, int in_step, int steps, int32_t zero_point, int32_t correction) {
    Groups groups;
    groups.weights = weights;
    groups.bias = rule.bias;
    groups.multiplier = rule.multiplier;
    groups.shift = rule.shift;
    groups.step = 4;
    if (!rule.per_output) {
        for (int i = 0; i < 4; i++) groups.four[i] = rule.multiplier[0];
        for (int i = 0; i < 4; i++) groups.shifts[i] = rule.shift[0];
        groups.multiplier = groups.four;
        groups.shift = groups.shifts;
        groups.step = 0;
    }
    groups.zero_point = zero_point;
    groups.correction = correction;
    groups.x = x;
    const int used = (in + in_step - 1) / in_step;
    groups.rounds = used == 0 && steps > 1 ? 1 : (used + steps - 1) / steps;
    groups.skipped = groups.rounds * steps - used;

    const int whole = out & ~3;
    run_all<run>(groups, whole, y, rule);
    if (whole < out) {
        int8_t last[4];
        run_all<run>(groups, 4, last, rule);
        memcpy(y + whole, last, static_cast<size_t>(out - whole));
    }
    if (rule.low != INT8_MIN || rule.high != INT8_MAX) clamp(out, rule.low, rule.high, y);
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
