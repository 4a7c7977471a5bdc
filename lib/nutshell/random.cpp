// SPDX-License-Identifier: MIT
#include "random.hpp"

#include <math.h>
#include <string.h>

namespace nutshell {

void shuffle(uint32_t* indices, uint32_t n, uint32_t seed, uint32_t epoch,
             Purpose purpose) noexcept {
    Random4 words = random_words(seed, purpose, epoch, n / 4);
    for (uint32_t i = n; i > 1; i--) {
        if (i % 4 == 3) words = random_words(seed, purpose, epoch, i / 4);
        const uint32_t other = static_cast<uint32_t>((uint64_t{words.word[i % 4]} * i) >> 32);
        const uint32_t kept = indices[i - 1];
        indices[i - 1] = indices[other];
        indices[other] = kept;
    }
}

void initialize(const Row* rows, const Spot* spots, int layer_count, int32_t parameter_floats,
                uint32_t seed, Initializer initializer, float* parameters) noexcept {
    memset(parameters, 0, sizeof(float) * static_cast<size_t>(parameter_floats));
    for (int layer = 0; layer < layer_count; layer++) {
        const Fans reach = fans(rows[layer]);
        const TensorSizes sizes = tensor_sizes(rows[layer]);
        float* weight = parameters + spots[layer].weight;
        float* state = parameters + spots[layer].state;
        for (int32_t i = sizes.state / 2; i < sizes.state; i++) state[i] = 1.0f;
        if (reach.in == 0) {
            for (int32_t i = 0; i < sizes.weight; i++) weight[i] = 1.0f;
            continue;
        }
        const int32_t fan =
            initializer == Initializer::he_uniform ? reach.in : reach.in + reach.out;
        const float limit = sqrtf(6.0f / static_cast<float>(fan));
        for (int32_t i = 0; i < sizes.weight; i++) {
            const uint32_t word = random_word(
                seed, Purpose::initialize, static_cast<uint32_t>(layer), static_cast<uint32_t>(i));
            weight[i] = (2.0f * uniform(word) - 1.0f) * limit;
        }
    }
}

}  // namespace nutshell
