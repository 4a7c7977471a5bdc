// SPDX-License-Identifier: MIT
// A gateway: packets of a sensor come in on standard input, images of 784 pixels go out on standard
// output. It links the decoder alone. A packet that is damaged, cut short, of another model, or
// repeated gives no image but a line that says so; missing ones are counted. Behind bytes that are
// no packet the next one is found.
//
//     gateway DECODER.nut < packets > images
#include <stdio.h>
#include <string.h>

#include "nutshell/autoencoder.hpp"
#include "nutshell/packet.hpp"

using namespace nutshell;
using Model = Autoencoder<Sequential<Dense<784, 24, Relu>>, Sequential<Dense<24, 784, Sigmoid>>>;
using Gateway = Int8Model<Model>::Decoder;

alignas(16) static unsigned char file[65536];
static Gateway decoder;
static Gateway::Code code;
static Gateway::Workspace work;

struct Counts {
    long images, refused, repeated, lost;
};

static void write_image(const int8_t* codes) {
    unsigned char pixels[Model::output_size];
    for (int i = 0; i < Model::output_size; i++) {
        pixels[i] = static_cast<unsigned char>(codes[i] ^ 0x80);
    }
    fwrite(pixels, 1, sizeof pixels, stdout);
}

static void refuse(Status status, Counts& counts) {
    fprintf(stderr, "gateway: refused a packet: %s\n", to_string(status));
    counts.refused++;
}

/// Decodes a code and writes its image, unless its packet came twice.
static void restore(uint8_t sequence, int& last, Counts& counts) {
    if (sequence == last) {
        fprintf(stderr, "gateway: packet %d came twice\n", last);
        counts.repeated++;
        return;
    }
    int8_t image[Model::output_size];
    const Status status = decoder.decode(code, image, work);
    if (status != Status::ok) return refuse(status, counts);
    if (last >= 0) counts.lost += static_cast<uint8_t>(sequence - last - 1);
    last = sequence;
    write_image(image);
    counts.images++;
}

/// Reads what is on standard input, packet by packet.
static Counts serve() {
    const PacketHeader expected = packet_header(decoder);
    const size_t size = packet_bytes(expected.size, expected.bits);
    unsigned char packet[packet_bytes(Model::code_size, kMaxCodeBits)];
    Counts counts{};
    int last = -1;
    bool in_step = true;  // a packet begins where the last one ended
    size_t have = 0;
    while ((have += fread(packet + have, 1, size - have, stdin)) == size) {
        uint8_t sequence = 0;
        const Status status = read_packet(packet, size, expected, code.data, sequence);
        if (status == Status::ok) restore(sequence, last, counts);
        if (status != Status::ok && in_step) refuse(status, counts);
        in_step = status == Status::ok || status == Status::wrong_sender;
        // The next packet may begin with any byte of one that is none.
        have = in_step ? 0 : size - 1;
        memmove(packet, packet + size - have, have);
    }
    if (have > 0 && in_step) refuse(Status::truncated, counts);
    return counts;
}

int main(int argc, char** argv) {
    FILE* input = argc == 2 ? fopen(argv[1], "rb") : nullptr;
    if (!input) return fputs("usage: gateway DECODER.nut < packets > images\n", stderr), 2;
    const size_t size = fread(file, 1, sizeof file, input);
    fclose(input);
    const Status status = decoder.load(file, size);
    if (status != Status::ok) return fprintf(stderr, "%s: %s\n", argv[1], to_string(status)), 2;
    const Counts counts = serve();
    fprintf(stderr, "gateway: %ld images, %ld packets refused, %ld repeated, %ld lost\n",
            counts.images, counts.refused, counts.repeated, counts.lost);
    return counts.refused + counts.repeated + counts.lost > 0 ? 1 : 0;
}
