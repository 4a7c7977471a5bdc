// SPDX-License-Identifier: MIT
// A variational autoencoder learns digits; then its decoder alone, which is all that a board needs,
// draws digits that nobody wrote from random numbers. Runs on the sample of digits; with MNIST,
// 7_generate train-images-idx3-ubyte 30.
#include <nutshell/models.hpp>

#include "idx.hpp"

using namespace nutshell;
using Model = models::Variational;

constexpr int kBatch = 50;
static Model::Parameters weights;
static Trainer<Model, BinaryCrossEntropy, Adam, kBatch> trainer;

int main(int argc, char** argv) {
    const Images images =
        read_images(argc > 1 ? argv[1] : "tests/data/digits/train-images-idx3-ubyte.gz");
    const int epochs = epochs_of(argc, argv, 2, 4);
    initialize<Model>(weights, 1);
    double bound = 0;
    for (int epoch = 1; epoch <= epochs; epoch++) {
        // Cross-entropy and divergence, both over 784.
        bound = kImageSize * train_epoch(trainer, weights, images, kBatch, epoch);
        printf("epoch %2d  negative evidence bound %.1f nats\n", epoch, bound);
    }

    static Model::Decoder decoder;
    decoder.bind(weights);
    Model::Decoder::Workspace work;
    float invented[4 * kImageSize];
    for (uint32_t i = 0; i < 4; i++) {
        Model::Code code;
        random_code(7, i, Model::code_size, code.data);
        if (decoder.decode(code, invented + i * kImageSize, work) != Status::ok) return 1;
    }
    print_images(invented, 4);
    return bound < 180 ? 0 : 1;  // half gray everywhere has 543, the mean digit 206
}
