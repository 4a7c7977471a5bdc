// SPDX-License-Identifier: MIT
// On a board: a detector learns its threshold from the rows of a host's array file of floats, one
// after the other, by the model that nutshell convert wrote as model.hpp; a row becomes codes when
// the model is one of int8. Prints the bits of both kinds of thresholds.
#include "model.hpp"
#include "nutshell/anomaly.hpp"
#include "platform/boards/common/board.hpp"

using namespace nutshell;

namespace {

using Model = model::Model;
constexpr size_t kArrayHeader = 128, kRowBytes = sizeof(float) * Model::input_size;

Model network;
AnomalyDetector<Model>::Workspace work;
float row[Model::input_size];

bool read_row(size_t index) {
    return board::read_host_file("samples.npy", kArrayHeader + index * kRowBytes,
                                 reinterpret_cast<uint8_t*>(row), kRowBytes) == kRowBytes;
}

[[maybe_unused]] const float* elements(const float*) { return row; }
[[maybe_unused]] const int8_t* elements(const int8_t*) {
    static int8_t codes[Model::input_size];
    quantize_values(row, Model::input_size, network.input_quantization(), codes);
    return codes;
}

template <class Threshold>
void print(const char* name, const Threshold& normal) {
    float threshold = 0;
    if (normal.threshold(threshold) != Status::ok) board::exit(1);
    uint32_t bits;
    __builtin_memcpy(&bits, &threshold, sizeof bits);
    board::print(name);
    board::print_hex(bits);
    board::print("\n");
}

}  // namespace

int main() {
    if (network.load(model::bytes, model::size) != Status::ok) return 1;
    const AnomalyDetector<Model> detector(network);
    QuantileThreshold quantile(0.01f);
    DeviationThreshold deviation(3.0f);
    for (size_t i = 0; read_row(i); i++) {
        float score = 0;
        const Model::Element* const x = elements(static_cast<const Model::Element*>(nullptr));
        if (detector.score(x, score, work) != Status::ok) return 1;
        if (quantile.add(score) != Status::ok || deviation.add(score) != Status::ok) return 1;
    }
    print("quantile ", quantile);
    print("deviation ", deviation);
    return 0;
}
