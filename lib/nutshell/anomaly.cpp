// SPDX-License-Identifier: MIT
#include "anomaly.hpp"

#include <math.h>

namespace nutshell {
namespace detail {

void CodedSquaredError::add(const int8_t* x, const int8_t* y, int32_t n) noexcept {
    // A product is below 2^16: so many of them fit 32 bits.
    constexpr int32_t most = 1 << 15;
    for (int32_t at = 0; at < n; at += most) {
        const int32_t end = n - at < most ? n : at + most;
        int32_t xx = 0, xy = 0, yy = 0;
        for (int32_t i = at; i < end; i++) {
            const int32_t a = x[i] - in_.zero_point, b = y[i] - out_.zero_point;
            xx += a * a;
            xy += a * b;
            yy += b * b;
        }
        xx_ += xx;
        xy_ += xy;
        yy_ += yy;
    }
}

double CodedSquaredError::sum() const noexcept {
    const double in = static_cast<double>(in_.scale), out = static_cast<double>(out_.scale);
    // With one scale the sums cancel exactly; with two, rounding may leave less than nothing.
    if (in == out) return in * in * static_cast<double>(xx_ - 2 * xy_ + yy_);
    const double sum = in * in * static_cast<double>(xx_) -
                       2.0 * in * out * static_cast<double>(xy_) +
                       out * out * static_cast<double>(yy_);
    return sum > 0.0 ? sum : 0.0;
}

void insert(Blame blame, Blame* most, int32_t count) noexcept {
    const auto magnitude = [](float error) noexcept { return error < 0 ? -error : error; };
    const auto behind = [&](const Blame& other) noexcept {
        return other.feature < 0 || magnitude(blame.error) > magnitude(other.error);
    };
    if (!behind(most[count - 1])) return;
    int32_t at = count - 1;
    for (; at > 0 && behind(most[at - 1]); at--) most[at] = most[at - 1];
    most[at] = blame;
}

}  // namespace detail

QuantileThreshold::QuantileThreshold(float false_alarm_rate) noexcept
    : quantile_(1.0 - static_cast<double>(false_alarm_rate)) {}

uint32_t QuantileThreshold::needed() const noexcept {
    constexpr double beyond = 10.0, most = 4294967295.0;
    if (!(quantile_ > 0.0 && quantile_ < 1.0)) return UINT32_MAX;
    // A rate is a rounded float: what it adds to a whole number must not ask for one more.
    const double samples = beyond / (1.0 - quantile_) * (1.0 - 1e-6);
    return samples < most ? static_cast<uint32_t>(samples) + 1 : UINT32_MAX;
}

/// The place that a marker should have among the scores so far, from 1 on.
double QuantileThreshold::desired(int marker) const noexcept {
    const double part[markers] = {0.0, quantile_ / 2, quantile_, (1.0 + quantile_) / 2, 1.0};
    return 1.0 + (count_ - 1) * part[marker];
}

/// The height at the neighbouring place, by the parabola through the marker and its neighbours.
double QuantileThreshold::parabolic(int marker, int step) const noexcept {
    const double* const q = height_ + marker;
    const double before = static_cast<double>(place_[marker]) - place_[marker - 1];
    const double behind = static_cast<double>(place_[marker + 1]) - place_[marker];
    return q[0] + step / (before + behind) *
                      ((before + step) * (q[1] - q[0]) / behind +
                       (behind - step) * (q[0] - q[-1]) / before);
}

double QuantileThreshold::linear(int marker, int step) const noexcept {
    const double distance = static_cast<double>(place_[marker + step]) - place_[marker];
    return height_[marker] + step * (height_[marker + step] - height_[marker]) / distance;
}

/// One of the first scores: the markers are these, sorted.
void QuantileThreshold::begin(double score) noexcept {
    int at = static_cast<int>(count_);
    for (; at > 0 && height_[at - 1] > score; at--) height_[at] = height_[at - 1];
    height_[at] = score;
    place_[count_] = count_ + 1;
    count_++;
}

/// Moves an inner marker by one place if it is that far from where it should be, and if there is
/// a free place.
void QuantileThreshold::adjust(int marker) noexcept {
    const double off = desired(marker) - place_[marker];
    const bool up = off >= 1.0 && place_[marker + 1] - place_[marker] > 1;
    const bool down = off <= -1.0 && place_[marker] - place_[marker - 1] > 1;
    if (!up && !down) return;
    const int step = up ? 1 : -1;
    const double height = parabolic(marker, step);
    const bool ordered = height_[marker - 1] < height && height < height_[marker + 1];
    height_[marker] = ordered ? height : linear(marker, step);
    place_[marker] += static_cast<uint32_t>(step);
}

Status QuantileThreshold::add(float score) noexcept {
    if (!(score - score == 0.0f)) return Status::non_finite_input;
    if (count_ == UINT32_MAX) return Status::ok;
    const double value = static_cast<double>(score);
    if (count_ < markers) {
        begin(value);
        return Status::ok;
    }
    if (value < height_[0]) height_[0] = value;
    if (value > height_[markers - 1]) height_[markers - 1] = value;
    for (int i = 1; i < markers; i++) {
        if (i == markers - 1 || value < height_[i]) place_[i]++;
    }
    count_++;
    for (int i = 1; i < markers - 1; i++) adjust(i);
    return Status::ok;
}

Status QuantileThreshold::threshold(float& threshold) const noexcept {
    if (count_ < needed()) return Status::too_few_samples;
    threshold = static_cast<float>(height_[markers / 2]);
    return Status::ok;
}

Status DeviationThreshold::add(float score) noexcept {
    if (!(score - score == 0.0f)) return Status::non_finite_input;
    if (count_ == UINT32_MAX) return Status::ok;
    count_++;
    const double before = static_cast<double>(score) - mean_;
    mean_ += before / count_;
    squares_ += before * (static_cast<double>(score) - mean_);
    return Status::ok;
}

Status DeviationThreshold::threshold(float& threshold) const noexcept {
    if (count_ < needed()) return Status::too_few_samples;
    const float deviation = sqrtf(static_cast<float>(variance()));
    threshold = static_cast<float>(mean_) + sigmas_ * deviation;
    return Status::ok;
}

bool Alarm::update(float score) noexcept {
    const float clear_at = rule_.clear_at < rule_.raise_above ? rule_.clear_at : rule_.raise_above;
    const bool speaks_for_change =
        raised_ ? score <= clear_at : is_anomalous(score, rule_.raise_above);
    const int enough = raised_ ? rule_.clear_after : rule_.raise_after;
    run_ = speaks_for_change ? run_ + 1 : 0;
    if (run_ > 0 && run_ >= enough) {
        raised_ = !raised_;
        run_ = 0;
    }
    return raised_;
}

}  // namespace nutshell
