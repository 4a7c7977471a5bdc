// SPDX-License-Identifier: MIT
#include "updater.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>

#include "nutshell/trainer.hpp"

namespace nutshell::tools {
namespace {

/// Samples computed together.
constexpr int kSlice = 64;

/// A batch is cut into at most this many groups.
constexpr int kMaxGroups = 8;

/// Fewer samples than this are not worth a group's gradients.
constexpr int kMinGroupSamples = 64;

int group_count(const FitSettings& settings) {
    return settings.per_sample ? 1 : std::clamp(settings.batch / kMinGroupSamples, 1, kMaxGroups);
}

}  // namespace

Updater::Updater(const Graph& graph, const Dataset& data, const FitSettings& settings)
    : graph_(graph),
      data_(data),
      settings_(settings),
      weights_(graph.parameters()),
      groups_(static_cast<size_t>(group_count(settings))),
      pool_(std::min(settings.threads, group_count(settings))),
      scratch_(static_cast<size_t>(pool_.threads())) {
    const Augmentation& augmentation = settings.augmentation;
    const bool augments = augmentation.moves() || augmentation.corrupts();
    if (augments) augmenter_.emplace(augmentation, data, settings.seed);
    if (!settings.largest_codes.empty()) {
        rounding_.emplace(graph, settings.largest_codes);
    } else if (!augments && !settings.per_sample && SparseInput::fits(graph) &&
               SparseSamples::pays(data)) {
        sparse_.emplace(data);
        from_canonical(graph.parameters().data(), weights_.data());
    }
    const size_t floats = graph.parameters().size();
    if (!settings.per_sample) {
        gradients_ = AlignedFloats(floats * static_cast<size_t>(gradient_arrays()));
        std::visit(
            [&](auto& optimizer) {
                moments_ = AlignedFloats(floats * static_cast<size_t>(optimizer.moment_count));
            },
            settings_.optimizer);
    }
    const size_t slice = settings.per_sample ? 1 : kSlice;
    for (Scratch& scratch : scratch_) {
        scratch.tape = AlignedFloats(slice * static_cast<size_t>(graph.totals().tape));
        scratch.inner = AlignedFloats(slice * static_cast<size_t>(graph.totals().inner) * 2);
        scratch.layers = AlignedFloats(static_cast<size_t>(graph.totals().training_scratch));
        const size_t floats_of_slice = slice * static_cast<size_t>(data.shape.size());
        if (!sparse_) scratch.samples = AlignedFloats(floats_of_slice);
        if (augments) scratch.targets = AlignedFloats(floats_of_slice);
    }
}

double Updater::step(const uint32_t* indices, int count, int known, const UpdateTime& time) {
    update_ = static_cast<uint32_t>(time.update);
    epoch_ = static_cast<uint32_t>(time.epoch);
    batch_ = indices;
    known_ = indices + known;
    return settings_.per_sample ? per_sample(indices, count, time.rate)
                                : whole_batch(indices, count, time.rate);
}

void Updater::copy_weights(Graph& graph) {
    if (rounding_) {
        rounding_->round(weights_);
        graph.parameters() = rounding_->rounded();
    } else {
        to_canonical(weights_.data(), graph.parameters().data());
    }
}

void Updater::to_canonical(const float* ours, float* canonical) const {
    if (sparse_) {
        SparseInput::to_canonical(graph_, ours, canonical);
    } else {
        std::copy_n(ours, weights_.size(), canonical);
    }
}

void Updater::from_canonical(const float* canonical, float* ours) const {
    if (sparse_) {
        SparseInput::from_canonical(graph_, canonical, ours);
    } else {
        std::copy_n(canonical, weights_.size(), ours);
    }
}

void Updater::save(TrainingState& state) const {
    state.weights = AlignedFloats(weights_.size());
    state.moments = AlignedFloats(moments_.size());
    to_canonical(weights_.data(), state.weights.data());
    for (size_t at = 0; at < moments_.size(); at += weights_.size()) {
        to_canonical(moments_.data() + at, state.moments.data() + at);
    }
    if (const Adam* adam = std::get_if<Adam>(&settings_.optimizer)) {
        state.corrections = {adam->correction1, adam->correction2};
    }
}

void Updater::restore(const TrainingState& state) {
    from_canonical(state.weights.data(), weights_.data());
    for (size_t at = 0; at < moments_.size(); at += weights_.size()) {
        from_canonical(state.moments.data() + at, moments_.data() + at);
    }
    if (Adam* adam = std::get_if<Adam>(&settings_.optimizer)) {
        adam->correction1 = state.corrections[0];
        adam->correction2 = state.corrections[1];
    }
}

std::vector<float> Updater::scales() const {
    return rounding_ ? rounding_->scales() : std::vector<float>{};
}

double Updater::per_sample(const uint32_t* indices, int count, float rate) {
    double sum = 0;
    for (int i = 0; i < count && std::isfinite(sum); i++) {
        sum += pass(scratch_[0], indices + i, 1, 1.0f, -rate, weights_.data());
    }
    return sum;
}

double Updater::whole_batch(const uint32_t* indices, int count, float rate) {
    if (rounding_) rounding_->round(weights_);
    cut(indices, count);
    add_groups(1.0f / static_cast<float>(count));
    double sum = 0;
    for (const Group& group : groups_) sum += group.loss;
    return step_weights(sum, rate) ? sum : std::numeric_limits<double>::quiet_NaN();
}

/// From the first group's gradients, which are those of all by now. False, and no step, when
/// something is not finite.
bool Updater::step_weights(double loss, float rate) {
    const int floats = graph_.totals().trainable, all = graph_.totals().floats;
    float* gradients = gradients_.data();
    if (rounding_) rounding_->correct(weights_, gradients);
    const float squares = kernels::sum_of_squares(floats, gradients);
    if (!std::isfinite(loss) || !std::isfinite(squares)) return false;
    const float clip = clip_scale(squares, settings_.max_gradient_norm);
    std::visit(
        [&](auto& optimizer) {
            optimizer.step(floats, rate, clip, weights_.data(), gradients, moments_.data());
        },
        settings_.optimizer);
    step_state(all - floats, weights_.data() + floats, gradients + floats);
    if (rounding_) rounding_->step_scales(rate);
    return true;
}

/// A thread alone adds each group's gradients to those of the first before it goes on: two arrays
/// stay in its cache, where one for each group would not.
int Updater::gradient_arrays() const {
    const int groups = static_cast<int>(groups_.size());
    return pool_.threads() == 1 ? std::min(groups, 2) : groups;
}

/// Groups are whole slices, as equal as can be.
void Updater::cut(const uint32_t* indices, int count) {
    const int64_t slices = (count + kSlice - 1) / kSlice;
    const int64_t groups = static_cast<int64_t>(groups_.size());
    const int last_array = gradient_arrays() - 1;
    const auto first_sample = [&](int64_t group) {
        return static_cast<int>(std::min<int64_t>(slices * group / groups * kSlice, count));
    };
    for (int i = 0; i < groups; i++) {
        const int begin = first_sample(i), end = first_sample(i + 1);
        const size_t array = static_cast<size_t>(std::min(i, last_array));
        groups_[static_cast<size_t>(i)] = {indices + begin, end - begin,
                                           gradients_.data() + array * weights_.size(), 0};
    }
}

/// The gradients of all groups, into those of the first.
void Updater::add_groups(float scale) {
    const size_t groups = groups_.size();
    if (pool_.threads() == 1) {
        for (Group& group : groups_) {
            add_group(scratch_[0], group, scale);
            add_to_first(group);
        }
        return;
    }
    std::atomic<size_t> next{0};
    pool_.run(pool_.threads(), [&](int thread) {
        Scratch& scratch = scratch_[static_cast<size_t>(thread)];
        for (size_t i = next++; i < groups; i = next++) add_group(scratch, groups_[i], scale);
    });
    for (const Group& group : groups_) add_to_first(group);
}

void Updater::add_to_first(const Group& group) {
    if (group.gradients == gradients_.data()) return;
    kernels::add_rows(1, static_cast<int>(weights_.size()), 1.0f, group.gradients,
                      gradients_.data());
    std::fill_n(group.gradients, weights_.size(), 0.0f);
}

void Updater::add_group(Scratch& scratch, Group& group, float scale) {
    for (int at = 0; at < group.count && std::isfinite(group.loss); at += kSlice) {
        const int rows = std::min(kSlice, group.count - at);
        group.loss += pass(scratch, group.indices + at, rows, scale, 1.0f, group.gradients);
    }
}

double Updater::pass(Scratch& scratch, const uint32_t* indices, int rows, float scale, float alpha,
                     float* into) {
    prefetch(indices, rows);
    Pass pass{rows, settings_.per_sample ? Mode::sample : Mode::batch};
    pass.scratch = scratch.layers.data();
    pass.seed = settings_.seed;
    pass.step = update_;
    pass.first = static_cast<uint32_t>(indices - batch_);
    float* samples = scratch.samples.data();
    if (augmenter_) {
        float* targets = scratch.targets.data();
        data_.copy_samples(indices, rows, targets);
        augmenter_->apply(epoch_, indices, rows, targets, samples);
        return run(graph_, samples, static_cast<const float*>(targets), scratch, pass, scale, alpha,
                   into);
    }
    if (!sparse_) {
        data_.copy_samples(indices, rows, samples);
        return run(graph_, samples, static_cast<const float*>(samples), scratch, pass, scale, alpha,
                   into);
    }
    return run(SparseInput(graph_, sparse_->rows(indices)), nullptr,
               ByteRows{data_.bytes.data(), indices}, scratch, pass, scale, alpha, into);
}

/// Brings samples that will soon be asked for into the cache, as many as are computed now.
void Updater::prefetch(const uint32_t* indices, int rows) const {
    const std::ptrdiff_t first = kSlice * pool_.threads();
    const std::ptrdiff_t last = std::min(first + rows, known_ - indices);
    for (std::ptrdiff_t i = first; i < last; i++) {
        data_.prefetch(indices[i]);
        if (sparse_) sparse_->prefetch(indices[i]);
    }
}

template <class Network, class Targets>
double Updater::run(const Network& network, const float* x, Targets targets, Scratch& scratch,
                    Pass pass, float scale, float alpha, float* into) const {
    const float* weights = rounding_ ? rounding_->rounded().data() : weights_.data();
    const auto add = [&](auto loss, auto any_targets) {
        return accumulate<decltype(loss)>(network, weights, pass, x, any_targets, scale, alpha,
                                          scratch.tape.data(), scratch.inner.data(), into);
    };
    const auto add_weighted = [&](auto loss) {
        if (settings_.feature_weights.empty()) return add(loss, targets);
        return add(Weighted<decltype(loss)>{},
                   WeightedTargets<Targets>{targets, settings_.feature_weights.data()});
    };
    return settings_.loss == LossKind::binary_cross_entropy ? add_weighted(BinaryCrossEntropy{})
                                                            : add_weighted(MeanSquaredError{});
}

}  // namespace nutshell::tools
