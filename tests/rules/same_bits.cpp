// SPDX-License-Identifier: MIT
// Prints the bits that a short training leaves on the reference platform: the CRC of the weights
// and of a reconstruction, for batches with Adam and for single samples. same_bits.sh compares
// them.
#include <stdio.h>

#include <nutshell/nutshell.hpp>

using namespace nutshell;
using Model = Autoencoder<Sequential<Dense<60, 20, LeakyRelu<>>, Dense<20, 8, Tanh>>,
                          Sequential<Dense<8, 20, Relu>, Dense<20, 60, Sigmoid>>>;

static Model::Parameters parameters;
static Trainer<Model, BinaryCrossEntropy, Adam, 16> trainer;
static SampleTrainer<Model> sample_trainer;
static float images[50 * 60];
static float restored[60];

static void print_bits(const char* what) {
    Model model;
    Model::Workspace work;
    model.bind(parameters);
    if (model.reconstruct(images, restored, work) != Status::ok) puts("not reconstructed");
    const unsigned weights_crc =
        crc32c(0, reinterpret_cast<const uint8_t*>(parameters.data), sizeof parameters.data);
    const unsigned output_crc =
        crc32c(0, reinterpret_cast<const uint8_t*>(restored), sizeof restored);
    printf("%s: weights %08x, output %08x\n", what, weights_crc, output_crc);
}

int main() {
    for (uint32_t i = 0; i < 50 * 60; i++) {
        images[i] = uniform(random_word(7, Purpose::shuffle, 0, i));
    }
    initialize<Model>(parameters, 1);
    print_bits("initialized");
    for (int step = 0; step < 20; step++) {
        if (trainer.step(parameters, images, images, 50, 0.01f) != Status::ok) puts("diverged");
    }
    print_bits("20 batches with Adam");
    for (int i = 0; i < 50; i++) {
        const float* image = images + i * 60;
        const Status status =
            sample_trainer.step(parameters, image, image, linear_decay(0.5f, i, 50));
        if (status != Status::ok) puts("diverged");
    }
    print_bits("50 single samples");
}
