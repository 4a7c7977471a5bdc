// SPDX-License-Identifier: MIT
// dense_int8 on every platform that runs here against 64-bit integers: a million pairs of layer and
// input, 1 to 1030 inputs and outputs, extreme weights, every corner of the requantization.
// Minutes; not part of the test run:
//
//     cmake --build build/host --target exhaustive_int8 && build/host/tests/exhaustive_int8
//     [LAYERS]
//
// Ends with 1 at the first byte that differs.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <list>
#include <map>
#include <set>

#include "tests/int8_fixture.hpp"

namespace nutshell::tests {

const char* const emulated_platform = nullptr;

namespace {

constexpr int kLayers = 16000, kInputsPerLayer = 100, kWidest = 1030;

class Corners {
  public:
    explicit Corners(uint64_t seed) : numbers_(seed) {}

    /// A layer whose sums, shifted, use all of the range that the contract allows, or little.
    Int8Layer layer() {
        Int8Layer layer{width(), width(), {}, {}, {}, {}, 0, 0, 0};
        const int weights = pick(4);
        for (int i = 0; i < layer.in * layer.out; i++) layer.weights.push_back(weight(weights));
        const int64_t largest = int64_t{127} * 128 * layer.in;
        const int left = pick(3) == 0 ? pick(31) : 0;
        const int64_t room = (kMaxSum >> left) - largest;
        const bool per_output = pick(2) == 0, fits = room > 0;
        const int shifts = pick(6);
        const int bias = pick(3) == 0 ? 25000 : kMaxSum;
        const int64_t most = std::min<int64_t>(bias, fits ? room : kMaxSum - largest);
        for (int o = 0; o < layer.out; o++) {
            layer.bias.push_back(static_cast<int32_t>(most * numbers_.between(-64, 64) / 64));
        }
        const double sum = pick(2) == 0 ? static_cast<double>(largest) : 5000 * std::sqrt(layer.in);
        const int fitting = 6 - std::ilogb(sum + static_cast<double>(most) / 2);  // to few bits
        for (int c = 0; c < (per_output ? layer.out : 1); c++) {
            layer.multiplier.push_back(multiplier());
            const bool zero = layer.multiplier.back() == 0;
            layer.shift.push_back(
                static_cast<int8_t>(zero ? 0 : shift(shifts, fitting, fits ? left : 0)));
        }
        layer.zero_point = code();
        const int8_t low = pick(2) == 0 ? int8_t{-128} : layer.zero_point;
        layer.low = pick(4) == 0 ? code() : low;
        layer.high = pick(4) == 0 ? std::max(code(), layer.low) : int8_t{127};
        return layer;
    }

    std::vector<int8_t> input(int n) {
        std::vector<int8_t> x(static_cast<size_t>(n));
        const int kind = pick(4);
        for (int8_t& value : x) {
            const int8_t extreme = pick(2) == 0 ? int8_t{-128} : int8_t{127};
            value = kind == 0   ? int8_t{-128}
                    : kind == 1 ? int8_t{127}
                    : kind == 2 ? extreme
                                : any();
        }
        return x;
    }

  private:
    int pick(int kinds) { return numbers_.between(0, kinds - 1); }
    int8_t any() { return static_cast<int8_t>(numbers_.between(-128, 127)); }
    int8_t code() { return pick(3) == 0 ? int8_t{-128} : pick(3) == 0 ? int8_t{127} : any(); }

    /// Small ones as often as large ones, on a logarithmic scale.
    int width() {
        const double exponent = numbers_.between(0, 1 << 20) / static_cast<double>(1 << 20);
        return std::min(kWidest, static_cast<int>(std::pow(kWidest + 1.0, exponent)));
    }

    int8_t weight(int kind) {
        switch (kind) {
            case 0:
                return 127;
            case 1:
                return pick(2) == 0 ? int8_t{-127} : int8_t{127};
            case 2:
                return pick(4) == 0 ? static_cast<int8_t>(numbers_.between(-127, 127)) : int8_t{0};
            default:
                return static_cast<int8_t>(numbers_.between(-127, 127));
        }
    }

    int32_t multiplier() {
        switch (pick(8)) {
            case 0:
                return 0;
            case 1:
                return 1 << 30;
            case 2:
                return INT32_MAX;
            default:
                return (1 << 30) + numbers_.between(0, (1 << 20) - 1) * 1024 + pick(1024);
        }
    }

    int shift(int kind, int fitting, int left) {
        switch (kind) {
            case 0:
                return numbers_.between(kMinShift, left);
            case 1:
                return pick(2) == 0 ? left : 0;
            default:
                return std::clamp(fitting + numbers_.between(-2, 1), kMinShift, left);
        }
    }

    Int8Numbers numbers_;
};

/// A layer on one platform, with arrays that end or begin at forbidden memory.
struct Runner {
    const platform::Platform* platform;
    PackedInt8Layer packed;
    Guarded<int8_t> x, y;
    Scratch scratch;

    Runner(const platform::Platform& where, const Int8Layer& layer, Side side)
        : platform(&where),
          packed(layer, where.kernels->int8_packing, side),
          x(std::vector<int8_t>(static_cast<size_t>(layer.in)), side),
          y(std::vector<int8_t>(static_cast<size_t>(layer.out)), side),
          scratch(layer.in) {}

    bool gives(const std::vector<int8_t>& input, const std::vector<int8_t>& expected) {
        std::copy(input.begin(), input.end(), x.data());
        platform->kernels->dense_int8(packed.in, packed.out, packed.weights.data(), packed.rule,
                                      x.data(), y.data(), scratch.data());
        return std::equal(expected.begin(), expected.end(), y.data());
    }
    bool intact() const { return packed.intact() && x.intact() && y.intact(); }
};

int sweep(int layers) {
    Corners corners(7);
    std::set<std::pair<int, int>> shapes;
    std::map<int, int> shifts;
    long pairs = 0;
    int64_t outputs = 0, free = 0;  // free: between the bounds, where every bit of the sum counts
    for (int i = 0; i < layers; i++) {
        const Int8Layer layer = corners.layer();
        shapes.insert({layer.in, layer.out});
        for (const int8_t shift : layer.shift) shifts[shift]++;
        std::list<Runner> runners;
        for_each_platform([&](const platform::Platform& platform) {
            runners.emplace_back(platform, layer, i % 2 == 0 ? Side::begin : Side::end);
        });
        for (int k = 0; k < kInputsPerLayer; k++, pairs++) {
            const std::vector<int8_t> x = corners.input(layer.in), expected = layer.expected(x);
            outputs += layer.out;
            for (const int8_t y : expected) free += y > layer.low && y < layer.high ? 1 : 0;
            for (Runner& runner : runners) {
                if (runner.gives(x, expected)) continue;
                std::printf("%s differs: layer %d, %d -> %d, input %d\n", runner.platform->name, i,
                            layer.in, layer.out, k);
                return 1;
            }
        }
        for (const Runner& runner : runners) {
            if (runner.intact()) continue;
            std::printf("%s wrote outside its output: layer %d\n", runner.platform->name, i);
            return 1;
        }
    }
    std::printf(
        "%ld pairs, %d layers of %zu shapes, %zu different shifts, %.0f %% of the outputs "
        "between their bounds; all bytes equal on:",
        pairs, layers, shapes.size(), shifts.size(),
        100.0 * static_cast<double>(free) / static_cast<double>(outputs));
    for_each_platform(
        [](const platform::Platform& platform) { std::printf(" %s", platform.name); });
    std::printf("\n");
    return 0;
}

}  // namespace
}  // namespace nutshell::tests

int main(int argc, char** argv) {
    const int layers = argc > 1 ? std::atoi(argv[1]) : nutshell::tests::kLayers;
    if (argc > 2 || layers < 1) {
        std::puts("usage: exhaustive_int8 [LAYERS]");
        return 2;
    }
    return nutshell::tests::sweep(layers);
}
