// SPDX-License-Identifier: MIT
// Time series on their way into a model, one reading at a time: windows that slide, and numbers of
// any unit brought to mean 0 and deviation 1. All memory is in the values of these types.
#pragma once
#include <stdint.h>

#include "status.hpp"

namespace nutshell {

/// The last Size readings of Channels numbers each, handed out every Hop readings: with a Hop of
/// half the Size, windows overlap by half. No reading is ever moved.
template <int Size, int Hop = Size, int Channels = 1>
class SlidingWindow {
    static_assert(Size >= 1 && Hop >= 1 && Channels >= 1, "nutshell: a window of nothing");

  public:
    static constexpr int size = Size * Channels;

    /// Takes reading[Channels]. True when a window is complete: the first one after Size readings,
    /// another after each Hop more.
    bool push(const float* reading) noexcept {
        for (int c = 0; c < Channels; c++) ring_[next_ * Channels + c] = reading[c];
        next_ = next_ + 1 < Size ? next_ + 1 : 0;
        if (++there_ < Size) return false;
        there_ -= Hop;
        return true;
    }
    bool push(float reading) noexcept {
        static_assert(Channels == 1, "nutshell: a reading has a number for each channel");
        return push(&reading);
    }

    /// The last Size readings, the oldest first: window[Size][Channels].
    void copy(float* window) const noexcept {
        int from = next_;
        for (int i = 0; i < Size; i++, window += Channels) {
            for (int c = 0; c < Channels; c++) window[c] = ring_[from * Channels + c];
            from = from + 1 < Size ? from + 1 : 0;
        }
    }

    /// Forgets what came before a gap: the next window begins with the next reading.
    void restart() noexcept {
        next_ = 0;
        there_ = 0;
    }

  private:
    float ring_[Size * Channels] = {};
    int next_ = 0;   ///< where the next reading goes: the oldest one's place
    int there_ = 0;  ///< readings of the next window that came already
};

/// Mean and variance of each of n channels so far; or, once more readings came than the horizon, of
/// about so many last ones, which count less the older they are.
/// Source: Welford, "Note on a Method for Calculating Corrected Sums of Squares and Products",
/// Technometrics 4 (3), 1962; West, "Updating Mean and Variance Estimates: An Improved Method",
/// Communications of the ACM 22 (9), 1979.
class Moments {
  public:
    /// mean[n] and variance[n] are the caller's, who may store them and put them back; they begin
    /// with zeros. A horizon of 0 stands for all readings.
    Moments(int32_t n, float* mean, float* variance, uint32_t horizon = 0,
            uint32_t count = 0) noexcept
        : mean_(mean), variance_(variance), n_(n), horizon_(horizon), count_(count) {}

    /// Takes reading[n]; non_finite_input, and nothing taken, when one is NaN or infinite.
    Status add(const float* reading) noexcept;

    /// Readings taken.
    uint32_t count() const noexcept { return count_; }

    /// y[n] = (x - mean) / deviation; y may be x. A channel that has never changed has no
    /// deviation: its value becomes 0 as long as it stays what it was, and else the change in units
    /// of the smallest one that a float shows.
    void normalize(const float* x, float* y) const noexcept;

  private:
    float* mean_;
    float* variance_;
    int32_t n_;
    uint32_t horizon_, count_;
};

}  // namespace nutshell
