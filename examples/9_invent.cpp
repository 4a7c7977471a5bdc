// SPDX-License-Identifier: MIT
// A generator learns to draw digits against a discriminator that learns to tell them from real
// ones; then it draws four alone. Runs for a moment on the sample of digits, long enough for
// strokes in the right place; with MNIST, 9_invent train-images-idx3-ubyte 20.
#include <nutshell/adversarial_trainer.hpp>
#include <nutshell/models.hpp>

#include "idx.hpp"

using namespace nutshell;
using Model = models::GenerativeAdversarial;

constexpr int kBatch = 50;
static Model::Parameters weights;
static AdversarialTrainer<Model, kBatch> trainer;

static bool train_epoch(const Images& images, int epoch) {
    AdversarialLosses losses{};
    const bool done = for_each_batch(images, kBatch, epoch, [&](const float* batch) {
        return trainer.step(weights, batch, kBatch, 2e-4f, &losses) == Status::ok;
    });
    printf("epoch %2d  generator %.3f  discriminator %.3f\n", epoch,
           static_cast<double>(losses.generator), static_cast<double>(losses.discriminator));
    return done;
}

int main(int argc, char** argv) {
    const Images images =
        read_images(argc > 1 ? argv[1] : "tests/data/digits/train-images-idx3-ubyte.gz");
    const int epochs = epochs_of(argc, argv, 2, 2);
    initialize<Model>(weights, 1);
    for (int epoch = 1; epoch <= epochs; epoch++) {
        if (!train_epoch(images, epoch)) return 1;
    }

    // What goes to a device: the generator, which knows nothing of the discriminator.
    static Model::Generator generator;
    static Model::Generator::Workspace work;
    generator.bind(weights);
    float invented[4 * kImageSize];
    for (uint32_t i = 0; i < 4; i++) {
        Model::Generator::Code code;
        random_code(7, i, Model::code_size, code.data);
        if (generator.decode(code, invented + i * kImageSize, work) != Status::ok) return 1;
    }
    print_images(invented, 4);
    const float ink = std::accumulate(invented, invented + 4 * kImageSize, 0.0f);
    return ink < 0.35f * 4 * kImageSize ? 0 : 1;  // gray in the beginning, 0.5; digits have 0.13
}
