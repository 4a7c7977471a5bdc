// SPDX-License-Identifier: MIT
// A model read from a file or a layer list, run with the library's own layer functions: the
// runtime twin of Autoencoder. Same rows, same plan, same bits.
#pragma once
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "nutshell/plan.hpp"
#include "nutshell/random.hpp"
#include "nutshell/weights.hpp"

namespace nutshell::tools {

/// Which layers of a model.
enum class Part { whole, encoder, decoder };

/// First and one-behind-last layer of a part.
struct LayerRange {
    int first;
    int last;
};
/// Throws Error when a model with so many layers in front of its code lacks that part.
LayerRange layers_of(Part part, int code_layer, int layer_count);

/// An array of floats on a tensor boundary, zero at first.
class AlignedFloats {
  public:
    explicit AlignedFloats(size_t size = 0);
    AlignedFloats(const AlignedFloats& other);
    AlignedFloats& operator=(const AlignedFloats& other);
    AlignedFloats(AlignedFloats&&) noexcept = default;
    AlignedFloats& operator=(AlignedFloats&&) noexcept = default;

    float* data() { return data_.get(); }
    const float* data() const { return data_.get(); }
    size_t size() const { return size_; }

  private:
    struct Free {
        void operator()(float* pointer) const { std::free(pointer); }
    };
    std::unique_ptr<float, Free> data_;
    size_t size_ = 0;
};

/// A chain of layers with its parameters. code_layer is the number of layers in front of the code.
class Graph {
  public:
    /// Throws Error when the rows are no chain that the library can run. Parameters are zero.
    Graph(std::vector<Row> rows, int code_layer);

    int layer_count() const { return static_cast<int>(rows_.size()); }
    int code_layer() const { return code_layer_; }
    const std::vector<Row>& rows() const { return rows_; }
    const std::vector<Spot>& spots() const { return spots_; }
    const PlanTotals& totals() const { return totals_; }
    uint32_t fingerprint() const;
    Tensors tensors(int layer) const;
    /// Copies tensors of the layer's sizes into the parameters.
    void set_tensors(int layer, const Tensors& from);

    /// The identity of the trained model that these parameters are (a part of).
    uint32_t model_id = 0;
    uint32_t parent_id = 0;

    AlignedFloats& parameters() { return parameters_; }
    const AlignedFloats& parameters() const { return parameters_; }

    /// Glorot or He weights, the same numbers as initialize<Model>() gives the twin type.
    void initialize(uint32_t seed, Initializer initializer);

    using Range = LayerRange;
    Range range(Part part) const { return layers_of(part, code_layer_, layer_count()); }
    int input_size(Range range) const { return rows_[static_cast<size_t>(range.first)].in.size(); }
    int output_size(Range range) const {
        return rows_[static_cast<size_t>(range.last) - 1].out.size();
    }

    /// The model made of a part's layers, with the whole model's id.
    Graph extract(Part part) const;

    /// Samples that run() takes through the layers together: enough to keep kernels busy, few
    /// enough for the cache.
    static constexpr int run_slice = 64;

    /// Scratch memory of run(), of its own for each caller, for at most so many samples together.
    class Workspace {
      public:
        explicit Workspace(const Graph& graph, int rows = run_slice);

      private:
        friend class Graph;
        AlignedFloats buffer_[2], scratch_;
        int rows_;
    };

    /// x[count][input_size] -> y[count][output_size] through the layers of the range.
    void run(Range range, const float* x, int count, float* y, Workspace& work) const;
    void run(Range range, const float* x, int count, float* y) const;

    // What accumulate() of nutshell/trainer.hpp asks of a network.
    const Row& last() const noexcept { return rows_.back(); }
    int last_tape() const noexcept { return tape_.back(); }
    int inner() const noexcept { return totals_.inner; }
    void forward(const float* parameters, Pass pass, const float* x, float* tape) const noexcept {
        forward_from(0, parameters, pass, x, tape);
    }
    void backward(const float* parameters, Pass pass, const float* x, const float* tape, float* dy,
                  float* dx, float* spare, float alpha, float* into) const noexcept {
        backward_to(0, parameters, pass, x, tape, dy, dx, spare, alpha, into);
    }

    /// The same for the layers from `first` on, of which x is the input. backward_to() returns
    /// where it left the gradient of x, except for layer 0, which computes none.
    void forward_from(int first, const float* parameters, Pass pass, const float* x,
                      float* tape) const noexcept;
    float* backward_to(int first, const float* parameters, Pass pass, const float* x,
                       const float* tape, float* dy, float* dx, float* spare, float alpha,
                       float* into) const noexcept;

    /// What layer `layer` ends in while training: the last one's activation belongs to the loss.
    Activation training_activation(int layer) const noexcept;

  private:
    std::vector<Row> rows_;
    std::vector<Spot> spots_;
    std::vector<int32_t> tape_;
    PlanTotals totals_{};
    int code_layer_ = 0;
    AlignedFloats parameters_;
};

/// A tied layer as one with weights of its own.
Row untied(Row row);

/// "float32", "int8" or "int4".
const char* name_of(NumberType type);

/// How a part is named on the command line: "whole", "encoder", "decoder".
const char* name_of(Part part);

/// "784-24-784".
std::string layer_sizes(const std::vector<Row>& rows);
inline std::string layer_sizes(const Graph& graph) { return layer_sizes(graph.rows()); }

}  // namespace nutshell::tools
