// SPDX-License-Identifier: MIT
// Training of a generator against a discriminator: both take a step from the same weights, each
// batch. The generator's loss is the one that does not saturate: how far its samples are from being
// taken for real.
// Source: Goodfellow et al., "Generative Adversarial Nets", NIPS 2014; the real samples' target
// after Salimans et al., "Improved Techniques for Training GANs", NIPS 2016.
#pragma once
#include "adversarial.hpp"
#include "latent.hpp"
#include "trainer.hpp"

namespace nutshell {

/// Binary cross-entropies, means over a batch. ln 2 = 0.693 for a generator, and twice that for a
/// discriminator, mean that nobody can tell what is real.
struct AdversarialLosses {
    float generator;
    float discriminator;  ///< of real samples plus that of made ones
};

/// The optimizer that such trainings are known to need: less momentum than Adam usually has.
/// Source: Radford et al., "Unsupervised Representation Learning with DCGANs", ICLR 2016.
inline Adam adversarial_adam() noexcept {
    Adam adam;
    adam.beta1 = 0.5f;
    return adam;
}

/// What a discriminator shall say of real samples: no certainty, which would teach the generator
/// nothing.
constexpr float kRealTarget = 0.9f;

/// Memory of adversarial_batch() for `slice` samples computed together.
struct AdversarialMemory {
    int slice;
    float* codes;   ///< [slice][code size]
    float* target;  ///< [slice]
    float* tape;    ///< [slice][tape of the joint chain]
    float* inner;   ///< two buffers of `slice` times the widest inner activation
};

/// The gradients of both over a batch of pass.rows real samples and twice as many made ones, into
/// gradients[], zero before, laid out like the parameters. `Pair` is a model as types
/// (detail::TypePair) or as data; real(at, rows) gives the address of that many samples. Losses
/// that are not finite leave gradients that are worth nothing.
template <class Pair, class Samples>
AdversarialLosses adversarial_batch(const Pair& pair, const float* parameters, Pass pass,
                                    Samples real, float real_target,
                                    const AdversarialMemory& memory, float* gradients) noexcept {
    enum Step : uint32_t { fooling, judging_real, judging_made, steps };
    const uint32_t update = pass.step;
    const int batch = pass.rows;
    const float scale = 1.0f / static_cast<float>(batch);
    double sums[steps] = {};
    const auto add = [&](Step step, const auto& network, const float* x, float target) {
        for (int i = 0; i < pass.rows; i++) memory.target[i] = target;
        sums[step] += accumulate<BinaryCrossEntropy>(
            network, parameters, pass, x, static_cast<const float*>(memory.target), scale, 1.0f,
            memory.tape, memory.inner, gradients);
    };
    const auto each_slice = [&](Step step, auto body) {
        pass.step = update * steps + step;
        for (int at = 0; at < batch; at += memory.slice) {
            pass.rows = batch - at < memory.slice ? batch - at : memory.slice;
            pass.first = static_cast<uint32_t>(at);
            body(at);
        }
    };
    // Each sample's code is drawn as noise would be, in a place in front of the first layer.
    const auto draw = [&] {
        const int size = pair.code_size();
        memset(memory.codes, 0,
               sizeof(float) * static_cast<size_t>(pass.rows) * static_cast<size_t>(size));
        add_noise(pass.of_layer(-1), size, 1.0f, memory.codes, memory.codes);
        return static_cast<const float*>(memory.codes);
    };
    each_slice(fooling, [&](int) { add(fooling, pair.whole(), draw(), 1.0f); });
    // What would make the discriminator err is not what it shall learn.
    float* const of_discriminator = gradients + pair.generator_floats();
    memset(of_discriminator, 0,
           sizeof(float) * static_cast<size_t>(pair.floats() - pair.generator_floats()));
    each_slice(judging_real,
               [&](int at) { add(judging_real, pair.judge(), real(at, pass.rows), real_target); });
    each_slice(judging_made, [&](int) { add(judging_made, pair.judge_made(), draw(), 0.0f); });
    return {static_cast<float>(sums[fooling] / batch),
            static_cast<float>((sums[judging_real] + sums[judging_made]) / batch)};
}

/// The two optimizers of a pair, each with a state of its own.
struct AdversarialOptimizers {
    Adam generator = adversarial_adam(), discriminator = adversarial_adam();

    /// Moves parameters[floats], of which the first `of_generator` are the generator's; moments are
    /// [2][floats], zero before the first step.
    void step(int of_generator, int floats, float rate, float* parameters, float* gradients,
              float* moments) noexcept {
        generator.step(of_generator, rate, 1.0f, parameters, gradients, moments, moments + floats);
        discriminator.step(floats - of_generator, rate, 1.0f, parameters + of_generator,
                           gradients + of_generator, moments + of_generator,
                           moments + floats + of_generator);
    }
};

namespace detail {

/// An Adversarial type for adversarial_batch().
template <class Model>
struct TypePair {
    using Chain = typename Model::Chain;
    static constexpr int first = Model::generator_layers;  // of the discriminator

    /// From random numbers to the verdict, and back to the discriminator's first layer.
    struct JudgeMade : TypeNetwork<Model> {
        static void backward(const float* parameters, Pass pass, const float*, const float* tape,
                             float* dy, float* dx, float* spare, float alpha,
                             float* into) noexcept {
            Chain::template backward<first>(parameters, pass,
                                            tape + Chain::plan.tape[first - 1] * pass.rows, tape,
                                            dy, dx, spare, alpha, into);
        }
    };

    static constexpr TypeNetwork<Model> whole() noexcept { return {}; }
    static constexpr TypeNetwork<Model, first> judge() noexcept { return {}; }
    static constexpr JudgeMade judge_made() noexcept { return {}; }
    static constexpr int code_size() noexcept { return Model::code_size; }
    static constexpr int generator_floats() noexcept { return Model::generator_floats; }
    static constexpr int floats() noexcept { return Model::parameter_floats; }
};

}  // namespace detail

/// Trains an Adversarial model in batches of any size, computed Slice samples at a time. It is the
/// memory that this needs and nothing else.
template <class Model, int Slice = 32>
class AdversarialTrainer {
    using Chain = typename Model::Chain;
    static constexpr PlanTotals totals = Chain::plan.totals;
    static_assert(Slice >= 1, "nutshell: a slice has at least one sample");
    static_assert(BinaryCrossEntropy::fits<Chain::rows[Chain::count - 1].activation>());

  public:
    AdversarialOptimizers optimizers;
    float real_target = kRealTarget;
    uint32_t seed = 1;  ///< of codes, noise and dropout

    /// One step of both, from real[rows][sample_size] and as many made samples; the losses before
    /// it go to `losses` when it is not null. On non_finite_input and diverged weights and moments
    /// are untouched.
    Status step(typename Model::Parameters& parameters, const float* real, int rows, float rate,
                AdversarialLosses* losses = nullptr) noexcept {
        if (!real) return Status::null_argument;
        if (rows < 1) return Status::shape_mismatch;
        for (int i = 0; i < rows; i++) {
            if (!all_finite(sample(real, i), Model::sample_size)) return Status::non_finite_input;
        }
        Pass pass{rows, Mode::batch};
        pass.scratch = scratch_;
        pass.seed = seed;
        pass.step = step_++;
        const AdversarialLosses found = adversarial_batch(
            detail::TypePair<Model>{}, parameters.data, pass,
            [real](int at, int) { return sample(real, at); }, real_target,
            {Slice, codes_, target_, tape_, inner_}, gradients_.data);
        const float squares = kernels::sum_of_squares(totals.floats, gradients_.data);
        const float all = found.generator + found.discriminator + squares;
        if (!(all - all == 0.0f)) {
            memset(gradients_.data, 0, sizeof gradients_.data);
            return Status::diverged;
        }
        optimizers.step(Model::generator_floats, totals.floats, rate, parameters.data,
                        gradients_.data, moments_);
        if (losses) *losses = found;
        return Status::ok;
    }

  private:
    static const float* sample(const float* samples, int i) noexcept {
        return samples + static_cast<ptrdiff_t>(i) * Model::sample_size;
    }

    typename Model::Parameters gradients_{};
    alignas(kAlignment) float moments_[2 * totals.floats] = {};
    alignas(kAlignment) float tape_[Slice * totals.tape];
    alignas(kAlignment) float inner_[2 * Slice * totals.inner];
    float codes_[Slice * Model::code_size], target_[Slice];
    float scratch_[totals.training_scratch + 1];
    uint32_t step_ = 0;
};

}  // namespace nutshell
