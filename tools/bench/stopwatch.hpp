// SPDX-License-Identifier: MIT
// How long a piece of work takes: the shortest of many short runs by the clock on the wall.
// Machines are shared, and a run that was interrupted is longer than it need be; the CPU time of a
// thread would leave the interruption out, but on virtual machines it is now and then wrong by
// half.
#pragma once
#include <algorithm>
#include <chrono>
#include <limits>

namespace nutshell::tools {

/// Since some moment in the past.
inline double seconds_now() {
    using std::chrono::duration, std::chrono::steady_clock;
    return duration<double>(steady_clock::now().time_since_epoch()).count();
}

/// The shortest of many runs of `work`, in seconds, measured for `enough` seconds. Looking at the
/// clock costs about as much as a small kernel, so there are 20 microseconds between two looks, or
/// one run if that takes longer: so short that some of them meet nobody else on the machine. What
/// takes less than half of that is not counted: a coarse clock would call it nothing.
template <class Work>
double best_time(Work work, double enough = 0.02) {
    constexpr double window = 20e-6;
    double best = std::numeric_limits<double>::infinity();
    int repeats = 1;
    const double end = seconds_now() + enough;
    do {
        const double start = seconds_now();
        for (int i = 0; i < repeats; i++) work();
        const double taken = seconds_now() - start;
        if (taken < window / 2) {
            repeats *= 2;
        } else {
            best = std::min(best, taken / repeats);
        }
    } while (seconds_now() < end);
    return best;
}

}  // namespace nutshell::tools
