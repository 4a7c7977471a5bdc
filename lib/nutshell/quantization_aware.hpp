// SPDX-License-Identifier: MIT
// Quantization-aware training: the network runs with weights rounded to their codes, the gradients
// pass straight through the rounding to weights of full precision, and each output's scale is
// learned too. For 4-bit weights it is the difference between useless and good.
//
// Round, run forward and backward with the rounded parameters, correct the gradients, step:
// weights with the optimizer of your choice, scales with their own.
// Source: Esser et al., "Learned Step Size Quantization", ICLR 2020; the scales' logarithms are
// what is learned here, so that one learning rate suits all.
#pragma once
#include "plan.hpp"

namespace nutshell {

/// The architecture whose parameters are trained, and how finely its weights will be stored.
struct QuantizedTraining {
    const Row* rows;
    const Spot* spots;
    int layer_count;
    const int*
        largest;  ///< [layer_count] largest code: 127 for 8 bits, 7 for 4, 0 to leave a layer
};

/// Scales of all layers: one for each output, layer after layer.
int32_t scale_count(const QuantizedTraining& training) noexcept;

/// Scales that make each output's largest weight the largest code; 1 for an output of zeros.
void initial_scales(const QuantizedTraining& training, const float* parameters,
                    float* scales) noexcept;

/// rounded = scale * code for each weight, in the layout of parameters; the bias is copied.
void round_parameters(const QuantizedTraining& training, const float* scales,
                      const float* parameters, float* rounded) noexcept;

/// gradients, of the loss by the rounded parameters, becomes that by the parameters: zero where a
/// weight lies outside its codes. Adds to scale_gradients[scale_count] the gradients by the
/// logarithms of the scales.
void straight_through(const QuantizedTraining& training, const float* scales,
                      const float* parameters, float* gradients, float* scale_gradients) noexcept;

/// Applies steps[scale_count], which an optimizer made from the scale gradients, to the logarithms
/// of the scales, and sets the steps to zero. A scale changes by at most a quarter.
void step_scales(const QuantizedTraining& training, float* steps, float* scales) noexcept;

}  // namespace nutshell
