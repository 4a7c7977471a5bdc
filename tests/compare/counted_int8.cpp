// SPDX-License-Identifier: MIT
// Chains of int8 layers, layers over images and a table's look-up, for count_instructions.sh.
// usage: counted_int8 PLATFORM. Weights are any; no step of an instruction count depends on them.
#include <cstdio>
#include <utility>
#include <vector>

#include "convolution_rows.hpp"
#include "platform/platform.hpp"

using namespace nutshell;

extern "C" {
[[gnu::noinline]] void count_start() { __asm__ volatile("" ::: "memory"); }
[[gnu::noinline]] void count_stop() { __asm__ volatile("" ::: "memory"); }
}

namespace {

/// A layer with a multiplier for each output.
struct Layer {
    int in, out;
    std::vector<int8_t> weights;
    std::vector<int32_t> bias, multiplier;
    std::vector<int8_t> shift;

    Layer(int inputs, int outputs) : in(inputs), out(outputs) {
        const Packing packing = kernels::int8_packing();
        weights.assign(static_cast<size_t>(packed_weights(packing, in, out)), 3);
        bias.assign(static_cast<size_t>(packed_biases(packing, out)), 1000);
        multiplier.assign(static_cast<size_t>(packed_outputs(packing, out)), 1500000000);
        shift.assign(multiplier.size(), -7);
    }
    void run(const int8_t* x, int8_t* y) const {
        const Requantization rule{bias.data(), multiplier.data(), shift.data(), true, 5, -128, 127};
        kernels::dense_int8(in, out, weights.data(), rule, x, y, nullptr);
    }
};

/// Counts one sample through layers of these sizes.
void count(const char* name, const std::vector<int>& sizes) {
    std::vector<Layer> layers;
    for (size_t i = 1; i < sizes.size(); i++) layers.emplace_back(sizes[i - 1], sizes[i]);
    std::vector<int8_t> x(1024, 7), y(1024);
    count_start();
    for (const Layer& layer : layers) {
        layer.run(x.data(), y.data());
        std::swap(x, y);
    }
    count_stop();
    std::printf("%s %s\n", platform::current().name, name);
}

void count(const tests::NamedRow& named) {
    const WeightMatrix matrix = weight_matrix(named.row);
    const Layer layer(matrix.inputs, matrix.outputs);
    Int8Tensors tensors{layer.weights.data(),
                        layer.bias.data(),
                        layer.multiplier.data(),
                        layer.shift.data(),
                        nullptr,
                        kernels::int8_packing(),
                        true};
    tensors.in.zero_point = tensors.sum.zero_point = -128;  // as behind a relu
    std::vector<int8_t> x(static_cast<size_t>(named.row.in.size()), 7);
    std::vector<int8_t> y(static_cast<size_t>(named.row.out.size()));
    struct alignas(16) Unit {
        int8_t at[16];
    };
    std::vector<Unit> scratch(static_cast<size_t>(int8_scratch_bytes(named.row)) / sizeof(Unit) +
                              1);
    count_start();
    tests::run_row(named.row, tensors, x.data(), y.data(), scratch.data());
    count_stop();
    std::printf("%s %s\n", platform::current().name, named.name);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2 || platform::use(argv[1]) != Status::ok) {
        std::fprintf(stderr, "usage: counted_int8 PLATFORM, one that this machine has\n");
        return 2;
    }
    count_start();
    count_stop();
    count("784-24", {784, 24});
    count("24-784", {24, 784});
    count("784-24-784", {784, 24, 784});
    count("ad01, 640-128x4-8-128x4-640", {640, 128, 128, 128, 128, 8, 128, 128, 128, 128, 640});
    count("any shape, 77-51-30-1-203", {77, 51, 30, 1, 203});
    std::vector<int8_t> table(256, 1), x(784, 2);
    count_start();
    kernels::look_up(784, table.data(), x.data());
    count_stop();
    std::printf("%s look-up of 784\n", argv[1]);
    for (const tests::NamedRow& named : tests::kConvolutionRows) count(named);
    return 0;
}
