// SPDX-License-Identifier: MIT
// One update of a graph's weights from a batch of samples, on several threads: gather, forward,
// loss, backward, optimizer. fit.cpp calls it, batch after batch.
#pragma once
#include <optional>
#include <vector>

#include "augmentation.hpp"
#include "fit.hpp"
#include "nutshell/loss.hpp"
#include "nutshell/plan.hpp"
#include "rounded_weights.hpp"
#include "sparse_input.hpp"
#include "thread_pool.hpp"

namespace nutshell::tools {

/// When an update takes place.
struct UpdateTime {
    int64_t update;  // its number
    int epoch;
    float rate;
};

/// The memory of training and one way to update weights. It works on weights of its own, in the
/// order that suits the kernels best. Graph and data must outlive it.
class Updater {
  public:
    Updater(const Graph& graph, const Dataset& data, const FitSettings& settings);

    /// One update from the samples that `indices` name; indices[known] with known >= count are
    /// those that the next updates will be asked for. Returns the sum of their losses, which is
    /// not finite when the weights were left alone because training diverged.
    double step(const uint32_t* indices, int count, int known, const UpdateTime& time);

    /// The weights so far, into the parameters of `graph`, which has the same layers.
    void copy_weights(Graph& graph);

    /// Weights, moments and corrections, from and to a state. Not of rounded weights.
    void save(TrainingState& state) const;
    void restore(const TrainingState& state);

    /// Whether the first layer skips the zeros of the samples.
    bool skips_zeros() const { return sparse_.has_value(); }

    /// Of the rounded weights; empty when they are not rounded.
    std::vector<float> scales() const;

  private:
    /// A batch is cut into groups, each with gradients of its own. The cut depends on the
    /// batch and the model alone, and the groups' gradients are added in order: so any number of
    /// threads gives the same bits.
    struct Group {
        const uint32_t* indices;
        int count;
        float* gradients;
        double loss;
        std::ptrdiff_t
            after;  // the sample that its thread goes on with, counted from the batch's first
    };

    /// Samples computed together, and as many that the same thread will be asked for in its next
    /// pass and in that which follows, or null at the end.
    struct Slice {
        const uint32_t* indices;
        int rows;
        const uint32_t* next;
        const uint32_t* afterwards;
    };

    /// Memory of a thread that computes some samples together.
    struct Scratch {
        AlignedFloats tape, inner, layers;
        AlignedFloats samples;  // of dense training
        AlignedFloats targets;  // of augmented samples, where they differ
    };

    /// Weights that are updated together, whichever thread does it: the cut depends on the model
    /// alone.
    struct Slab {
        size_t index, first;
        int count;
        int trainable;  // of these the first ones
    };

    void to_canonical(const float* ours, float* canonical) const;
    void from_canonical(const float* canonical, float* ours) const;
    double per_sample(const uint32_t* indices, int count, float rate);
    double whole_batch(const uint32_t* indices, int count, float rate);
    void step_weights(float rate, float clip);
    void cut(const uint32_t* indices, int count);
    void compute_groups(float scale);
    float add_groups();
    void add_group(Scratch& scratch, Group& group, float scale);
    void add_to_first(const Group& group, Slab slab);
    float squares_of(Slab slab) const;
    template <class Body>
    void for_each_slab(Body body);
    double pass(Scratch& scratch, Slice slice, float scale, float alpha, float* into);
    Slice slice_of(const Group& group, int at, int rows) const;
    void prefetch(Slice slice) const;
    void copy_samples(Slice slice, float* out) const;
    template <class Network, class Targets>
    double run(const Network& network, const float* x, Targets targets, Scratch& scratch, Pass pass,
               float scale, float alpha, float* into) const;

    const Graph& graph_;
    const Dataset& data_;
    FitSettings settings_;  // a copy: the optimizer keeps its state in it
    std::optional<SparseSamples> sparse_;
    std::optional<Augmenter> augmenter_;
    uint32_t epoch_ = 0;
    std::optional<RoundedWeights> rounding_;
    AlignedFloats weights_;
    uint32_t update_ = 0;
    const uint32_t* batch_ = nullptr;  // the update's first sample
    const uint32_t* known_ = nullptr;  // behind the last sample that is known to come
    std::vector<Group> groups_;
    ThreadPool pool_;
    std::vector<Scratch> scratch_;  // of each thread
    AlignedFloats gradients_;       // [gradient_arrays()][parameters]
    AlignedFloats moments_;

    int gradient_arrays() const;
};

}  // namespace nutshell::tools
