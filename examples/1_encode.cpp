// SPDX-License-Identifier: MIT
// 784 pixels into 24 numbers: the encoder alone, as a sensor would link it. The weights are used
// where they lie; on a board that is flash, here it is a file in a static buffer.
#include <nutshell/nutshell.hpp>

#include "digit.hpp"

using namespace nutshell;
using Model = Autoencoder<Sequential<Dense<784, 24, Relu>>, Sequential<Dense<24, 784, Sigmoid>>>;

static_assert(Model::Encoder::workspace_bytes == 0, "one layer needs no scratch memory");

alignas(64) static unsigned char file[160000];
static float pixels[kDigitSize];
static Model::Encoder encoder;
static Model::Encoder::Code code;
static Model::Encoder::Workspace work;

int main(int argc, char** argv) {
    FILE* input = fopen(argc > 1 ? argv[1] : "examples/digits.nut", "rb");
    if (!input) return puts("usage: 1_encode MODEL.nut (trained as 784,24,784)"), 2;
    const size_t size = fread(file, 1, sizeof file, input);
    fclose(input);

    Status status = encoder.load(file, size);  // checks every byte, copies none
    if (status != Status::ok) return puts(to_string(status)), 2;

    read_digit(pixels);
    status = encoder.encode(pixels, code, work);
    if (status != Status::ok) return puts(to_string(status)), 1;

    printf("%d pixels, %d numbers, %zu bytes of encoder state:\n", Model::input_size,
           Model::code_size, sizeof encoder);
    for (float number : code.data) printf(" %.2f", static_cast<double>(number));
    puts("");
    return 0;
}
