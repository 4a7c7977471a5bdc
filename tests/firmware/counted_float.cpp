// SPDX-License-Identifier: MIT
// Float inference and training of the tutorial's model on a board, piece by piece, for
// count_instructions.sh. Few instructions depend on the numbers: most of the clamp's, and of the
// sigmoid's.
#include "nutshell/trainer.hpp"
#include "platform/boards/common/board.hpp"

using namespace nutshell;

extern "C" {
[[gnu::noinline]] void count_start() { __asm__ volatile("" ::: "memory"); }
[[gnu::noinline]] void count_stop() { __asm__ volatile("" ::: "memory"); }
}

namespace {

using Encoding = Sequential<Dense<784, 24, Relu>>;
using Model = Autoencoder<Encoding, Sequential<Dense<24, 784, Sigmoid>>>;
/// The same without the sigmoid; the parameters are in the same places.
using LinearModel = Autoencoder<Encoding, Sequential<Dense<24, 784>>>;

struct Memory {
    Model::Parameters parameters;
    LinearModel::Parameters linear_parameters;
    Model::Workspace work;
    LinearModel::Workspace linear_work;
    SampleTrainer<Model> trainer;
    Model::Code code;
    float x[Model::input_size], y[Model::output_size];
};
Memory memory = {};
bool good = true;

void check(Status status) { good = good && status == Status::ok; }

template <class Piece>
void count(const char* name, Piece piece) {
    count_start();
    piece();
    count_stop();
    board::print(name);
    board::print("\n");
}

void fill(int n, float step, float* values) {
    float next = -1.0f;
    for (int i = 0; i < n; i++) {
        values[i] = next;
        next = next > 1.0f ? -1.0f : next + step;
    }
}

}  // namespace

int main() {
    Memory& m = memory;
    fill(Model::input_size, 0.07f, m.x);
    for (float& pixel : m.x) pixel = pixel > 0 ? pixel : 0.0f;
    fill(static_cast<int>(sizeof m.parameters.data / sizeof(float)), 0.01f, m.parameters.data);
    memcpy(m.linear_parameters.data, m.parameters.data, sizeof m.parameters.data);
    Model model;
    LinearModel linear;
    model.bind(m.parameters);
    linear.bind(m.linear_parameters);

    count_start();
    count_stop();
    count("encode", [&] { check(model.encode(m.x, m.code, m.work)); });
    count("decode without sigmoid", [&] { check(linear.decode(m.code, m.y, m.linear_work)); });
    count("reconstruct without sigmoid",
          [&] { check(linear.reconstruct(m.x, m.y, m.linear_work)); });
    count("reconstruct", [&] { check(model.reconstruct(m.x, m.y, m.work)); });
    count("sigmoid of 784", [&] { kernels::sigmoid(Model::output_size, m.y); });
    count("training step", [&] { check(m.trainer.step(m.parameters, m.x, m.x, 0.01f)); });
    return good ? 0 : 1;
}
