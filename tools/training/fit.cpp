// SPDX-License-Identifier: MIT
#include "fit.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <numeric>

#include "tools/error.hpp"
#include "tools/evaluation/evaluate.hpp"
#include "updater.hpp"

namespace nutshell::tools {
namespace {

using Clock = std::chrono::steady_clock;

/// An epoch whose mean loss is this many times the first batch's has left the slope for good.
constexpr double kRunaway = 4.0;

/// Observers hear of progress after this many samples.
constexpr int kReportSamples = 2048;

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Training from the first to the last epoch, and the weights worth keeping on the way.
class Fit {
  public:
    Fit(Graph& graph, const Dataset& train, const Dataset& watched, const FitSettings& settings,
        const FitObserver& observer)
        : graph_(graph),
          train_(train),
          watched_(watched),
          settings_(settings),
          observer_(observer),
          updater_(graph, train, settings),
          best_(graph.parameters()),
          best_scales_(updater_.scales()),
          start_(Clock::now()) {
        order_.resize(static_cast<size_t>(train.count));
        std::iota(order_.begin(), order_.end(), 0u);
    }

    void go_on_from(const TrainingState& state) {
        updater_.restore(state);
        updater_.copy_weights(graph_);
        result_.epochs = state.epochs;
        update_ = state.updates;
        first_loss_ = state.first_loss;
        best_loss_ = state.best_loss;
        best_epoch_ = state.best_epoch;
        best_ = state.best;
        for (const Epoch& epoch : state.epochs) shuffle(epoch.number);
        if (stale()) result_.end = FitEnd::stopped_early;
    }

    FitResult run() {
        for (int epoch = static_cast<int>(result_.epochs.size()) + 1;
             epoch <= settings_.epochs && result_.end == FitEnd::finished; epoch++) {
            const Clock::time_point start = Clock::now();
            const double loss = train_epoch(epoch);
            if (result_.end != FitEnd::diverged) updater_.copy_weights(graph_);
            if (result_.end == FitEnd::finished) finish_epoch(epoch, loss, seconds_since(start));
        }
        const bool keep_newest = result_.end == FitEnd::finished ||
                                 (result_.end == FitEnd::interrupted && result_.epochs.empty());
        if (keep_newest) {
            result_.kept_epoch = static_cast<int>(result_.epochs.size());
            result_.scales = updater_.scales();
        } else {
            graph_.parameters() = best_;
            result_.kept_epoch = best_epoch_;
            result_.scales = best_scales_;
        }
        result_.seconds = seconds_since(start_);
        return result_;
    }

  private:
    float rate_at(int epoch, int64_t update) const {
        const int64_t updates_an_epoch = (train_.count + batch() - 1) / batch();
        int64_t updates = updates_an_epoch * settings_.epochs;
        for (; updates > INT32_MAX; updates /= 2) update /= 2;
        const int32_t step = static_cast<int32_t>(update);
        const int32_t total = static_cast<int32_t>(updates);
        switch (settings_.schedule) {
            case Schedule::constant:
                break;
            case Schedule::linear:
                return linear_decay(settings_.rate, step, total);
            case Schedule::cosine:
                return cosine_decay(settings_.rate, step, total);
            case Schedule::step:
                return step_decay(settings_.rate, epoch - 1, settings_.step_every,
                                  settings_.step_factor);
        }
        return settings_.rate;
    }

    int batch() const { return settings_.per_sample ? 1 : settings_.batch; }

    /// Each epoch shuffles the order of the one before it.
    void shuffle(int epoch) {
        nutshell::shuffle(order_.data(), static_cast<uint32_t>(order_.size()), settings_.seed,
                          static_cast<uint32_t>(epoch));
    }

    /// The mean loss of the epoch; sets result_.end when it was not completed.
    double train_epoch(int epoch) {
        shuffle(epoch);
        double sum = 0;
        int reported = 0;
        for (int at = 0; at < train_.count; at += batch()) {
            if (observer_.stop && observer_.stop->load()) {
                result_.end = FitEnd::interrupted;
                return sum / train_.count;
            }
            const int rows = std::min(batch(), train_.count - at);
            const UpdateTime time{update_, epoch, rate_at(epoch, update_)};
            update_++;
            const double loss = updater_.step(order_.data() + at, rows, train_.count - at, time);
            if (first_loss_ < 0) first_loss_ = loss / rows;
            sum += loss;
            if (!std::isfinite(sum)) return diverge(epoch);
            if (observer_.progress && at + rows - reported >= kReportSamples) {
                reported = at + rows;
                observer_.progress(epoch, reported, sum / reported, seconds_since(start_));
            }
        }
        const double mean = sum / train_.count;
        return mean > kRunaway * std::max(first_loss_, 1e-6) ? diverge(epoch) : mean;
    }

    double diverge(int epoch) {
        result_.end = FitEnd::diverged;
        result_.diverged_epoch = epoch;
        return 0;
    }

    void finish_epoch(int number, double train_loss, double seconds) {
        Epoch epoch{number, train_loss, std::numeric_limits<double>::quiet_NaN(), seconds};
        if (watched_.count > 0) epoch.watched_loss = watched_loss();
        const double watched = watched_.count > 0 ? epoch.watched_loss : epoch.train_loss;
        if (!std::isfinite(watched)) {
            diverge(number);
            return;
        }
        result_.epochs.push_back(epoch);
        if (watched < best_loss_) {
            best_loss_ = watched;
            best_epoch_ = number;
            best_ = graph_.parameters();
            best_scales_ = updater_.scales();
        }
        if (stale()) result_.end = FitEnd::stopped_early;
        if (observer_.epoch_done) observer_.epoch_done(epoch);
        if (observer_.checkpoint) observer_.checkpoint(state());
    }

    double watched_loss() const {
        return mean_loss(graph_, watched_, settings_.loss, settings_.feature_weights);
    }

    /// True when patience is at its end.
    bool stale() const {
        const int epochs = static_cast<int>(result_.epochs.size());
        return settings_.patience > 0 && epochs - best_epoch_ >= settings_.patience;
    }

    TrainingState state() const {
        TrainingState state;
        updater_.save(state);
        state.epochs = result_.epochs;
        state.updates = update_;
        state.first_loss = first_loss_;
        state.best_loss = best_loss_;
        state.best_epoch = best_epoch_;
        state.best = best_;
        return state;
    }

    Graph& graph_;
    const Dataset& train_;
    const Dataset& watched_;
    const FitSettings& settings_;
    const FitObserver& observer_;
    Updater updater_;
    std::vector<uint32_t> order_;
    AlignedFloats best_;
    std::vector<float> best_scales_;
    int best_epoch_ = 0;
    double best_loss_ = std::numeric_limits<double>::infinity();
    double first_loss_ = -1;
    int64_t update_ = 0;
    FitResult result_;
    Clock::time_point start_;
};

}  // namespace

FitResult fit(Graph& graph, const Dataset& train, const Dataset& watched,
              const FitSettings& settings, const FitObserver& observer, const TrainingState* from) {
    if (train.count < 1) throw Error(train.name + ": holds no samples to train on");
    require_fit(graph, train, settings.loss);
    if (watched.count > 0) require_fit(graph, watched, settings.loss);
    const size_t features = settings.feature_weights.size();
    if (features > 0 && features != static_cast<size_t>(train.shape.size())) {
        throw Error("there are " + std::to_string(features) +
                    " weights of features, a sample has " + std::to_string(train.shape.size()) +
                    " values");
    }
    if (!settings.largest_codes.empty() && settings.per_sample) {
        throw Error("weights learn to be rounded in batches only");
    }
    if (!settings.largest_codes.empty() && (from || observer.checkpoint)) {
        throw Error("weights that learn to be rounded have no checkpoints");
    }
    graph.model_id = 0;
    Fit training(graph, train, watched, settings, observer);
    if (from) training.go_on_from(*from);
    return training.run();
}

void require_fit(const Graph& graph, const Dataset& data, LossKind loss) {
    const Graph::Range whole = graph.range(Part::whole);
    const int size = data.shape.size();
    if (graph.input_size(whole) != size || graph.output_size(whole) != size) {
        throw Error(data.name + ": a sample has " + std::to_string(size) +
                    " values, the model reads " + std::to_string(graph.input_size(whole)) +
                    " and writes " + std::to_string(graph.output_size(whole)) +
                    "; both must match (--layers begins and ends with " + std::to_string(size) +
                    ")");
    }
    if (loss != LossKind::binary_cross_entropy) return;
    if (!BinaryCrossEntropy::accepts(graph.last().activation)) {
        throw Error(
            "binary cross-entropy needs a sigmoid output; use --output sigmoid or --loss mse");
    }
    for (size_t i = 0; i < data.floats.size(); i++) {
        if (data.floats[i] >= 0.0f && data.floats[i] <= 1.0f) continue;
        throw Error(data.name + ": sample " + std::to_string(i / static_cast<size_t>(size)) +
                    " holds " + std::to_string(data.floats[i]) +
                    ", binary cross-entropy needs values in 0..1; scale the data or use --loss mse "
                    "--output linear");
    }
}

const char* name_of(LossKind loss) {
    return loss == LossKind::binary_cross_entropy ? "binary cross-entropy" : "mean squared error";
}

}  // namespace nutshell::tools
