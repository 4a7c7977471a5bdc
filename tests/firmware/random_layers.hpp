// SPDX-License-Identifier: MIT
// Random int8 layers in guarded memory of a board, and the count of what was right.
#pragma once
#include "arena.hpp"
#include "nutshell/kernels.hpp"

namespace nutshell::tests {

struct Choice {
    bool per_output;
    bool extreme;      ///< all weights and inputs at their bounds
    int32_t max_bias;  ///< magnitude
    int max_shift;     ///< shifts lie within four of this one
};

class RandomLayers {
  public:
    explicit RandomLayers(uint32_t seed) : arena_(board::free_memory()), random_(seed) {}

    int finish() const {
        board::print("checked layers and tables: ");
        board::print(checks_);
        board::print(", wrong: ");
        board::print(failures_);
        board::print("\n");
        return checks_ > 0 && failures_ == 0 ? 0 : 1;
    }

  protected:
    void expect(bool right, int in, int out) {
        checks_++;
        if (right) return;
        if (failures_++ > 20) return;
        board::print("wrong: in ");
        board::print(in);
        board::print(" out ");
        board::print(out);
        board::print("\n");
    }

    int8_t weight(bool extreme) {
        if (extreme) return random_.between(0, 1) == 0 ? -127 : 127;
        return static_cast<int8_t>(random_.between(-127, 127));
    }
    int8_t input(bool extreme) {
        if (extreme) return random_.between(0, 1) == 0 ? -128 : 127;
        return static_cast<int8_t>(random_.between(-128, 127));
    }

    /// A random layer, packed for the kernel and as it is for the reference.
    struct Layer {
        int8_t *weights, *packed;
        Requantization rule, canonical;
    };
    Layer take_layer(Packing packing, int in, int out, Choice choice) {
        const int channels = choice.per_output ? packed_outputs(packing, out) : 1;
        int32_t* bias = arena_.take<int32_t>(out, 4);
        int32_t* packed_bias = arena_.take<int32_t>(packed_biases(packing, out), 4);
        int32_t* multiplier = arena_.take<int32_t>(channels, 8);
        int8_t* shift = arena_.take<int8_t>(channels, 1);
        int8_t* weights = arena_.take<int8_t>(in * out, 0);
        int8_t* packed = arena_.take<int8_t>(packed_weights(packing, in, out), 4);
        for (int i = 0; i < in * out; i++) weights[i] = weight(choice.extreme);
        for (int o = 0; o < out; o++) bias[o] = random_.between(-choice.max_bias, choice.max_bias);
        for (int c = 0; c < channels; c++) {
            const bool zero = c >= out || random_.between(0, 15) == 0;
            multiplier[c] = zero ? 0 : static_cast<int32_t>(random_.next() >> 2 | 1u << 30);
            shift[c] = static_cast<int8_t>(zero ? 0 : choice.max_shift - random_.between(0, 4));
        }
        pack_weights(packing, in, out, weights, packed);
        pack_bias(packing, in, out, weights, bias, packed_bias);
        const int8_t zero_point = static_cast<int8_t>(random_.between(-128, 127));
        const int8_t low = random_.between(0, 3) == 0 ? zero_point : int8_t{-128};
        const int8_t high = random_.between(0, 3) == 0 ? int8_t{127} : int8_t{100};
        const Requantization rule{packed_bias,
                                  multiplier,
                                  shift,
                                  choice.per_output,
                                  zero_point,
                                  low,
                                  high < low ? low : high};
        Requantization canonical = rule;
        canonical.bias = bias;
        return {weights, packed, rule, canonical};
    }

    Arena arena_;
    Random random_;

  private:
    int32_t checks_ = 0;
    int32_t failures_ = 0;
};

}  // namespace nutshell::tests
