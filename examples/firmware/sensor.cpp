// SPDX-License-Identifier: MIT
// A sensor: 784 pixels come in over the UART, a packet with their 24 numbers goes out. The
// encoder's weights stay in flash; there is neither floating point nor a heap. For every image
// there comes a byte 1 and its pixels, a byte 0 to stop. Ends with 1 when the weights in flash are
// damaged, or are not this model's or this processor's.
#include "nutshell/autoencoder.hpp"
#include "nutshell/packet.hpp"
#include "platform/boards/common/board.hpp"

using namespace nutshell;
using Model = Autoencoder<Sequential<Dense<784, 24, Relu>>, Sequential<Dense<24, 784, Sigmoid>>>;
using Sensor = Int8Model<Model>::Encoder;

// The .nut file that nutshell quantize and nutshell convert --part encoder --packing made.
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

static Sensor sensor;
static Sensor::Code code;
static Sensor::Workspace work;
static uint8_t pixels[Model::input_size];
static uint8_t packet[packet_bytes(Model::code_size, kMaxCodeBits)];

static bool send(uint8_t sequence) {
    // A pixel with its upper bit flipped is its code; the array is the encoder's input in place.
    for (uint8_t& pixel : pixels) pixel ^= 0x80;
    const int8_t* const input = reinterpret_cast<const int8_t*>(pixels);
    const PacketHeader header = packet_header(sensor, sequence);
    if (sensor.encode(input, code, work) != Status::ok) return false;
    if (write_packet(header, code.data, packet) != Status::ok) return false;
    board::write(packet, packet_bytes(header.size, header.bits));
    return true;
}

int main() {
    const size_t size = static_cast<size_t>(model_bytes_end - model_bytes);
    if (sensor.load(model_bytes, size) != Status::ok) return 1;
    for (uint8_t sequence = 0;; sequence++) {
        uint8_t go_on;
        board::read(&go_on, 1);
        if (!go_on) return 0;
        board::read(pixels, sizeof pixels);
        if (!send(sequence)) return 1;
    }
}
