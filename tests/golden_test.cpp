// SPDX-License-Identifier: MIT
// The library against PyTorch in double precision (data/golden; data/README.md says where from):
// forward passes, losses, every gradient and ten steps of Adam.
#include <doctest/doctest.h>

#include <string>

#include "device_fixture.hpp"
#include "npy_fixture.hpp"
#include "tools/data/dataset.hpp"

using namespace nutshell;
using namespace nutshell::tests;

namespace {

// What float arithmetic must reach against the double-precision goldens.
constexpr double kTensorTolerance = 1e-5;  // of the largest entry of a tensor
constexpr double kLossTolerance = 1e-6;    // relative
constexpr double kWeightTolerance = 1e-5;  // absolute, after ten steps of Adam

constexpr int kBatch = 32, kSteps = 10;
const std::string kTensorNames[] = {"encoder", "decoder"};

void check_close(const std::string& what, const std::vector<float>& ours,
                 const std::vector<float>& expected) {
    INFO(what);
    REQUIRE(ours.size() == expected.size());
    CHECK(distance(ours, expected) <= kTensorTolerance * largest(expected));
}

struct TutorialGolden {
    std::vector<float> images;  // the first of MNIST's training images, as in the sample
    Tutorial::Parameters weights{};

    TutorialGolden() {
        const tools::Dataset digits = tools::load_data("sample").train.slice(0, kBatch * kSteps);
        for (uint8_t pixel : digits.bytes) images.push_back(static_cast<float>(pixel) / 255.0f);
        for (int layer = 0; layer < 2; layer++) {
            const std::string& name = kTensorNames[layer];
            place<Tutorial>(weights, layer, golden("dense_adam/init_" + name + "_weight"),
                            golden("dense_adam/init_" + name + "_bias"));
        }
    }
    const float* batch(int step) const { return images.data() + step * kBatch * 784; }
};

// PyTorch's epsilon stands beside the corrected root; 1e-7 is what the goldens were made with.
Adam golden_adam() {
    Adam adam;
    adam.epsilon = 1e-7f;
    adam.epsilon_form = EpsilonForm::paper;
    return adam;
}

struct DeepGolden {
    std::vector<float> input = golden("deep/input");
    Deep::Parameters weights{};

    DeepGolden() {
        for (int layer = 0; layer < 6; layer++) {
            const std::string number = std::to_string(layer);
            place<Deep>(weights, layer, golden("deep/weight" + number),
                        golden("deep/bias" + number));
        }
    }
};

using TutorialTrainer = Trainer<Tutorial, BinaryCrossEntropy, Adam, kBatch>;

}  // namespace

TEST_CASE("the tutorial's model computes PyTorch's codes and outputs") {
    const TutorialGolden data;
    Tutorial model;
    model.bind(data.weights);
    Tutorial::Workspace work;
    std::vector<float> codes, outputs(kBatch * 784);
    for (int i = 0; i < kBatch; i++) {
        Tutorial::Code code;
        REQUIRE(model.encode(data.batch(0) + i * 784, code, work) == Status::ok);
        codes.insert(codes.end(), code.data, code.data + 24);
        REQUIRE(model.reconstruct(data.batch(0) + i * 784, outputs.data() + i * 784, work) ==
                Status::ok);
    }
    check_close("codes", codes, golden("dense_adam/step1_code"));
    check_close("outputs", outputs, golden("dense_adam/step1_output"));
}

TEST_CASE("the tutorial's model has PyTorch's gradients") {
    const TutorialGolden data;
    const auto trainer = std::make_unique<TutorialTrainer>();
    trainer->begin_batch(kBatch);
    REQUIRE(trainer->add(data.weights, data.batch(0), data.batch(0), kBatch) == Status::ok);
    for (int layer = 0; layer < 2; layer++) {
        const std::string& name = kTensorNames[layer];
        check_close(name + " weight", weight_of<Tutorial>(trainer->gradients(), layer),
                    golden("dense_adam/step1_grad_" + name + "_weight"));
        check_close(name + " bias", bias_of<Tutorial>(trainer->gradients(), layer),
                    golden("dense_adam/step1_grad_" + name + "_bias"));
    }
}

TEST_CASE("ten steps of Adam give PyTorch's losses and weights") {
    TutorialGolden data;
    const Tutorial::Parameters before = data.weights;
    const auto trainer = std::make_unique<TutorialTrainer>(golden_adam());
    const std::vector<float> expected = golden("dense_adam/losses");
    REQUIRE(expected.size() == kSteps);
    for (int step = 0; step < kSteps; step++) {
        float loss = 0;
        REQUIRE(trainer->step(data.weights, data.batch(step), data.batch(step), kBatch, 1e-3f,
                              &loss) == Status::ok);
        const double wanted = static_cast<double>(expected[static_cast<size_t>(step)]);
        INFO("step ", step + 1);
        CHECK(std::fabs(static_cast<double>(loss) - wanted) <= kLossTolerance * wanted);
    }
    for (int layer = 0; layer < 2; layer++) {
        const std::string& name = kTensorNames[layer];
        INFO(name);
        CHECK(distance(weight_of<Tutorial>(data.weights, layer),
                       golden("dense_adam/step10_" + name + "_weight")) <= kWeightTolerance);
        CHECK(distance(bias_of<Tutorial>(data.weights, layer),
                       golden("dense_adam/step10_" + name + "_bias")) <= kWeightTolerance);
        // The steps did something: otherwise the weights' test would accept no training at all.
        CHECK(distance(weight_of<Tutorial>(data.weights, layer),
                       weight_of<Tutorial>(before, layer)) > 100 * kWeightTolerance);
    }
}

TEST_CASE("weights whose gradient is exactly zero stay exactly where they were") {
    TutorialGolden data;
    const std::vector<float> before = weight_of<Tutorial>(data.weights, 0);
    const auto trainer = std::make_unique<TutorialTrainer>(golden_adam());
    for (int step = 0; step < kSteps; step++) {
        REQUIRE(trainer->step(data.weights, data.batch(step), data.batch(step), kBatch, 1e-3f) ==
                Status::ok);
    }
    const std::vector<float> after = weight_of<Tutorial>(data.weights, 0);
    int never_lit = 0;
    for (size_t pixel = 0; pixel < 784; pixel++) {
        bool lit = false;
        for (size_t image = 0; image < kBatch * kSteps; image++) {
            lit = lit || data.images[image * 784 + pixel] > 0;
        }
        if (lit) continue;
        never_lit++;
        for (size_t unit = 0; unit < 24; unit++) {
            REQUIRE(bits_of(after[unit * 784 + pixel]) == bits_of(before[unit * 784 + pixel]));
        }
    }
    CHECK(never_lit > 50);  // the edges of MNIST's images are black
}

TEST_CASE("a deep model with every activation computes PyTorch's outputs and loss") {
    const DeepGolden data;
    Deep model;
    model.bind(data.weights);
    Deep::Workspace work;
    std::vector<float> outputs(7 * 16);
    for (int i = 0; i < 7; i++) {
        REQUIRE(model.reconstruct(data.input.data() + i * 16, outputs.data() + i * 16, work) ==
                Status::ok);
    }
    check_close("outputs", outputs, golden("deep/output"));

    Deep::Parameters weights = data.weights;
    Trainer<Deep, MeanSquaredError, Sgd, 7> trainer;
    float loss = 0;
    REQUIRE(trainer.step(weights, data.input.data(), data.input.data(), 7, 0.1f, &loss) ==
            Status::ok);
    const double wanted = static_cast<double>(golden("deep/loss_mse")[0]);
    CHECK(std::fabs(static_cast<double>(loss) - wanted) <= kLossTolerance * wanted);
}

TEST_CASE("a deep model with every activation has PyTorch's gradients") {
    const DeepGolden data;
    Trainer<Deep, MeanSquaredError, Sgd, 4> trainer;  // in two slices
    trainer.begin_batch(7);
    REQUIRE(trainer.add(data.weights, data.input.data(), data.input.data(), 4) == Status::ok);
    REQUIRE(trainer.add(data.weights, data.input.data() + 4 * 16, data.input.data() + 4 * 16, 3) ==
            Status::ok);
    for (int layer = 0; layer < 6; layer++) {
        const std::string number = std::to_string(layer);
        check_close("weight" + number, weight_of<Deep>(trainer.gradients(), layer),
                    golden("deep/grad_weight" + number));
        check_close("bias" + number, bias_of<Deep>(trainer.gradients(), layer),
                    golden("deep/grad_bias" + number));
    }
}

TEST_CASE("the gradient that reaches the input of a deep model is PyTorch's") {
    const DeepGolden data;
    const Row* rows = Deep::Chain::rows;
    std::vector<std::vector<float>> tape{data.input};
    for (int i = 0; i < 6; i++) {
        std::vector<float> y(static_cast<size_t>(7 * rows[i].out.size()));
        DenseLayer::forward(rows[i], rows[i].activation, Deep::Chain::tensors(data.weights.data, i),
                            Pass{7}, tape.back().data(), y.data());
        tape.push_back(y);
    }
    std::vector<float> dy = tape.back();  // the last layer is linear: its sums are its outputs
    MeanSquaredError::gradient(Activation::linear, 0.0f, 7, 16, 1.0f / 7, data.input.data(),
                               dy.data());
    Deep::Parameters unused{};
    for (int i = 5; i >= 0; i--) {
        const size_t layer = static_cast<size_t>(i);
        std::vector<float> dx(tape[layer].size());
        const Spot spot = Deep::Chain::plan.spots[i];
        DenseLayer::backward(rows[i], rows[i].activation,
                             Deep::Chain::tensors(data.weights.data, i), Pass{7},
                             tape[layer].data(), tape[layer + 1].data(), dy.data(), dx.data(),
                             Target{1.0f, unused.data + spot.weight, unused.data + spot.bias});
        dy = dx;
    }
    check_close("input", dy, golden("deep/grad_input_through_network"));
}
