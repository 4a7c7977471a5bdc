// SPDX-License-Identifier: MIT
// Lowering of convolutions, pools and upsamplings: their places for every small size against
// what frameworks define, folds on images, activations that change places with a pool, reshapes
// that become layers, and int8 to the bit.
#include <doctest/doctest.h>

#include <cmath>

#include "nutshell/random.hpp"
#include "tools/error.hpp"
#include "tools/formats/source_lowering.hpp"

using namespace nutshell;
using tools::SourceLayer;
using tools::SourceModel;
using tools::SourceWindow;
using Border = SourceWindow::Border;
using Op = SourceLayer::Op;

namespace {

/// Values in -1..1 that differ for every stream.
std::vector<float> values(int n, uint32_t stream) {
    std::vector<float> result;
    for (int i = 0; i < n; i++) {
        const auto element = static_cast<uint32_t>(i);
        result.push_back(2 * uniform(random_word(5, Purpose::shuffle, stream, element)) - 1);
    }
    return result;
}

SourceLayer image(Kind kind, const std::string& name, int height, int width, Border border) {
    SourceLayer layer;
    layer.op = Op::image;
    layer.kind = "Layer";
    layer.name = name;
    layer.image_kind = kind;
    layer.window.height = height;
    layer.window.width = width;
    layer.window.border = border;
    return layer;
}

SourceLayer convolution(Kind kind, int taps, int in, int out, Border border, uint32_t stream = 1,
                        int groups = 1) {
    SourceLayer layer = image(kind, "conv", taps, taps, border);
    layer.kernel_in = in / groups;
    layer.kernel_out = out;
    layer.groups = groups;
    layer.weight = values(taps * taps * in / groups * out, stream);
    layer.bias = values(out, stream + 1);
    return layer;
}

SourceLayer activation(Activation kind) {
    SourceLayer layer;
    layer.op = Op::activation;
    layer.name = "act";
    layer.activation = kind;
    return layer;
}

SourceLayer batch_norm(int channels, uint32_t stream) {
    SourceLayer layer;
    layer.op = Op::batch_norm;
    layer.name = "norm";
    layer.gamma = values(channels, stream);
    layer.beta = values(channels, stream + 1);
    layer.mean = values(channels, stream + 2);
    for (const float value : values(channels, stream + 3)) layer.variance.push_back(value + 1.1f);
    return layer;
}

SourceLayer reshape(Shape out) {
    SourceLayer layer;
    layer.op = Op::reshape;
    layer.name = "shape";
    layer.out = out;
    return layer;
}

tools::Imported lowered(Shape input, std::vector<SourceLayer> layers) {
    SourceModel model;
    model.input = input;
    model.layers = std::move(layers);
    return tools::lower(model, {});
}

std::vector<float> outputs(const tools::Imported& imported, const std::vector<float>& x) {
    const auto& graph = std::get<tools::Graph>(imported.graph);
    const auto whole = graph.range(tools::Part::whole);
    std::vector<float> y(static_cast<size_t>(graph.output_size(whole)));
    graph.run(whole, x.data(), 1, y.data());
    return y;
}

std::string refusal(Shape input, const SourceLayer& layer) {
    try {
        lowered(input, {layer});
    } catch (const tools::Error& error) {
        return error.what();
    }
    return "";
}

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

/// Applies a batch normalization and an activation to an image's values, in double.
void apply(const SourceLayer& layer, std::vector<double>& x) {
    for (size_t i = 0; i < x.size(); i++) {
        if (layer.op == Op::batch_norm) {
            const size_t c = i % layer.mean.size();
            x[i] = double{layer.gamma[c]} * (x[i] - double{layer.mean[c]}) /
                       std::sqrt(double{layer.variance[c]}) +
                   double{layer.beta[c]};
        } else if (layer.activation == Activation::relu) {
            x[i] = std::max(x[i], 0.0);
        } else if (layer.activation == Activation::tanh) {
            x[i] = std::tanh(x[i]);
        }
    }
}

/// A convolution of square images and kernels as its definition has it, zeros of `before` in front.
std::vector<double> convolved(const SourceLayer& layer, const std::vector<double>& x, int size,
                              int before, int places) {
    const auto in = static_cast<int>(layer.kernel_in * layer.groups);
    const auto out = static_cast<int>(layer.kernel_out), each = static_cast<int>(layer.kernel_in);
    const auto taps = static_cast<int>(layer.window.width);
    const auto stride = static_cast<int>(layer.window.stride_width);
    const int of_group = out / static_cast<int>(layer.groups);
    std::vector<double> y;
    for (int at = 0; at < places * places * out; at++) {
        const int o = at % out, column = at / out % places, row = at / out / places;
        double sum = layer.bias.empty() ? 0.0 : double{layer.bias[static_cast<size_t>(o)]};
        for (int tap = 0; tap < taps * taps * each; tap++) {
            const int i = tap % each, dx = tap / each % taps, dy = tap / each / taps;
            const int py = row * stride + dy - before, px = column * stride + dx - before;
            if (py < 0 || px < 0 || py >= size || px >= size) continue;
            const int channel = o / of_group * each + i;
            sum += double{layer.weight[static_cast<size_t>(o * taps * taps * each + tap)]} *
                   x[static_cast<size_t>((py * size + px) * in + channel)];
        }
        y.push_back(sum);
    }
    return y;
}

void check_close(const std::vector<float>& y, const std::vector<double>& expected) {
    REQUIRE(y.size() == expected.size());
    double most = 0;
    for (size_t i = 0; i < y.size(); i++) {
        most = std::max(most, std::abs(double{y[i]} - expected[i]) / (1 + std::abs(expected[i])));
    }
    CHECK(most < 2e-6);  // float32 sums of at most 40 products
}

std::vector<double> doubles(const std::vector<float>& x) { return {x.begin(), x.end()}; }

}  // namespace

TEST_CASE("every small convolution has the places that Keras and ONNX define, and their values") {
    for (int size = 1; size <= 7; size++) {
        for (int taps = 1; taps <= 4; taps++) {
            for (int stride = 1; stride <= 3; stride++) {
                for (const Border border : {Border::valid, Border::same, Border::same_lower}) {
                    if (border == Border::valid && taps > size) continue;
                    SourceLayer layer = convolution(Kind::conv2d, taps, 2, 3, border);
                    layer.window.stride_height = layer.window.stride_width = stride;
                    const bool valid = border == Border::valid;
                    const int places = valid ? (size - taps) / stride + 1  //
                                             : (size + stride - 1) / stride;
                    const int missing = std::max((places - 1) * stride + taps - size, 0);
                    const int before = valid                          ? 0
                                       : border == Border::same_lower ? (missing + 1) / 2
                                                                      : missing / 2;
                    INFO(size, " ", taps, " ", stride, " ", static_cast<int>(border));
                    const std::vector<float> x = values(size * size * 2, 77);
                    const auto imported = lowered({size, size, 2}, {layer});
                    check_close(outputs(imported, x),
                                convolved(layer, doubles(x), size, before, places));
                }
            }
        }
    }
}

TEST_CASE("every small transposed convolution is the way back of the convolution it belongs to") {
    for (int size = 1; size <= 4; size++) {
        for (int taps = 1; taps <= 4; taps++) {
            for (int stride = 1; stride <= 3; stride++) {
                for (int pad = 0; pad < taps; pad++) {
                    for (int more = 0; more < stride; more++) {
                        const int out = (size - 1) * stride + taps - 2 * pad + more;
                        if (out < 1) continue;
                        SourceLayer layer =
                            convolution(Kind::transposed_conv2d, taps, 2, 3, Border::given);
                        SourceWindow& w = layer.window;
                        w.stride_height = w.stride_width = stride;
                        w.top = w.left = w.bottom = w.right = pad;
                        w.more_height = w.more_width = more;
                        const std::vector<float> x = values(size * size * 2, 78);
                        std::vector<double> expected(static_cast<size_t>(out * out * 3));
                        for (size_t i = 0; i < expected.size(); i++) {
                            expected[i] = double{layer.bias[i % 3]};
                        }
                        // Each input is added, times the kernel, to where it reaches.
                        for (int at = 0; at < size * size * taps * taps; at++) {
                            const int dx = at % taps, dy = at / taps % taps;
                            const int px = at / taps / taps % size, py = at / taps / taps / size;
                            const int qx = px * stride + dx - pad, qy = py * stride + dy - pad;
                            if (qx < 0 || qy < 0 || qx >= out || qy >= out) continue;
                            for (int o = 0; o < 3; o++) {
                                for (int i = 0; i < 2; i++) {
                                    const int weight = ((o * taps + dy) * taps + dx) * 2 + i;
                                    expected[static_cast<size_t>((qy * out + qx) * 3 + o)] +=
                                        double{layer.weight[static_cast<size_t>(weight)]} *
                                        double{x[static_cast<size_t>((py * size + px) * 2 + i)]};
                                }
                            }
                        }
                        INFO(size, " ", taps, " ", stride, " ", pad, " ", more);
                        check_close(outputs(lowered({size, size, 2}, {layer}), x), expected);
                    }
                }
            }
        }
    }
}

TEST_CASE("groups: a channel each is a depthwise convolution, others are zeros in a whole one") {
    const std::vector<float> x = values(5 * 5 * 4, 79);
    for (const int out : {4, 8}) {
        for (const int groups : {2, 4}) {
            const SourceLayer layer = convolution(Kind::conv2d, 3, 4, out, Border::same, 3, groups);
            const auto imported = lowered({5, 5, 4}, {layer});
            const Kind kind = std::get<tools::Graph>(imported.graph).rows()[0].kind;
            CHECK((kind == Kind::depthwise_conv2d) == (out == 4 && groups == 4));
            check_close(outputs(imported, x), convolved(layer, doubles(x), 5, 1, 5));
        }
    }
}

TEST_CASE("normalization on images is folded where that is exact, else a layer of its own") {
    const std::vector<float> x = values(6 * 6 * 2, 80);
    for (const Border border : {Border::same, Border::valid}) {
        const SourceLayer first = convolution(Kind::conv2d, 1, 2, 4, Border::valid, 5);
        const SourceLayer second = convolution(Kind::conv2d, 3, 4, 3, border, 9);
        const std::vector<SourceLayer> layers{first, activation(Activation::relu),
                                              batch_norm(4, 21), second, batch_norm(3, 31)};
        std::vector<double> y = convolved(first, doubles(x), 6, 0, 6);
        apply(layers[1], y);
        apply(layers[2], y);
        y = convolved(second, y, 6, border == Border::same ? 1 : 0, border == Border::same ? 6 : 4);
        apply(layers[4], y);
        const auto imported = lowered({6, 6, 2}, layers);
        check_close(outputs(imported, x), y);
        // A shift would not reach the zeros of the border.
        CHECK(std::get<tools::Graph>(imported.graph).layer_count() ==
              (border == Border::same ? 3 : 2));
    }
}

TEST_CASE("a layer of its own on one channel is the plain convolution that files hold") {
    const std::vector<float> x = values(6 * 6, 82);
    const SourceLayer relu = activation(Activation::relu);
    const SourceLayer behind = convolution(Kind::conv2d, 3, 1, 2, Border::valid, 7);
    const auto imported = lowered({6, 6, 1}, {relu, behind});
    CHECK(std::get<tools::Graph>(imported.graph).rows()[0].kind == Kind::conv2d);
    std::vector<double> y = doubles(x);
    apply(relu, y);
    check_close(outputs(imported, x), convolved(behind, y, 6, 0, 4));
}

TEST_CASE("an activation behind a pool of the largest goes into the convolution in front of it") {
    const std::vector<float> x = values(6 * 6 * 2, 81);
    for (const Kind kind : {Kind::max_pool2d, Kind::average_pool2d, Kind::upsample2d}) {
        const SourceLayer first = convolution(Kind::conv2d, 3, 2, 3, Border::same, 5);
        SourceLayer pool = image(kind, "pool", 2, 2, Border::valid);
        pool.window.stride_height = pool.window.stride_width = 2;
        const bool up = kind == Kind::upsample2d;
        const auto imported = lowered({6, 6, 2}, {first, pool, activation(Activation::tanh)});
        CHECK(std::get<tools::Graph>(imported.graph).layer_count() ==
              (kind == Kind::average_pool2d ? 3 : 2));
        const std::vector<double> wide = convolved(first, doubles(x), 6, 1, 6);
        std::vector<double> y;
        const int side = up ? 12 : 3;
        for (int at = 0; at < side * side * 3; at++) {
            const int row = at / 3 / side, column = at / 3 % side;
            double most = -1e9, sum = 0;
            for (int tap = 0; tap < (up ? 1 : 4); tap++) {
                const int py = up ? row / 2 : row * 2 + tap / 2;
                const int px = up ? column / 2 : column * 2 + tap % 2;
                const double value = wide[static_cast<size_t>((py * 6 + px) * 3 + at % 3)];
                most = std::max(most, value);
                sum += value;
            }
            y.push_back(std::tanh(kind == Kind::average_pool2d ? sum / 4 : most));
        }
        check_close(outputs(imported, x), y);
    }
}

TEST_CASE("a reshape is a layer only where the next one could not read the values otherwise") {
    SourceLayer dense;
    dense.op = Op::dense;
    dense.name = "dense";
    dense.weight = values(12 * 12, 7);
    const SourceLayer conv = convolution(Kind::conv2d, 2, 3, 3, Border::same, 5);
    const auto kinds = [&](const std::vector<SourceLayer>& layers, Shape in) {
        std::vector<Kind> result;
        const auto imported = lowered(in, layers);
        for (const Row& row : std::get<tools::Graph>(imported.graph).rows()) {
            result.push_back(row.kind);
        }
        return result;
    };
    using Kinds = std::vector<Kind>;
    CHECK(kinds({conv, reshape(flat(12)), dense}, {2, 2, 3}) == Kinds{Kind::conv2d, Kind::dense});
    CHECK(kinds({dense, reshape({2, 2, 3}), conv}, flat(12)) ==
          Kinds{Kind::dense, Kind::reshape, Kind::conv2d});
    CHECK(kinds({reshape({2, 2, 3}), conv, reshape(flat(12))}, flat(12)) == Kinds{Kind::conv2d});
    CHECK(kinds({conv, reshape(flat(12)), reshape({2, 2, 3}), conv}, {2, 2, 3}) ==
          Kinds{Kind::conv2d, Kind::conv2d});
    dense.weight = values(3 * 5, 7);  // of the channels of each pixel
    dense.in = flat(3);
    CHECK(kinds({conv, dense}, {2, 2, 3}) == Kinds{Kind::conv2d, Kind::conv2d});
}

TEST_CASE("a channel of an int8 model that nothing moves keeps its code, however large its bias") {
    SourceModel model;
    model.input = {2, 2, 1};
    model.codes = Quantization{0.5f, 3};
    SourceLayer layer = convolution(Kind::conv2d, 1, 1, 4, Border::valid);
    layer.weight.clear();
    layer.bias.clear();
    layer.weight_codes = {0, 0, 0, 100};
    layer.bias_codes = {1 << 30, -(1 << 30) - 128, INT32_MIN, 0};
    layer.out_codes = Quantization{0.25f, -7};
    // 2^30 of these are 37.4 and 600 codes; a code of weight is one of output.
    layer.weight_scale = {static_cast<float>(37.4 / 1073741824.0 / 2),
                          static_cast<float>(37.4 / 1073741824.0 / 2),
                          static_cast<float>(600 / 1073741824.0 / 2), 0.005f};
    model.layers = {layer};
    const auto imported = tools::lower(model, {});
    const auto& graph = std::get<tools::Int8Graph>(imported.graph);
    const std::vector<int8_t> x{-128, 0, 3, 127};
    std::vector<int8_t> y(16);
    graph.run(graph.range(tools::Part::whole), x.data(), 1, y.data());
    for (size_t pixel = 0; pixel < 4; pixel++) {
        CHECK(y[4 * pixel] == 37 - 7);
        CHECK(y[4 * pixel + 1] == -37 - 7);
        CHECK(y[4 * pixel + 2] == -128);
        CHECK(y[4 * pixel + 3] == std::max(-128, std::min(127, x[pixel] - 3 - 7)));
    }
}

TEST_CASE("windows that are none are refused in one line that says what can be") {
    const SourceLayer good = convolution(Kind::conv2d, 3, 2, 3, Border::given);
    const auto changed = [&](auto change) {
        SourceLayer layer = good;
        change(layer);
        const std::string line = refusal({6, 6, 2}, layer);
        CHECK(line.find('\n') == std::string::npos);
        CHECK(has(line, "'conv'"));
        return line;
    };
    using Layer = SourceLayer;
    CHECK(has(changed([](Layer& l) { l.window.stride_width = INT64_MIN; }), "stride"));
    CHECK(has(changed([](Layer& l) { l.window.dilation_height = 256; }), "1 to 255"));
    CHECK(has(changed([](Layer& l) { l.window.dilation_height = 200; }), "401 pixels"));
    CHECK(has(changed([](Layer& l) { l.window.left = -1; }), "padding in front"));
    CHECK(has(changed([](Layer& l) { l.window.bottom = 3; }), "paddings are smaller"));
    CHECK(has(changed([](Layer& l) { l.groups = 2; }), "for 4 channels"));
    CHECK(has(changed([](Layer& l) {
                  l.kernel_in = 1;
                  l.groups = 2;
              }),
              "multiple of its 2 groups"));
    CHECK(has(changed([](Layer& l) { l.groups = 0; }), "1 to 2^20"));
    CHECK(has(changed([](Layer& l) { l.kernel_out = INT64_MAX; }), "1 to 2^20"));
    CHECK(has(changed([](Layer& l) { l.weight.pop_back(); }), "53 values"));
    CHECK(has(changed([](Layer& l) { l.bias.pop_back(); }), "2 values"));
    CHECK(has(changed([](Layer& l) { l.out = {4, 4, 4}; }), "file says 4x4x4"));
    CHECK(has(changed([](Layer& l) { l.weight[5] = NAN; }), "NaN"));
    CHECK(has(changed([](Layer& l) {
                  l.image_kind = Kind::transposed_conv2d;
                  l.window.more_width = 1;
              }),
              "make no width of 9"));
    CHECK(has(changed([](Layer& l) {
                  l.image_kind = Kind::transposed_conv2d;
                  l.window.top = l.window.bottom = 8;
              }),
              "make no height of"));
    CHECK(has(refusal({}, good), "fixed height"));
    CHECK(has(refusal({1024, 1024, 1}, image(Kind::upsample2d, "up", 255, 255, Border::given)),
              "2^20"));
}
