// SPDX-License-Identifier: MIT
// int8 channel by channel with Helium: four channels a vector, the last one cut to those that there
// are.
#include <arm_mve.h>

#include "helium.hpp"

namespace nutshell {
namespace {

/// nutshell::multiply of four sums: ties of the shift to the right go away from zero once a
/// negative number is made smaller by one.
int32x4_t multiply(int32x4_t sums, int32x4_t multiplier, int32x4_t shift) noexcept {
    const int32x4_t zero = vdupq_n_s32(0), right = vminq_s32(shift, zero);
    const int32x4_t product = vqrdmulhq_s32(vshlq_s32(sums, vmaxq_s32(shift, zero)), multiplier);
    const int32x4_t smaller = vshrq_n_s32(vandq_s32(product, right), 31);
    return vrshlq_s32(vaddq_s32(product, smaller), right);
}

}  // namespace

void Helium::depthwise_int8(int taps, int channels, const int8_t* weights,
                            const Requantization& rule, const int8_t* const* x,
                            int8_t* y) noexcept {
    int32x4_t multiplier = vdupq_n_s32(0), shift = multiplier;
    if (!rule.per_output) {
        multiplier = vdupq_n_s32(*rule.multiplier);
        shift = vdupq_n_s32(*rule.shift);
    }
    for (int c = 0; c < channels; c += 4) {
        const mve_pred16_t some = vctp32q(static_cast<uint32_t>(channels - c));
        int32x4_t sums = vldrwq_z_s32(rule.bias + c, some);
        const int8_t* weight = weights + c;
        for (int t = 0; t < taps; t++, weight += channels) {
            sums = vaddq_s32(sums,
                             vmulq_s32(vldrbq_z_s32(weight, some), vldrbq_z_s32(x[t] + c, some)));
        }
        if (rule.per_output) {
            multiplier = vldrwq_z_s32(rule.multiplier + c, some);
            shift = vldrbq_z_s32(rule.shift + c, some);
        }
        const int32x4_t codes =
            vaddq_s32(multiply(sums, multiplier, shift), vdupq_n_s32(rule.zero_point));
        vstrbq_p_s32(y + c,
                     vminq_s32(vmaxq_s32(codes, vdupq_n_s32(rule.low)), vdupq_n_s32(rule.high)),
                     some);
    }
}

}  // namespace nutshell
