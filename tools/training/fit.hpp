// SPDX-License-Identifier: MIT
// Training a Graph on a Dataset, epoch after epoch: the loop around accumulate() of
// nutshell/trainer.hpp, with early stopping, checkpoints and a way to stop at any time.
#pragma once
#include <array>
#include <atomic>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "augmentation.hpp"
#include "nutshell/optimizer.hpp"
#include "tools/data/dataset.hpp"
#include "tools/model/graph.hpp"

namespace nutshell::tools {

enum class LossKind { binary_cross_entropy, mean_squared_error };

/// What training is asked to do. The defaults are the tutorial's.
struct FitSettings {
    int epochs = 50;
    int batch = 256;  // samples an update
    float rate = 1e-3f;
    LossKind loss = LossKind::binary_cross_entropy;
    std::variant<Adam, Momentum, Sgd> optimizer;
    Schedule schedule = Schedule::constant;
    int step_every = 10;       // epochs between two steps of Schedule::step
    float step_factor = 0.5f;  // of Schedule::step
    float max_gradient_norm = 0.0f;
    uint32_t seed = 1;
    int threads = 1;          // any number gives the same weights, bit for bit
    int patience = 0;         // epochs without a better watched loss before stopping; 0: never stop
    bool skip_zeros = true;   // of images that are mostly black, in the first layer
    bool per_sample = false;  // SampleTrainer's way: plain SGD, no gradient buffers, batch of 1
    std::vector<float> feature_weights;  // of the loss, one a value of a sample; empty: all 1
    Augmentation augmentation;           // of the training samples
    // Largest code of each layer's weights (127 for 8 bits, 7 for 4) when they are to be quantized:
    // the graph then gets weights rounded to their codes. Not with per_sample.
    std::vector<int> largest_codes;
};

/// One epoch. Losses are means over samples and features.
struct Epoch {
    int number;  // 1 is the first
    double train_loss;
    double watched_loss;  // of the samples that are watched; NaN when there are none
    double seconds;
};

/// A training after some whole epochs: all that the next one depends on, so that going on from here
/// gives the bits of a training that was never interrupted.
struct TrainingState {
    std::vector<Epoch> epochs;  // completed ones
    int64_t updates = 0;        // of the weights
    double first_loss = 0;      // of the first batch
    double best_loss = 0;       // watched loss of the best epoch
    int best_epoch = 0;
    AlignedFloats weights;               // like the parameters of the graph
    AlignedFloats best;                  // the same, of the best epoch
    AlignedFloats moments;               // [moment arrays of the optimizer][parameters]
    std::array<float, 2> corrections{};  // Adam's for its bias
};

/// How training ended.
enum class FitEnd { finished, stopped_early, interrupted, diverged };

struct FitResult {
    FitEnd end = FitEnd::finished;
    std::vector<Epoch> epochs;  // completed ones
    int kept_epoch = 0;         // the epoch whose weights the graph now has; 0: the initial ones
    int diverged_epoch = 0;     // the epoch in which it diverged, or 0
    double seconds = 0;
    std::vector<float> scales;  // with largest_codes: of the rounded weights, one for each output
};

/// Who watches. All may be empty.
struct FitObserver {
    std::function<void(int epoch, int samples_done, double mean_loss, double seconds)> progress;
    std::function<void(const Epoch&)> epoch_done;  // the graph holds the weights of that epoch
    std::function<void(const TrainingState&)> checkpoint;  // after each epoch; not with
                                                           // largest_codes
    std::atomic<bool>* stop = nullptr;  // set it from a signal handler or a thread
};

/// Trains the graph in place to give back its input, and measures the loss of the samples to watch
/// (a validation or a test set, may be empty) after each epoch. After a normal end the graph has
/// the last epoch's weights; after early stopping, an interruption or divergence those of the best
/// completed epoch (by watched loss, else training loss), after an interruption in the first epoch
/// the newest. Goes on from the state `from` of a training with the same graph, data and settings
/// when it is not null. Throws Error when data and graph do not fit each other or the loss.
FitResult fit(Graph& graph, const Dataset& train, const Dataset& watched,
              const FitSettings& settings, const FitObserver& observer,
              const TrainingState* from = nullptr);

/// Throws Error (naming the data) unless the graph can be trained or evaluated on it with the loss.
void require_fit(const Graph& graph, const Dataset& data, LossKind loss);

/// "binary cross-entropy" or "mean squared error".
const char* name_of(LossKind loss);

}  // namespace nutshell::tools
