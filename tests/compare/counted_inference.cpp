// SPDX-License-Identifier: MIT
// One sample through 784-24-784, piece by piece, for count_instructions.sh.
#include <cstdio>

#include "nutshell/nutshell.hpp"

using namespace nutshell;

extern "C" {
[[gnu::noinline]] void count_start() { __asm__ volatile("" ::: "memory"); }
[[gnu::noinline]] void count_stop() { __asm__ volatile("" ::: "memory"); }
}

namespace {

using Encoding = Sequential<Dense<784, 24, Relu>>;
using Model = Autoencoder<Encoding, Sequential<Dense<24, 784, Sigmoid>>>;
/// The same without the sigmoid.
using LinearModel = Autoencoder<Encoding, Sequential<Dense<24, 784>>>;

Model::Parameters parameters;
LinearModel::Parameters linear_parameters;
alignas(64) float x[Model::input_size];
alignas(64) float y[Model::output_size];

/// Runs a piece once uncounted, so that the platform is chosen, and once counted.
template <class Piece>
void count(const char* name, Piece piece) {
    piece();
    count_start();
    piece();
    count_stop();
    std::printf("%s\n", name);
}

template <class Values>
void fill(Values& values) {
    float next = -1.0f;
    for (float& value : values) {
        value = next;
        next = next > 1.0f ? -1.0f : next + 0.01f;
    }
}

}  // namespace

int main() {
    fill(parameters.data);
    fill(linear_parameters.data);
    fill(x);
    Model model;
    LinearModel linear;
    model.bind(parameters);
    linear.bind(linear_parameters);
    Model::Code code;
    Model::Workspace work;
    LinearModel::Workspace linear_work;
    bool good = true;
    const auto check = [&](Status status) { good = good && status == Status::ok; };

    count_start();
    count_stop();
    count("encode", [&] { check(model.encode(x, code, work)); });
    count("decode without sigmoid", [&] { check(linear.decode(code, y, linear_work)); });
    count("reconstruct without sigmoid", [&] { check(linear.reconstruct(x, y, linear_work)); });
    count("reconstruct", [&] { check(model.reconstruct(x, y, work)); });
    count("sigmoid of 784", [&] { kernels::sigmoid(Model::output_size, y); });
    return good ? 0 : 1;
}
