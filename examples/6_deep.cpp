// SPDX-License-Identifier: MIT
// A deep autoencoder, trained on a PC: 784-128-64-24 and back. Runs on the sample of digits; with
// MNIST, 6_deep train-images-idx3-ubyte t10k-images-idx3-ubyte 30 reaches a loss below 0.0985.
#include <algorithm>
#include <numeric>
#include <nutshell/models.hpp>

#include "idx.hpp"

using namespace nutshell;
using Model = models::Deep;

constexpr int kBatch = 64;
static Model::Parameters weights;
static Trainer<Model, BinaryCrossEntropy, Adam, kBatch> trainer;

static float train_epoch(const Images& images, unsigned epoch) {
    std::vector<uint32_t> order(static_cast<size_t>(images.count));
    std::iota(order.begin(), order.end(), 0u);
    shuffle(order.data(), static_cast<uint32_t>(order.size()), 1, epoch);
    std::vector<float> batch(kBatch * kImageSize);
    double sum = 0;
    int batches = 0;
    for (int at = 0; at + kBatch <= images.count; at += kBatch, batches++) {
        for (int i = 0; i < kBatch; i++) {
            std::copy_n(images.at(static_cast<int>(order[static_cast<size_t>(at + i)])), kImageSize,
                        batch.data() + i * kImageSize);
        }
        float loss = 0;
        if (trainer.step(weights, batch.data(), batch.data(), kBatch, 1e-3f, &loss) != Status::ok) {
            return 1e9f;
        }
        sum += static_cast<double>(loss);
    }
    return static_cast<float>(sum / batches);
}

int main(int argc, char** argv) {
    const std::string sample = "tests/data/digits/";
    const Images train = read_images(argc > 1 ? argv[1] : sample + "train-images-idx3-ubyte.gz");
    const Images test = read_images(argc > 2 ? argv[2] : sample + "t10k-images-idx3-ubyte.gz");
    const int epochs = argc > 3 ? atoi(argv[3]) : 4;
    initialize<Model>(weights, 1);
    float loss = 0;
    for (int epoch = 1; epoch <= epochs; epoch++) {
        loss = train_epoch(train, static_cast<unsigned>(epoch));
        printf("epoch %2d  loss %.4f\n", epoch, static_cast<double>(loss));
    }

    Model model;
    model.bind(weights);
    Model::Workspace work;
    float pictures[4 * kImageSize];
    for (int i = 0; i < 2; i++) {
        std::copy_n(test.at(i), kImageSize, pictures + 2 * i * kImageSize);
        if (model.reconstruct(test.at(i), pictures + (2 * i + 1) * kImageSize, work) !=
            Status::ok) {
            return 1;
        }
    }
    print_images(pictures, 4);
    return loss < 0.21f ? 0 : 1;  // the mean digit, whatever the input, has 0.26
}
