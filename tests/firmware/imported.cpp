// SPDX-License-Identifier: MIT
// On a board: a model that came as .tflite, in the header that nutshell convert wrote, gives the
// published bytes for all rows of the host's array files.
#include <string.h>

#include "ad01.hpp"
#include "platform/boards/common/board.hpp"

using namespace nutshell;

namespace {

constexpr size_t kWidth = 640, kRows = 64, kArrayHeader = 128;

ad01::Model model;
ad01::Model::Workspace work;
int8_t x[kWidth], y[kWidth], golden[kWidth];

bool read_row(const char* name, size_t row, int8_t* into) {
    return board::read_host_file(name, kArrayHeader + row * kWidth,
                                 reinterpret_cast<uint8_t*>(into), kWidth) == kWidth;
}

}  // namespace

int main() {
    if (model.load(ad01::bytes, ad01::size) != Status::ok) return 1;
    int32_t wrong = 0, rows = 0;
    for (size_t row = 0; row < kRows; row++, rows++) {
        if (!read_row("in.npy", row, x) || !read_row("out.npy", row, golden)) break;
        if (model.reconstruct(x, y, work) != Status::ok) return 1;
        wrong += memcmp(y, golden, kWidth) != 0 ? 1 : 0;
    }
    board::print("ad01 from .tflite by way of a header, rows: ");
    board::print(rows);
    board::print(", wrong: ");
    board::print(wrong);
    board::print("\n");
    return wrong == 0 && rows == static_cast<int32_t>(kRows) ? 0 : 1;
}
