// SPDX-License-Identifier: MIT
// A board that draws digits nobody wrote. A byte comes in over the UART, a seed, and ten digits go
// out, as one picture in PGM; a byte 0 stops it. It links the decoder of a variational autoencoder
// alone, in int8, its weights in flash. Ends with 1 when they are damaged, or are not this model's
// or this processor's.
#include "nutshell/autoencoder.hpp"
#include "nutshell/philox.hpp"
#include "platform/boards/common/board.hpp"

using namespace nutshell;
// The second half of models::Variational.
using Layers = Sequential<Dense<24, 256, Relu>, Dense<256, 784, Sigmoid>>;
using Generator = DecoderAlone<Layers, Int8>;

// The .nut file that nutshell quantize --part decoder --calibrate normal made.
__asm__(
    ".section .rodata.model\n"
    ".balign 16\n"
    ".global model_bytes\n"
    ".global model_bytes_end\n"
    "model_bytes:\n"
    ".incbin \"" NUTSHELL_MODEL_FILE
    "\"\n"
    "model_bytes_end:\n"
    ".text\n");
extern "C" const uint8_t model_bytes[], model_bytes_end[];

static constexpr uint32_t kDigits = 10;  // of 28 x 28 pixels, one below the other
static constexpr char kHead[] = "P5\n28 280\n255\n";

static Generator generator;
static Generator::Code code;
static Generator::Workspace work;
static int8_t digit[Generator::output_size];

static bool draw(uint32_t seed, uint32_t index) {
    float numbers[Generator::input_size];
    random_code(seed, index, Generator::input_size, numbers);
    quantize_values(numbers, Generator::input_size, generator.input_quantization(), code.data);
    if (generator.decode(code, digit, work) != Status::ok) return false;
    uint8_t* const pixels = reinterpret_cast<uint8_t*>(digit);
    for (int i = 0; i < Generator::output_size; i++) pixels[i] ^= 0x80;  // from codes
    board::write(pixels, sizeof digit);
    return true;
}

int main() {
    const size_t size = static_cast<size_t>(model_bytes_end - model_bytes);
    if (generator.load(model_bytes, size) != Status::ok) return 1;
    for (;;) {
        uint8_t seed;
        board::read(&seed, 1);
        if (seed == 0) return 0;
        board::write(reinterpret_cast<const uint8_t*>(kHead), sizeof kHead - 1);
        for (uint32_t i = 0; i < kDigits; i++) {
            if (!draw(seed, i)) return 1;
        }
    }
}
