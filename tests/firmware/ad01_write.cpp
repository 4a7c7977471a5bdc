// SPDX-License-Identifier: MIT
// Writes the file of ad01_file.hpp. usage: ad01_write FOLDER PACKING OUT, FOLDER being the one with
// ad01_int8.tflite and its rows. A program of the host, built by ad01.sh.
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

#include "ad01_file.hpp"
#include "nutshell/packing.hpp"
#include "nutshell/quantize.hpp"
#include "packing_of.hpp"
#include "tests/tflite_reader.hpp"

using namespace nutshell;
using namespace nutshell::tests;

namespace {

std::vector<uint8_t> bytes_of(const std::string& name) {
    std::ifstream file(name, std::ios::binary);
    if (!file) throw std::runtime_error("cannot read " + name);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

template <class T>
void put(std::ofstream& out, const T* values, size_t count) {
    out.write(reinterpret_cast<const char*>(values),
              static_cast<std::streamsize>(count * sizeof(T)));
}

void put_layer(std::ofstream& out, Packing packing, const TfliteLayer& layer) {
    FixedPoint scale;
    if (fixed_point_of(layer.sum_scale(), scale) != Status::ok) {
        throw std::runtime_error("a scale is out of range");
    }
    std::vector<int8_t> weights(
        static_cast<size_t>(round_up(packed_weights(packing, layer.in, layer.out), 4)));
    std::vector<int32_t> biases(static_cast<size_t>(packed_biases(packing, layer.out)));
    pack_weights(packing, layer.in, layer.out, layer.weights.data(), weights.data());
    pack_bias(packing, layer.in, layer.out, layer.weights.data(), layer.folded_bias().data(),
              biases.data());
    const Ad01Layer header{layer.in,
                           layer.out,
                           scale.multiplier,
                           scale.shift,
                           layer.out_zero_point,
                           layer.low(),
                           static_cast<int32_t>(weights.size()),
                           static_cast<int32_t>(biases.size())};
    put(out, &header, 1);
    put(out, weights.data(), weights.size());
    put(out, biases.data(), biases.size());
}

/// The rows are the end of an array file.
void put_rows(std::ofstream& out, const std::string& name) {
    const std::vector<uint8_t> file = bytes_of(name);
    constexpr size_t size = size_t{kAd01Rows} * kAd01Width;
    if (file.size() <= size) throw std::runtime_error(name + " is too short");
    put(out, file.data() + file.size() - size, size);
}

}  // namespace

int main(int argc, char** argv) try {
    if (argc != 4) throw std::runtime_error("usage: ad01_write FOLDER PACKING OUT");
    const std::string folder = argv[1];
    const Packing packing = packing_of(argv[2]);
    const auto layers = TfliteReader(bytes_of(folder + "/ad01_int8.tflite")).layers();
    std::ofstream out(argv[3], std::ios::binary);
    const Ad01Header header{static_cast<int32_t>(packing), static_cast<int32_t>(layers.size()),
                            kAd01Rows};
    put(out, &header, 1);
    for (const TfliteLayer& layer : layers) put_layer(out, packing, layer);
    put_rows(out, folder + "/ad01_int8_in.npy");
    put_rows(out, folder + "/ad01_int8_out.npy");
    if (!out) throw std::runtime_error(std::string("cannot write ") + argv[3]);
    return 0;
} catch (const std::exception& error) {
    std::cerr << "ad01_write: " << error.what() << '\n';
    return 2;
}
