// SPDX-License-Identifier: MIT
// A sensor learns what its machine looks like when all is well, in less than 2 KB and without a
// heap, one window of 32 readings at a time; then it meets something else.
#include <math.h>
#include <stdio.h>

#include <nutshell/nutshell.hpp>

using namespace nutshell;
using Model = Autoencoder<Sequential<Dense<32, 4, Tanh>>, Sequential<Dense<4, 32>>>;

static Model::Parameters weights;                       // trained here, or const in flash
static SampleTrainer<Model, MeanSquaredError> trainer;  // no gradients, no optimizer state
static_assert(sizeof weights + sizeof trainer <= 2048, "fits a small board");

static void read_sensor(unsigned i, float pitch, float* window) {
    const float phase = uniform(random_word(1, Purpose::shuffle, 0, i)) * 6.2832f;
    for (int t = 0; t < 32; t++) window[t] = sinf(pitch * static_cast<float>(t) + phase);
}

static float error_of(const Model& model, const float* window) {
    static Model::Workspace work;
    static float restored[32];
    if (model.reconstruct(window, restored, work) != Status::ok) return INFINITY;
    float sum = 0;
    for (int t = 0; t < 32; t++) sum += (restored[t] - window[t]) * (restored[t] - window[t]);
    return sum / 32;
}

int main() {
    const int total = 20000;
    static float window[32];
    float loss = 0;
    initialize<Model>(weights, 1);
    for (int i = 0; i < total; i++) {
        read_sensor(static_cast<unsigned>(i), 0.4f, window);
        const Status status =
            trainer.step(weights, window, window, linear_decay(0.5f, i, total), &loss);
        if (status != Status::ok) return puts(to_string(status)), 1;
        if (i % 4000 == 0) printf("window %5d  loss %.5f\n", i, static_cast<double>(loss));
    }

    Model model;
    model.bind(weights);
    read_sensor(total, 0.4f, window);
    const float normal = error_of(model, window);
    read_sensor(total, 0.7f, window);
    const float odd = error_of(model, window);
    printf("error of a normal window %.4f, of an odd one %.4f\n", static_cast<double>(normal),
           static_cast<double>(odd));
    return odd > 10 * normal ? 0 : 1;
}
