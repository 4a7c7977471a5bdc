// SPDX-License-Identifier: MIT
// 784 pixels -> 24 numbers -> 784 pixels, and how much was lost on the way. Encoder and decoder
// are separate here, as when a sensor sends 24 numbers and a gateway draws the picture.
#include <nutshell/nutshell.hpp>

#include "digit.hpp"

using namespace nutshell;
using Model = Autoencoder<Sequential<Dense<784, 24, Relu>>, Sequential<Dense<24, 784, Sigmoid>>>;

alignas(64) static unsigned char file[160000];
static float pixels[kDigitSize], restored[kDigitSize];

int main(int argc, char** argv) {
    FILE* input = fopen(argc > 1 ? argv[1] : "examples/digits.nut", "rb");
    if (!input) return puts("usage: 2_reconstruct MODEL.nut (trained as 784,24,784)"), 2;
    const size_t size = fread(file, 1, sizeof file, input);
    fclose(input);

    static Model::Encoder encoder;
    static Model::Decoder decoder;
    Status status = encoder.load(file, size);
    if (status == Status::ok) status = decoder.load(file, size);
    if (status != Status::ok) return puts(to_string(status)), 2;

    static Model::Code code;  // the only thing that has to cross a wire
    static Model::Encoder::Workspace encoder_work;
    static Model::Decoder::Workspace decoder_work;
    read_digit(pixels);
    status = encoder.encode(pixels, code, encoder_work);
    if (status == Status::ok) status = decoder.decode(code, restored, decoder_work);
    if (status != Status::ok) return puts(to_string(status)), 1;

    print_digits(pixels, restored);
    float squares = 0;
    for (int i = 0; i < kDigitSize; i++) {
        squares += (restored[i] - pixels[i]) * (restored[i] - pixels[i]);
    }
    const float error = squares / kDigitSize;
    printf("mean squared error %.4f\n", static_cast<double>(error));
    return error < 0.03f ? 0 : 1;  // the digits of this model's test set have 0.014 on average
}
