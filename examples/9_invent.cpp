// SPDX-License-Identifier: MIT
// A generator learns to draw digits against a discriminator that learns to tell them from real
// ones; then it draws four alone. Runs for a moment on the sample of digits, long enough for
// strokes in the right place; with MNIST, 9_invent train-images-idx3-ubyte 20.
#include <algorithm>
#include <numeric>
#include <nutshell/adversarial_trainer.hpp>
#include <nutshell/models.hpp>

#include "idx.hpp"

using namespace nutshell;
using Model = models::GenerativeAdversarial;

constexpr int kBatch = 50;
static Model::Parameters weights;
static AdversarialTrainer<Model, kBatch> trainer;

static bool train_epoch(const Images& images, unsigned epoch) {
    std::vector<uint32_t> order(static_cast<size_t>(images.count));
    std::iota(order.begin(), order.end(), 0u);
    shuffle(order.data(), static_cast<uint32_t>(order.size()), 1, epoch);
    std::vector<float> batch(kBatch * kImageSize);
    AdversarialLosses losses{};
    for (size_t at = 0; at + kBatch <= order.size(); at += kBatch) {
        for (size_t i = 0; i < kBatch; i++) {
            std::copy_n(images.at(static_cast<int>(order[at + i])), kImageSize,
                        batch.data() + i * kImageSize);
        }
        if (trainer.step(weights, batch.data(), kBatch, 2e-4f, &losses) != Status::ok) return false;
    }
    printf("epoch %2u  generator %.3f  discriminator %.3f\n", epoch,
           static_cast<double>(losses.generator), static_cast<double>(losses.discriminator));
    return true;
}

int main(int argc, char** argv) {
    const Images images =
        read_images(argc > 1 ? argv[1] : "tests/data/digits/train-images-idx3-ubyte.gz");
    const unsigned epochs = argc > 2 ? static_cast<unsigned>(strtoul(argv[2], nullptr, 10)) : 2;
    initialize<Model>(weights, 1);
    for (unsigned epoch = 1; epoch <= epochs; epoch++) {
        if (!train_epoch(images, epoch)) return 1;
    }

    // What goes to a device: the generator, which knows nothing of the discriminator.
    static Model::Generator generator;
    static Model::Generator::Workspace work;
    generator.bind(weights);
    float invented[4 * kImageSize];
    for (uint32_t i = 0; i < 4; i++) {
        Model::Generator::Code code;
        for (uint32_t k = 0; k < Model::code_size; k++) {
            code.data[k] = normal(random_word(7, Purpose::layer, i, k));
        }
        if (generator.decode(code, invented + i * kImageSize, work) != Status::ok) return 1;
    }
    print_images(invented, 4);
    const float ink = std::accumulate(invented, invented + 4 * kImageSize, 0.0f);
    return ink < 0.35f * 4 * kImageSize ? 0 : 1;  // gray in the beginning, 0.5; digits have 0.13
}
