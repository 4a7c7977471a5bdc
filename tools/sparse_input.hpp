// SPDX-License-Identifier: MIT
// Training on images that are mostly black: four fifths of MNIST's pixels are exactly zero, and the
// first layer need not multiply with them. The pixels that are left are listed once, and the first
// layer's weights are kept in the order [in][out] meanwhile.
#pragma once
#include <cstdint>
#include <vector>

#include "data/dataset.hpp"
#include "graph.hpp"

namespace nutshell::tools {

/// The pixels of a data set that are not zero.
class SparseSamples {
  public:
    /// Whether listing them pays: bytes, and at most a third of them not zero.
    static bool pays(const Dataset& data);

    explicit SparseSamples(const Dataset& data);

    /// Some samples, in the form that kernels read.
    struct Slice {
        std::vector<int32_t> begin, column;
        std::vector<float> value;
        std::vector<uint8_t> nonzero;

        SparseRows rows() const { return {begin.data(), column.data(), value.data()}; }
    };

    /// Fills `slice` with the samples that `indices` name.
    void copy_samples(const uint32_t* indices, int rows, Slice& slice) const;

    /// Starts to bring a sample into the cache: it will be copied soon.
    void prefetch(uint32_t index) const;

  private:
    int sample_size_;
    std::vector<size_t> begin_;  // [count + 1]
    std::vector<uint16_t> column_;
    std::vector<uint8_t> value_;
};

/// A Graph with a sparse input, as a network for accumulate(): what it is given as x is not read.
class SparseInput {
  public:
    /// True when the first layer can read sparse rows.
    static bool fits(const Graph& graph);

    SparseInput(const Graph& graph, SparseRows samples) : graph_(graph), samples_(samples) {}

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
    SparseRows samples_;
};

}  // namespace nutshell::tools
