// SPDX-License-Identifier: MIT
// Writes what the test of sensor and gateway needs, from a trained model and a file of IDX images:
// the encoder packed for a board, the decoder for the host, what goes into the sensor, and what has
// to come out of the gateway by the reference arithmetic.
// usage: sensor_write MODEL.nut IMAGES PACKING FOLDER [DECODER_PACKING]. The decoder is in
// canonical order unless said. Computes with the reference arithmetic whatever the platform.
#include <iostream>

#include "encoder_model.hpp"
#include "host_model.hpp"
#include "nutshell/image.hpp"
#include "nutshell/nutshell.hpp"
#include "packing_of.hpp"

using namespace nutshell;
using namespace nutshell::tests;

namespace {

constexpr size_t kPixelCount = Tutorial::input_size, kImages = 1000, kIdxHeader = 16;
constexpr uint32_t kModelId = 0x5EED0001u;

/// Encoder and decoder of the float model, quantized with the ranges that the images show.
std::vector<HostLayer> quantize(const std::vector<uint8_t>& bytes,
                                const std::vector<uint8_t>& images) {
    const AlignedFile aligned(bytes);
    const File& file = aligned.file();
    if (file.fingerprint() != Tutorial::fingerprint) throw std::runtime_error("another model");
    const Row* rows = Tutorial::Chain::rows;
    MinMax codes, sums;
    float pixels[kPixelCount], code[Tutorial::code_size], sum[kPixelCount];
    for (size_t at = kIdxHeader; at + kPixelCount <= images.size(); at += kPixelCount) {
        to_float(images.data() + at, kPixelCount, pixels);
        DenseLayer::forward(rows[0], Activation::relu, file.tensors(0), Pass{1}, pixels, code);
        DenseLayer::forward(rows[1], Activation::linear, file.tensors(1), Pass{1}, code, sum);
        codes.observe(code, Tutorial::code_size);
        sums.observe(sum, kPixelCount);
    }
    LayerQuantization encoder{kPixels, {}, {}}, decoder{{}, {}, sigmoid_output()};
    require(quantization_of(codes.range(), encoder.sum));
    require(quantization_of(sums.range(), decoder.sum));
    encoder.out = decoder.in = encoder.sum;
    std::vector<HostLayer> layers;
    layers.emplace_back(rows[0], file.tensors(0), encoder);
    layers.emplace_back(rows[1], file.tensors(1), decoder);
    return layers;
}

/// in -> out by the reference kernels, the table included.
void run(HostLayer& layer, const int8_t* in, int8_t* out) {
    const Int8Tensors tensors = layer.tensors();
    const Row& row = layer.row();
    Reference::dense_int8(row.in.size(), row.out.size(), tensors.weight,
                          requantization_of(row.activation, tensors), in, out, nullptr);
    if (tensors.table) Reference::look_up(row.out.size(), tensors.table, out);
}

void write_all(const std::string& model, const std::string& idx, Packing packing,
               const std::string& folder, Packing decoder_packing) {
    const std::vector<uint8_t> images = load(idx);
    if (images.size() < kIdxHeader + kImages * kPixelCount) throw std::runtime_error("few images");
    std::vector<HostLayer> layers = quantize(load(model), images);
    save(folder + "/encoder.nut", packed_file(layers[0], 1, packing, kModelId));
    save(folder + "/decoder.nut", packed_file(layers[1], 0, decoder_packing, kModelId));
    save(folder + "/stranger.nut", packed_file(layers[1], 0, decoder_packing, kModelId + 1));
    std::vector<uint8_t> frames, restored;
    for (size_t i = 0; i < kImages; i++) {
        const uint8_t* image = images.data() + kIdxHeader + i * kPixelCount;
        frames.push_back(1);
        frames.insert(frames.end(), image, image + kPixelCount);
        int8_t pixels[kPixelCount], code[Tutorial::code_size], output[kPixelCount];
        for (size_t at = 0; at < kPixelCount; at++) {
            pixels[at] = static_cast<int8_t>(image[at] ^ 0x80);
        }
        run(layers[0], pixels, code);
        run(layers[1], code, output);
        for (const int8_t number : output) restored.push_back(static_cast<uint8_t>(number ^ 0x80));
    }
    frames.push_back(0);
    save(folder + "/frames", frames);
    save(folder + "/restored", restored);
}

}  // namespace

int main(int argc, char** argv) try {
    if (argc != 5 && argc != 6) {
        throw std::runtime_error(
            "usage: sensor_write MODEL.nut IMAGES PACKING FOLDER [DECODER_PACKING]");
    }
    write_all(argv[1], argv[2], packing_of(argv[3]), argv[4],
              argc == 6 ? packing_of(argv[5]) : Packing::canonical);
    return 0;
} catch (const std::exception& error) {
    std::cerr << "sensor_write: " << error.what() << '\n';
    return 2;
}
