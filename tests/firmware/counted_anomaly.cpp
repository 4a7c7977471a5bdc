// SPDX-License-Identifier: MIT
// One score of a detector on a board, piece by piece, for count_instructions.sh; with a host's file
// "memory", the bytes that it takes instead: its memory, that of an inference that stores the
// reconstruction, and the stack of both. Ends with 1 unless the slices of an output are, to the
// bit, the output that is made at once, and the score is the mean of its squared errors.
#include <string.h>

#include "nutshell/anomaly.hpp"
#include "platform/boards/common/board.hpp"

using namespace nutshell;

extern "C" {
[[gnu::noinline]] void count_start() { __asm__ volatile("" ::: "memory"); }
[[gnu::noinline]] void count_stop() { __asm__ volatile("" ::: "memory"); }
}

namespace {

using Tutorial = Autoencoder<Sequential<Dense<784, 24, Relu>>, Sequential<Dense<24, 784, Sigmoid>>>;
using Small = Autoencoder<Sequential<Dense<32, 8, Tanh>>, Sequential<Dense<8, 32>>>;
using Coded = Int8Model<Tutorial>;

Tutorial::Parameters weights;
constexpr Small::Parameters kSmallWeights = {};
alignas(16) int8_t coded_weights[784 * 32];  // 24 inputs are padded to 32 for Helium
alignas(16) constexpr int32_t kZeros[784] = {};
alignas(16) int32_t multipliers[784];
alignas(16) int8_t shifts[784];
int8_t table[256];

/// A detector with all that a call needs, and what the call without one needs.
template <class Model>
struct Watched {
    Model model;
    typename AnomalyDetector<Model>::Workspace work;
    typename Model::Element x[Model::input_size];
    typename Model::Element restored[Model::output_size];
    float score;
    Blame most[3];
};
Watched<Tutorial> floats = {};
Watched<Small> small = {};
Watched<Coded> coded = {};
bool good = true;

void check(Status status) { good = good && status == Status::ok; }

template <class Model>
void score(Watched<Model>& watched) {
    check(AnomalyDetector<Model>(watched.model).score(watched.x, watched.score, watched.work));
}
template <class Model>
void blame(Watched<Model>& watched) {
    check(AnomalyDetector<Model>(watched.model).blame(watched.x, watched.most, 3, watched.work));
}
template <class Model>
void restore(Watched<Model>& watched) {
    check(watched.model.reconstruct(watched.x, watched.restored, watched.work.inference));
}

double value_of(float value) { return static_cast<double>(value); }
double value_of(int8_t code) { return code / 128.0; }

template <class Model>
bool right(Watched<Model>& watched) {
    restore(watched);
    score(watched);
    bool same = true;
    check(watched.model.reconstruct_in_slices(
        watched.x, watched.work.slice, watched.work.inference, [&](Slice slice) {
            const size_t bytes = static_cast<size_t>(slice.count) * sizeof *watched.x;
            const auto* const whole = watched.restored + slice.first;
            same = same && memcmp(watched.work.slice, whole, bytes) == 0;
        }));
    double sum = 0;
    for (int i = 0; i < Model::input_size; i++) {
        const double error = value_of(watched.x[i]) - value_of(watched.restored[i]);
        sum += error * error;
    }
    const double off = watched.score - sum / Model::input_size;
    // The sum of 784 squares in float.
    return same && off < 1e-5 * watched.score && -off < 1e-5 * watched.score;
}

/// Weights, a multiplier of 2^-7 for each output, and a table that is no identity.
void fill_models() {
    uint32_t state = 1;
    const auto next = [&] { return static_cast<int32_t>(state = state * 1664525u + 1013904223u); };
    for (float& weight : weights.data) weight = static_cast<float>(next() >> 8) / 1e8f;
    for (int8_t& weight : coded_weights) weight = static_cast<int8_t>(next() >> 25);
    for (int32_t& multiplier : multipliers) multiplier = 1 << 30;
    for (int8_t& shift : shifts) shift = -7;
    for (int i = 0; i < 256; i++) table[i] = static_cast<int8_t>(i / 2);
    for (int i = 0; i < 784; i++) floats.x[i] = static_cast<float>(i % 7) / 7.0f;
    for (int i = 0; i < 784; i++) coded.x[i] = static_cast<int8_t>(i % 7 * 17);
}

template <class Piece>
void count(const char* name, Piece piece) {
    count_start();
    piece();
    count_stop();
    board::print(name);
    board::print("\n");
}

void print(const char* name, size_t number) {
    board::print(name);
    board::print("\t");
    board::print(static_cast<int32_t>(number));
    board::print("\n");
}

template <class Model>
void print_memory(const char* name, Watched<Model>& watched, void (*scores)(), void (*restores)()) {
    board::print(name);
    board::print("\n");
    print("memory of a score", sizeof watched.work);
    print("memory of a stored reconstruction",
          sizeof watched.work.inference + sizeof watched.restored);
    print("stack of a score", board::stack_of(scores));
    print("stack of a reconstruction", board::stack_of(restores));
}

}  // namespace

int main() {
    fill_models();
    floats.model.bind(weights);
    small.model.bind(kSmallWeights);
    const Packing packing = kernels::int8_packing();
    Int8Tensors layers[2];
    for (Int8Tensors& layer : layers) {
        layer = {coded_weights, kZeros, multipliers, shifts, nullptr, packing, true};
        layer.in = layer.sum = layer.out = {1.0f / 128.0f, 0};
    }
    layers[1].table = table;
    coded.model.bind_layers(layers);
    if (!right(floats) || !right(coded)) {
        board::print("a slice or a score is wrong\n");
        return 1;
    }

    uint8_t any;
    if (board::read_host_file("memory", 0, &any, 1) == 1) {
        print_memory(
            "784-24-784 float", floats, [] { score(floats); }, [] { restore(floats); });
        print_memory(
            "784-24-784 int8", coded, [] { score(coded); }, [] { restore(coded); });
        return good ? 0 : 1;
    }
    count_start();
    count_stop();
#if defined(__ARM_FP)
    count("reconstruct, 784-24-784 float", [] { restore(floats); });
    count("score, 784-24-784 float", [] { score(floats); });
    count("blame, 784-24-784 float", [] { blame(floats); });
#endif
    count("reconstruct, 784-24-784 int8", [] { restore(coded); });
    count("score, 784-24-784 int8", [] { score(coded); });
    count("blame, 784-24-784 int8", [] { blame(coded); });
    count("score, 32-8-32 float", [] { score(small); });
    return good ? 0 : 1;
}
