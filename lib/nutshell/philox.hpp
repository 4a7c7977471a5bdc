// SPDX-License-Identifier: MIT
// Random numbers without state: a number is a function of the seed and of its place, so that any
// slicing and any number of threads draws the same ones, on every machine.
// Source: Philox4x32-10 of Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011.
#pragma once
#include <stddef.h>
#include <stdint.h>

namespace nutshell {

/// Four random words.
struct Random4 {
    uint32_t word[4];
};

/// The Philox4x32-10 block of a counter and a key.
Random4 philox(const uint32_t (&counter)[4], const uint32_t (&key)[2]) noexcept;

/// What a random number is for: numbers of different purposes never repeat each other.
enum class Purpose : uint32_t {
    initialize = 1,
    shuffle = 2,
    hold_out = 3,
    validation = 4,
    augment = 5,
    layer = 6,
    code = 7,
};

/// The words of four places, 4 * block and those behind it.
Random4 random_words(uint32_t seed, Purpose purpose, uint32_t step, uint32_t block) noexcept;

/// The word of one place: `step` is an epoch or a layer, `index` counts within it.
uint32_t random_word(uint32_t seed, Purpose purpose, uint32_t step, uint32_t index) noexcept;

/// Uniform in [0, 1): the upper 24 bits of a word.
float uniform(uint32_t word) noexcept;

/// Standard normal: the quantile of the word as a probability, (word + 1/2) / 2^32, off by at most
/// 2e-6; between -6.3 and 6.3.
/// Source: Wichura, "Algorithm AS 241", Applied Statistics 37 (1988), the variant of 7 digits.
float normal(uint32_t word) noexcept;

/// numbers[n]: independent standard normal ones, of which the decoder of a variational or
/// adversarial model makes a sample. A function of the seed and of the sample's index.
void random_code(uint32_t seed, uint32_t index, int n, float* numbers) noexcept;

}  // namespace nutshell
