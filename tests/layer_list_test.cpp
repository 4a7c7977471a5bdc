// SPDX-License-Identifier: MIT
// Architectures as a user types them. (What is refused, and how, is in command_refusals_test.cpp.)
#include "tools/model/layer_list.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "nutshell/models.hpp"
#include "tools/error.hpp"

using namespace nutshell;
using tools::parse_layers;

TEST_CASE("sizes alone make the tutorial's model: relu inside, sigmoid at the end") {
    const tools::LayerList list = parse_layers("784,24,784", {});
    REQUIRE(list.rows.size() == 2);
    CHECK(list.code_layer == 1);
    CHECK(list.rows[0].kind == Kind::dense);
    CHECK(list.rows[0].in == flat(784));
    CHECK(list.rows[0].out == flat(24));
    CHECK(list.rows[0].activation == Activation::relu);
    CHECK(list.rows[1].in == flat(24));
    CHECK(list.rows[1].out == flat(784));
    CHECK(list.rows[1].activation == Activation::sigmoid);
}

TEST_CASE("an activation behind a size wins over the defaults") {
    const tools::LayerList list =
        parse_layers("8,6:tanh,4:leaky_relu(0.3),2:linear,6:leaky_relu,8", {"sigmoid", "linear"});
    REQUIRE(list.rows.size() == 5);
    CHECK(list.rows[0].activation == Activation::tanh);
    CHECK(list.rows[1].activation == Activation::leaky_relu);
    CHECK(list.rows[1].slope == 0.3f);
    CHECK(list.rows[2].activation == Activation::linear);
    CHECK(list.rows[3].slope == 0.01f);
    CHECK(list.rows[4].activation == Activation::linear);
    CHECK(list.rows[4].slope == 0.0f);
    CHECK(parse_layers("8,2,8", {"tanh", "linear"}).rows[0].activation == Activation::tanh);
}

TEST_CASE("the code is the narrowest place, the first of several, never input or output") {
    CHECK(parse_layers("784,128,24,128,784", {}).code_layer == 2);
    CHECK(parse_layers("784,24,128,784", {}).code_layer == 1);
    CHECK(parse_layers("784,128,24,784", {}).code_layer == 2);
    CHECK(parse_layers("9,3,5,3,9", {}).code_layer == 1);
    CHECK(parse_layers("2,8,4,8,2", {}).code_layer == 2);
}

TEST_CASE("activations are told as they are typed") {
    for (const char* text :
         {"linear", "relu", "leaky_relu", "leaky_relu(0.3)", "sigmoid", "tanh"}) {
        const tools::LayerList list = parse_layers(std::string("4,2:") + text + ",4", {});
        CHECK(tools::activation_text(list.rows[0]) == text);
    }
}

TEST_CASE("slopes that no leaky relu can have are refused") {
    for (const char* slope : {"(0)", "(1)", "(-0.1)", "(nan)", "(inf)", "(0.1", "()", "(0.1)x"}) {
        INFO(slope);
        CHECK_THROWS_AS((void)parse_layers(std::string("4,2:leaky_relu") + slope + ",4", {}),
                        tools::Error);
    }
    CHECK_THROWS_AS((void)parse_layers("4,2:relu(0.1),4", {}), tools::Error);
}

TEST_CASE("a list names convolutions, pools, upsampling and shapes, and gives the model type") {
    using Model = models::Convolutional;
    const tools::LayerList list = parse_layers(
        "28x28x1,conv16k3,pool2same,conv8k3,pool2same,conv8k3,pool2same,"
        "conv8k3,up2,conv8k3,up2,conv16k3valid,up2,conv1k3",
        {});
    REQUIRE(list.rows.size() == 13);
    CHECK(list.code_layer == Model::code_layer);
    CHECK(fingerprint_of(list.rows.data(), 13, list.code_layer) == Model::fingerprint);

    using Other =
        Autoencoder<Sequential<Conv2D<9, 9, 3, 4, 5, Tanh, 2>, DepthwiseConv2D<5, 5, 4, 3, Relu>,
                               BatchNorm<5, 5, 4, Relu>, AveragePool2D<5, 5, 4, 3, 2>,
                               Flatten<2, 2, 4>, Dense<16, 3>>,
                    Sequential<Dense<3, 16, Relu>, Reshape<4, 4, 1>, Reshape<2, 2, 4, 4, 4, 1>,
                               TransposedConv2D<2, 2, 4, 4, 3, Relu>,
                               Upsample2D<4, 4, 4, 2, Interpolation::bilinear>,
                               Conv2D<8, 8, 4, 3, 2, Sigmoid, 1, Padding::valid, 3>>>;
    const tools::LayerList other = parse_layers(
        "9x9x3,conv4k5s2:tanh,depthwisek3,norm:relu,avgpool3s2,flat,3:linear,16,4x4x1,2x2x4,"
        "deconv4,up2bilinear,conv3k2d3valid",
        {});
    REQUIRE(other.rows.size() == Other::Chain::count);
    CHECK(other.code_layer == Other::code_layer);
    for (size_t i = 0; i < other.rows.size(); i++) {
        CAPTURE(i);
        const RowBytes ours = to_bytes(other.rows[i]), wanted = to_bytes(Other::Chain::rows[i]);
        CHECK(std::equal(ours.at, ours.at + kRowBytes, wanted.at));
    }
}

TEST_CASE("a list names what only training knows, and gives the model types that have it") {
    const auto fingerprint = [](const std::string& text) {
        const tools::LayerList list = parse_layers(text, {});
        return fingerprint_of(list.rows.data(), static_cast<int>(list.rows.size()),
                              list.code_layer);
    };
    CHECK(fingerprint("784,256,48,sampler,256,784") == models::Variational::fingerprint);
    CHECK(fingerprint("784,24,tied784") == models::Tied::fingerprint);
    CHECK(fingerprint("784,64,l1(0.0005),784") == models::Sparse::fingerprint);
    using Other =
        Autoencoder<Sequential<GaussianNoise<64, 500>, Dense<64, 16, Tanh>, Dropout<16, 30>,
                               Dense<16, 8, Linear>, GaussianSampler<4, 16>>,
                    Sequential<Dense<4, 16, Relu>, TiedDense<16, 64, Sigmoid, 5>>>;
    CHECK(fingerprint("64,noise(0.5),16:tanh,dropout(0.3),8,sampler(0.0625),16,tied64") ==
          Other::fingerprint);
    const std::vector<Row> image = tools::parse_rows("8x8x2,conv4k3,dropout(0.5),norm", {});
    CHECK(image[1].in == Shape{8, 8, 4});
    CHECK(image[1].out == Shape{8, 8, 4});
}

TEST_CASE("a signal is an image of height 1, and windows go along it") {
    const tools::LayerList list = parse_layers("1x32x2,conv4k5,pool2,up2,conv2", {});
    CHECK(list.rows[0].window == Conv1D<32, 2, 4, 5, Relu>::row.window);
    CHECK(list.rows[1].out == Shape{1, 16, 4});
    CHECK(list.rows[3].out == Shape{1, 32, 2});
}

TEST_CASE("layers that cannot be are refused with the entry and the reason") {
    const auto refused = [](const std::string& layers, const std::string& words) {
        try {
            (void)parse_layers(layers, {});
        } catch (const tools::Error& error) {
            INFO(error.what());
            CHECK(std::string(error.what()).find(words) != std::string::npos);
            return;
        }
        FAIL(layers, " was taken");
    };
    refused("4x4,conv2k5valid,16", "'conv2k5valid' is larger than its input of 4x4x1");
    refused("4x4,conv2k3s0,16", "'conv2k3s0' is no size");
    refused("4x4,conv2k3d0,16", "at least 1");
    refused("4x4,convk3,16", "'convk3' lacks a number");
    refused("4x4,conv2k3z,16", "'conv2k3z' is no layer");
    refused("4x4,pool5,16", "'pool5' is larger than its input");
    refused("4x4,pool2:relu,16", "takes no activation");
    refused("4x4,3x5,16", "has 15 values, its input of 4x4x1 has 16");
    refused("4x4,up300,16", "255");
    refused("1000x1000,up2,16", "1048576");
    refused("1000x1000,deconv2s100,16", "1048576");
    refused("4x4,conv2k300,16", "'conv2k300' does not fit");
    refused("4x4:relu,2,16", "the first entry is the input");
    refused("16,4,dropout,16", "'dropout' needs a number from 0.01 to 0.99 in its brackets");
    refused("16,4,dropout(1),16", "0.99");
    refused("16,4,dropout(nan),16", "0.99");
    refused("16,4,noise(0),16", "'noise(0)' needs a number");
    refused("16,4,l1(-1),16", "'l1(-1)' needs a number");
    refused("16,4,l1(0.1)x,16", "'l1(0.1)x' is no layer");
    refused("16,4,l1(0.1):relu,16", "takes no activation");
    refused("16,5,sampler,16", "'sampler' reads as many means as log variances; its input has 5");
    refused("16,4,sampler(),16", "'sampler()' needs a number");
    refused("16,4,tied9", "'tied9' finds no dense layer from 9 to 4 in front of it");
    refused("16,4,tied", "'tied' lacks a number");
}

TEST_CASE("PyTorch's paddings: as many zeros on every side, output paddings behind") {
    const auto row = [](const std::string& text) { return tools::parse_rows(text, {}).front(); };
    const Row down = row("28x28x1,conv16k3s2p1");
    CHECK(down.out == Shape{14, 14, 16});
    CHECK(down.window.top == 1);
    CHECK(down.window.bottom == 1);
    CHECK(row("28x28x3,pool3s2p1").out == Shape{14, 14, 3});
    CHECK(row("1x100x1,conv4k5p2").out == Shape{1, 100, 4});
    CHECK(row("14x14x16,deconv8k3s2p1o1").out == Shape{28, 28, 8});
    CHECK(row("14x14x16,deconv8k3s2p1").out == Shape{27, 27, 8});
    CHECK(row("1x14x2,deconv8k4s2p1").out == Shape{1, 28, 8});
    CHECK_THROWS_AS((void)row("28x28x1,conv16k3p3"), tools::Error);
    CHECK_THROWS_AS((void)row("28x28x1,conv16k3p256"), tools::Error);
    CHECK_THROWS_AS((void)row("2x2x1,deconv1k3p9"), tools::Error);
    for (const char* text :
         {"norm()", "norm(2)", "norm(nan)", "norm(-1)", "norm(0.1", "norm(0.1)1"})
        CHECK_THROWS_AS((void)row(std::string("2x2x1,") + text), tools::Error);
}

TEST_CASE("layers written as a list are read as the same layers") {
    for (const std::string text :
         {"784,24:relu,784:sigmoid", "12,4:leaky_relu(0.123456)",
          "28x28x1,conv16k3s2p1:relu,depthwisek5d2:tanh,norm:relu,norm(1e-05):linear,pool2,flat,24:"
          "linear,49:"
          "relu,"
          "7x7x1,"
          "up2bilinear,deconv8k3s2p1o1:relu,deconv2k4s3valid:linear,conv1k5valid:sigmoid",
          "1x64x3,conv4k5s2:relu,avgpool3s2same,up4,deconv1k3s1:linear",
          "784,256:relu,48:linear,sampler,256:relu,dropout(0.3),784:sigmoid",
          "16,noise(0.5),8:tanh,4:linear,sampler(0.01),l1(5e-04),8:relu,tied16:sigmoid"}) {
        const std::vector<Row> rows = tools::parse_rows(text, {});
        CHECK(tools::layer_text(rows) == text);
    }
    Row odd = tools::parse_rows("8x8x1,conv2k3", {}).front();
    odd.window.height = 1;  // and so the border above and below is another
    CHECK_THROWS_WITH_AS((void)tools::layer_text({odd}), doctest::Contains("layer 1 (conv2d)"),
                         tools::Error);
}
