// SPDX-License-Identifier: MIT
// Training a generator against a discriminator on a Dataset: the loop around adversarial_batch() of
// nutshell/adversarial_trainer.hpp.
#pragma once
#include "fit.hpp"
#include "nutshell/adversarial_trainer.hpp"

namespace nutshell::tools {

/// Losses of an epoch: means over its batches.
struct AdversarialEpoch {
    int number;  // 1 is the first
    AdversarialLosses losses;
};

struct AdversarialResult {
    FitEnd end = FitEnd::finished;         // never stopped_early
    std::vector<AdversarialEpoch> epochs;  // completed ones: the pair has the last one's weights
    double seconds = 0;
};

/// Who watches. All may be empty.
struct AdversarialObserver {
    std::function<void(int epoch, int samples_done, AdversarialLosses losses)> progress;
    std::atomic<bool>* stop = nullptr;
};

/// Trains a pair, which is a graph whose layers up to the code layer are a generator and those
/// behind it a discriminator. Of the settings it takes epochs, batch, rate and seed. After
/// an interruption or divergence the pair has the weights of the last completed epoch. Throws Error
/// when pair and data do not fit each other.
AdversarialResult fit_adversarial(Graph& pair, const Dataset& data, const FitSettings& settings,
                                  const AdversarialObserver& observer);

/// The generator of a pair as a model of its own: a decoder alone.
Graph generator_of(const Graph& pair);

}  // namespace nutshell::tools
