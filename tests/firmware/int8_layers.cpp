// SPDX-License-Identifier: MIT
// On a board: int8 layers over images give what plain sums over the taps give, for random shapes,
// strides, dilations and paddings. (Hosts compare more of them with 64-bit integers.)
#include "nutshell/layers/layers.hpp"
#include "random_layers.hpp"

using namespace nutshell;
using namespace nutshell::tests;

namespace {

/// A side of an image and how a window goes over it: `size` inputs, `places` results.
struct Side {
    int size, places, taps, stride, dilation, before, after;

    explicit Side(Random& random) {
        for (int room = -1; room < 0;) {
            size = random.between(1, 7);
            taps = random.between(1, 3);
            stride = random.between(1, 3);
            dilation = random.between(1, 2);
            const int reach = (taps - 1) * dilation + 1;
            before = random.between(0, reach - 1);
            after = random.between(0, reach - 1);
            room = size + before + after - reach;
            places = room / stride + 1;
        }
    }
    /// The input that a tap of a place meets, -1 outside of the image.
    int input(int place, int tap) const {
        const int at = place * stride - before + tap * dilation;
        return at < size ? at : -1;
    }
    /// The place whose tap meets an input, or -1.
    int place(int input, int tap) const {
        const int at = input + before - tap * dilation;
        return at >= 0 && at % stride == 0 && at / stride < places ? at / stride : -1;
    }
};

uint8_t byte(int n) { return static_cast<uint8_t>(n); }

class Test : RandomLayers {
  public:
    Test() : RandomLayers(20251203) {}

    void check(Kind kind) {
        arena_.clear();
        const Side down(random_), across(random_);
        const int in = random_.between(0, 2) > 0 ? random_.between(1, 6) : 16;
        const int out = kind == Kind::depthwise_conv2d ? in : random_.between(1, 19);
        Row row = row_of(kind, down, across, in, out);
        if (!valid(row)) return;
        const WeightMatrix matrix = weight_matrix(row);
        const Packing packing = kernels::int8_packing();
        const Layer layer = take_layer(packing_of(kind, packing), matrix.inputs, matrix.outputs,
                                       {random_.between(0, 1) == 0, false, 20000, -5});
        const int8_t zero = input(false);
        row.activation =
            layer.rule.low == layer.rule.zero_point ? Activation::relu : Activation::linear;
        Int8Tensors tensors{layer.packed, layer.rule.bias, layer.rule.multiplier, layer.rule.shift,
                            nullptr,      packing,         layer.rule.per_output};
        tensors.in.zero_point = zero;
        tensors.sum.zero_point = layer.rule.zero_point;

        int8_t* x = arena_.take<int8_t>(row.in.size(), 1);
        for (int i = 0; i < row.in.size(); i++) x[i] = input(false);
        int8_t* y = arena_.take<int8_t>(row.out.size(), 3);
        int8_t* scratch = arena_.take<int8_t>(int8_scratch_bytes(row), 0);
        visit_kind(kind, 0, [&](auto layers) noexcept {
            if constexpr (decltype(layers)::has_int8) {
                decltype(layers)::forward(row, tensors, x, y, scratch);
            }
            return 0;
        });
        Requantization rule = layer.canonical;
        rule.low = row.activation == Activation::relu ? rule.zero_point : int8_t{-128};
        rule.high = 127;
        bool right = arena_.intact();
        for (int i = 0; i < row.out.size(); i++) {
            const int channel = i % out, column = i / out % row.out.width;
            int32_t sum = rule.bias[channel];
            for (int a = 0; a < down.taps; a++) {
                for (int b = 0; b < across.taps; b++) {
                    const bool back = kind == Kind::transposed_conv2d;
                    const int p = i / out / row.out.width;
                    const int at_row = back ? down.place(p, a) : down.input(p, a);
                    const int at_column = back ? across.place(column, b) : across.input(column, b);
                    const int8_t* pixel = at_row < 0 || at_column < 0
                                              ? nullptr
                                              : x + (at_row * row.in.width + at_column) * in;
                    sum += tap_sum(layer.weights + channel * matrix.inputs, kind, channel,
                                   a * across.taps + b, in, pixel, zero);
                }
            }
            right = right && y[i] == requantize(sum, rule, channel);
        }
        expect(right, in, out);
    }
    using RandomLayers::finish;

  private:
    static Row row_of(Kind kind, const Side& down, const Side& across, int in, int out) {
        Window window{};
        window.height = byte(down.taps), window.width = byte(across.taps);
        window.stride_height = byte(down.stride), window.stride_width = byte(across.stride);
        window.dilation_height = byte(down.dilation), window.dilation_width = byte(across.dilation);
        window.top = byte(down.before), window.bottom = byte(down.after);
        window.left = byte(across.before), window.right = byte(across.after);
        const bool back = kind == Kind::transposed_conv2d;
        const Shape wide{down.size, across.size, back ? out : in};
        const Shape narrow{down.places, across.places, back ? in : out};
        return {kind, Activation::linear, back ? narrow : wide, back ? wide : narrow, 0.0f, window};
    }

    /// What a tap adds: all channels of its pixel, or one; zeros where there is none.
    static int32_t tap_sum(const int8_t* weights, Kind kind, int channel, int tap, int channels,
                           const int8_t* pixel, int8_t zero) {
        if (kind == Kind::depthwise_conv2d) {
            return weights[tap] * (pixel ? pixel[channel] : zero);
        }
        int32_t sum = 0;
        for (int c = 0; c < channels; c++) {
            sum += weights[tap * channels + c] * (pixel ? pixel[c] : zero);
        }
        return sum;
    }
};

}  // namespace

int main() {
    Test test;
    for (int i = 0; i < 150; i++) {
        test.check(Kind::conv2d);
        test.check(Kind::transposed_conv2d);
        test.check(Kind::depthwise_conv2d);
    }
    return test.finish();
}
