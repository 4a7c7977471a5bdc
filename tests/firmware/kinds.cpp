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
int8_t x[kIn], y[kOut];

bool read(const char* name, size_t at, size_t size, int8_t* into) {
    return board::read_host_file(name, kArrayHeader + at, reinterpret_cast<uint8_t*>(into), size) ==
           size;
}

enum class Answer { right, wrong, missing };

/// y against the host's row, a piece at a time: there is no memory for another row.
Answer compare(size_t row) {
    int8_t expected[16];
    Answer answer = Answer::right;
    for (size_t at = 0; at < kOut; at += sizeof expected) {
        const size_t size = kOut - at < sizeof expected ? kOut - at : sizeof expected;
        if (!read("out.npy", row * kOut + at, size, expected)) return Answer::missing;
        if (memcmp(y + at, expected, size) != 0) answer = Answer::wrong;
    }
    return answer;
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
    for (size_t row = 0; read("in.npy", row * kIn, kIn, x); row++) {
        if (run(part) != Status::ok) return 1;
        const Answer answer = compare(row);
        if (answer == Answer::missing) return 1;
        wrong += answer == Answer::wrong ? 1 : 0;
        rows++;
    }
    board::print("rows ");
    board::print(rows);
    board::print(", wrong ");
    board::print(wrong);
    return wrong == 0 && rows > 0 ? 0 : 1;
}
