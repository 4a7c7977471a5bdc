// SPDX-License-Identifier: MIT
// How long a piece of work takes: CPU time of the calling thread, the shortest of many runs, since
// machines are shared.
#pragma once
#include <algorithm>
#include <ctime>
#include <limits>

namespace nutshell::tools {

inline double thread_seconds() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

/// The shortest of many runs of `work`, in seconds, measured for `enough` seconds. Looking at the
/// clock costs about as much as a small kernel, so `repeats` runs go between two looks.
template <class Work>
double best_time(Work work, double enough = 0.02, int repeats = 16) {
    double best = std::numeric_limits<double>::infinity();
    const double end = thread_seconds() + enough;
    do {
        const double start = thread_seconds();
        for (int i = 0; i < repeats; i++) work();
        best = std::min(best, (thread_seconds() - start) / repeats);
    } while (thread_seconds() < end);
    return best;
}

}  // namespace nutshell::tools
