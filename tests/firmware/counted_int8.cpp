// SPDX-License-Identifier: MIT
// int8 layers on a board, piece by piece, for count_instructions.sh.
// The weights are zero: the number of instructions does not depend on them, but for a few per
// output that a Cortex-M0 has to saturate.
#include "nutshell/kernels.hpp"
#include "platform/boards/common/board.hpp"

#if defined(__ARM_FEATURE_DSP) && !defined(__ARM_FEATURE_MVE)
#include "platform/dsp.hpp"
#endif

using namespace nutshell;

extern "C" {
[[gnu::noinline]] void count_start() { __asm__ volatile("" ::: "memory"); }
[[gnu::noinline]] void count_stop() { __asm__ volatile("" ::: "memory"); }
}

namespace {

constexpr int kWidest = 784;
constexpr int kAd01[] = {640, 128, 128, 128, 128, 8, 128, 128, 128, 128, 640};
constexpr int kOurs[] = {784, 24, 784};

alignas(16) constexpr int8_t kWeights[640 * 128] = {};
alignas(16) constexpr int32_t kBias[kWidest] = {};
alignas(16) constexpr int32_t kMultipliers[kWidest] = {};

alignas(16) int8_t shifts[kWidest];
alignas(16) int8_t activations[2][kWidest];
alignas(16) int8_t scratch[2 * kWidest];
int8_t table[256];

Requantization rule(bool per_output) {
    return {kBias, kMultipliers, shifts, per_output, 0, INT8_MIN, INT8_MAX};
}

void layer(int in, int out, bool per_output, int from) {
    kernels::dense_int8(in, out, kWeights, rule(per_output), activations[from],
                        activations[1 - from], scratch);
}

template <int layers>
void chain(const int (&sizes)[layers], bool per_output) {
    for (int i = 0; i + 1 < layers; i++) layer(sizes[i], sizes[i + 1], per_output, i % 2);
}

template <class Piece>
void count(const char* name, Piece piece) {
    count_start();
    piece();
    count_stop();
    board::print(name);
    board::print("\n");
}

#if defined(__ARM_FEATURE_DSP) && !defined(__ARM_FEATURE_MVE)
template <int layers>
void widened(const int (&sizes)[layers]) {
    for (int i = 0; i + 1 < layers; i++) {
        Dsp::dense_widened(sizes[i], sizes[i + 1], kWeights, rule(false), scratch, activations[0]);
    }
}
#endif

}  // namespace

int main() {
    for (int8_t& shift : shifts) shift = -7;
    count_start();
    count_stop();
#if defined(__ARM_FEATURE_DSP) && !defined(__ARM_FEATURE_MVE)
    count("784-24 per tensor, input int16", [] { widened({kWidest, 24}); });
    count("24-784 per tensor, input int16", [] { widened({24, kWidest}); });
    count("784-24-784 per tensor, inputs int16", [] { widened(kOurs); });
    count("ad01 per tensor, inputs int16", [] { widened(kAd01); });
#endif
    count("784-24 per tensor", [] { layer(kWidest, 24, false, 0); });
    count("24-784 per tensor", [] { layer(24, kWidest, false, 0); });
    count("784-24-784 per tensor", [] { chain(kOurs, false); });
    count("784-24 per output", [] { layer(kWidest, 24, true, 0); });
    count("24-784 per output", [] { layer(24, kWidest, true, 0); });
    count("784-24-784 per output", [] { chain(kOurs, true); });
    count("ad01 per tensor", [] { chain(kAd01, false); });
    count("look_up of 784", [] { kernels::look_up(kWidest, table, activations[0]); });
    return 0;
}
