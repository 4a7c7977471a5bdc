// SPDX-License-Identifier: MIT
// Pictures that lost something, and what brings it back: noise, fewer pixels.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "data/dataset.hpp"
#include "graph.hpp"
#include "model_file.hpp"

namespace nutshell::tools {

/// Samples of one shape as floats: values[count][shape.size()].
struct Samples {
    Shape shape{1, 1, 0};
    int count = 0;
    std::vector<float> values;
};
Samples samples_of(const Dataset& data);

/// Each value plus a normal number of this deviation, held within 0..1; a function of the seed.
Samples with_noise(const Samples& clean, double deviation, uint32_t seed);

/// Images with a `factor`-th of the pixels each way: the means of squares. Throws Error unless the
/// samples are images of whole squares.
Samples shrink(const Samples& images, int factor, const std::string& name);

/// Images with `factor` times the pixels each way, by cubic convolution: what a model is compared
/// with. Values are held within 0..1.
/// Source: Keys, "Cubic convolution interpolation for digital image processing", IEEE Transactions
/// on Acoustics, Speech and Signal Processing 29 (6), 1981, with a = -0.75.
Samples enlarge(const Samples& images, int factor);

/// The whole model applied to samples. Throws Error when it does not read or write such sizes.
Samples restore(const AnyGraph& any, const Samples& from, Shape to, const std::string& name);

/// 10 log10(1 / mean squared error) in dB, of values in 0..1.
double psnr(const Samples& a, const Samples& b);

/// Trains a graph to give back `targets` from `inputs`, in batches of 256 by Adam, to the least
/// mean binary cross-entropy; calls epoch_done(epoch, mean loss). Throws Error when sizes differ.
void fit_pairs(Graph& graph, const Samples& inputs, const Samples& targets, int epochs, float rate,
               uint32_t seed, const std::function<void(int, double)>& epoch_done);

}  // namespace nutshell::tools
