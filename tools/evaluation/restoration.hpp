// SPDX-License-Identifier: MIT
// Samples that lost something - to noise, to gaps, or pixels - and what a model brings back.
#pragma once
#include <limits>
#include <string>

#include "evaluate.hpp"
#include "tools/model/model_file.hpp"
#include "tools/training/augmentation.hpp"

namespace nutshell::tools {

/// The samples as the corruptions of an augmentation leave them: the same ones for the same seed.
Dataset corrupted(const Dataset& data, const Augmentation& augmentation, uint32_t seed = 1);

/// Images with a `factor`-th of the pixels each way: the means of squares. Throws Error unless the
/// samples are images of whole squares.
Dataset shrink(const Dataset& images, int factor);

/// Images with `factor` times the pixels each way, by cubic convolution: what a model is compared
/// with. Values are held within 0..1.
/// Source: Keys, "Cubic convolution interpolation for digital image processing", IEEE Transactions
/// on Acoustics, Speech and Signal Processing 29 (6), 1981, with a = -0.75.
Dataset enlarge(const Dataset& images, int factor);

/// The whole model applied to samples, which become ones of the shape `to`. Throws Error, naming
/// the model, when it does not read or write such sizes.
Dataset restore(const AnyGraph& any, const Dataset& from, Shape to, const std::string& name);

/// Peak signal-to-noise ratios against the clean samples, in dB; NaN when nothing was corrupted.
struct Restoration {
    double noisy_psnr = std::numeric_limits<double>::quiet_NaN();
    double restored_psnr = std::numeric_limits<double>::quiet_NaN();
};

/// Runs the model over corrupted samples. Throws Error when they do not fit.
template <class AnyKindOfGraph>
Restoration measure_restoration(const AnyKindOfGraph& graph, const Dataset& data,
                                const Augmentation& augmentation) {
    if (!augmentation.corrupts()) return {};
    require_reconstructs(graph, data);
    const Dataset noisy = corrupted(data, augmentation);
    return {psnr_against(data, noisy.floats),
            psnr_against(data, run_all(graph, Part::whole, noisy))};
}

}  // namespace nutshell::tools
