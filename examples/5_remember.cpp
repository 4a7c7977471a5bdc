// SPDX-License-Identifier: MIT
// Was this seen before? A store keeps codes in memory of its own, here 24 of 8 numbers in 960
// bytes; the distance to the nearest one says how new a sample is. The encoder's weights are
// random: even so, near samples have near codes.
#include <math.h>
#include <stdio.h>

#include <nutshell/nutshell.hpp>

using namespace nutshell;
using Model = Autoencoder<Sequential<Dense<32, 8, Tanh>>, Sequential<Dense<8, 32>>>;
using Store = CodeStore<float>;

static Model::Parameters weights;
static Model::Workspace work;
alignas(16) static uint8_t memory[Store::memory_bytes(8, 24, Metric::squared_l2)];

static Model::Code code_of(const Model& model, float pitch, uint32_t take) {
    float tone[32];
    for (uint32_t t = 0; t < 32; t++) {
        const float noise = uniform(random_word(take, Purpose::shuffle, 0, t)) - 0.5f;
        tone[t] = sinf(pitch * static_cast<float>(t)) + 0.05f * noise;
    }
    Model::Code code{};
    if (model.encode(tone, code, work) != Status::ok) puts("not encoded");
    return code;
}

int main() {
    initialize<Model>(weights, 1);
    Model model;
    model.bind(weights);
    Store store;
    if (store.bind({8, 24, Metric::squared_l2, model.model_id()}, memory, sizeof memory) !=
        Status::ok) {
        return 1;
    }
    for (uint32_t tone = 0; tone < 20; tone++) {
        const Model::Code code = code_of(model, 0.2f + 0.1f * static_cast<float>(tone), tone);
        if (store.insert(code.data, tone) != Status::ok) return 1;
    }

    Match nearest{};
    float heard = 0, unheard = 0;
    if (store.nearest(code_of(model, 0.7f, 100).data, 1, &nearest) != Status::ok) return 1;
    if (store.novelty(code_of(model, 0.7f, 100).data, heard) != Status::ok) return 1;
    if (store.novelty(code_of(model, 0.75f, 101).data, unheard) != Status::ok) return 1;
    printf("tone 5 again: nearest is tone %u, squared distance %.4f; a tone between two: %.4f\n",
           static_cast<unsigned>(nearest.id), static_cast<double>(heard),
           static_cast<double>(unheard));
    return nearest.id == 5 && unheard > 10 * heard ? 0 : 1;
}
