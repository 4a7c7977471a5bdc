// SPDX-License-Identifier: MIT
// A model on a board, as tools/bench_firmware.sh measures it: the pair of files that nutshell
// convert wrote lies in flash, is checked, and restores the rows of the host's file "rows", which
// are codes for a model of int8 and pixels for one of floats. Prints each output's bytes in
// hexadecimal digits, then the bytes of stack of a check and of an inference. With a host's file
// "count" the first row is a piece for count_instructions.sh instead.
#include "model.hpp"
#include "nutshell/image.hpp"
#include "platform/boards/common/board.hpp"

using Model = model::Model;

extern "C" {
[[gnu::noinline]] void count_start() { __asm__ volatile("" ::: "memory"); }
[[gnu::noinline]] void count_stop() { __asm__ volatile("" ::: "memory"); }
}

namespace {

namespace board = nutshell::board;
using nutshell::Status;

Model network;
Model::Element x[Model::input_size];
Model::Element y[Model::output_size];
Model::Workspace work;
Status status = Status::not_loaded;

void load() { status = network.load(model::bytes, model::size); }
void restore() { status = network.reconstruct(x, y, work); }

bool read(int row, void* bytes, size_t size) {
    const size_t offset = static_cast<size_t>(row) * size;
    return board::read_host_file("rows", offset, static_cast<uint8_t*>(bytes), size) == size;
}

[[maybe_unused]] bool read_row(int row, int8_t* codes) {
    return read(row, codes, Model::input_size);
}
[[maybe_unused]] bool read_row(int row, float* values) {
    uint8_t pixels[Model::input_size];
    if (!read(row, pixels, sizeof pixels)) return false;
    nutshell::to_float(pixels, Model::input_size, values);
    return true;
}

void print_bytes(const void* begin, size_t size) {
    const uint8_t* const bytes = static_cast<const uint8_t*>(begin);
    char text[2 * 32 + 1];
    size_t used = 0;
    for (size_t i = 0; i < size; i++) {
        text[used++] = "0123456789abcdef"[bytes[i] >> 4];
        text[used++] = "0123456789abcdef"[bytes[i] & 15];
        text[used] = 0;
        if (used + 1 < sizeof text && i + 1 < size) continue;
        board::print(text);
        used = 0;
    }
    board::print("\n");
}

void print_stack(const char* of, void (*fn)()) {
    const size_t stack = board::stack_of(fn);
    board::print(of);
    board::print(static_cast<int32_t>(stack));
    board::print("\n");
}

int count() {
    if (!read_row(0, x)) return 1;
    count_start();
    count_stop();
    count_start();
    restore();
    count_stop();
    board::print("inference\n");
    return status == Status::ok ? 0 : 1;
}

}  // namespace

int main() {
    load();
    if (status != Status::ok) return 1;
    uint8_t first;
    if (board::read_host_file("count", 0, &first, 1) == 1) return count();
    for (int row = 0; read_row(row, x); row++) {
        restore();
        if (status != Status::ok) return 1;
        print_bytes(y, sizeof y);
    }
    print_stack("stack of a check ", load);
    print_stack("stack of an inference ", restore);
    return status == Status::ok ? 0 : 1;
}
