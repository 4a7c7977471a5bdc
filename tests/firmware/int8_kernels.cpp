// SPDX-License-Identifier: MIT
// On a board: the int8 kernels that the image is bound to give the reference's bytes (which hosts
// compare with 64-bit integers), at all small sizes, unaligned and guarded, at random large ones,
// with extreme weights and every kind of requantization.
#include "random_layers.hpp"

using namespace nutshell;
using namespace nutshell::tests;

namespace {

class Test : RandomLayers {
  public:
    Test() : RandomLayers(20241124) {}

    void small_sizes() {
        for (int in = 0; in <= 35; in++) {
            for (int out = 0; out <= 19; out++) {
                check_layer(in, out, {(in + out) % 2 == 0, false, 20000, -4});
            }
        }
    }

    void large_sizes() {
        for (int i = 0; i < 120; i++) {
            int a = random_.between(1, 1030);
            // Weights in both orders have to fit, with room for the smaller arrays.
            const int room =
                static_cast<int>(arena_.left() > 200000 ? 200000 : arena_.left() - 2500);
            int most = room / (2 * ((a + 15) & ~15)) - 4;
            if (most > 1030) most = 1030;
            int b = random_.between(1, most > 1 ? most : 1);
            // 20 bytes go with each output.
            if (b * ((a + 15) & ~15) * 2 + b * 20 > room) b = 1;
            const Choice choice{random_.between(0, 1) == 0, random_.between(0, 7) == 0, 100000,
                                random_.between(-12, -5)};
            check_layer(a, b, choice);
        }
    }

    void outputs_in_the_hundreds() {
        for (int in = 1; in <= 9; in += 4) check_layer(in, 233, {in > 4, false, 20000, -4});
    }

    void rows() {
        for (int in = 0; in <= 19; in++) {
            for (int out = 0; out <= 11; out++) {
                const int shift = out % 4 == 3 ? 1 : -4;
                check_rows(in, out, random_.between(0, 5),
                           {in % 2 == 0, in % 5 == 0, 20000, shift});
            }
        }
        for (int i = 0; i < 20; i++) {
            check_rows(random_.between(20, 90), random_.between(1, 20), random_.between(1, 5),
                       {i % 2 == 0, i % 5 == 0, 100000, random_.between(-9, -5)});
        }
    }

    void channels() {
        for (int taps = 0; taps <= 9; taps++) {
            for (int count = 0; count <= 19; count++) {
                check_channels(taps, count, {count % 2 == 0, taps % 5 == 0, 20000, -4});
            }
        }
    }

    void all_shifts() {
        for (int shift = -27; shift <= 10; shift++) {
            for (int out = 1; out <= 21; out += 4) {
                check_layer(5, out, {false, false, 20000, shift});
                check_layer(5, out, {true, false, 20000, shift});
                check_layer(8, out, {false, false, 20000, shift});
            }
        }
        // Sums of any size the contract allows, so that no bit of the product is lost.
        for (int i = 0; i < 400; i++) {
            check_layer(0, 8, {true, false, kMaxSum, random_.between(-27, -1)});
            check_layer(0, 8, {false, false, kMaxSum >> 4, random_.between(0, 4)});
        }
    }

    void ties() {
        for (int shift = -31; shift <= 0; shift++) {
            arena_.clear();
            const int out = 20;
            int32_t* bias = arena_.take<int32_t>(out, 4);
            int32_t multiplier = 1 << 30;
            const int8_t code = static_cast<int8_t>(shift);
            const int64_t unit = int64_t{1} << -shift;
            for (int i = 0; i < out; i++) {
                int64_t sum = (i / 4 - 2) * unit + i % 4 - 1;
                if (sum > kMaxSum || sum < -kMaxSum) sum = i;
                bias[i] = static_cast<int32_t>(sum);
            }
            const Requantization rule{bias, &multiplier, &code, false, 3, -128, 127};
            run_and_compare(0, out, nullptr, nullptr, rule, rule);
        }
    }

    void tables() {
        for (int n = 0; n <= 260; n++) {
            arena_.clear();
            int8_t* table = arena_.take<int8_t>(256, 1);
            int8_t* x = arena_.take<int8_t>(n, static_cast<size_t>(n % 4));
            int8_t* expected = arena_.take<int8_t>(n, 0);
            for (int i = 0; i < 256; i++) table[i] = static_cast<int8_t>(random_.next() >> 24);
            for (int i = 0; i < n; i++) x[i] = static_cast<int8_t>(n - 7 * i);
            memcpy(expected, x, static_cast<size_t>(n));
            kernels::look_up(n, table, x);
            Reference::look_up(n, table, expected);
            expect(memcmp(x, expected, static_cast<size_t>(n)) == 0 && arena_.intact(), n, 0);
        }
    }

    void distances() {
        for (int groups = 0; groups <= 3; groups++) {
            for (int n = 0; n <= 19; n++) check_distances(groups, n);
        }
    }

    using RandomLayers::finish;

  private:
    /// Of bytes, and of as many words of bits.
    void check_distances(int groups, int n) {
        arena_.clear();
        const int count = groups * kGroupCodes, bytes = round_up(n, kGroupBytes);
        int8_t* query = arena_.take<int8_t>(n, static_cast<size_t>(n % 4));
        int8_t* codes = arena_.take<int8_t>(bytes * count, static_cast<size_t>(groups % 4));
        uint32_t* words = arena_.take<uint32_t>(n, 4);
        uint32_t* bits = arena_.take<uint32_t>(n * count, 4);
        int32_t* ours = arena_.take<int32_t>(count, 4);
        int32_t* expected = arena_.take<int32_t>(count, 4);
        for (int i = 0; i < n; i++) query[i] = input(n % 5 == 0);
        for (int i = 0; i < bytes * count; i++) {
            const int number =
                i / (kGroupCodes * kGroupBytes) % (bytes / kGroupBytes) * kGroupBytes +
                i % kGroupBytes;
            codes[i] = number < n ? input(n % 5 == 0) : int8_t{0};
        }
        for (int i = 0; i < n; i++) words[i] = random_.next();
        for (int i = 0; i < n * count; i++) bits[i] = random_.next();
        const size_t size = static_cast<size_t>(count) * sizeof(int32_t);
        kernels::squared_distances_int8(groups, n, query, codes, ours);
        Reference::squared_distances_int8(groups, n, query, codes, expected);
        expect(memcmp(ours, expected, size) == 0 && arena_.intact(), n, groups);
        kernels::hamming_distances(groups, n, words, bits, ours);
        Reference::hamming_distances(groups, n, words, bits, expected);
        expect(memcmp(ours, expected, size) == 0 && arena_.intact(), n, groups);
    }

    /// Rows of inputs that overlap, or lie apart.
    void check_rows(int in, int out, int rows, Choice choice) {
        arena_.clear();
        const int stride = random_.between(0, in + 3);
        const Layer layer = take_layer(kernels::int8_packing(), in, out, choice);
        const int codes = rows > 0 ? (rows - 1) * stride + in : 0;
        int8_t* x = arena_.take<int8_t>(codes, static_cast<size_t>(random_.between(0, 3)));
        for (int i = 0; i < codes; i++) x[i] = input(choice.extreme);
        int8_t* y = arena_.take<int8_t>(rows * out, static_cast<size_t>(random_.between(0, 3)));
        int8_t* expected = arena_.take<int8_t>(rows * out, 0);
        int8_t* scratch = arena_.take<int8_t>(rows_scratch_bytes(in), 0);
        kernels::dense_rows_int8(rows, in, out, layer.packed, layer.rule, x, stride, y, scratch);
        Reference::dense_rows_int8(rows, in, out, layer.weights, layer.canonical, x, stride,
                                   expected, nullptr);
        expect(memcmp(y, expected, static_cast<size_t>(rows * out)) == 0 && arena_.intact(), in,
               out);
    }

    void check_channels(int taps, int count, Choice choice) {
        arena_.clear();
        const Layer layer = take_layer(Packing::canonical, taps, count, choice);
        const int8_t* places[9];
        int8_t* x = arena_.take<int8_t>(taps * count, static_cast<size_t>(random_.between(0, 3)));
        for (int i = 0; i < taps * count; i++) x[i] = input(choice.extreme);
        for (int t = 0; t < taps; t++) places[t] = x + (taps - 1 - t) * count;
        int8_t* y = arena_.take<int8_t>(count, static_cast<size_t>(random_.between(0, 3)));
        int8_t* expected = arena_.take<int8_t>(count, 0);
        kernels::depthwise_int8(taps, count, layer.weights, layer.rule, places, y);
        Reference::depthwise_int8(taps, count, layer.weights, layer.canonical, places, expected);
        expect(memcmp(y, expected, static_cast<size_t>(count)) == 0 && arena_.intact(), taps,
               count);
    }

    void check_layer(int in, int out, Choice choice) {
        arena_.clear();
        const Layer layer = take_layer(kernels::int8_packing(), in, out, choice);
        int8_t* x = arena_.take<int8_t>(in, static_cast<size_t>(random_.between(0, 3)));
        for (int i = 0; i < in; i++) x[i] = input(choice.extreme);
        weights_ = layer.weights;
        run_and_compare(in, out, layer.packed, x, layer.rule, layer.canonical);
    }

    void run_and_compare(int in, int out, const int8_t* packed, const int8_t* x,
                         const Requantization& rule, const Requantization& canonical) {
        int8_t* y = arena_.take<int8_t>(out, static_cast<size_t>(random_.between(0, 3)));
        int8_t* expected = arena_.take<int8_t>(out, 0);
        int8_t* scratch = arena_.take<int8_t>(scratch_bytes(in), 0);
        kernels::dense_int8(in, out, packed, rule, x, y, scratch);
        Reference::dense_int8(in, out, weights_, canonical, x, expected, nullptr);
        expect(memcmp(y, expected, static_cast<size_t>(out)) == 0 && arena_.intact(), in, out);
    }

    const int8_t* weights_ = nullptr;  ///< [out][in] of the layer
};

/// A layer run by `layer_kernel`, for the measurement of its stack.
decltype(&kernels::dense_int8) layer_kernel;
int8_t small[64];
void run_layer() {
    static const int32_t numbers[4] = {1 << 30, 1 << 30, 1 << 30, 1 << 30};
    static const int8_t shifts[4] = {-7, -7, 0, -7};
    const Requantization rule{numbers, numbers, shifts, true, 0, -100, 100};
    alignas(16) int8_t scratch[32];
    layer_kernel(9, 3, small, rule, small, small + 50, scratch);
}
void nothing(int, int, const int8_t*, const Requantization&, const int8_t*, int8_t*,
             void*) noexcept {}

/// Bytes of stack below the call of dense_int8, in its deepest case.
int32_t stack_of_a_layer() {
    layer_kernel = nothing;
    const size_t caller = board::stack_of(run_layer);
    layer_kernel = kernels::dense_int8;
    return static_cast<int32_t>(board::stack_of(run_layer) - caller);
}
constexpr int32_t kStackBudget = 208;

}  // namespace

int main() {
    const int32_t stack = stack_of_a_layer();
    board::print("stack of a layer, bytes: ");
    board::print(stack);
    board::print("\n");
    if (stack > kStackBudget) return 1;
    Test test;
    test.small_sizes();
    test.large_sizes();
    test.outputs_in_the_hundreds();
    test.rows();
    test.channels();
    test.all_shifts();
    test.ties();
    test.tables();
    test.distances();
    return test.finish();
}
