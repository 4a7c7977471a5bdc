// SPDX-License-Identifier: MIT
// A convolutional model against PyTorch in double precision: every layer's output, the loss and
// every gradient. The goldens are NCHW, [out][in][height][width], and [in][out][height][width] for
// the transposed convolution; the library's order is NHWC and [height][width][in][out].
#include <doctest/doctest.h>

#include <string>

#include "device_fixture.hpp"
#include "npy_fixture.hpp"

using namespace nutshell;
using namespace nutshell::tests;

namespace {

// What float arithmetic must reach against the double-precision goldens, as in golden_test.cpp.
constexpr double kTensorTolerance = 1e-5;  // of the largest entry of a tensor
constexpr double kLossTolerance = 1e-6;    // relative

constexpr int kImages = 3;

/// PyTorch pads both sides alike where TensorFlow's "same" would pad the right one alone.
constexpr Window kStrided{3, 3, 2, 2, 1, 1, 1, 1, 1, 1, {0, 0}, 0};
struct StridedConvolution : Conv2DLayer {
    static constexpr Row row{Kind::conv2d, Activation::relu, {6, 4, 4}, {3, 2, 6}, 0.0f, kStrided};
};
struct StridedTransposed : TransposedConv2DLayer {
    static constexpr Row row{
        Kind::transposed_conv2d, Activation::relu, {6, 4, 6}, {12, 8, 5}, 0.0f, kStrided};
};
using Model = Autoencoder<
    Sequential<Conv2D<12, 8, 2, 4, 3, Relu>, MaxPool2D<12, 8, 4, 2>, StridedConvolution>,
    Sequential<Upsample2D<3, 2, 6, 2>, StridedTransposed, Conv2D<12, 8, 5, 2, 3>>>;
const char* const kOutputs[] = {"conv1", "pool", "conv2", "upsample", "transposed", "output"};
constexpr int kWeightLayers[] = {0, 2, 4, 5};

size_t at(int i) { return static_cast<size_t>(i); }

/// [n][c][h][w] -> [n][h][w][c].
std::vector<float> to_nhwc(const std::vector<float>& nchw, int n, Shape shape) {
    std::vector<float> result(nchw.size());
    const int pixels = shape.height * shape.width;
    for (int i = 0; i < n; i++) {
        for (int c = 0; c < shape.channels; c++) {
            for (int p = 0; p < pixels; p++) {
                result[at((i * pixels + p) * shape.channels + c)] =
                    nchw[at((i * shape.channels + c) * pixels + p)];
            }
        }
    }
    return result;
}

/// The golden kernel of a layer in the library's order.
std::vector<float> to_kernel(const std::vector<float>& golden_order, const Row& row) {
    const int taps = row.window.height * row.window.width;
    const int in = row.in.channels, out = row.out.channels;
    std::vector<float> result(golden_order.size());
    for (int o = 0; o < out; o++) {
        for (int i = 0; i < in; i++) {
            for (int tap = 0; tap < taps; tap++) {
                const int from = row.kind == Kind::transposed_conv2d ? i * out + o : o * in + i;
                result[at((tap * in + i) * out + o)] = golden_order[at(from * taps + tap)];
            }
        }
    }
    return result;
}

void check_close(const std::string& what, const std::vector<float>& ours,
                 const std::vector<float>& expected) {
    INFO(what);
    REQUIRE(ours.size() == expected.size());
    CHECK(distance(ours, expected) <= kTensorTolerance * largest(expected));
}

const Row& row_of(int layer) { return Model::Chain::rows[layer]; }
std::string number(int index) { return std::to_string(index + 1); }

struct ConvGolden {
    std::vector<float> input = to_nhwc(golden("conv/input"), kImages, row_of(0).in);
    Model::Parameters weights{};

    ConvGolden() {
        for (int i = 0; i < 4; i++) {
            const int layer = kWeightLayers[i];
            const Spot spot = Model::Chain::plan.spots[layer];
            const std::vector<float> kernel =
                to_kernel(golden("conv/k" + number(i)), row_of(layer));
            const std::vector<float> bias = golden("conv/b" + number(i));
            std::copy(kernel.begin(), kernel.end(), weights.data + spot.weight);
            std::copy(bias.begin(), bias.end(), weights.data + spot.bias);
        }
    }
};

}  // namespace

TEST_CASE("a convolutional model computes PyTorch's outputs, layer after layer") {
    const ConvGolden data;
    using Chain = Model::Chain;
    std::vector<float> tape(at(kImages * Chain::plan.totals.tape));
    std::vector<float> scratch(at(Chain::plan.totals.training_scratch));
    Pass pass{kImages};
    pass.scratch = scratch.data();
    Chain::forward(data.weights.data, pass, data.input.data(), tape.data());
    for (int layer = 0; layer < 6; layer++) {
        const float* first = tape.data() + Chain::plan.tape[layer] * kImages;
        const Shape shape = row_of(layer).out;
        check_close(kOutputs[layer], {first, first + kImages * shape.size()},
                    to_nhwc(golden(std::string("conv/") + kOutputs[layer]), kImages, shape));
    }
    Model model;
    model.bind(data.weights);
    Model::Workspace work;
    std::vector<float> outputs(data.input.size());
    for (int i = 0; i < kImages; i++) {
        REQUIRE(model.reconstruct(data.input.data() + i * Model::input_size,
                                  outputs.data() + i * Model::output_size, work) == Status::ok);
    }
    check_close("reconstruct", outputs, to_nhwc(golden("conv/output"), kImages, row_of(5).out));
}

TEST_CASE("a convolutional model has PyTorch's loss and gradients") {
    const ConvGolden data;
    const auto trainer = std::make_unique<Trainer<Model, MeanSquaredError, Sgd, 2>>();
    trainer->begin_batch(kImages);  // in two slices
    REQUIRE(trainer->add(data.weights, data.input.data(), data.input.data(), 2) == Status::ok);
    const float* rest = data.input.data() + 2 * Model::input_size;
    REQUIRE(trainer->add(data.weights, rest, rest, 1) == Status::ok);
    for (int i = 0; i < 4; i++) {
        const int layer = kWeightLayers[i];
        const Spot spot = Model::Chain::plan.spots[layer];
        const TensorSizes sizes = tensor_sizes(row_of(layer));
        const float* gradients = trainer->gradients().data;
        check_close("kernel " + number(i),
                    {gradients + spot.weight, gradients + spot.weight + sizes.weight},
                    to_kernel(golden("conv/grad_k" + number(i)), row_of(layer)));
        check_close("bias " + number(i),
                    {gradients + spot.bias, gradients + spot.bias + sizes.bias},
                    golden("conv/grad_b" + number(i)));
    }
    Model::Parameters moved = data.weights;
    float loss = 0;
    REQUIRE(trainer->finish_batch(moved, 0.1f, &loss) == Status::ok);
    const double wanted = static_cast<double>(golden("conv/loss_mse")[0]);
    CHECK(std::fabs(static_cast<double>(loss) - wanted) <= kLossTolerance * wanted);
}
