// SPDX-License-Identifier: MIT
// A deep autoencoder, trained on a PC: 784-128-64-24 and back. Runs on the sample of digits; with
// MNIST, 6_deep train-images-idx3-ubyte t10k-images-idx3-ubyte 30 reaches a loss below 0.0985.
#include <nutshell/models.hpp>

#include "idx.hpp"

using namespace nutshell;
using Model = models::Deep;

constexpr int kBatch = 64;
static Model::Parameters weights;
static Trainer<Model, BinaryCrossEntropy, Adam, kBatch> trainer;

int main(int argc, char** argv) {
    const std::string sample = "tests/data/digits/";
    const Images train = read_images(argc > 1 ? argv[1] : sample + "train-images-idx3-ubyte.gz");
    const Images test = read_images(argc > 2 ? argv[2] : sample + "t10k-images-idx3-ubyte.gz");
    const int epochs = epochs_of(argc, argv, 3, 4);
    initialize<Model>(weights, 1);
    double loss = 0;
    for (int epoch = 1; epoch <= epochs; epoch++) {
        loss = train_epoch(trainer, weights, train, kBatch, epoch);
        printf("epoch %2d  loss %.4f\n", epoch, loss);
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
    return loss < 0.21 ? 0 : 1;  // the mean digit, whatever the input, has 0.26
}
