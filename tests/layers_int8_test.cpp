// SPDX-License-Identifier: MIT
// int8 layers that go over images give, on every platform, the bytes that 64-bit integers give:
// random shapes, kernels, strides, dilations and paddings.
#include <doctest/doctest.h>

#include <cmath>
#include <string>

#include "int8_fixture.hpp"
#include "nutshell/layers/layers.hpp"
#include "nutshell/packing_int4.hpp"
#include "platform/bind.hpp"

using namespace nutshell;
using namespace nutshell::tests;

namespace {

// With the reference and two instruction sets more than 10^5 layers in all.
#if defined(NUTSHELL_TEST_EMULATED) || defined(NUTSHELL_TEST_SANITIZED)
constexpr int kCases = 300;
#else
constexpr int kCases = 7000;
#endif

/// A side of an image and how a window goes over it.
struct Side1 {
    int size, places, taps, stride, dilation, before, after;
};

Side1 random_side(Int8Numbers& numbers) {
    for (;;) {
        Side1 side{};
        side.size = numbers.between(1, 9);
        side.taps = numbers.between(1, 4);
        side.stride = numbers.between(1, 3);
        side.dilation = numbers.between(1, 3);
        const int reach = (side.taps - 1) * side.dilation + 1;
        side.before = numbers.between(0, reach - 1);
        side.after = numbers.between(0, reach - 1);
        const int room = side.size + side.before + side.after - reach;
        if (room < 0) continue;
        side.places = room / side.stride + 1;
        return side;
    }
}

uint8_t byte(int n) { return static_cast<uint8_t>(n); }

/// An image, how a window goes over it, and the image that its places make.
struct Geometry {
    Side1 down, across;

    explicit Geometry(Int8Numbers& numbers)
        : down(random_side(numbers)), across(random_side(numbers)) {}
    void without_dilation(Int8Numbers& numbers) {
        while (down.dilation != 1) down = random_side(numbers);
        while (across.dilation != 1) across = random_side(numbers);
    }
    Window window() const {
        Window window{};
        window.height = byte(down.taps), window.width = byte(across.taps);
        window.stride_height = byte(down.stride), window.stride_width = byte(across.stride);
        window.dilation_height = byte(down.dilation), window.dilation_width = byte(across.dilation);
        window.top = byte(down.before), window.bottom = byte(down.after);
        window.left = byte(across.before), window.right = byte(across.after);
        return window;
    }
    Shape wide(int channels) const { return {down.size, across.size, channels}; }
    Shape narrow(int channels) const { return {down.places, across.places, channels}; }
    int taps() const { return down.taps * across.taps; }

    /// Calls visit(place, tap, pixel) for each tap of each place that lies on the image.
    template <class Visit>
    void for_each_meeting(Visit visit) const {
        for (int i = 0; i < down.places; i++) {
            for (int j = 0; j < across.places; j++) {
                for (int a = 0; a < down.taps; a++) {
                    for (int b = 0; b < across.taps; b++) {
                        const int y = i * down.stride - down.before + a * down.dilation;
                        const int x = j * across.stride - across.before + b * across.dilation;
                        if (y < 0 || y >= down.size || x < 0 || x >= across.size) continue;
                        visit(i * across.places + j, a * across.taps + b, y * across.size + x);
                    }
                }
            }
        }
    }
};

size_t at(int n) { return static_cast<size_t>(n); }

/// Binds a platform as long as it lives.
class Bound {
  public:
    explicit Bound(const platform::Platform& platform) : before_(platform::bound_kernels()) {
        platform::bind(*platform.kernels);
    }
    ~Bound() { platform::bind(before_); }

  private:
    const Kernels& before_;
};

/// Its weights become such that fit 4 bits.
const Int8Layer& with_small_weights(Int8Layer& layer) {
    for (int8_t& weight : layer.weights) weight = static_cast<int8_t>(weight / 17);
    return layer;
}

/// A row with weights, its tensors in a platform's packing, and an input.
struct Case {
    Row row;
    Int8Layer layer;
    bool int4;
    std::vector<int8_t> x;
    int8_t zero;
    PackedInt8Layer packed;
    Int8Tensors tensors;

    std::vector<uint8_t> halves;  ///< the weights in 4 bits each, or none

    Case(const Row& r, Packing packing, Int8Numbers& numbers)
        : row(r),
          layer(numbers.layer(weight_matrix(r).inputs, weight_matrix(r).outputs,
                              {numbers.between(0, 1) == 0, false, -4})),
          int4(packs(r.kind) && numbers.between(0, 3) == 0),
          x(numbers.codes(r.in.size())),
          zero(static_cast<int8_t>(numbers.between(-128, 127))),
          packed(int4 ? with_small_weights(layer) : layer, packing_of(r.kind, packing), Side::end) {
        row.activation = layer.low == layer.zero_point ? Activation::relu : Activation::linear;
        tensors.weight = packed.weights.data();
        if (int4) {
            halves.resize(at(packed_int4_bytes(packing, layer.in, layer.out)));
            pack_int4(packing, layer.in, layer.out, layer.weights.data(), halves.data());
            tensors.weight = reinterpret_cast<const int8_t*>(halves.data());
            tensors.int4 = true;
        }
        tensors.bias = packed.bias.data();
        tensors.multiplier = packed.multiplier.data();
        tensors.shift = packed.shift.data();
        tensors.packing = packing;
        tensors.per_output = packed.rule.per_output;
        tensors.in = {1.0f, zero};
        tensors.sum = tensors.out = {1.0f, layer.zero_point};
    }

    /// The sums of an output whose inputs are all zero.
    int64_t at_rest(int output) const {
        int64_t sum = layer.bias[at(output)];
        for (int i = 0; i < layer.in; i++) sum += layer.weights[at(output * layer.in + i)] * zero;
        return sum;
    }
    /// What a weight adds when it meets an input.
    int64_t product(int output, int input, int place) const {
        return layer.weights[at(output * layer.in + input)] * (x[at(place)] - zero);
    }
    int8_t code(int64_t sum, int output) const {
        const size_t channel = layer.multiplier.size() > 1 ? at(output) : 0;
        const int64_t rounded =
            oracle_multiply(sum, layer.multiplier[channel], layer.shift[channel]) +
            layer.zero_point;
        return static_cast<int8_t>(std::clamp<int64_t>(rounded, layer.low, layer.high));
    }
    std::vector<int64_t> sums_at_rest() const {
        std::vector<int64_t> sums;
        for (int i = 0; i < row.out.size(); i++) sums.push_back(at_rest(i % row.out.channels));
        return sums;
    }
    std::vector<int8_t> codes(const std::vector<int64_t>& sums) const {
        std::vector<int8_t> result;
        for (int i = 0; i < row.out.size(); i++) {
            result.push_back(code(sums[at(i)], i % row.out.channels));
        }
        return result;
    }
};

/// What the layer makes of the input on the bound platform, in memory that ends where it must.
std::vector<int8_t> run(const Row& row, const Int8Tensors& tensors, const std::vector<int8_t>& x) {
    std::vector<int8_t> y(at(row.out.size()) + 1, 77);
    struct alignas(16) Block {
        uint8_t bytes[16];
    };
    const int32_t bytes = int8_scratch_bytes(row);
    std::vector<Block> scratch(at(round_up(bytes, 16)) / 16 + 1);
    uint8_t* const end = reinterpret_cast<uint8_t*>(scratch.data()) + bytes;
    *end = 55;
    visit_kind(row.kind, 0, [&](auto kind) noexcept {
        decltype(kind)::forward_int4(row, tensors, x.data(), y.data(), scratch.data());
        return 0;
    });
    CHECK(*end == 55);
    CHECK(y.back() == 77);
    y.pop_back();
    return y;
}

/// Calls check(bound platform, numbers) `count` times on each.
template <class Check>
void on_each_platform(uint64_t seed, int count, Check check) {
    for_each_platform([&](const platform::Platform& platform) {
        const Bound bound(platform);
        Int8Numbers numbers(seed++);
        for (int i = 0; i < count; i++) check(platform, numbers);
    });
}

Row transposed_row(const Geometry& geometry, int in, int out) {
    return {
        Kind::transposed_conv2d, Activation::linear, geometry.narrow(in), geometry.wide(out), 0.0f,
        geometry.window()};
}

/// Each input is spread over the output.
void add_transposed(const Geometry& geometry, const Case& layer, std::vector<int64_t>& sums) {
    const int in = layer.row.in.channels, out = layer.row.out.channels;
    geometry.for_each_meeting([&](int place, int tap, int pixel) {
        for (int o = 0; o < out; o++) {
            for (int c = 0; c < in; c++) {
                sums[at(pixel * out + o)] += layer.product(o, tap * in + c, place * in + c);
            }
        }
    });
}

/// `cases` of a kind with weights against the sums that `add` collects.
template <class MakeRow, class Add>
void check_weighted(uint64_t seed, int cases, MakeRow make_row, Add add) {
    int wrong = 0, checked = 0;
    on_each_platform(seed, cases, [&](const platform::Platform& platform, Int8Numbers& numbers) {
        const Geometry geometry(numbers);
        const Row row = make_row(geometry, numbers);
        if (!valid(row)) return;
        const Case layer(row, platform.kernels->int8_packing, numbers);
        std::vector<int64_t> sums = layer.sums_at_rest();
        add(geometry, layer, sums);
        checked++;
        wrong += run(layer.row, layer.tensors, layer.x) != layer.codes(sums);
    });
    CHECK(wrong == 0);
    CHECK(checked > cases / 2);
}

}  // namespace

TEST_CASE("Conv2D in int8 gives the oracle's bytes") {
    check_weighted(
        11, kCases,
        [](const Geometry& geometry, Int8Numbers& numbers) {
            const int in = numbers.between(1, 5), out = numbers.between(1, 9);
            return Row{Kind::conv2d, Activation::linear, geometry.wide(in), geometry.narrow(out),
                       0.0f,         geometry.window()};
        },
        [](const Geometry& geometry, const Case& layer, std::vector<int64_t>& sums) {
            const int in = layer.row.in.channels, out = layer.row.out.channels;
            geometry.for_each_meeting([&](int place, int tap, int pixel) {
                for (int o = 0; o < out; o++) {
                    for (int c = 0; c < in; c++) {
                        sums[at(place * out + o)] += layer.product(o, tap * in + c, pixel * in + c);
                    }
                }
            });
        });
}

TEST_CASE(
    "TransposedConv2D in int8 gives the oracle's bytes: each input is spread over the output") {
    check_weighted(
        12, kCases,
        [](const Geometry& geometry, Int8Numbers& numbers) {
            const int in = numbers.between(1, 5), out = numbers.between(1, 9);
            return transposed_row(geometry, in, out);
        },
        add_transposed);
}

TEST_CASE("TransposedConv2D in int8 gives the oracle's bytes for more outputs than go together") {
    check_weighted(
        16, kCases / 100,
        [](const Geometry& geometry, Int8Numbers& numbers) {
            const int in = numbers.between(1, 17), out = numbers.between(60, 140);
            return transposed_row(geometry, in, out);
        },
        add_transposed);
}

TEST_CASE("DepthwiseConv2D in int8 gives the oracle's bytes") {
    check_weighted(
        13, kCases,
        [](const Geometry& geometry, Int8Numbers& numbers) {
            const int channels = numbers.between(1, 9);
            return Row{Kind::depthwise_conv2d,
                       Activation::linear,
                       geometry.wide(channels),
                       geometry.narrow(channels),
                       0.0f,
                       geometry.window()};
        },
        [](const Geometry& geometry, const Case& layer, std::vector<int64_t>& sums) {
            const int channels = layer.row.in.channels;
            geometry.for_each_meeting([&](int place, int tap, int pixel) {
                for (int c = 0; c < channels; c++) {
                    sums[at(place * channels + c)] += layer.product(c, tap, pixel * channels + c);
                }
            });
        });
}

TEST_CASE("pools in int8 give the largest code, and the mean of the codes that there are") {
    int wrong_max = 0, wrong_mean = 0, checked = 0;
    on_each_platform(14, kCases, [&](const platform::Platform&, Int8Numbers& numbers) {
        Geometry geometry(numbers);
        geometry.without_dilation(numbers);
        const int channels = numbers.between(1, 5);
        Row row{Kind::max_pool2d,
                Activation::linear,
                geometry.wide(channels),
                geometry.narrow(channels),
                0.0f,
                geometry.window()};
        if (!valid(row)) return;
        const std::vector<int8_t> x = numbers.codes(row.in.size());
        const size_t places = at(row.out.size());
        std::vector<int8_t> most(places, -128), mean(places);
        std::vector<int64_t> sum(places), count(places);
        geometry.for_each_meeting([&](int place, int, int pixel) {
            for (int c = 0; c < channels; c++) {
                const size_t to = at(place * channels + c);
                most[to] = std::max(most[to], x[at(pixel * channels + c)]);
                sum[to] += x[at(pixel * channels + c)];
                count[to]++;
            }
        });
        for (size_t i = 0; i < places; i++) {  // to the nearest, ties away from zero
            const double exact = static_cast<double>(sum[i]) / static_cast<double>(count[i]);
            mean[i] = static_cast<int8_t>(std::round(exact));
        }
        checked++;
        wrong_max += run(row, {}, x) != most;
        row.kind = Kind::average_pool2d;
        wrong_mean += run(row, {}, x) != mean;
    });
    CHECK(wrong_max == 0);
    CHECK(wrong_mean == 0);
    CHECK(checked > kCases / 2);
}

TEST_CASE("upsampling in int8 repeats codes, or lies between them where a double says") {
    Int8Numbers numbers(15);
    for (int i = 0; i < 2000; i++) {
        const int channels = numbers.between(1, 3), h = numbers.between(1, 6),
                  w = numbers.between(1, 6), factor = 1 << numbers.between(0, 3);
        const auto bilinear = static_cast<uint32_t>(numbers.between(0, 1));
        Window window{};
        window.height = window.width = byte(factor);
        window.parameter = bilinear;
        const Row row{Kind::upsample2d,
                      Activation::linear,
                      {h, w, channels},
                      {h * factor, w * factor, channels},
                      0.0f,
                      window};
        REQUIRE(valid(row));
        const std::vector<int8_t> x = numbers.codes(row.in.size());
        const auto code = [&](int y0, int x0, int c) {
            y0 = std::clamp(y0, 0, h - 1), x0 = std::clamp(x0, 0, w - 1);
            return static_cast<double>(x[at((y0 * w + x0) * channels + c)]);
        };
        std::vector<int8_t> expected;
        for (int p = 0; p < row.out.height; p++) {
            for (int q = 0; q < row.out.width; q++) {
                const double down = (p + 0.5) / factor - 0.5, across = (q + 0.5) / factor - 0.5;
                const double top = std::floor(down), left = std::floor(across);
                const double v = down - top, u = across - left;
                for (int c = 0; c < channels; c++) {
                    const int y0 = static_cast<int>(top), x0 = static_cast<int>(left);
                    // All of it exact in binary: the factors are powers of two.
                    const double between =
                        (code(y0, x0, c) * (1 - u) + code(y0, x0 + 1, c) * u) * (1 - v) +
                        (code(y0 + 1, x0, c) * (1 - u) + code(y0 + 1, x0 + 1, c) * u) * v;
                    const double nearest = code(p / factor, q / factor, c);
                    expected.push_back(
                        static_cast<int8_t>(std::round(bilinear != 0 ? between : nearest)));
                }
            }
        }
        CHECK(run(row, {}, x) == expected);
    }
}
