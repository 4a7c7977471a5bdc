// SPDX-License-Identifier: MIT
// How well a model undoes what corrupts its input.
#pragma once
#include <limits>

#include "augmentation.hpp"
#include "evaluate.hpp"

namespace nutshell::tools {

/// Peak signal-to-noise ratios against the clean samples, in dB; NaN when nothing was corrupted.
struct Restoration {
    double noisy_psnr = std::numeric_limits<double>::quiet_NaN();
    double restored_psnr = std::numeric_limits<double>::quiet_NaN();
};

/// The samples as the corruptions of an augmentation leave them: the same ones for the same seed.
Dataset corrupted(const Dataset& data, const Augmentation& augmentation, uint32_t seed = 1);

/// Runs the model over corrupted samples. Throws Error when they do not fit.
template <class AnyGraph>
Restoration measure_restoration(const AnyGraph& graph, const Dataset& data,
                                const Augmentation& augmentation) {
    if (!augmentation.corrupts()) return {};
    require_reconstructs(graph, data);
    const Dataset noisy = corrupted(data, augmentation);
    return {psnr_against(data, noisy.floats),
            psnr_against(data, run_all(graph, Part::whole, noisy))};
}

}  // namespace nutshell::tools
