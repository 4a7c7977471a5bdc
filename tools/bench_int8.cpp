// SPDX-License-Identifier: MIT
#include "bench_int8.hpp"

#include <algorithm>
#include <limits>
#include <vector>

#include "nutshell/kernels.hpp"
#include "stopwatch.hpp"

namespace nutshell::tools {
namespace {

/// A layer of made-up weights whose codes use the whole range.
class Int8Row {
  public:
    explicit Int8Row(const Row& row)
        : in_(row.in.size()),
          out_(row.out.size()),
          looks_up_(row.activation == Activation::sigmoid || row.activation == Activation::tanh) {
        const Packing packing = kernels::int8_packing();
        std::vector<int8_t> weights(static_cast<size_t>(in_) * static_cast<size_t>(out_));
        for (size_t i = 0; i < weights.size(); i++) weights[i] = static_cast<int8_t>(i % 255 - 127);
        const std::vector<int32_t> bias(static_cast<size_t>(out_), 1000);
        const size_t outputs = static_cast<size_t>(packed_outputs(packing, out_));
        weights_.resize(static_cast<size_t>(packed_weights(packing, in_, out_)));
        bias_.resize(static_cast<size_t>(packed_biases(packing, out_)));
        pack_weights(packing, in_, out_, weights.data(), weights_.data());
        pack_bias(packing, in_, out_, weights.data(), bias.data(), bias_.data());
        multiplier_.assign(outputs, 1500000000);
        for (size_t o = 0; o < outputs; o++)
            shift_.push_back(static_cast<int8_t>(-8 - static_cast<int>(o % 3)));
        for (int i = 0; i < 256; i++) table_.push_back(static_cast<int8_t>(255 - i));
        scratch_.resize(static_cast<size_t>(scratch_bytes(in_)) / sizeof(Unit) + 1);
    }

    void run(const int8_t* x, int8_t* y) {
        const Requantization rule{bias_.data(), multiplier_.data(), shift_.data(), true, 0, -128,
                                  127};
        kernels::dense_int8(in_, out_, weights_.data(), rule, x, y, scratch_.data());
        if (looks_up_) kernels::look_up(out_, table_.data(), y);
    }

  private:
    struct alignas(16) Unit {
        int8_t at[16];
    };
    int in_, out_;
    bool looks_up_;
    std::vector<int8_t> weights_, shift_, table_;
    std::vector<int32_t> bias_, multiplier_;
    std::vector<Unit> scratch_;
};

}  // namespace

Int8Speed measure_int8(const Graph& graph) {
    for (const Row& row : graph.rows()) {
        constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
        if (row.kind != Kind::dense) return {unknown, unknown, unknown};
    }
    std::vector<Int8Row> rows(graph.rows().begin(), graph.rows().end());
    std::vector<std::vector<int8_t>> codes{
        std::vector<int8_t>(static_cast<size_t>(graph.rows()[0].in.size()), 77)};
    for (const Row& row : graph.rows()) codes.emplace_back(static_cast<size_t>(row.out.size()));
    constexpr int runs = 20, rounds = 5;  // in turn, so that a change of clock meets them all
    const auto nanoseconds = [&](Part part) {
        const Graph::Range range = graph.range(part);
        return 1e9 / runs * best_time([&] {
                   for (int run = 0; run < runs; run++) {
                       for (int i = range.first; i < range.last; i++) {
                           const size_t at = static_cast<size_t>(i);
                           rows[at].run(codes[at].data(), codes[at + 1].data());
                       }
                   }
               });
    };
    constexpr double none = std::numeric_limits<double>::infinity();
    Int8Speed best{none, none, none};
    for (int round = 0; round < rounds; round++) {
        best.encode = std::min(best.encode, nanoseconds(Part::encoder));
        best.decode = std::min(best.decode, nanoseconds(Part::decoder));
        best.reconstruct = std::min(best.reconstruct, nanoseconds(Part::whole));
    }
    return best;
}

}  // namespace nutshell::tools
