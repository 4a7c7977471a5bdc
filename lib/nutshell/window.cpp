// SPDX-License-Identifier: MIT
#include "window.hpp"

#include <math.h>

namespace nutshell {
namespace {

/// Deviations below this part of the mean are roundings.
constexpr float kSmallestPart = 1e-6f;

bool finite(float x) noexcept { return x - x == 0.0f; }

}  // namespace

Status Moments::add(const float* reading) noexcept {
    if (!reading) return Status::null_argument;
    for (int32_t i = 0; i < n_; i++) {
        if (!finite(reading[i])) return Status::non_finite_input;
    }
    if (count_ < UINT32_MAX) count_++;
    const uint32_t among = horizon_ > 0 && count_ > horizon_ ? horizon_ : count_;
    const float part = 1.0f / static_cast<float>(among);
    for (int32_t i = 0; i < n_; i++) {
        const float off = reading[i] - mean_[i], step = part * off;
        mean_[i] += step;
        variance_[i] = (1.0f - part) * (variance_[i] + step * off);
    }
    return Status::ok;
}

void Moments::normalize(const float* x, float* y) const noexcept {
    for (int32_t i = 0; i < n_; i++) {
        const float floor = kSmallestPart * (mean_[i] < 0 ? -mean_[i] : mean_[i]) + 1e-30f;
        const float deviation = sqrtf(variance_[i]);
        y[i] = (x[i] - mean_[i]) / (deviation > floor ? deviation : floor);
    }
}

}  // namespace nutshell
