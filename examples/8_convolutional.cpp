// SPDX-License-Identifier: MIT
// A convolutional autoencoder learns to keep pictures of boxes, 256 pixels each, in 8 numbers, and
// draws one that it has never seen: before and after.
#include <stdio.h>

#include <nutshell/nutshell.hpp>

using namespace nutshell;
using Model = Autoencoder<
    Sequential<Conv2D<16, 16, 1, 8, 3, Relu, 2>, Conv2D<8, 8, 8, 8, 3, Relu, 2>,
               Dense<128, 8>>,  // a dense layer reads an image as it lies
    Sequential<Dense<8, 128, Relu>, Reshape<4, 4, 8>, TransposedConv2D<4, 4, 8, 8, 3, Relu>,
               TransposedConv2D<8, 8, 8, 1, 3, Sigmoid>>>;

constexpr int kBatch = 16, kSize = Model::input_size;
static Model::Parameters weights;
static Trainer<Model, BinaryCrossEntropy, Adam, kBatch> trainer;
static_assert(Model::code_size == 8, "256 pixels become 8 numbers");

/// A box between two corners, a function of i alone.
static void draw_box(unsigned i, float* image) {
    const auto side = [i](unsigned index) {
        return static_cast<int>(uniform(random_word(1, Purpose::shuffle, i, index)) * 8.0f);
    };
    const int left = side(0), top = side(1), right = 8 + side(2), bottom = 8 + side(3);
    for (int y = 0; y < 16; y++) {
        for (int x = 0; x < 16; x++) {
            image[y * 16 + x] = x >= left && x < right && y >= top && y < bottom ? 1.0f : 0.0f;
        }
    }
}

int main() {
    static float batch[kBatch * kSize];
    float first = 0, loss = 0;
    unsigned box = 0;
    initialize<Model>(weights, 1);
    for (int step = 0; step < 800; step++) {
        for (int i = 0; i < kBatch; i++) draw_box(box++, batch + i * kSize);
        const Status status = trainer.step(weights, batch, batch, kBatch, 3e-3f, &loss);
        if (status != Status::ok) return puts(to_string(status)), 1;
        if (step == 0) first = loss;
        if (step % 200 == 0) printf("step %4d  loss %.4f\n", step, static_cast<double>(loss));
    }

    Model model;
    model.bind(weights);
    static Model::Workspace work;
    static float restored[kSize];
    draw_box(box, batch);
    if (model.reconstruct(batch, restored, work) != Status::ok) return 1;
    for (int y = 0; y < 16; y++) {
        for (int x = 0; x < 16; x++) putchar(batch[y * 16 + x] > 0.5f ? '#' : '.');
        printf("   ");
        for (int x = 0; x < 16; x++) putchar(restored[y * 16 + x] > 0.5f ? '#' : '.');
        putchar('\n');
    }
    return loss < 0.2f * first ? 0 : 1;
}
