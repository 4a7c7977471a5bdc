// SPDX-License-Identifier: MIT
// On a board: weights in flash that are damaged, cut short, misaligned, of another architecture or
// in the order of another instruction set are refused by name, and packets that are; a sample with
// NaN teaches nothing.
#include <string.h>

#include "encoder_model.hpp"
#include "nutshell/packet.hpp"
#include "nutshell/trainer.hpp"
#include "platform/boards/common/board.hpp"

using namespace nutshell;
using namespace nutshell::tests;

// The .nut files that the host wrote: the encoder as this board reads it, and in another order.
#define NUTSHELL_INCLUDE(name, file)                                      \
    __asm__(".section .rodata.model\n.balign 16\n.global " name "\n" name \
            ":\n"                                                         \
            ".incbin \"" file "\"\n.global " name "_end\n" name "_end:\n.text\n")
NUTSHELL_INCLUDE("model_bytes", NUTSHELL_MODEL_FILE);
NUTSHELL_INCLUDE("other_bytes", NUTSHELL_OTHER_FILE);
extern "C" const uint8_t model_bytes[], model_bytes_end[], other_bytes[], other_bytes_end[];

namespace {

using Sensor = Int8Model<Tutorial>::Encoder;
using Wider = EncoderAlone<Sequential<Dense<784, 25, Relu>>, Int8>;
using Floats = Tutorial::Encoder;
using Small = Autoencoder<Sequential<Dense<6, 2, Tanh>>, Sequential<Dense<2, 6>>>;

int32_t checks, wrong;

void expect(Status status, Status expected, const char* what) {
    checks++;
    if (status == expected) return;
    wrong++;
    board::print("wrong: ");
    board::print(what);
    board::print(": ");
    board::print_hex(static_cast<uint32_t>(status));
    board::print("\n");
}

void check_weights() {
    static Sensor sensor;
    static Wider wider;
    static Floats floats;
    const size_t size = static_cast<size_t>(model_bytes_end - model_bytes);
    const size_t other_size = static_cast<size_t>(other_bytes_end - other_bytes);
    expect(sensor.load(model_bytes, size), Status::ok, "its own weights");
    expect(sensor.load(model_bytes, size - 1), Status::truncated, "weights cut short");
    expect(sensor.load(model_bytes + 4, size - 4), Status::misaligned, "misaligned weights");
    expect(sensor.load(other_bytes, other_size), Status::wrong_packing, "another order");
    expect(wider.load(model_bytes, size), Status::wrong_model, "another architecture");
    expect(floats.load(model_bytes, size), Status::wrong_numbers, "int8 in place of floats");
    expect(sensor.load(nullptr, size), Status::null_argument, "no weights");
    Sensor::IncrementalCheck check(model_bytes, size), other(other_bytes, other_size);
    expect(sensor.load(check), Status::unfinished, "weights that are not checked yet");
    while (check.step(256) == Status::unfinished || other.step(256) == Status::unfinished) continue;
    expect(sensor.load(other), Status::wrong_packing, "another order, checked in steps");
    expect(sensor.load(check), Status::ok, "its own weights, checked in steps");
    Sensor::Workspace work;
    Sensor::Code code;
    static int8_t pixels[Tutorial::input_size];
    expect(sensor.encode(pixels, code, work), Status::ok, "what was loaded stays");
}

void check_packets() {
    const PacketHeader header{7, 3, 8, 1};
    int8_t code[3] = {-128, 0, 127}, back[3];
    uint8_t packet[packet_bytes(3, 8)], sequence = 0;
    expect(write_packet(header, code, packet), Status::ok, "a packet");
    expect(read_packet(packet, sizeof packet, header, back, sequence), Status::ok, "its reader");
    expect(read_packet(packet, sizeof packet - 1, header, back, sequence), Status::truncated,
           "a packet cut short");
    expect(read_packet(packet, sizeof packet, {8, 3, 8, 0}, back, sequence), Status::wrong_sender,
           "another model's packet");
    packet[9] ^= 4;
    expect(read_packet(packet, sizeof packet, header, back, sequence), Status::bad_checksum,
           "a damaged packet");
}

void check_training() {
    static Small::Parameters weights, before;
    static SampleTrainer<Small, MeanSquaredError> trainer;
    float sample[6] = {0.5f, 0.25f, 0, 0.125f, 1, 0.75f};
    for (float& weight : weights.data) weight = 0.125f;
    expect(trainer.step(weights, sample, sample, 0.1f), Status::ok, "a sample");
    before = weights;
    sample[3] = __builtin_nanf("");
    expect(trainer.step(weights, sample, sample, 0.1f), Status::non_finite_input, "NaN");
    sample[3] = __builtin_inff();
    expect(trainer.step(weights, sample, sample, 0.1f), Status::non_finite_input, "infinity");
    if (memcmp(weights.data, before.data, sizeof weights.data) != 0) wrong++;
}

}  // namespace

int main() {
    check_weights();
    check_packets();
    check_training();
    board::print("checked what a board must refuse: ");
    board::print(checks);
    board::print(", wrong: ");
    board::print(wrong);
    board::print("\n");
    return checks > 0 && wrong == 0 ? 0 : 1;
}
