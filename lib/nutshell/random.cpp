// SPDX-License-Identifier: MIT
#include "random.hpp"

#include <math.h>
#include <string.h>

#include "elementary.hpp"
#include "lane.hpp"

namespace nutshell {

Random4 philox(const uint32_t (&counter)[4], const uint32_t (&key)[2]) noexcept {
    Random4 r{{counter[0], counter[1], counter[2], counter[3]}};
    uint32_t key0 = key[0], key1 = key[1];
    for (int round = 0; round < 10; round++) {
        const uint64_t a = static_cast<uint64_t>(0xD2511F53u) * r.word[0];
        const uint64_t b = static_cast<uint64_t>(0xCD9E8D57u) * r.word[2];
        r = {{static_cast<uint32_t>(b >> 32) ^ r.word[1] ^ key0, static_cast<uint32_t>(b),
              static_cast<uint32_t>(a >> 32) ^ r.word[3] ^ key1, static_cast<uint32_t>(a)}};
        key0 += 0x9E3779B9u;
        key1 += 0xBB67AE85u;
    }
    return r;
}

uint32_t random_word(uint32_t seed, Purpose purpose, uint32_t step, uint32_t index) noexcept {
    const uint32_t counter[4] = {index / 4, step, static_cast<uint32_t>(purpose), 0};
    const uint32_t key[2] = {seed, 0};
    return philox(counter, key).word[index % 4];
}

float uniform(uint32_t word) noexcept { return static_cast<float>(word >> 8) / 16777216.0f; }

float normal(uint32_t word) noexcept {
    // The distance of the probability from 1/2, exact in its upper 24 bits.
    const float q =
        (static_cast<float>(static_cast<int32_t>(word ^ 0x80000000u)) + 0.5f) * 0x1p-32f;
    if (q >= -0.425f && q <= 0.425f) {
        const float r = 0.180625f - q * q;
        const float above = ((59.109374720f * r + 159.29113202f) * r + 50.434271938f) * r;
        const float below = ((67.187563600f * r + 78.757757664f) * r + 17.895169469f) * r;
        return q * (above + 3.3871327179f) / (below + 1.0f);
    }
    // In the tails, the probability counted from the nearer end.
    const float tail = (static_cast<float>(q < 0 ? word : ~word) + 0.5f) * 0x1p-32f;
    const float r = sqrtf(-elementary::log(Lane<false>::set(tail)).v) - 1.6f;
    const float above = ((0.17023821103f * r + 1.3067284816f) * r + 2.7568153900f) * r;
    const float below = (0.12021132975f * r + 0.73700164250f) * r;
    const float magnitude = (above + 1.4234372777f) / (below + 1.0f);
    return q < 0 ? -magnitude : magnitude;
}

void shuffle(uint32_t* indices, uint32_t n, uint32_t seed, uint32_t epoch,
             Purpose purpose) noexcept {
    for (uint32_t i = n; i > 1; i--) {
        const uint64_t word = random_word(seed, purpose, epoch, i);
        const uint32_t other = static_cast<uint32_t>((word * i) >> 32);
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
