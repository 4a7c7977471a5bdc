// SPDX-License-Identifier: MIT
// Training. A trainer is the memory that training needs and nothing else: put it where you like.
// Trainer works on batches, in slices, with gradients and any optimizer; SampleTrainer updates the
// weights during the way back of each sample and keeps no gradients, for small boards.
#pragma once
#include <string.h>

#include "autoencoder.hpp"
#include "loss.hpp"
#include "optimizer.hpp"
#include "random.hpp"

namespace nutshell {

/// One pass there and back over pass.rows samples, for any network with forward(), backward() and
/// last(): adds alpha times the gradient of scale * (sum of the rows' losses and penalties) into
/// `into` and returns that sum. pass.scratch is the plan's training_scratch; tape holds `rows`
/// times the chain's tape; inner, two buffers of `rows` times its widest inner activation (one when
/// it has two layers). Does not touch `into` when the loss is not finite. Targets are what the loss
/// reads: const float* or ByteRows.
template <class Loss, class Network, class Targets>
double accumulate(const Network& network, const float* parameters, Pass pass, const float* x,
                  Targets targets, float scale, float alpha, float* tape, float* inner,
                  float* into) noexcept {
    double penalty = 0.0;
    pass.scale = scale;
    pass.penalty = &penalty;
    network.forward(parameters, pass, x, tape);
    const Row& last = network.last();
    const int n = last.out.size();
    float* z = tape + network.last_tape() * pass.rows;
    const double loss =
        penalty + Loss::gradient(last.activation, last.slope, pass.rows, n, scale, targets, z);
    if (!(loss - loss == 0.0)) return loss;
    float* spare = inner + network.inner() * pass.rows;
    network.backward(parameters, pass, x, tape, z, inner, spare, alpha, into);
    return loss;
}

namespace detail {

/// A model type, from layer First on, as a network for accumulate().
template <class Model, int First = 0>
struct TypeNetwork {
    using Chain = typename Model::Chain;
    static constexpr const Row& last() noexcept { return Chain::rows[Chain::count - 1]; }
    static constexpr int last_tape() noexcept { return Chain::plan.tape[Chain::count - 1]; }
    static constexpr int inner() noexcept { return Chain::plan.totals.inner; }
    static void forward(const float* parameters, Pass pass, const float* x, float* tape) noexcept {
        Chain::template forward<First>(parameters, pass, x, tape);
    }
    static void backward(const float* parameters, Pass pass, const float* x, const float* tape,
                         float* dy, float* dx, float* spare, float alpha, float* into) noexcept {
        Chain::template backward<First>(parameters, pass, x, tape, dy, dx, spare, alpha, into);
    }
};

/// What a loss that is not finite means when the input is: a bad target, or weights that ran away.
inline Status blame(const float* target, int32_t size) noexcept {
    return all_finite(target, size) ? Status::diverged : Status::non_finite_input;
}

}  // namespace detail

/// Per-sample gradient descent without gradient buffers: the way back adds the update to the
/// weights themselves.
template <class Model, class Loss = BinaryCrossEntropy>
class SampleTrainer {
    using Chain = typename Model::Chain;
    static constexpr PlanTotals totals = Chain::plan.totals;
    static_assert(Loss::template fits<Chain::rows[Chain::count - 1].activation>());

  public:
    uint32_t seed = 0;  ///< of noise and dropout

    /// Moves the weights by one sample x[input_size] towards target[output_size]; `rate` is for the
    /// mean-per-feature loss, which goes to `loss` when it is not null. On non_finite_input and
    /// diverged the weights are untouched; scale samples to moderate numbers, since an update from
    /// values beyond 1e15 or so can overflow a weight, which only the next step reports.
    Status step(typename Model::Parameters& parameters, const float* x, const float* target,
                float rate, float* loss = nullptr) noexcept {
        if (!x || !target) return Status::null_argument;
        // Relu can hide an infinite input from the loss, but not from the gradient.
        if (!all_finite(x, Model::input_size)) return Status::non_finite_input;
        Pass pass{1, Mode::sample};
        pass.scratch = scratch_;
        pass.seed = seed;
        pass.step = step_++;
        const double value =
            accumulate<Loss>(detail::TypeNetwork<Model>{}, parameters.data, pass, x, target, 1.0f,
                             -rate, tape_, inner_, parameters.data);
        if (!(value - value == 0.0)) return detail::blame(target, Model::output_size);
        if (loss) *loss = static_cast<float>(value);
        return Status::ok;
    }

  private:
    // All of it zero to begin with, the seed too: what a program keeps for good then needs no
    // constructor and no flash.
    float tape_[totals.tape] = {};
    float inner_[totals.inner * inner_buffers(Chain::count) + 1] = {};
    alignas(kAlignment) float scratch_[totals.training_scratch + 1] = {};
    uint32_t step_ = 0;
};

/// Batches of any size, computed Slice samples at a time.
template <class Model, class Loss = BinaryCrossEntropy, class Optimizer = Adam, int Slice = 32>
class Trainer {
    using Chain = typename Model::Chain;
    static constexpr PlanTotals totals = Chain::plan.totals;
    static_assert(Slice >= 1, "nutshell: a slice has at least one sample");
    static_assert(Loss::template fits<Chain::rows[Chain::count - 1].activation>());

  public:
    Optimizer optimizer;
    float max_gradient_norm = 0.0f;  ///< global norm clipping; 0: none
    uint32_t seed = 1;               ///< of noise and dropout

    /// Forgets moments and gradients, as before the first step.
    void reset() noexcept {
        optimizer.reset();
        step_ = 0;
        memset(gradients_.data, 0, sizeof gradients_.data);
        memset(moments_, 0, sizeof moments_);
    }

    Trainer() noexcept { reset(); }
    explicit Trainer(const Optimizer& settings) noexcept : optimizer(settings) { reset(); }

    /// One update from a whole batch x[rows][input_size], target[rows][output_size]. The mean loss
    /// before the update goes to `loss` when it is not null. On non_finite_input and diverged
    /// weights and moments are untouched.
    Status step(typename Model::Parameters& parameters, const float* x, const float* target,
                int rows, float rate, float* loss = nullptr) noexcept {
        if (rows < 1) return Status::shape_mismatch;
        begin_batch(rows);
        for (int at = 0; at < rows; at += Slice) {
            const int slice = rows - at < Slice ? rows - at : Slice;
            const Status status = add(parameters, x + static_cast<size_t>(at) * Model::input_size,
                                      target + static_cast<size_t>(at) * Model::output_size, slice);
            if (status != Status::ok) return status;
        }
        return finish_batch(parameters, rate, loss);
    }

    /// The same in pieces, for batches that do not exist in memory at once: begin_batch with the
    /// size of the batch, add() up to Slice samples at a time, finish_batch.
    void begin_batch(int rows) noexcept {
        rows_ = rows;
        added_ = 0;
        loss_sum_ = 0.0;
    }

    /// Adds the gradients of x[rows][input_size] against target[rows][output_size]. After an error
    /// the batch is forgotten.
    Status add(const typename Model::Parameters& parameters, const float* x, const float* target,
               int rows) noexcept {
        if (!x || !target) return forget(Status::null_argument);
        if (rows < 0 || rows > Slice) return forget(Status::shape_mismatch);
        if (!all_finite(x, rows * Model::input_size)) return forget(Status::non_finite_input);
        Pass pass{rows, Mode::batch};
        pass.scratch = scratch_;
        pass.seed = seed;
        pass.step = step_;
        pass.first = static_cast<uint32_t>(added_);
        const double sum = accumulate<Loss>(detail::TypeNetwork<Model>{}, parameters.data, pass, x,
                                            target, 1.0f / static_cast<float>(rows_), 1.0f, tape_,
                                            inner_, gradients_.data);
        added_ += rows;
        loss_sum_ += sum;
        if (sum - sum == 0.0) return Status::ok;
        return forget(detail::blame(target, rows * Model::output_size));
    }

    /// Updates the parameters with the sum of what was added.
    Status finish_batch(typename Model::Parameters& parameters, float rate,
                        float* loss = nullptr) noexcept {
        step_++;
        const float squares = kernels::sum_of_squares(totals.trainable, gradients_.data);
        if (!(squares - squares == 0.0f)) return forget(Status::diverged);
        optimizer.step(totals.trainable, rate, clip_scale(squares, max_gradient_norm),
                       parameters.data, gradients_.data, moments_);
        step_state(totals.floats - totals.trainable, parameters.data + totals.trainable,
                   gradients_.data + totals.trainable);
        if (loss) *loss = static_cast<float>(loss_sum_ / rows_);
        return Status::ok;
    }

    /// The gradients added so far, which you may change before finish_batch; zero after it.
    typename Model::Parameters& gradients() noexcept { return gradients_; }
    const typename Model::Parameters& gradients() const noexcept { return gradients_; }

  private:
    /// Drops what was added, and passes the reason on.
    Status forget(Status reason) noexcept {
        memset(gradients_.data, 0, sizeof gradients_.data);
        return reason;
    }

    typename Model::Parameters gradients_;
    alignas(kAlignment) float moments_[Optimizer::moment_count * totals.trainable + kTensorFloats];
    alignas(kAlignment) float tape_[Slice * totals.tape];
    alignas(kAlignment) float inner_[Slice * totals.inner * inner_buffers(Chain::count) + 1];
    float scratch_[totals.training_scratch + 1];
    double loss_sum_ = 0.0;
    int rows_ = 1, added_ = 0;
    uint32_t step_ = 0;
};

}  // namespace nutshell
