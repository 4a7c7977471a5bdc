// SPDX-License-Identifier: MIT
// Writes the encoder of encoder_model.hpp, with random weights, quantized and packed, as a .nut
// file; prints the code of the test image, one number a line. usage: encoder_write PACKING OUT. A
// program of the host, built on the reference platform.
#include <iostream>

#include "encoder_model.hpp"
#include "host_model.hpp"
#include "nutshell/nutshell.hpp"
#include "packing_of.hpp"

using namespace nutshell;
using namespace nutshell::tests;

namespace {

HostLayer random_encoder() {
    static Tutorial::Parameters parameters;
    initialize<Tutorial>(parameters, 1);
    LayerQuantization meaning{kPixels, {}, {}};
    require(quantization_of({0.0f, 3.0f}, meaning.sum));
    meaning.out = meaning.sum;
    return {Tutorial::Chain::rows[0], Tutorial::Chain::tensors(parameters.data, 0), meaning};
}

void print_code(HostLayer& layer) {
    const Int8Tensors tensors = layer.tensors();
    int8_t pixels[Tutorial::input_size], code[Tutorial::code_size];
    for (int i = 0; i < Tutorial::input_size; i++) {
        pixels[i] = static_cast<int8_t>(test_pixel(i) ^ 0x80);
    }
    Reference::dense_int8(Tutorial::input_size, Tutorial::code_size, tensors.weight,
                          requantization_of(layer.row().activation, tensors), pixels, code,
                          nullptr);
    for (const int8_t number : code) std::cout << static_cast<int>(number) << '\n';
}

}  // namespace

int main(int argc, char** argv) try {
    if (argc != 3) throw std::runtime_error("usage: encoder_write PACKING OUT");
    HostLayer layer = random_encoder();
    save(argv[2], packed_file(layer, 1, packing_of(argv[1]), 1));
    print_code(layer);
    return 0;
} catch (const std::exception& error) {
    std::cerr << "encoder_write: " << error.what() << '\n';
    return 2;
}
