// SPDX-License-Identifier: MIT
#include "philox.hpp"

#include <math.h>

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

Random4 random_words(uint32_t seed, Purpose purpose, uint32_t step, uint32_t block) noexcept {
    const uint32_t counter[4] = {block, step, static_cast<uint32_t>(purpose), 0};
    const uint32_t key[2] = {seed, 0};
    return philox(counter, key);
}

uint32_t random_word(uint32_t seed, Purpose purpose, uint32_t step, uint32_t index) noexcept {
    return random_words(seed, purpose, step, index / 4).word[index % 4];
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

void random_code(uint32_t seed, uint32_t index, int n, float* numbers) noexcept {
    for (int at = 0; at < n; at += 4) {
        const Random4 random =
            random_words(seed, Purpose::code, index, static_cast<uint32_t>(at / 4));
        for (int i = 0; i < 4 && at + i < n; i++) numbers[at + i] = normal(random.word[i]);
    }
}

}  // namespace nutshell
