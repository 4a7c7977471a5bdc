// SPDX-License-Identifier: MIT
// Generator and discriminator: two chains that learn against each other. The discriminator tells
// real samples from made ones, the generator makes samples of random numbers that it cannot tell.
// AdversarialTrainer trains them; what a device then runs is the generator, which is a decoder.
// Source: Goodfellow et al., "Generative Adversarial Nets", NIPS 2014.
#pragma once
#include "autoencoder.hpp"

namespace nutshell {

/// Adversarial<Sequential<Dense<32, 784, Sigmoid>>, Sequential<Dense<784, 1, Sigmoid>>>: the
/// discriminator says how likely a sample is real.
template <class GeneratorChain, class DiscriminatorChain>
struct Adversarial {
    static_assert(meets(GeneratorChain::output_shape, DiscriminatorChain::input_shape),
                  "nutshell: what the generator writes and what the discriminator reads differ in "
                  "shape");
    static_assert(DiscriminatorChain::output_size == 1,
                  "nutshell: a discriminator says one number of a sample");

    /// One behind the other: from random numbers to the verdict on what was made of them.
    using Chain = typename detail::Join<GeneratorChain, DiscriminatorChain>::type;
    static_assert(Chain::plan.totals.floats == Chain::plan.totals.trainable,
                  "nutshell: batch normalization would tell a batch of real samples from one of "
                  "made ones");

    static constexpr int generator_layers = GeneratorChain::count;
    static constexpr int code_size = Chain::input_size;  ///< random numbers of a sample
    static constexpr int sample_size = GeneratorChain::output_size;
    static constexpr int parameter_count = Chain::plan.totals.parameters;
    static constexpr int parameter_floats = Chain::plan.totals.floats;

    /// Of these the first ones are the generator's.
    static constexpr int generator_floats = Chain::plan.spots[generator_layers].weight;

    /// All weights and biases, the generator's first, each tensor on a 64-byte boundary.
    struct alignas(kAlignment) Parameters {
        float data[parameter_floats];
    };

    /// What makes samples: its codes are independent standard normal numbers. bind() it to
    /// Parameters, or load() a file of it.
    using Generator = DecoderAlone<GeneratorChain>;
};

}  // namespace nutshell
