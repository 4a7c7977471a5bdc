// SPDX-License-Identifier: MIT
#include "int8.hpp"

#include <algorithm>
#include <limits>
#include <vector>

#include "nutshell/layers/layers.hpp"
#include "stopwatch.hpp"

namespace nutshell::tools {
namespace {

/// A layer of made-up weights whose codes use the whole range.
class Int8Row {
  public:
    explicit Int8Row(const Row& row)
        : row_(row), scratch_(static_cast<size_t>(int8_scratch_bytes(row)) / sizeof(Unit) + 1) {
        const auto [in, out] = weight_matrix(row);
        const Packing packing = packing_of(row.kind, kernels::int8_packing());
        std::vector<int8_t> weights(static_cast<size_t>(in) * static_cast<size_t>(out));
        for (size_t i = 0; i < weights.size(); i++) weights[i] = static_cast<int8_t>(i % 255 - 127);
        const std::vector<int32_t> bias(static_cast<size_t>(out), 1000);
        const size_t outputs = static_cast<size_t>(packed_outputs(packing, out));
        weights_.resize(static_cast<size_t>(packed_weights(packing, in, out)));
        bias_.resize(static_cast<size_t>(packed_biases(packing, out)));
        pack_weights(packing, in, out, weights.data(), weights_.data());
        pack_bias(packing, in, out, weights.data(), bias.data(), bias_.data());
        multiplier_.assign(outputs, 1500000000);
        for (size_t o = 0; o < outputs; o++)
            shift_.push_back(static_cast<int8_t>(-8 - static_cast<int>(o % 3)));
        for (int i = 0; i < 256; i++) table_.push_back(static_cast<int8_t>(255 - i));
    }

    void run(const int8_t* x, int8_t* y) {
        const Int8Tensors tensors{weights_.data(),
                                  bias_.data(),
                                  multiplier_.data(),
                                  shift_.data(),
                                  needs_table(row_.activation) ? table_.data() : nullptr,
                                  kernels::int8_packing(),
                                  true};
        visit_kind(row_.kind, 0, [&](auto kind) noexcept {
            decltype(kind)::forward_int4(row_, tensors, x, y, scratch_.data());
            return 0;
        });
    }

  private:
    struct alignas(16) Unit {
        int8_t at[16];
    };
    Row row_;
    std::vector<int8_t> weights_, shift_, table_;
    std::vector<int32_t> bias_, multiplier_;
    std::vector<Unit> scratch_;
};

}  // namespace

Int8Speed measure_int8(const Graph& graph) {
    for (const Row& row : graph.rows()) {
        constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
        if (!has_int8(row.kind)) return {unknown, unknown, unknown};
    }
    std::vector<Int8Row> rows(graph.rows().begin(), graph.rows().end());
    std::vector<std::vector<int8_t>> codes{
        std::vector<int8_t>(static_cast<size_t>(graph.rows()[0].in.size()), 77)};
    for (const Row& row : graph.rows()) codes.emplace_back(static_cast<size_t>(row.out.size()));
    constexpr int rounds = 5;  // in turn, so that a change of clock meets them all
    const auto nanoseconds = [&](Part part) {
        const Graph::Range range = graph.range(part);
        return 1e9 * best_time([&] {
                   for (int i = range.first; i < range.last; i++) {
                       const size_t at = static_cast<size_t>(i);
                       rows[at].run(codes[at].data(), codes[at + 1].data());
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
