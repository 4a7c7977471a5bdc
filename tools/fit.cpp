// SPDX-License-Identifier: MIT
#include "fit.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

#include "error.hpp"
#include "evaluate.hpp"
#include "nutshell/trainer.hpp"
#include "rounded_weights.hpp"
#include "sparse_input.hpp"
#include "thread_pool.hpp"

namespace nutshell::tools {
namespace {

using Clock = std::chrono::steady_clock;

/// Samples computed together.
constexpr int kSlice = 64;

/// An epoch whose mean loss is this many times the first batch's has left the slope for good.
constexpr double kRunaway = 4.0;

/// Observers hear of progress after this many samples.
constexpr int kReportSamples = 2048;

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

/// A batch is cut into at most this many groups, each with gradients of its own. The cut depends on
/// the batch alone, and the groups' gradients are added in order: so any number of threads gives
/// the same bits.
constexpr int kMaxGroups = 8;

/// Fewer samples than this are not worth a group's gradients.
constexpr int kMinGroupSamples = 64;

int group_count(const FitSettings& settings) {
    return settings.per_sample ? 1 : std::clamp(settings.batch / kMinGroupSamples, 1, kMaxGroups);
}

/// The memory of training and one way to update weights. It works on weights of its own, in the
/// order that suits the kernels best.
class Updater {
  public:
    Updater(const Graph& graph, const Dataset& data, const FitSettings& settings)
        : graph_(graph),
          data_(data),
          settings_(settings),
          weights_(graph.parameters()),
          groups_(static_cast<size_t>(group_count(settings))),
          pool_(std::min(settings.threads, group_count(settings))) {
        if (!settings.largest_codes.empty()) {
            rounding_.emplace(graph, settings.largest_codes);
        } else if (!settings.per_sample && SparseInput::fits(graph) && SparseSamples::pays(data)) {
            sparse_.emplace(data);
            SparseInput::from_canonical(graph, graph.parameters().data(), weights_.data());
        }
        const size_t floats = graph.parameters().size();
        const size_t slice = settings.per_sample ? 1 : kSlice;
        if (!settings.per_sample) {
            gradients_ = AlignedFloats(floats * groups_.size());
            std::visit(
                [&](auto& optimizer) {
                    moments_ = AlignedFloats(floats * static_cast<size_t>(optimizer.moment_count));
                },
                settings_.optimizer);
        }
        const size_t sample_size = static_cast<size_t>(graph.rows()[0].in.size());
        for (Group& group : groups_) {
            group.tape = AlignedFloats(slice * static_cast<size_t>(graph.totals().tape));
            group.inner = AlignedFloats(slice * static_cast<size_t>(graph.totals().inner) * 2);
            if (sparse_) {
                group.bytes.resize(slice * sample_size);
            } else {
                group.samples = AlignedFloats(slice * sample_size);
            }
        }
    }

    /// One update from the samples that `indices` name; indices[known] with known >= count are
    /// those that the next updates will be asked for. Returns the sum of their losses, which is
    /// not finite when the weights were left alone because training diverged.
    double step(const uint32_t* indices, int count, int known, float rate) {
        known_ = indices + known;
        return settings_.per_sample ? per_sample(indices, count, rate)
                                    : whole_batch(indices, count, rate);
    }

    /// The weights so far, into the parameters of `graph`, which has the same layers.
    void copy_weights(Graph& graph) {
        if (rounding_) {
            rounding_->round(weights_);
            graph.parameters() = rounding_->rounded();
        } else if (sparse_) {
            SparseInput::to_canonical(graph, weights_.data(), graph.parameters().data());
        } else {
            graph.parameters() = weights_;
        }
    }

    /// Of the rounded weights; empty when they are not rounded.
    std::vector<float> scales() const {
        return rounding_ ? rounding_->scales() : std::vector<float>{};
    }

  private:
    /// Scratch memory of the samples that are computed together.
    struct Group {
        AlignedFloats tape, inner;
        AlignedFloats samples;        // of dense training
        SparseSamples::Slice sparse;  // of sparse training
        std::vector<uint8_t> bytes;   // the same samples, as targets
        double loss = 0;
    };

    double per_sample(const uint32_t* indices, int count, float rate) {
        double sum = 0;
        for (int i = 0; i < count && std::isfinite(sum); i++) {
            sum += pass(groups_[0], indices + i, 1, 1.0f, -rate, weights_.data());
        }
        return sum;
    }

    double whole_batch(const uint32_t* indices, int count, float rate) {
        const int groups = static_cast<int>(groups_.size());
        if (rounding_) rounding_->round(weights_);
        pool_.run(groups, [&](int group) {
            const int begin = first_sample(group, count), end = first_sample(group + 1, count);
            add_group(group, indices + begin, end - begin, 1.0f / static_cast<float>(count));
        });
        double sum = 0;
        for (const Group& group : groups_) sum += group.loss;
        const int floats = static_cast<int>(weights_.size());
        float* gradients = gradients_.data();
        if (groups > 1) {
            kernels::add_rows(groups - 1, floats, 1.0f, gradients + floats, gradients);
            std::fill(gradients + floats, gradients + gradients_.size(), 0.0f);
        }
        if (rounding_) rounding_->correct(weights_, gradients);
        const float squares = kernels::sum_of_squares(floats, gradients);
        if (!std::isfinite(sum) || !std::isfinite(squares)) {
            return std::numeric_limits<double>::quiet_NaN();
        }
        const float clip = clip_scale(squares, settings_.max_gradient_norm);
        std::visit(
            [&](auto& optimizer) {
                optimizer.step(floats, rate, clip, weights_.data(), gradients, moments_.data());
            },
            settings_.optimizer);
        if (rounding_) rounding_->step_scales(rate);
        return sum;
    }

    /// Groups are whole slices, as equal as can be.
    int first_sample(int group, int count) const {
        const int64_t slices = (count + kSlice - 1) / kSlice;
        const int64_t first = slices * group / static_cast<int64_t>(groups_.size());
        return static_cast<int>(std::min<int64_t>(first * kSlice, count));
    }

    void add_group(int index, const uint32_t* indices, int count, float scale) {
        Group& group = groups_[static_cast<size_t>(index)];
        float* gradients = gradients_.data() + static_cast<size_t>(index) * weights_.size();
        group.loss = 0;
        for (int at = 0; at < count && std::isfinite(group.loss); at += kSlice) {
            const int rows = std::min(kSlice, count - at);
            group.loss += pass(group, indices + at, rows, scale, 1.0f, gradients);
        }
    }

    double pass(Group& group, const uint32_t* indices, int rows, float scale, float alpha,
                float* into) {
        prefetch(indices, rows);
        if (!sparse_) {
            float* samples = group.samples.data();
            data_.copy_samples(indices, rows, samples);
            return run(graph_, samples, samples, group, rows, scale, alpha, into);
        }
        data_.copy_bytes(indices, rows, group.bytes.data());
        sparse_->copy_samples(indices, rows, group.sparse);
        const float* none = nullptr;
        return run(SparseInput(graph_, group.sparse.rows()), none, group.bytes.data(), group, rows,
                   scale, alpha, into);
    }

    /// Brings samples that will soon be asked for into the cache, as many as are computed now.
    void prefetch(const uint32_t* indices, int rows) const {
        const std::ptrdiff_t first = kSlice * pool_.threads();
        const std::ptrdiff_t last = std::min(first + rows, known_ - indices);
        for (std::ptrdiff_t i = first; i < last; i++) {
            data_.prefetch(indices[i]);
            if (sparse_) sparse_->prefetch(indices[i]);
        }
    }

    template <class Network, class Sample>
    double run(const Network& network, const float* x, const Sample* target, Group& group, int rows,
               float scale, float alpha, float* into) {
        const auto add = settings_.loss == LossKind::binary_cross_entropy
                             ? accumulate<BinaryCrossEntropy, Network, Sample>
                             : accumulate<MeanSquaredError, Network, Sample>;
        const float* weights = rounding_ ? rounding_->rounded().data() : weights_.data();
        return add(network, weights, Pass{rows}, x, target, scale, alpha, group.tape.data(),
                   group.inner.data(), into);
    }

    const Graph& graph_;
    const Dataset& data_;
    FitSettings settings_;  // a copy: the optimizer keeps its state in it
    std::optional<SparseSamples> sparse_;
    std::optional<RoundedWeights> rounding_;
    AlignedFloats weights_;
    const uint32_t* known_ = nullptr;  // behind the last sample that is known to come
    std::vector<Group> groups_;
    AlignedFloats gradients_;  // [groups][parameters]
    AlignedFloats moments_;
    ThreadPool pool_;
};

/// Training from the first to the last epoch, and the weights worth keeping on the way.
class Fit {
  public:
    Fit(Graph& graph, const Dataset& train, const Dataset& test, const FitSettings& settings,
        const FitObserver& observer)
        : graph_(graph),
          train_(train),
          test_(test),
          settings_(settings),
          observer_(observer),
          updater_(graph, train, settings),
          best_(graph.parameters()),
          best_scales_(updater_.scales()),
          start_(Clock::now()) {
        order_.resize(static_cast<size_t>(train.count));
        std::iota(order_.begin(), order_.end(), 0u);
    }

    FitResult run() {
        for (int epoch = 1; epoch <= settings_.epochs && result_.end == FitEnd::finished; epoch++) {
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

    /// The mean loss of the epoch; sets result_.end when it was not completed.
    double train_epoch(int epoch) {
        nutshell::shuffle(order_.data(), static_cast<uint32_t>(order_.size()), settings_.seed,
                          static_cast<uint32_t>(epoch));
        double sum = 0;
        int reported = 0;
        for (int at = 0; at < train_.count; at += batch()) {
            if (observer_.stop && observer_.stop->load()) {
                result_.end = FitEnd::interrupted;
                return sum / train_.count;
            }
            const int rows = std::min(batch(), train_.count - at);
            const double loss = updater_.step(order_.data() + at, rows, train_.count - at,
                                              rate_at(epoch, update_++));
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
        if (test_.count > 0) epoch.test_loss = mean_loss(graph_, test_, settings_.loss);
        const double watched = test_.count > 0 ? epoch.test_loss : epoch.train_loss;
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
        } else if (settings_.patience > 0 && number - best_epoch_ >= settings_.patience) {
            result_.end = FitEnd::stopped_early;
        }
        if (observer_.epoch_done) observer_.epoch_done(epoch);
    }

    Graph& graph_;
    const Dataset& train_;
    const Dataset& test_;
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

FitResult fit(Graph& graph, const Dataset& train, const Dataset& test, const FitSettings& settings,
              const FitObserver& observer) {
    if (train.count < 1) throw Error(train.name + ": holds no samples to train on");
    require_fit(graph, train, settings.loss);
    if (test.count > 0) require_fit(graph, test, settings.loss);
    if (!settings.largest_codes.empty() && settings.per_sample) {
        throw Error("weights learn to be rounded in batches only");
    }
    graph.model_id = 0;
    return Fit(graph, train, test, settings, observer).run();
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
