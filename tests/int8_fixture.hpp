// SPDX-License-Identifier: MIT
// int8 layers from random numbers, and what they should compute: in 64-bit integers, with the
// rounding written as gemmlowp defines it, not as the library does.
#pragma once
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "kernels_fixture.hpp"

namespace nutshell::tests {

/// gemmlowp's SaturatingRoundingDoublingHighMul.
inline int64_t doubling_high_multiply(int64_t a, int64_t b) {
    const int64_t product = a * b;
    const int64_t nudge = product >= 0 ? (int64_t{1} << 30) : 1 - (int64_t{1} << 30);
    return (product + nudge) / (int64_t{1} << 31);
}

/// gemmlowp's RoundingDivideByPOT.
inline int64_t rounding_divide(int64_t x, int exponent) {
    const int64_t mask = (int64_t{1} << exponent) - 1;
    const int64_t remainder = x & mask;
    const int64_t threshold = (mask >> 1) + (x < 0 ? 1 : 0);
    return (x >> exponent) + (remainder > threshold ? 1 : 0);
}

inline int64_t oracle_multiply(int64_t x, int64_t multiplier, int shift) {
    const int left = shift > 0 ? shift : 0, right = shift > 0 ? 0 : -shift;
    return rounding_divide(doubling_high_multiply(x * (int64_t{1} << left), multiplier), right);
}

/// A layer in canonical order.
struct Int8Layer {
    int in, out;
    std::vector<int8_t> weights;  // [out][in]
    std::vector<int32_t> bias;    // [out]
    std::vector<int32_t> multiplier;
    std::vector<int8_t> shift;
    int8_t zero_point, low, high;

    std::vector<int8_t> expected(const std::vector<int8_t>& x) const {
        std::vector<int8_t> y;
        for (int o = 0; o < out; o++) y.push_back(expected_at(o, x));
        return y;
    }
    /// Of output o alone.
    int8_t expected_at(int o, const std::vector<int8_t>& x) const {
        const size_t row = static_cast<size_t>(o) * static_cast<size_t>(in);
        int64_t sum = bias[static_cast<size_t>(o)];
        for (size_t i = 0; i < static_cast<size_t>(in); i++) sum += weights[row + i] * x[i];
        const size_t channel = multiplier.size() > 1 ? static_cast<size_t>(o) : 0;
        const int64_t code = oracle_multiply(sum, multiplier[channel], shift[channel]) + zero_point;
        return static_cast<int8_t>(std::clamp<int64_t>(code, low, high));
    }
};

/// What a random layer is to look like.
struct Int8Choice {
    bool per_output = true;
    bool extreme_weights = false;
    int max_shift = -1;  ///< shifts lie within four of this one
};

class Int8Numbers {
  public:
    explicit Int8Numbers(uint64_t seed) : numbers_(seed) {}

    int between(int low, int high) {
        return low + static_cast<int>(numbers_.in(0.0f, 1.0f) * static_cast<float>(high - low + 1));
    }
    std::vector<int8_t> codes(int n) {
        std::vector<int8_t> values(static_cast<size_t>(n));
        for (int8_t& value : values) value = static_cast<int8_t>(between(-128, 127));
        return values;
    }

    Int8Layer layer(int in, int out, Int8Choice choice) {
        Int8Layer layer{in, out, {}, {}, {}, {}, 0, 0, 0};
        for (int i = 0; i < in * out; i++) {
            const int extreme = between(0, 1) == 0 ? -127 : 127;
            layer.weights.push_back(
                static_cast<int8_t>(choice.extreme_weights ? extreme : between(-127, 127)));
        }
        for (int o = 0; o < out; o++) layer.bias.push_back(between(-20000, 20000));
        const int channels = choice.per_output ? out : 1;
        for (int c = 0; c < channels; c++) {
            const bool zero = between(0, 15) == 0;
            layer.multiplier.push_back(zero ? 0 : between(1 << 15, (1 << 16) - 1) << 15 | 21845);
            layer.shift.push_back(static_cast<int8_t>(zero ? 0 : choice.max_shift - between(0, 4)));
        }
        layer.zero_point = static_cast<int8_t>(between(-128, 127));
        layer.low = static_cast<int8_t>(between(0, 3) == 0 ? layer.zero_point : -128);
        layer.high = 127;
        return layer;
    }

  private:
    Numbers numbers_;
};

/// A layer in a platform's packing, in guarded memory.
struct PackedInt8Layer {
    Packing packing;
    int in, out;
    Guarded<int8_t> weights;
    Guarded<int32_t> bias;
    Guarded<int32_t> multiplier;
    Guarded<int8_t> shift;
    Requantization rule;

    PackedInt8Layer(const Int8Layer& layer, Packing p, Side guarded)
        : packing(p),
          in(layer.in),
          out(layer.out),
          weights(std::vector<int8_t>(static_cast<size_t>(packed_weights(p, in, out))), guarded),
          bias(std::vector<int32_t>(static_cast<size_t>(packed_biases(p, out))), guarded),
          multiplier(padded(layer.multiplier), guarded),
          shift(padded(layer.shift), guarded) {
        pack_weights(p, in, out, layer.weights.data(), weights.data());
        pack_bias(p, in, out, layer.weights.data(), layer.bias.data(), bias.data());
        rule = {bias.data(),      multiplier.data(), shift.data(), layer.multiplier.size() != 1,
                layer.zero_point, layer.low,         layer.high};
    }

    template <class T>
    std::vector<T> padded(std::vector<T> channels) const {
        if (channels.size() > 1) channels.resize(static_cast<size_t>(packed_outputs(packing, out)));
        return channels;
    }

    /// True when nothing around and nothing in the layer's memory has changed.
    bool intact() const {
        return weights.intact() && bias.intact() && multiplier.intact() && shift.intact();
    }
};

/// Scratch memory for a layer of `in` inputs.
struct Scratch {
    std::vector<int64_t> words;
    explicit Scratch(int in) : words(static_cast<size_t>(scratch_bytes(in)) / 8 + 2) {}
    void* data() {
        const uintptr_t at = reinterpret_cast<uintptr_t>(words.data());
        return reinterpret_cast<void*>((at + 15) / 16 * 16);
    }
};

}  // namespace nutshell::tests
