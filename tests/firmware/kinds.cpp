// SPDX-License-Identifier: MIT
// On a board: a model from the header that nutshell convert wrote gives the host's bytes for the
// rows of an array file. The header is named model.hpp; NUTSHELL_PART is Model or Decoder.
#include <string.h>

#include "model.hpp"
#include "platform/boards/common/board.hpp"

using namespace nutshell;

namespace {

using Part = model::NUTSHELL_PART;
constexpr size_t kIn = Part::input_size, kOut = Part::output_size, kArrayHeader = 128;

Part part;
Part::Workspace work;
int8_t x[kIn], y[kOut], expected[kOut];

bool read_row(const char* name, size_t row, size_t width, int8_t* into) {
    return board::read_host_file(name, kArrayHeader + row * width, reinterpret_cast<uint8_t*>(into),
                                 width) == width;
}

/// x -> y. Without an encoder, x are codes.
template <class AnyPart>
Status run(const AnyPart& any) {
    if constexpr (AnyPart::code_layer > 0) {
        return any.reconstruct(x, y, work);
    } else {
        static typename AnyPart::Code code;
        memcpy(code.data, x, sizeof code.data);
        return any.decode(code, y, work);
    }
}

}  // namespace

int main() {
    if (part.load(model::bytes, model::size) != Status::ok) return 1;
    if (part.self_test(x, y, work) != Status::ok) return 1;
    int32_t wrong = 0, rows = 0;
    while (read_row("in.npy", static_cast<size_t>(rows), kIn, x)) {
        if (!read_row("out.npy", static_cast<size_t>(rows), kOut, expected)) return 1;
        if (run(part) != Status::ok) return 1;
        wrong += memcmp(y, expected, kOut) != 0 ? 1 : 0;
        rows++;
    }
    board::print("rows ");
    board::print(rows);
    board::print(", wrong ");
    board::print(wrong);
    return wrong == 0 && rows > 0 ? 0 : 1;
}
