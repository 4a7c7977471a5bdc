// SPDX-License-Identifier: MIT
// The smallest firmware: an int8 encoder whose weights stay in flash. It checks them, encodes an
// image, and prints the code, one number a line, and the bytes of stack that this took.
#include "encoder_model.hpp"
#include "nutshell/weights.hpp"
#include "platform/boards/common/board.hpp"

using namespace nutshell;
using namespace nutshell::tests;

// The .nut file, as the host wrote it.
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

namespace {

using Sensor = Int8Model<Tutorial>::Encoder;

Sensor sensor;
int8_t pixels[Tutorial::input_size];
Sensor::Code code;
Sensor::Workspace work;
Status status;

void encode() {
    status = sensor.load(model_bytes, static_cast<size_t>(model_bytes_end - model_bytes));
    if (status == Status::ok) status = sensor.encode(pixels, code, work);
}

}  // namespace

int main() {
    for (int i = 0; i < Tutorial::input_size; i++) {
        pixels[i] = static_cast<int8_t>(test_pixel(i) ^ 0x80);
    }
    const size_t stack = board::stack_of(encode);
    if (status != Status::ok) return 1;
    for (const int8_t number : code.data) {
        board::print(number);
        board::print("\n");
    }
    board::print("stack ");
    board::print(static_cast<int32_t>(stack));
    board::print("\n");
    return 0;
}
