// SPDX-License-Identifier: MIT
// Writes the encoder of encoder_model.hpp, with random weights, quantized and packed, as a .nut
// file; prints the code of the test image, one number a line. usage: encoder_write PACKING OUT. A
// program of the host, built on the reference platform.
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

#include "encoder_model.hpp"
#include "nutshell/nutshell.hpp"
#include "nutshell/quantize.hpp"
#include "nutshell/weights.hpp"
#include "packing_of.hpp"

using namespace nutshell;
using namespace nutshell::tests;

namespace {

void require(Status status) {
    if (status != Status::ok) throw std::runtime_error(to_string(status));
}

/// The first layer of the model in canonical packing.
struct Layer {
    static constexpr Row row = Tutorial::Chain::rows[0];
    static constexpr int in = row.in.size(), out = row.out.size();
    std::vector<int8_t> weights = std::vector<int8_t>(size_t{in} * out);
    int32_t bias[out], multiplier[out];
    int8_t shift[out];
    LayerQuantization meaning{kPixels, {}, {}};

    Layer() {
        static Tutorial::Parameters parameters;
        initialize<Tutorial>(parameters, 1);
        require(quantization_of({0.0f, 3.0f}, meaning.sum));
        meaning.out = meaning.sum;
        require(quantize_layer(row, Tutorial::Chain::tensors(parameters.data, 0), meaning, {},
                               {weights.data(), bias, multiplier, shift, nullptr}));
    }
    Int8Tensors view() {
        return view_of(row, meaning, true, {weights.data(), bias, multiplier, shift, nullptr});
    }
};

std::vector<uint8_t> packed_file(Layer& layer, Packing packing) {
    constexpr int in = Layer::in, out = Layer::out;
    static_assert(out % 8 == 0, "no padding of multipliers in any packing");
    std::vector<int8_t> weights(static_cast<size_t>(packed_weights(packing, in, out)));
    std::vector<int32_t> bias(static_cast<size_t>(packed_biases(packing, out)));
    pack_weights(packing, in, out, layer.weights.data(), weights.data());
    pack_bias(packing, in, out, layer.weights.data(), layer.bias, bias.data());
    Int8Tensors tensors = layer.view();
    tensors.weight = weights.data();
    tensors.bias = bias.data();
    tensors.packing = packing;
    FileContents contents{&Layer::row, 1, 1, nullptr, 1};
    contents.int8_tensors = &tensors;
    std::vector<uint8_t> file(file_size(contents));
    size_t written = 0;
    require(write(contents, file.data(), file.size(), written));
    return file;
}

void print_code(Layer& layer) {
    const Int8Tensors tensors = layer.view();
    int8_t pixels[Layer::in], code[Layer::out];
    for (int i = 0; i < Layer::in; i++) pixels[i] = static_cast<int8_t>(test_pixel(i) ^ 0x80);
    Reference::dense_int8(Layer::in, Layer::out, tensors.weight,
                          requantization_of(Layer::row.activation, tensors), pixels, code, nullptr);
    for (const int8_t number : code) std::cout << static_cast<int>(number) << '\n';
}

}  // namespace

int main(int argc, char** argv) try {
    if (argc != 3) throw std::runtime_error("usage: encoder_write PACKING OUT");
    Layer layer;
    const std::vector<uint8_t> file = packed_file(layer, packing_of(argv[1]));
    std::ofstream out(argv[2], std::ios::binary);
    out.write(reinterpret_cast<const char*>(file.data()),
              static_cast<std::streamsize>(file.size()));
    if (!out) throw std::runtime_error(std::string("cannot write ") + argv[2]);
    print_code(layer);
    return 0;
} catch (const std::exception& error) {
    std::cerr << "encoder_write: " << error.what() << '\n';
    return 2;
}
