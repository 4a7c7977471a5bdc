// SPDX-License-Identifier: MIT
// The convolution kernels of every platform, at all small sizes, between pages that cannot be
// touched, against the definition in double precision.
#include <doctest/doctest.h>

#include "kernels_fixture.hpp"

using namespace nutshell;
using namespace nutshell::tests;

namespace {

constexpr float kInfinity = __builtin_inff();

/// What is varied: the grid, the taps, the run, the outputs, strides and the sign of steps.
struct Case {
    int height, width, taps_down, taps_across, run, n;
    int stride, dilation;
    bool backward;  // the weights' taps in the reverse order
};

std::string text(const Case& c) {
    std::string all;
    for (int value : {c.height, c.width, c.taps_down, c.taps_across, c.run, c.n, c.stride,
                      c.dilation, int{c.backward}}) {
        all += std::to_string(value) + " ";
    }
    return all;
}

/// Sizes of the arrays that a case touches from the first to the last float, and the convolution.
struct Layout {
    Convolution convolution;
    ptrdiff_t first_weight;
    size_t x, weight, y;

    explicit Layout(const Case& c, bool depthwise) {
        const ptrdiff_t tap = depthwise ? c.n : static_cast<ptrdiff_t>(c.run) * c.n;
        const int run = depthwise ? c.n : c.run;
        const ptrdiff_t pitch = static_cast<ptrdiff_t>((c.width - 1) * c.stride +
                                                       (c.taps_across - 1) * c.dilation + 1) *
                                run;
        const ptrdiff_t sign = c.backward ? -1 : 1;
        convolution = {c.height,
                       c.width,
                       c.taps_down,
                       c.taps_across,
                       run,
                       c.n,
                       c.stride * pitch,
                       static_cast<ptrdiff_t>(c.stride) * run,
                       c.dilation * pitch,
                       static_cast<ptrdiff_t>(c.dilation) * run,
                       sign * c.taps_across * tap,
                       sign * tap,
                       static_cast<ptrdiff_t>(c.width) * c.n * c.stride,
                       static_cast<ptrdiff_t>(c.n) * c.stride};
        const ptrdiff_t taps = static_cast<ptrdiff_t>(c.taps_down) * c.taps_across;
        first_weight = c.backward ? (taps - 1) * tap : 0;
        weight = static_cast<size_t>(taps * tap);
        x = static_cast<size_t>(((c.height - 1) * c.stride + (c.taps_down - 1) * c.dilation + 1) *
                                pitch);
        const Convolution& all = convolution;
        y = static_cast<size_t>((c.height - 1) * all.y_down + (c.width - 1) * all.y_across + c.n);
    }
};

/// visit(place in x, in the weights, in y) for every product of the definition.
template <class Visit>
void for_each_product(const Layout& layout, bool depthwise, Visit visit) {
    const Convolution& c = layout.convolution;
    for (int i = 0; i < c.height; i++) {
        for (int j = 0; j < c.width; j++) {
            for (int u = 0; u < c.taps_down; u++) {
                for (int v = 0; v < c.taps_across; v++) {
                    const ptrdiff_t x =
                        i * c.x_down + j * c.x_across + u * c.tap_down + v * c.tap_across;
                    const ptrdiff_t w =
                        layout.first_weight + u * c.weight_down + v * c.weight_across;
                    const ptrdiff_t y = i * c.y_down + j * c.y_across;
                    for (int o = 0; o < c.n; o++) {
                        if (depthwise) visit(x + o, w + o, y + o);
                        for (int t = 0; !depthwise && t < c.run; t++) {
                            visit(x + t, w + t * c.n + o, y + o);
                        }
                    }
                }
            }
        }
    }
}

size_t at(ptrdiff_t place) { return static_cast<size_t>(place); }

/// Forward with bias and clamp and without, and the gradient. Returns what is wrong, or "".
std::string wrong(const Kernels& kernels, const Case& c, bool depthwise, Side side) {
    const Layout layout(c, depthwise);
    Numbers numbers(static_cast<uint64_t>(c.run * 1000 + c.n * 10 + c.width));
    Guarded<float> x(numbers.list(layout.x), side), weight(numbers.list(layout.weight), side);
    Guarded<float> bias(numbers.list(static_cast<size_t>(c.n)), side);
    const auto forward = depthwise ? kernels.depthwise : kernels.convolve;
    const auto backward = depthwise ? kernels.depthwise_gradient : kernels.convolve_gradient;
    const int terms = c.taps_down * c.taps_across * (depthwise ? 1 : c.run);
    for (const bool plain : {true, false}) {
        Guarded<float> y(std::vector<float>(layout.y, 7.0f), side);
        std::vector<double> sum(layout.y), size(layout.y);
        std::vector<bool> written(layout.y);
        for (int i = 0; i < c.height; i++) {
            for (int j = 0; j < c.width; j++) {
                for (int o = 0; o < c.n; o++) {
                    const size_t place =
                        at(i * layout.convolution.y_down + j * layout.convolution.y_across + o);
                    written[place] = true;
                    sum[place] = plain ? 0 : static_cast<double>(bias.data()[o]);
                    size[place] = std::fabs(sum[place]);
                }
            }
        }
        for_each_product(layout, depthwise, [&](ptrdiff_t a, ptrdiff_t b, ptrdiff_t to) {
            const double term =
                static_cast<double>(x.data()[a]) * static_cast<double>(weight.data()[b]);
            sum[at(to)] += term;
            size[at(to)] += std::fabs(term);
        });
        const Clamp clamp = plain ? Clamp{-kInfinity, kInfinity} : Clamp{-0.25f, 0.5f};
        forward(layout.convolution, x.data(), weight.data() + layout.first_weight,
                plain ? nullptr : bias.data(), clamp, y.data());
        for (size_t i = 0; i < layout.y; i++) {
            const double held = plain ? sum[i] : std::min(std::max(sum[i], -0.25), 0.5);
            const double wanted = written[i] ? held : 7.0;
            // As in kernels_fixture.hpp: a roundoff of the magnitudes for each term and a few more.
            const double bound = written[i] ? (terms + 3) * kRoundoff * size[i] : 0;
            if (!(std::fabs(static_cast<double>(y.data()[i]) - wanted) <= bound)) {
                return text(c) + ": wrong sum";
            }
        }
        if (!y.intact()) return text(c) + ": wrote outside";
    }
    const std::vector<float> start = numbers.list(layout.weight);
    Guarded<float> dy(numbers.list(layout.y), side), dw(start, side);
    std::vector<double> sum(start.begin(), start.end()), size(layout.weight);
    for (size_t i = 0; i < size.size(); i++) size[i] = std::fabs(sum[i]);
    const float alpha = -0.37f;
    for_each_product(layout, depthwise, [&](ptrdiff_t a, ptrdiff_t to, ptrdiff_t b) {
        const double term = static_cast<double>(alpha) * static_cast<double>(x.data()[a]) *
                            static_cast<double>(dy.data()[b]);
        sum[at(to)] += term;
        size[at(to)] += std::fabs(term);
    });
    backward(layout.convolution, alpha, x.data(), dy.data(), dw.data() + layout.first_weight);
    for (size_t i = 0; i < layout.weight; i++) {
        const double bound = (c.height * c.width + 4) * kRoundoff * size[i];
        if (!(std::fabs(static_cast<double>(dw.data()[i]) - sum[i]) <= bound)) {
            return text(c) + ": wrong gradient";
        }
    }
    return dw.intact() && x.intact() && weight.intact() ? "" : text(c) + ": wrote outside";
}

std::vector<Case> cases() {
    std::vector<Case> all;
    for (int width = 1; width <= 18; width++) {  // two tiles of patches and a rest
        for (const int n : {1, 2, 8, 17}) all.push_back({2, width, 3, 2, 5, n, 1, 1, false});
    }
    for (int n = 1; n <= 35; n++) {  // two vectors of 16 and a rest
        for (const int run : {1, 3, 19}) all.push_back({2, 3, 2, 3, run, n, 1, 1, false});
    }
    for (int run = 1; run <= 35; run++) all.push_back({2, 9, 3, 1, run, 1, 1, 1, true});
    for (const int stride : {1, 2, 3}) {
        for (const int dilation : {1, 2, 3}) {
            for (const bool backward : {false, true}) {
                all.push_back({3, 5, 3, 2, 2, 6, stride, dilation, backward});
                all.push_back({3, 5, 2, 3, 18, 1, stride, dilation, backward});
            }
        }
    }
    all.push_back({0, 5, 3, 3, 2, 4, 1, 1, false});
    return all;
}

}  // namespace

TEST_CASE(
    "convolutions and their gradients are within the rounding bound at every small size, and touch "
    "nothing else") {
    for_each_platform([](const platform::Platform& platform) {
        INFO("platform: ", std::string(platform.name));
        for (const Case& c : cases()) {
            if (c.height == 0) continue;
            for (const Side side : {Side::begin, Side::end}) {
                for (const bool depthwise : {false, true}) {
                    const std::string what = wrong(*platform.kernels, c, depthwise, side);
                    REQUIRE_MESSAGE(what.empty(), what);
                }
            }
        }
    });
}

TEST_CASE("a convolution without taps is the bias, and one without places writes nothing") {
    for_each_platform([](const platform::Platform& platform) {
        INFO("platform: ", std::string(platform.name));
        const float x[4] = {}, weight[4] = {}, bias[2] = {0.75f, -2.0f};
        float y[8] = {9, 9, 9, 9, 9, 9, 9, 9};
        Convolution none{0, 2, 1, 1, 1, 2, 1, 1, 1, 1, 2, 2, 4, 2};
        platform.kernels->convolve(none, x, weight, bias, {-1.0f, 1.0f}, y);
        CHECK(y[0] == 9.0f);
        none = {1, 2, 0, 0, 1, 2, 1, 1, 1, 1, 2, 2, 4, 2};
        platform.kernels->convolve(none, x, weight, bias, {-1.0f, 1.0f}, y);
        CHECK(y[0] == 0.75f);
        CHECK(y[1] == -1.0f);
        CHECK(y[2] == 0.75f);
        CHECK(y[4] == 9.0f);
        platform.kernels->depthwise(none, x, weight, nullptr, {-1.0f, 1.0f}, y);
        CHECK(y[3] == 0.0f);
    });
}

TEST_CASE("a place of a convolution has the same bits whatever is computed with it") {
    constexpr int width = 21;
    for_each_platform([](const platform::Platform& platform) {
        INFO("platform: ", std::string(platform.name));
        for (const int n : {1, 3, 8, 16, 40}) {
            for (const int run : {1, 3, 24}) {
                Numbers numbers(static_cast<uint64_t>(n));
                const Layout layout({1, width, 3, 3, run, n, 1, 1, false}, false);
                const std::vector<float> x = numbers.list(layout.x),
                                         w = numbers.list(layout.weight);
                std::vector<float> whole(layout.y), alone(layout.y);
                Convolution c = layout.convolution;
                const Clamp clamp{0.0f, kInfinity};
                platform.kernels->convolve(c, x.data(), w.data(), nullptr, clamp, whole.data());
                c.width = 1;
                for (int j = 0; j < width; j++) {
                    platform.kernels->convolve(c, x.data() + j * c.x_across, w.data(), nullptr,
                                               clamp, alone.data() + j * c.y_across);
                }
                CAPTURE(n);
                CAPTURE(run);
                REQUIRE(same_bits(alone, whole));
            }
        }
    });
}
