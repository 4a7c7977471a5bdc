// SPDX-License-Identifier: MIT
// On a board: a model from the header that nutshell quantize wrote gives the host's bytes for the
// rows of an array file. The header is named model.hpp.
#include <string.h>

#include "model.hpp"
#include "platform/boards/common/board.hpp"

using namespace nutshell;

namespace {

using Model = model::Model;
constexpr size_t kIn = Model::input_size, kOut = Model::output_size, kArrayHeader = 128;

Model whole;
Model::Workspace work;
int8_t x[kIn], y[kOut], expected[kOut];

bool read_row(const char* name, size_t row, size_t width, int8_t* into) {
    return board::read_host_file(name, kArrayHeader + row * width, reinterpret_cast<uint8_t*>(into),
                                 width) == width;
}

}  // namespace

int main() {
    if (whole.load(model::bytes, model::size) != Status::ok) return 1;
    if (whole.self_test(x, y, work) != Status::ok) return 1;
    int32_t wrong = 0, rows = 0;
    while (read_row("in.npy", static_cast<size_t>(rows), kIn, x)) {
        if (!read_row("out.npy", static_cast<size_t>(rows), kOut, expected)) return 1;
        if (whole.reconstruct(x, y, work) != Status::ok) return 1;
        wrong += memcmp(y, expected, kOut) != 0 ? 1 : 0;
        rows++;
    }
    board::print("rows ");
    board::print(rows);
    board::print(", wrong ");
    board::print(wrong);
    return wrong == 0 && rows > 0 ? 0 : 1;
}
