// SPDX-License-Identifier: MIT
// On a board: MLPerf Tiny's anomaly detector gives TensorFlow Lite Micro's bytes for all rows of
// the host's file (ad01_file.hpp). Its first row is a piece for count_instructions.sh.
#include <string.h>

#include "ad01_file.hpp"
#include "nutshell/kernels.hpp"
#include "platform/boards/common/board.hpp"

using namespace nutshell;
using namespace nutshell::tests;

extern "C" {
[[gnu::noinline]] void count_start() { __asm__ volatile("" ::: "memory"); }
[[gnu::noinline]] void count_stop() { __asm__ volatile("" ::: "memory"); }
}

namespace {

constexpr int kMostLayers = 16;

struct Layer {
    Ad01Layer is;
    int8_t shift;
    Requantization rule;
    const int8_t* weights;
};

Layer layers[kMostLayers] = {};
int layer_count;
alignas(16) int8_t activations[2][kAd01Width];
alignas(16) int8_t scratch[2 * kAd01Width];

[[noreturn]] void give_up(const char* why) {
    board::print(why);
    board::exit(1);
}

/// The next n bytes of the file.
class File {
  public:
    explicit File(board::Memory memory)
        : at_(memory.begin),
          left_(board::read_host_file(kAd01File, 0, memory.begin, memory.size)) {}
    uint8_t* take(size_t n) {
        if (n > left_) give_up("the file is too short, or not there\n");
        uint8_t* taken = at_;
        at_ += n;
        left_ -= n;
        return taken;
    }

  private:
    uint8_t* at_;
    size_t left_;
};

void read_layer(File& file, Layer& layer) {
    memcpy(&layer.is, file.take(sizeof layer.is), sizeof layer.is);
    if (layer.is.in > kAd01Width || layer.is.out > kAd01Width) give_up("a layer is too wide\n");
    layer.shift = static_cast<int8_t>(layer.is.shift);
    layer.weights =
        reinterpret_cast<const int8_t*>(file.take(static_cast<size_t>(layer.is.weights)));
    const uint8_t* bias = file.take(4 * static_cast<size_t>(layer.is.biases));
    layer.rule = {reinterpret_cast<const int32_t*>(bias),
                  &layer.is.multiplier,
                  &layer.shift,
                  false,
                  static_cast<int8_t>(layer.is.zero_point),
                  static_cast<int8_t>(layer.is.low),
                  INT8_MAX};
}

/// The row in activations[0] -> the output in activations[layer_count % 2].
void infer() {
    for (int i = 0; i < layer_count; i++) {
        const Layer& layer = layers[i];
        kernels::dense_int8(layer.is.in, layer.is.out, layer.weights, layer.rule,
                            activations[i % 2], activations[1 - i % 2], scratch);
    }
}

}  // namespace

int main() {
    File file(board::free_memory());
    Ad01Header header;
    memcpy(&header, file.take(sizeof header), sizeof header);
    if (header.packing != static_cast<int32_t>(kernels::int8_packing())) give_up("wrong packing\n");
    if (header.layers < 1 || header.layers > kMostLayers) give_up("too many layers\n");
    layer_count = header.layers;
    for (int i = 0; i < layer_count; i++) read_layer(file, layers[i]);
    const uint8_t* inputs = file.take(static_cast<size_t>(header.rows) * kAd01Width);
    const uint8_t* golden = file.take(static_cast<size_t>(header.rows) * kAd01Width);

    count_start();
    count_stop();
    int32_t wrong = 0;
    for (int row = 0; row < header.rows; row++) {
        memcpy(activations[0], inputs + row * kAd01Width, kAd01Width);
        if (row == 0) count_start();
        infer();
        if (row == 0) count_stop();
        if (memcmp(activations[layer_count % 2], golden + row * kAd01Width, kAd01Width) != 0)
            wrong++;
    }
    board::print("ad01, int8 in and out, ");
    board::print(header.rows);
    board::print(" rows, wrong: ");
    board::print(wrong);
    board::print("\n");
    return wrong == 0 && header.rows == kAd01Rows ? 0 : 1;
}
