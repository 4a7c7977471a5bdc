// SPDX-License-Identifier: MIT
// The pictures of a model on data: from a Graph and a Dataset to the charts of picture/charts.hpp.
#pragma once
#include <string>
#include <vector>

#include "data/dataset.hpp"
#include "evaluation/evaluate.hpp"
#include "evaluation/restoration.hpp"
#include "model/model_file.hpp"
#include "picture/charts.hpp"
#include "training/history.hpp"

namespace nutshell::tools {

constexpr int kExamples = 12;

/// Some samples, one of each label first, and what the model makes of them.
struct Examples {
    Shape shape{1, 1, 1};
    int count = 0;
    std::vector<int> labels;
    std::vector<float> originals;        // [count][shape.size()]
    std::vector<float> reconstructions;  // the same
};
Examples choose_examples(const AnyGraph& graph, const Dataset& data, int count = kExamples);

Picture picture_of_reconstructions(const AnyGraph& graph, const Dataset& data);

/// Samples, the same corrupted, and what the model makes of those.
Picture picture_of_restorations(const AnyGraph& graph, const Dataset& data,
                                const Augmentation& augmentation);

/// Images that the decoder makes of normal random numbers: of use for a variational model's. Throws
/// Error when it does not write images of this shape.
Picture picture_of_inventions(const AnyGraph& graph, Shape shape, uint32_t seed);

/// The samples so numbered, side by side, as a line of an ImageGrid.
ImageGrid::Line grid_line(const std::string& name, const Dataset& data,
                          const std::vector<int>& chosen);

/// What the model and its int8 form make of the same samples.
Picture picture_of_quantization(const Graph& graph, const Int8Graph& int8, const Dataset& data);

/// The codes of at most 5,000 samples, brought to two dimensions by PCA.
Picture picture_of_codes(const AnyGraph& graph, const Dataset& data);

Picture picture_of_errors(const Dataset& data, const Evaluation& evaluation);

Picture picture_of_losses(const History& history);

}  // namespace nutshell::tools
