// SPDX-License-Identifier: MIT
#include "quantization_aware.hpp"

#include <string.h>

namespace nutshell {
namespace {

float magnitude(float x) noexcept { return x < 0 ? -x : x; }

/// The code of a weight, and what of it lies within the codes.
struct Rounded {
    float code;
    bool inside;
};

Rounded round_weight(float weight, float scale, float largest) noexcept {
    const float steps = weight / scale;
    if (steps <= -largest) return {-largest, steps == -largest};
    if (steps >= largest) return {largest, steps == largest};
    const int code = static_cast<int>(steps < 0 ? steps - 0.5f : steps + 0.5f);
    return {static_cast<float>(code), true};
}

/// Calls visit(place in the parameter array, scale's index, largest code) for every weight that is
/// quantized.
template <class Visit>
void for_each_weight(const QuantizedTraining& training, Visit visit) noexcept {
    int32_t first_scale = 0;
    for (int layer = 0; layer < training.layer_count; layer++) {
        const Row& row = training.rows[layer];
        const auto [in, out] = weight_matrix(row);
        const float largest = static_cast<float>(training.largest[layer]);
        // Weights lie [out][in] or [in][out]; they are visited as they lie.
        const bool by_rows = weight_index(row, 0, in - 1) == in - 1;
        for (int32_t i = 0; largest > 0 && i < in * out; i++) {
            visit(training.spots[layer].weight + i, first_scale + (by_rows ? i / in : i % out),
                  largest);
        }
        first_scale += out;
    }
}

}  // namespace

int32_t scale_count(const QuantizedTraining& training) noexcept {
    int32_t count = 0;
    for (int i = 0; i < training.layer_count; i++) count += weight_matrix(training.rows[i]).outputs;
    return count;
}

void initial_scales(const QuantizedTraining& training, const float* parameters,
                    float* scales) noexcept {
    const int32_t count = scale_count(training);
    for (int32_t i = 0; i < count; i++) scales[i] = 0.0f;
    for_each_weight(training, [&](int32_t at, int32_t scale, float largest) noexcept {
        const float least = magnitude(parameters[at]) / largest;
        if (least > scales[scale]) scales[scale] = least;
    });
    for (int32_t i = 0; i < count; i++) {
        if (scales[i] == 0.0f) scales[i] = 1.0f;
    }
}

void round_parameters(const QuantizedTraining& training, const float* scales,
                      const float* parameters, float* rounded) noexcept {
    for (int i = 0; i < training.layer_count; i++) {
        const TensorSizes sizes = tensor_sizes(training.rows[i]);
        const Spot spot = training.spots[i];
        memcpy(rounded + spot.weight, parameters + spot.weight,
               static_cast<size_t>(sizes.weight) * sizeof(float));
        memcpy(rounded + spot.bias, parameters + spot.bias,
               static_cast<size_t>(sizes.bias) * sizeof(float));
        memcpy(rounded + spot.state, parameters + spot.state,
               static_cast<size_t>(sizes.state) * sizeof(float));
    }
    for_each_weight(training, [&](int32_t at, int32_t scale, float largest) noexcept {
        rounded[at] = scales[scale] * round_weight(parameters[at], scales[scale], largest).code;
    });
}

void straight_through(const QuantizedTraining& training, const float* scales,
                      const float* parameters, float* gradients, float* scale_gradients) noexcept {
    for_each_weight(training, [&](int32_t at, int32_t scale, float largest) noexcept {
        const Rounded weight = round_weight(parameters[at], scales[scale], largest);
        // d(scale * code)/d(log scale), the code counting as constant but for the part of the
        // weight that it rounds away.
        const float steps = weight.inside ? parameters[at] / scales[scale] : 0.0f;
        scale_gradients[scale] += gradients[at] * scales[scale] * (weight.code - steps);
        if (!weight.inside) gradients[at] = 0.0f;
    });
}

void step_scales(const QuantizedTraining& training, float* steps, float* scales) noexcept {
    const int32_t count = scale_count(training);
    for (int32_t i = 0; i < count; i++) {
        const float step = steps[i] < -0.25f ? -0.25f : steps[i] > 0.25f ? 0.25f : steps[i];
        scales[i] *= step < 0 ? 1.0f / (1.0f - step) : 1.0f + step;  // exp(step), nearly
        steps[i] = 0.0f;
    }
}

}  // namespace nutshell
