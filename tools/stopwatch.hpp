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
/// clock costs about as much as a small kernel, so `repeats` runs go between two looks.
template <class Work>
double best_time(Work work, double enough = 0.02, int repeats = 16) {
    double best = std::numeric_limits<double>::infinity();
    const double end = seconds_now() + enough;
    do {
        const double start = seconds_now();
        for (int i = 0; i < repeats; i++) work();
        best = std::min(best, (seconds_now() - start) / repeats);
    } while (seconds_now() < end);
    return best;
}

}  // namespace nutshell::tools
