// SPDX-License-Identifier: MIT
// What a training found, as numbers and as a page.
#pragma once
#include <string>

#include "fit.hpp"
#include "history.hpp"
#include "tools/data/dataset.hpp"
#include "tools/evaluation/evaluate.hpp"
#include "tools/evaluation/restoration.hpp"

namespace nutshell::tools {

struct TrainingSummary {
    const Graph* graph;
    const Dataset* train;
    const Dataset* test;  // the training data themselves when there is no test set
    const FitSettings* settings;
    const FitResult* result;
    std::string watched;      // what was watched: "test" or "validation"
    Evaluation evaluation;    // on `test`
    Restoration restoration;  // of samples of it, corrupted as in training
    double pca_mse;           // of PCA with as many numbers as the code; NaN when not computed

    History history() const { return {settings->loss, watched, result->epochs}; }

    /// Of the epoch whose weights were kept; NaN when nothing was watched.
    double watched_loss() const;

    /// The median epoch; NaN when none was completed.
    double seconds_per_epoch() const;

    /// Multiply-adds of the products, counted as two operations each, by the time above.
    double gflops() const;
};

/// Operations of one training step per sample: forward and weight gradient of every layer, input
/// gradient of all but the first.
double operations_per_sample(const Graph& graph);

/// Evaluates the trained graph on the test set. PCA is left out when not wanted or when the data
/// are too wide.
TrainingSummary summarize(const Graph& graph, const DataSource& source, const FitSettings& settings,
                          const FitResult& result, const std::string& watched, bool with_pca);

/// Writes the page. Throws Error.
void write_training_report(const std::string& path, const TrainingSummary& summary,
                           const std::string& command_line);

}  // namespace nutshell::tools
