// SPDX-License-Identifier: MIT
// Layers on images against the same mathematics written plainly in double precision: outputs, and
// gradients by central differences of it (gradient_test.cpp says why the tolerances are what they
// are).
#include <doctest/doctest.h>

#include <functional>
#include <string>

#include "device_fixture.hpp"

using namespace nutshell;
using namespace nutshell::tests;

namespace {

using Doubles = std::vector<double>;

constexpr double kStep = 1e-5;
constexpr double kTolerance = 2e-5;  // of the largest entry: sums of up to 200 roundoffs
constexpr int kRows = 3;

/// A layer with its numbers in double precision.
struct Numbers64 {
    Row row;
    Doubles x, weight, bias, state;
};

size_t at(int32_t i) { return static_cast<size_t>(i); }

double activated(const Row& row, double z) {
    switch (row.activation) {
        case Activation::linear:
            break;
        case Activation::relu:
            return z > 0 ? z : 0;
        case Activation::leaky_relu:
            return z > 0 ? z : z * static_cast<double>(row.slope);
        case Activation::sigmoid:
            return 1 / (1 + std::exp(-z));
        case Activation::tanh:
            return std::tanh(z);
    }
    return z;
}

/// Calls visit(input y, input x, tap) for the taps of a place that lie inside of the image.
template <class Visit>
void for_each_tap(const Row& row, Shape wide, int32_t i, int32_t j, Visit visit) {
    const Window& w = row.window;
    for (int32_t u = 0; u < w.height; u++) {
        for (int32_t v = 0; v < w.width; v++) {
            const int32_t y = i * w.stride_height + u * w.dilation_height - w.top;
            const int32_t x = j * w.stride_width + v * w.dilation_width - w.left;
            if (y < 0 || x < 0 || y >= wide.height || x >= wide.width) continue;
            visit(y, x, u * w.width + v);
        }
    }
}

/// Where channel c of a pixel of a sample lies.
size_t place(Shape shape, int32_t r, int32_t y, int32_t x, int32_t c) {
    return at(((r * shape.height + y) * shape.width + x) * shape.channels + c);
}

void convolved(const Numbers64& l, Doubles& z) {
    const Shape in = l.row.in, out = l.row.out;
    const bool back = l.row.kind == Kind::transposed_conv2d;
    const bool depthwise = l.row.kind == Kind::depthwise_conv2d;
    const Shape wide = back ? out : in, narrow = back ? in : out;
    for (int32_t i = 0; i < kRows * out.height * out.width; i++) {
        for (int32_t o = 0; o < out.channels; o++) z[at(i * out.channels + o)] = l.bias[at(o)];
    }
    for (int32_t r = 0; r < kRows; r++) {
        for (int32_t i = 0; i < narrow.height; i++) {
            for (int32_t j = 0; j < narrow.width; j++) {
                for_each_tap(l.row, wide, i, j, [&](int32_t y, int32_t x, int32_t tap) {
                    const auto from = [&](int32_t c) {
                        return back ? place(in, r, i, j, c) : place(in, r, y, x, c);
                    };
                    const auto to = [&](int32_t o) {
                        return back ? place(out, r, y, x, o) : place(out, r, i, j, o);
                    };
                    for (int32_t o = 0; o < out.channels; o++) {
                        if (depthwise) {
                            z[to(o)] += l.x[from(o)] * l.weight[at(tap * out.channels + o)];
                        }
                        for (int32_t c = 0; !depthwise && c < in.channels; c++) {
                            const int32_t w = (tap * in.channels + c) * out.channels + o;
                            z[to(o)] += l.x[from(c)] * l.weight[at(w)];
                        }
                    }
                });
            }
        }
    }
}

void pooled(const Numbers64& l, Doubles& z) {
    const Shape out = l.row.out;
    const bool largest = l.row.kind == Kind::max_pool2d;
    for (int32_t r = 0; r < kRows; r++) {
        for (int32_t i = 0; i < out.height; i++) {
            for (int32_t j = 0; j < out.width; j++) {
                for (int32_t c = 0; c < out.channels; c++) {
                    double most = -HUGE_VAL, sum = 0;
                    int count = 0;
                    for_each_tap(l.row, l.row.in, i, j, [&](int32_t y, int32_t x, int32_t) {
                        const double value = l.x[place(l.row.in, r, y, x, c)];
                        most = std::max(most, value);
                        sum += value;
                        count++;
                    });
                    z[place(out, r, i, j, c)] = largest ? most : sum / count;
                }
            }
        }
    }
}

/// How much input pixel i counts in output pixel o along one axis, whose factor is f.
double tent(int32_t o, int32_t i, int32_t f, int32_t size, bool bilinear) {
    if (!bilinear) return o / f == i ? 1 : 0;
    const double position = std::min(std::max((o + 0.5) / f - 0.5, 0.0), size - 1.0);
    return std::max(0.0, 1 - std::fabs(position - i));
}

void upsampled(const Numbers64& l, Doubles& z) {
    const Shape in = l.row.in, out = l.row.out;
    const bool bilinear = l.row.window.parameter == 1;
    for (int32_t r = 0; r < kRows; r++) {
        for (int32_t i = 0; i < out.height; i++) {
            for (int32_t j = 0; j < out.width; j++) {
                for (int32_t c = 0; c < out.channels; c++) {
                    double sum = 0;
                    for (int32_t y = 0; y < in.height; y++) {
                        for (int32_t x = 0; x < in.width; x++) {
                            sum += tent(i, y, l.row.window.height, in.height, bilinear) *
                                   tent(j, x, l.row.window.width, in.width, bilinear) *
                                   l.x[place(in, r, y, x, c)];
                        }
                    }
                    z[place(out, r, i, j, c)] = sum;
                }
            }
        }
    }
}

void normalized(const Numbers64& l, Mode mode, Doubles& z) {
    const int32_t channels = l.row.in.channels, pixels = kRows * l.row.in.height * l.row.in.width;
    for (int32_t c = 0; c < channels; c++) {
        double mean = l.state[at(c)], variance = l.state[at(channels + c)];
        if (mode == Mode::batch) {
            mean = variance = 0;
            for (int32_t i = 0; i < pixels; i++) mean += l.x[at(i * channels + c)] / pixels;
            for (int32_t i = 0; i < pixels; i++) {
                const double off = l.x[at(i * channels + c)] - mean;
                variance += off * off / pixels;
            }
        }
        const double epsilon = static_cast<double>(float_of(l.row.window.parameter));
        for (int32_t i = 0; i < pixels; i++) {
            z[at(i * channels + c)] = l.weight[at(c)] * (l.x[at(i * channels + c)] - mean) /
                                          std::sqrt(variance + epsilon) +
                                      l.bias[at(c)];
        }
    }
}

Doubles forward(const Numbers64& l, Mode mode) {
    Doubles z(at(kRows * l.row.out.size()));
    switch (l.row.kind) {
        case Kind::conv2d:
        case Kind::depthwise_conv2d:
        case Kind::transposed_conv2d:
            convolved(l, z);
            break;
        case Kind::max_pool2d:
        case Kind::average_pool2d:
            pooled(l, z);
            break;
        case Kind::upsample2d:
            upsampled(l, z);
            break;
        case Kind::batch_norm:
            normalized(l, mode, z);
            break;
        default:
            z = l.x;
    }
    for (double& value : z) value = activated(l.row, value);
    return z;
}

Doubles widened(const std::vector<float>& values) { return {values.begin(), values.end()}; }

double largest_of(const Doubles& values) {
    double most = 0;
    for (double value : values) most = std::max(most, std::fabs(value));
    return most;
}

void check_close(const std::string& what, const std::vector<float>& ours, const Doubles& wanted) {
    INFO(what);
    CHECK(distance(ours, wanted) <= kTolerance * std::max(largest_of(wanted), 1e-3));
}

/// The derivatives of the sum of d * y by `at`, a member of the numbers.
Doubles differences(const Numbers64& numbers, Doubles Numbers64::*member, Mode mode,
                    const std::vector<float>& d) {
    Numbers64 moved = numbers;
    const auto objective = [&] {
        const Doubles y = forward(moved, mode);
        double sum = 0;
        for (size_t i = 0; i < y.size(); i++) sum += y[i] * static_cast<double>(d[i]);
        return sum;
    };
    Doubles gradient;
    for (double& coordinate : moved.*member) {
        const double kept = coordinate;
        coordinate = kept + kStep;
        const double up = objective();
        coordinate = kept - kStep;
        gradient.push_back((up - objective()) / (2 * kStep));
        coordinate = kept;
    }
    return gradient;
}

/// The layer's own results; gradients were added, -0.25 times, to 0.25.
struct Results {
    std::vector<float> y, dx, dw, db, ds;
};

template <class Layer>
Results run(const Row& row, const std::vector<float> (&tensors)[3], Mode mode,
            const std::vector<float>& x, const std::vector<float>& d) {
    Pass pass{kRows, mode};
    pass.scale = 1.0f / (2 * kRows);  // half of a batch
    std::vector<float> scratch(at(Layer::scratch_floats(row, Mode::batch)), std::nanf(""));
    pass.scratch = scratch.data();
    const Tensors view{tensors[0].data(), tensors[1].data(), tensors[2].data()};
    Results r;
    r.y.resize(d.size());
    Layer::forward(row, row.activation, view, pass, x.data(), r.y.data());
    r.dx.assign(x.size(), std::nanf(""));
    r.dw.assign(tensors[0].size(), 0.25f);
    r.db.assign(tensors[1].size(), 0.25f);
    r.ds.assign(tensors[2].size(), 0.25f);
    std::vector<float> dy = d;
    Layer::backward(row, row.activation, view, pass, x.data(), r.y.data(), dy.data(), r.dx.data(),
                    Target{-0.25f, r.dw.data(), r.db.data(), r.ds.data()});
    for (float& value : r.dw) value = (value - 0.25f) / -0.25f;
    for (float& value : r.db) value = (value - 0.25f) / -0.25f;
    return r;
}

template <class Layer>
void check(const Row& row, Mode mode = Mode::batch) {
    CAPTURE(static_cast<int>(row.kind));
    CAPTURE(static_cast<int>(row.activation));
    CAPTURE(row.in.height);
    CAPTURE(row.in.width);
    CAPTURE(row.in.channels);
    CAPTURE(row.out.channels);
    CAPTURE(static_cast<int>(row.window.stride_height));
    CAPTURE(static_cast<int>(row.window.dilation_height));
    REQUIRE(valid(row));
    Numbers numbers(static_cast<uint64_t>(row.in.size() * 31 + row.out.size()));
    const TensorSizes sizes = tensor_sizes(row);
    const std::vector<float> x = numbers.list(at(kRows * row.in.size()));
    const std::vector<float> tensors[3] = {numbers.list(at(sizes.weight)),
                                           numbers.list(at(sizes.bias), 0.1f, 0.6f),
                                           numbers.list(at(sizes.state), 0.5f, 1.5f)};
    const std::vector<float> d = numbers.list(at(kRows * row.out.size()));
    const Numbers64 exact{row, widened(x), widened(tensors[0]), widened(tensors[1]),
                          widened(tensors[2])};
    const Results ours = run<Layer>(row, tensors, mode, x, d);
    check_close("y", ours.y, forward(exact, mode));
    check_close("dx", ours.dx, differences(exact, &Numbers64::x, mode, d));
    if (sizes.weight > 0) {
        check_close("dw", ours.dw, differences(exact, &Numbers64::weight, mode, d));
        check_close("db", ours.db, differences(exact, &Numbers64::bias, mode, d));
    }
    CHECK(same_bits(run<Layer>(row, tensors, mode, x, d).y, ours.y));
}

Row windowed(Kind kind, Activation activation, Shape in, int32_t channels, int size, int stride,
             int dilation, Padding padding) {
    const Shape out = shape_behind(in, size, size, stride, dilation, padding, channels);
    const Window window = window_of(in, size, size, stride, dilation, padding);
    const float slope = activation == Activation::leaky_relu ? 0.3f : 0.0f;
    if (kind != Kind::transposed_conv2d) return {kind, activation, in, out, slope, window};
    return {kind, activation, out, in, slope, window};
}

/// Calls use(row) for windows of many sizes, strides, dilations and borders.
template <class Use>
void for_each_window(Kind kind, int32_t in_channels, int32_t out_channels, Use use) {
    for (const int size : {1, 2, 3}) {
        for (const int stride : {1, 2, 3}) {
            for (const int dilation : {1, 2, 3}) {
                if (dilation > 1 && (kind == Kind::max_pool2d || kind == Kind::average_pool2d)) {
                    continue;
                }
                for (const Padding padding : {Padding::valid, Padding::same}) {
                    use(windowed(kind, Activation::linear, {7, 8, in_channels}, out_channels, size,
                                 stride, dilation, padding));
                }
            }
        }
    }
}

constexpr Activation kActivations[] = {Activation::linear, Activation::relu, Activation::leaky_relu,
                                       Activation::sigmoid, Activation::tanh};

}  // namespace

TEST_CASE("a convolution is the definition's, and its gradients are the derivatives") {
    for_each_window(Kind::conv2d, 2, 3, [](const Row& row) { check<Conv2DLayer>(row); });
    for (const Activation activation : kActivations) {
        check<Conv2DLayer>(
            windowed(Kind::conv2d, activation, {5, 4, 3}, 1, 3, 1, 1, Padding::same));
    }
    check<Conv2DLayer>(Conv1D<13, 2, 3, 5, Relu, 2>::row);
}

TEST_CASE("a transposed convolution is the definition's, and its gradients are the derivatives") {
    for_each_window(Kind::transposed_conv2d, 2, 3,
                    [](const Row& row) { check<TransposedConv2DLayer>(row); });
    check<TransposedConv2DLayer>(TransposedConv2D<3, 4, 2, 3, 3, Sigmoid>::row);
    check<TransposedConv2DLayer>(TransposedConv2D<3, 4, 2, 3, 2, Relu, 3, Padding::valid>::row);
}

TEST_CASE("a depthwise convolution is the definition's, and its gradients are the derivatives") {
    for_each_window(Kind::depthwise_conv2d, 3, 3,
                    [](const Row& row) { check<DepthwiseConv2DLayer>(row); });
    check<DepthwiseConv2DLayer>(DepthwiseConv2D<4, 5, 20, 3, Tanh>::row);
}

TEST_CASE("pooling is the definition's on even and odd sizes, and so are its gradients") {
    for_each_window(Kind::max_pool2d, 3, 3, [](const Row& row) { check<MaxPool2DLayer>(row); });
    for_each_window(Kind::average_pool2d, 3, 3,
                    [](const Row& row) { check<AveragePool2DLayer>(row); });
    check<MaxPool2DLayer>(MaxPool2D<4, 4, 70, 2>::row);  // more channels than a strip
}

TEST_CASE("of equal values the first one gets the gradient of a maximum") {
    constexpr Row row = MaxPool2D<2, 2, 1, 2>::row;
    const float x[] = {1, 5, 5, 5};
    float y[1], dy[] = {3}, dx[4];
    MaxPool2DLayer::forward(row, Activation::linear, {}, Pass{1}, x, y);
    MaxPool2DLayer::backward(row, Activation::linear, {}, Pass{1}, x, y, dy, dx, {});
    CHECK(y[0] == 5);
    CHECK(dx[0] == 0);
    CHECK(dx[1] == 3);
    CHECK(dx[2] == 0);
    CHECK(dx[3] == 0);
}

TEST_CASE("upsampling is the definition's, and its gradients are the derivatives") {
    check<Upsample2DLayer>(Upsample2D<3, 4, 2, 2>::row);
    check<Upsample2DLayer>(Upsample2D<3, 4, 2, 2, Interpolation::bilinear>::row);
    check<Upsample2DLayer>(Upsample2D<2, 3, 2, 3, Interpolation::bilinear>::row);
    check<Upsample2DLayer>(Upsample2D<1, 1, 2, 3, Interpolation::bilinear>::row);
}

TEST_CASE("batch normalization and its gradients are the definition's in every mode") {
    for (const Mode mode : {Mode::inference, Mode::batch, Mode::sample}) {
        check<BatchNormLayer>(BatchNorm<3, 4, 2>::row, mode);
        check<BatchNormLayer>(BatchNorm<2, 2, 40, Relu>::row, mode);
        check<BatchNormLayer>(BatchNorm<2, 2, 3, Sigmoid, 10>::row, mode);
    }
}

TEST_CASE("batch normalization measures mean and variance as much as its samples are of a batch") {
    constexpr Row row = BatchNorm<1, 1, 1>::row;
    const std::vector<float> tensors[3] = {{2.0f}, {1.0f}, {0.0f, 1.0f}};
    const std::vector<float> x = {1, 2, 6}, d = {1, 1, 1};
    const Results batch = run<BatchNormLayer>(row, tensors, Mode::batch, x, d);
    CHECK(batch.ds[0] == doctest::Approx(0.25 + 3.0 / 2));       // mean 3, half of a batch
    CHECK(batch.ds[1] == doctest::Approx(0.25 + 14.0 / 3 / 2));  // variance 14/3
    const Results sample = run<BatchNormLayer>(row, tensors, Mode::sample, x, d);
    CHECK(sample.ds[0] == 0.25f);
}

TEST_CASE("rows that make no sense are refused") {
    const Row good = windowed(Kind::conv2d, Activation::relu, {6, 6, 2}, 3, 3, 1, 1, Padding::same);
    REQUIRE(valid(good));
    const auto refused = [](Row row, const std::function<void(Row&)>& change) {
        change(row);
        return !valid(row);
    };
    CHECK(refused(good, [](Row& r) { r.window.stride_height = 0; }));
    CHECK(refused(good, [](Row& r) { r.window.dilation_width = 0; }));
    CHECK(refused(good, [](Row& r) { r.window.height = 0; }));
    CHECK(refused(good, [](Row& r) { r.window.height = 9; }));  // larger than the image
    CHECK(refused(good, [](Row& r) { r.window.top = 3; }));     // a window of zeros alone
    CHECK(refused(good, [](Row& r) { r.out.height = 5; }));
    CHECK(refused(good, [](Row& r) { r.out.width = 7; }));
    CHECK(refused(good, [](Row& r) { r.window.parameter = 1; }));
    CHECK(refused(good, [](Row& r) { r.window.zero[1] = 1; }));
    CHECK(refused(good, [](Row& r) { r.in.channels = r.out.channels = 1 << 14; }));
    CHECK(refused(good, [](Row& r) { r.kind = Kind::depthwise_conv2d; }));  // channels differ
    CHECK(refused(good, [](Row& r) { r.kind = Kind::max_pool2d; }));
    CHECK(refused(good, [](Row& r) { r.kind = Kind::upsample2d; }));
    CHECK(refused(good, [](Row& r) { r.kind = Kind::batch_norm; }));
    CHECK(refused(good, [](Row& r) { r.kind = Kind::reshape; }));
    CHECK(refused(Upsample2D<3, 3, 1, 2>::row, [](Row& r) { r.window.parameter = 2; }));
    CHECK(refused(BatchNorm<1, 1, 4>::row, [](Row& r) { r.window.parameter = 0; }));
    CHECK(refused(MaxPool2D<4, 4, 1, 2>::row, [](Row& r) { r.activation = Activation::relu; }));
    CHECK(refused(Reshape<2, 2, 1>::row, [](Row& r) { r.in.channels = 5; }));
}
