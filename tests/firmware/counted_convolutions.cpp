// SPDX-License-Identifier: MIT
// int8 layers over images on a board, each a piece for count_instructions.sh. The weights are zero:
// the number of instructions does not depend on them, but for a few per output that a Cortex-M0 has
// to saturate.
#include "platform/boards/common/board.hpp"
#include "tests/compare/convolution_rows.hpp"

using namespace nutshell;
using namespace nutshell::tests;

extern "C" {
[[gnu::noinline]] void count_start() { __asm__ volatile("" ::: "memory"); }
[[gnu::noinline]] void count_stop() { __asm__ volatile("" ::: "memory"); }
}

namespace {

constexpr LargestSizes kSizes = largest_sizes();

alignas(16) constexpr int8_t kWeights[kSizes.weights] = {};
alignas(16) constexpr int32_t kZeros[64] = {};
alignas(16) int8_t shifts[64], x[kSizes.in], y[kSizes.out], scratch[kSizes.scratch];

}  // namespace

int main() {
    for (int8_t& shift : shifts) shift = -7;
    Int8Tensors tensors{kWeights, kZeros, kZeros, shifts, nullptr, kernels::int8_packing(), true};
    tensors.in.zero_point = tensors.sum.zero_point = -128;  // as behind a relu
    count_start();
    count_stop();
    for (const NamedRow& named : kConvolutionRows) {
        count_start();
        run_row(named.row, tensors, x, y, scratch);
        count_stop();
        board::print(named.name);
        board::print("\n");
    }
    return 0;
}
