// SPDX-License-Identifier: MIT
// What training draws at random: first weights and the order of samples. The numbers are those of
// philox.hpp: functions of the seed and of their place.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "philox.hpp"
#include "plan.hpp"

namespace nutshell {

/// Puts indices[n] into a random order (Fisher-Yates), a function of seed, purpose and epoch.
void shuffle(uint32_t* indices, uint32_t n, uint32_t seed, uint32_t epoch,
             Purpose purpose = Purpose::shuffle) noexcept;

/// How weights begin; biases begin at zero.
enum class Initializer : uint8_t {
    glorot_uniform,  ///< within sqrt(6 / (in + out)); Glorot and Bengio, AISTATS 2010
    he_uniform,      ///< within sqrt(6 / in), for relu; He et al., ICCV 2015
};

/// Fills the parameters of a chain, padding (zero) included. The first half of a state (means)
/// begins at zero, the second one (variances) at one.
void initialize(const Row* rows, const Spot* spots, int layer_count, int32_t parameter_floats,
                uint32_t seed, Initializer initializer, float* parameters) noexcept;

/// Fills the parameters of a model type: the same numbers on every machine.
template <class Model>
void initialize(typename Model::Parameters& parameters, uint32_t seed,
                Initializer initializer = Initializer::glorot_uniform) noexcept {
    using Chain = typename Model::Chain;
    initialize(Chain::rows, Chain::plan.spots, Chain::count, Model::parameter_floats, seed,
               initializer, parameters.data);
}

}  // namespace nutshell
