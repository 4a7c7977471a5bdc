// SPDX-License-Identifier: MIT
// A variational autoencoder learns digits; then its decoder alone, which is all that a board needs,
// draws digits that nobody wrote from random numbers. Runs on the sample of digits; with MNIST,
// 7_generate train-images-idx3-ubyte 30.
#include <algorithm>
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
    const int epochs = argc > 2 ? atoi(argv[2]) : 4;
    initialize<Model>(weights, 1);
    double bound = 0;
    for (int epoch = 1; epoch <= epochs; epoch++) {
        bound = 0;
        for (int at = 0; at + kBatch <= images.count; at += kBatch) {
            float loss = 0;
            const float* batch = images.at(at);
            if (trainer.step(weights, batch, batch, kBatch, 1e-3f, &loss) != Status::ok) return 1;
            // Cross-entropy and divergence, both over 784.
            bound += kImageSize * static_cast<double>(loss) * kBatch / images.count;
        }
        printf("epoch %2d  negative evidence bound %.1f nats\n", epoch, bound);
    }

    static Model::Decoder decoder;
    decoder.bind(weights);
    Model::Decoder::Workspace work;
    float invented[4 * kImageSize];
    for (uint32_t i = 0; i < 4; i++) {
        Model::Code code;
        for (uint32_t k = 0; k < 24; k++) {
            code.data[k] = normal(random_word(7, Purpose::layer, i, k));
        }
        if (decoder.decode(code, invented + i * kImageSize, work) != Status::ok) return 1;
    }
    print_images(invented, 4);
    return bound < 180 ? 0 : 1;  // half gray everywhere has 543, the mean digit 206
}
