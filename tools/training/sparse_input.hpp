// SPDX-License-Identifier: MIT
// Training on images that are mostly black: four fifths of MNIST's pixels are exactly zero, and the
// first layer need not multiply with them. The pixels that are left are listed once, and the first
// layer's weights are kept in the order [in][out] meanwhile.
#pragma once
#include <cstdint>
#include <vector>

#include "prefetch.hpp"
#include "tools/data/dataset.hpp"
#include "tools/model/graph.hpp"

namespace nutshell::tools {

/// The pixels of a data set that are not zero.
class SparseSamples {
  public:
    /// Whether listing them pays: bytes, and at most a third of them not zero.
    static bool pays(const Dataset& data);

    explicit SparseSamples(const Dataset& data);

    /// The samples that `indices` name, as long as those last.
    SparseBytes rows(const uint32_t* indices) const {
        return {indices, begin_.data(), column_.data(), byte_.data()};
    }

    /// Brings to the cache where the lists of a sample begin, before it is one of the next.
    void prefetch_begin(uint32_t index) const { tools::prefetch(&begin_[index], 2); }

    /// The same for the lists themselves.
    void prefetch(uint32_t index) const {
        const size_t first = begin_[index], count = begin_[index + 1] - first;
        tools::prefetch(&column_[first], count);
        tools::prefetch(&byte_[first], count);
    }

  private:
    std::vector<size_t> begin_;  // [count + 1]
    std::vector<uint16_t> column_;
    std::vector<uint8_t> byte_;
};

/// A Graph with a sparse input, as a network for accumulate(): what it is given as x is not read.
class SparseInput {
  public:
    /// True when the first layer can read sparse rows.
    static bool fits(const Graph& graph);

    SparseInput(const Graph& graph, SparseBytes samples) : graph_(graph), samples_(samples) {}

    const Row& last() const noexcept { return graph_.last(); }
    int last_tape() const noexcept { return graph_.last_tape(); }
    int inner() const noexcept { return graph_.inner(); }
    void forward(const float* parameters, Pass pass, const float* x, float* tape) const noexcept;
    void backward(const float* parameters, Pass pass, const float* x, const float* tape, float* dy,
                  float* dx, float* spare, float alpha, float* into) const noexcept;

    /// Parameters in canonical order, into the order of this network and back.
    static void from_canonical(const Graph& graph, const float* canonical, float* ours);
    static void to_canonical(const Graph& graph, const float* ours, float* canonical);

  private:
    const Graph& graph_;
    SparseBytes samples_;
};

}  // namespace nutshell::tools
