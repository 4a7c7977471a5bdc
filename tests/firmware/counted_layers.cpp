// SPDX-License-Identifier: MIT
// Dense layers of many shapes, activations and a model of two layers on a board, each a piece for
// count_instructions.sh: what tests/compare/layer_costs.sh fits the costs of nutshell footprint to.
#include "nutshell/autoencoder.hpp"
#include "platform/boards/common/board.hpp"

using namespace nutshell;

extern "C" {
[[gnu::noinline]] void count_start() { __asm__ volatile("" ::: "memory"); }
[[gnu::noinline]] void count_stop() { __asm__ volatile("" ::: "memory"); }
}

namespace {

constexpr int kWidest = 784, kMostWeights = 640 * 128;
constexpr int kShapes[][2] = {{16, 16},  {64, 16},  {16, 64},  {128, 128}, {640, 128}, {128, 640},
                              {784, 24}, {24, 784}, {128, 8},  {8, 128},   {32, 8},    {8, 32},
                              {300, 40}, {40, 300}, {256, 64}, {64, 256},  {10, 100},  {100, 10}};
/// Of int8 besides, since few layers of floats end in a part of a block.
constexpr int kOddShapes[][2] = {{21, 13}, {13, 5}, {5, 17}, {17, 21}, {30, 7}, {70, 33}, {33, 70}};
using Pair = Autoencoder<Sequential<Dense<16, 16>>, Sequential<Dense<16, 16>>>;

alignas(16) float weights[kMostWeights];
alignas(16) float bias[kWidest], x[kWidest], y[kWidest];
alignas(16) constexpr int8_t kWeights[kMostWeights] = {};
alignas(16) constexpr int32_t kZeros[kWidest] = {};
alignas(16) int8_t shifts[kWidest], codes[kWidest], outputs[kWidest], scratch[2 * kWidest];
constexpr int8_t kTable[256] = {};

/// A linear congruential generator; in -1..1.
float next_number() {
    static uint32_t state = 1;
    state = state * 1664525u + 1013904223u;
    return static_cast<float>(static_cast<int32_t>(state) >> 8) / 8388608.0f;
}

void fill(int n, float scale, float* values) {
    for (int i = 0; i < n; i++) values[i] = scale * next_number();
}

template <class Piece>
void count(const char* name, int in, int out, Piece piece) {
    count_start();
    piece();
    count_stop();
    board::print(name);
    board::print(" ");
    board::print(in);
    board::print(" ");
    board::print(out);
    board::print("\n");
}

Int8Tensors coded(bool per_output, int8_t zero_point = -128) {
    Int8Tensors layer{kWeights,  kZeros, kZeros, shifts, nullptr, kernels::int8_packing(),
                      per_output};
    layer.sum.zero_point = zero_point;
    return layer;
}

void count_int8(const char* name, int in, int out, Activation activation,
                const Int8Tensors& layer) {
    const Row row{Kind::dense, activation, flat(in), flat(out)};
    const int padded = packed_outputs(kernels::int8_packing(), out);
    for (int i = out; i < padded; i++) shifts[i] = 0;  // as in a file
    count(name, in, out, [&] { DenseLayer::forward(row, layer, codes, outputs, scratch); });
    for (int i = out; i < padded; i++) shifts[i] = -7;
}

void count_floats(int in, int out) {
    const Row row{Kind::dense, Activation::linear, flat(in), flat(out)};
    const char* const name = DenseLayer::rows_are_outputs(row) ? "dots" : "combined";
    count(name, in, out, [&] {
        DenseLayer::forward(row, Activation::linear, {weights, bias}, Pass{1}, x, y);
    });
}

template <class Model, class Element>
void count_model(const char* name, const Model& model, const Element* from, Element* to) {
    static typename Model::Workspace work;
    count(name, 16, 16, [&] { (void)model.reconstruct(from, to, work); });
}

void count_models() {
    static Int8Model<Pair> int8;
    const Int8Tensors both[] = {coded(true), coded(true)};
    int8.bind_layers(both);
    count_model("model_int8", int8, codes, outputs);
    static Pair::Parameters parameters;
    fill(static_cast<int>(sizeof parameters.data / sizeof(float)), 0.1f, parameters.data);
    static Pair floats;
    floats.bind(parameters);
    count_model("model_float", floats, x, y);
}

}  // namespace

int main() {
    fill(kMostWeights, 0.1f, weights);
    fill(kWidest, 0.1f, bias);
    fill(kWidest, 1.0f, x);
    for (float& value : x) value = value > 0 ? value : 0.0f;  // half of them are, as behind a relu
    for (int8_t& shift : shifts) shift = -7;
    for (int8_t& code : codes) code = static_cast<int8_t>(100.0f * next_number());

    count_start();
    count_stop();
    for (const auto& shape : kShapes) count_floats(shape[0], shape[1]);
    for (const auto& shape : kShapes) {
        count_int8("int8", shape[0], shape[1], Activation::linear, coded(false));
        count_int8("int8_per_output", shape[0], shape[1], Activation::linear, coded(true));
    }
    for (const auto& shape : kOddShapes) {
        count_int8("int8_per_output", shape[0], shape[1], Activation::linear, coded(true));
    }
    count_int8("clamped", 24, kWidest, Activation::relu, coded(true, 3));
    count_models();
    count("look_up", kWidest, 0, [] { kernels::look_up(kWidest, kTable, codes); });
    count("check", kWidest, 0, [] { (void)all_finite(x, kWidest); });
    fill(kWidest, 3.0f, y);
    count("sigmoid", kWidest, 0, [] { kernels::sigmoid(kWidest, y); });
    fill(kWidest, 3.0f, y);
    count("tanh", kWidest, 0, [] { kernels::tanh(kWidest, y); });
    fill(kWidest, 3.0f, y);
    count("leaky_relu", kWidest, 0, [] { kernels::leaky_relu(kWidest, 0.01f, y); });
    return 0;
}
