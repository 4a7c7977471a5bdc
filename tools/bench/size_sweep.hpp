// SPDX-License-Identifier: MIT
// The speed of the three matrix products over sizes from 1 to 1024, so that a size at which it
// falls off a cliff is seen, and known as a number.
#pragma once
#include <string>
#include <vector>

#include "platform/platform.hpp"

namespace nutshell::tools {

/// One product of layers of growing size n.
struct SpeedCurve {
    std::string product;
    std::string layer;           // "n to n" or "n to 24"
    std::vector<double> gflops;  // one a size
};

struct SizeSweep {
    std::string platform;
    double peak_gflops;
    std::vector<int> sizes;  // n, ascending
    std::vector<SpeedCurve> curves;
};

/// Where the speed falls most from one size to the next.
struct Drop {
    int from = 0, to = 0;  // sizes
    double part = 0;       // of the speed, that is lost; 0 when it only rises
};

/// The platform must be the one in use and have a peak. Seconds.
SizeSweep measure_sizes(const platform::Platform& platform);

/// Among neighbouring sizes of at least `smallest`.
Drop worst_drop(const SizeSweep& sweep, const SpeedCurve& curve, int smallest);

}  // namespace nutshell::tools
