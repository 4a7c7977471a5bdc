// SPDX-License-Identifier: MIT
#include "updater.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "nutshell/trainer.hpp"

namespace nutshell::tools {
namespace {

/// Samples computed together.
constexpr int kSlice = 64;

/// A batch is cut into at most this many groups.
constexpr int kMaxGroups = 8;

/// A group's gradients are added to those of the others. Where a sample takes no more products than
/// there are parameters, as in dense layers, only so many slices are worth that.
constexpr int kDenseGroupSlices = 2;

/// The weights are cut into at most this many slabs for their update, whole cache lines of floats
/// that are worth a thread's attention.
constexpr size_t kMaxSlabs = 8;
constexpr size_t kLineFloats = 16;
constexpr size_t kMinSlabFloats = 1024;

int group_count(const Graph& graph, const FitSettings& settings) {
    if (settings.per_sample) return 1;
    double products = 0;
    for (const Row& row : graph.rows()) products += multiply_adds(row);
    const bool reuses_weights = products > 2.0 * graph.totals().floats;
    const int slices = reuses_weights ? 1 : kDenseGroupSlices;
    return std::clamp(settings.batch / (slices * kSlice), 1, kMaxGroups);
}

/// Takes back the cache lines of x[size] that another core has read or written: many at once here,
/// where the stores of a kernel would wait for one after the other.
void claim(float* x, size_t size) {
    for (size_t i = 0; i < size; i += kLineFloats) {
        volatile float& first = x[i];
        first = first;
    }
}

}  // namespace

Updater::Updater(const Graph& graph, const Dataset& data, const FitSettings& settings)
    : graph_(graph),
      data_(data),
      settings_(settings),
      weights_(graph.parameters()),
      groups_(static_cast<size_t>(group_count(graph, settings))),
      pool_(std::min(settings.threads, group_count(graph, settings))),
      scratch_(static_cast<size_t>(pool_.threads())) {
    const Augmentation& augmentation = settings.augmentation;
    const bool augments = augmentation.moves() || augmentation.corrupts();
    if (augments) augmenter_.emplace(augmentation, data, settings.seed);
    if (!settings.largest_codes.empty()) {
        rounding_.emplace(graph, settings.largest_codes);
    } else if (!augments && settings.skip_zeros && !settings.per_sample &&
               SparseInput::fits(graph) && SparseSamples::pays(data)) {
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
    const Group all{indices, count, weights_.data(), 0, count};
    double sum = 0;
    for (int i = 0; i < count && std::isfinite(sum); i++) {
        sum += pass(scratch_[0], slice_of(all, i, 1), 1.0f, -rate, all.gradients);
    }
    return sum;
}

double Updater::whole_batch(const uint32_t* indices, int count, float rate) {
    if (rounding_) rounding_->round(weights_);
    cut(indices, count);
    compute_groups(1.0f / static_cast<float>(count));
    double sum = 0;
    for (const Group& group : groups_) sum += group.loss;
    const float squares = add_groups();
    if (!std::isfinite(sum) || !std::isfinite(squares)) {
        return std::numeric_limits<double>::quiet_NaN();
    }
    step_weights(rate, clip_scale(squares, settings_.max_gradient_norm));
    return sum;
}

/// body(slab) for all weights, on all threads.
template <class Body>
void Updater::for_each_slab(Body body) {
    const size_t all = weights_.size(), trainable = static_cast<size_t>(graph_.totals().trainable);
    const size_t lines = (all + kLineFloats - 1) / kLineFloats;
    const size_t size = std::max(kMinSlabFloats, (lines + kMaxSlabs - 1) / kMaxSlabs * kLineFloats);
    pool_.run(static_cast<int>((all + size - 1) / size), [&](int number, int) {
        const size_t index = static_cast<size_t>(number), first = index * size;
        const size_t end = std::min(first + size, all);
        body(Slab{index, first, static_cast<int>(end - first),
                  static_cast<int>(std::clamp(trainable, first, end) - first)});
    });
}

/// From the first group's gradients, which are those of all by now. What happens to a weight does
/// not depend on the others, so that each slab takes the same step with an optimizer of its own.
void Updater::step_weights(float rate, float clip) {
    float *weights = weights_.data(), *gradients = gradients_.data(), *moments = moments_.data();
    std::visit(
        [&](auto& optimizer) {
            const auto before = optimizer;
            for_each_slab([&](Slab slab) {
                auto own = before;
                if (pool_.threads() > 1)
                    claim(weights + slab.first, static_cast<size_t>(slab.count));
                float *w = weights + slab.first, *g = gradients + slab.first;
                float* first = own.moment_count > 0 ? moments + slab.first : nullptr;
                if constexpr (own.moment_count == 2) {
                    own.step(slab.trainable, rate, clip, w, g, first, first + weights_.size());
                } else {
                    own.step(slab.trainable, rate, clip, w, g, first);
                }
                if (slab.index == 0) optimizer = own;
            });
        },
        settings_.optimizer);
    const int trainable = graph_.totals().trainable;
    step_state(graph_.totals().floats - trainable, weights + trainable, gradients + trainable);
    if (rounding_) rounding_->step_scales(rate);
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
    const int groups = static_cast<int>(groups_.size()), last_array = gradient_arrays() - 1;
    const auto first_sample = [&](int group) {
        return static_cast<int>(std::min<int64_t>(slices * group / groups * kSlice, count));
    };
    for (int thread = 0; thread < pool_.threads(); thread++) {
        const int first = pool_.share_begin(groups, thread);
        const int end = pool_.share_begin(groups, thread + 1);
        for (int i = first; i < end; i++) {
            const int begin = first_sample(i), after = first_sample(i + 1);
            const size_t array = static_cast<size_t>(std::min(i, last_array));
            groups_[static_cast<size_t>(i)] = {indices + begin, after - begin,
                                               gradients_.data() + array * weights_.size(), 0,
                                               i + 1 < end ? after : count + first_sample(first)};
        }
    }
}

void Updater::compute_groups(float scale) {
    if (pool_.threads() == 1) {
        for (Group& group : groups_) {
            add_group(scratch_[0], group, scale);
            if (&group == &groups_[0]) continue;
            for_each_slab([&](Slab slab) { add_to_first(group, slab); });
        }
        return;
    }
    pool_.run(static_cast<int>(groups_.size()), [&](int number, int thread) {
        Group& group = groups_[static_cast<size_t>(number)];
        claim(group.gradients, weights_.size());
        add_group(scratch_[static_cast<size_t>(thread)], group, scale);
    });
}

/// The gradients of all groups, into those of the first; returns the sum of their squares.
float Updater::add_groups() {
    float squares[kMaxSlabs] = {};
    for_each_slab([&](Slab slab) {
        if (pool_.threads() > 1) {
            for (size_t i = 1; i < groups_.size(); i++) add_to_first(groups_[i], slab);
        }
        if (!rounding_) squares[slab.index] = squares_of(slab);
    });
    if (rounding_) {
        rounding_->correct(weights_, gradients_.data());
        for_each_slab([&](Slab slab) { squares[slab.index] = squares_of(slab); });
    }
    return std::accumulate(squares, squares + kMaxSlabs, 0.0f);
}

float Updater::squares_of(Slab slab) const {
    return kernels::sum_of_squares(slab.trainable, gradients_.data() + slab.first);
}

void Updater::add_to_first(const Group& group, Slab slab) {
    float* from = group.gradients + slab.first;
    kernels::add_rows(1, slab.count, 1.0f, from, gradients_.data() + slab.first);
    std::fill_n(from, slab.count, 0.0f);
}

void Updater::add_group(Scratch& scratch, Group& group, float scale) {
    for (int at = 0; at < group.count && std::isfinite(group.loss); at += kSlice) {
        const Slice slice = slice_of(group, at, std::min(kSlice, group.count - at));
        group.loss += pass(scratch, slice, scale, 1.0f, group.gradients);
    }
}

Updater::Slice Updater::slice_of(const Group& group, int at, int rows) const {
    const auto later = [&](int slices) -> const uint32_t* {
        const std::ptrdiff_t behind = at + slices * kSlice - group.count;
        const std::ptrdiff_t end = group.indices - batch_ + group.count;
        const std::ptrdiff_t offset = behind + (behind < 0 ? end : group.after);
        return known_ - batch_ >= offset + rows ? batch_ + offset : nullptr;
    };
    return {group.indices + at, rows, later(1), later(2)};
}

double Updater::pass(Scratch& scratch, Slice slice, float scale, float alpha, float* into) {
    Pass pass{slice.rows, settings_.per_sample ? Mode::sample : Mode::batch};
    pass.scratch = scratch.layers.data();
    pass.seed = settings_.seed;
    pass.step = update_;
    pass.first = static_cast<uint32_t>(slice.indices - batch_);
    float* samples = scratch.samples.data();
    if (augmenter_) {
        float* targets = scratch.targets.data();
        copy_samples(slice, targets);
        augmenter_->apply(epoch_, slice.indices, slice.rows, targets, samples);
        return run(graph_, samples, static_cast<const float*>(targets), scratch, pass, scale, alpha,
                   into);
    }
    if (!sparse_) {
        copy_samples(slice, samples);
        return run(graph_, samples, static_cast<const float*>(samples), scratch, pass, scale, alpha,
                   into);
    }
    prefetch(slice);
    return run(SparseInput(graph_, sparse_->rows(slice.indices)), nullptr,
               ByteRows{data_.bytes.data(), slice.indices}, scratch, pass, scale, alpha, into);
}

/// All samples of the next slice at once, where nothing waits for a result: then their misses
/// overlap, those of the page table too. Beside products or the loss each one would hold up the
/// operations that follow it.
void Updater::prefetch(Slice slice) const {
    for (int i = 0; sparse_ && slice.afterwards && i < slice.rows; i++) {
        sparse_->prefetch_begin(slice.afterwards[i]);
    }
    for (int i = 0; slice.next && i < slice.rows; i++) {
        data_.prefetch(slice.next[i]);
        if (sparse_) sparse_->prefetch(slice.next[i]);
    }
}

void Updater::copy_samples(Slice slice, float* out) const {
    prefetch(slice);
    data_.copy_samples(slice.indices, slice.rows, out);
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
