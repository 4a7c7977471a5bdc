// SPDX-License-Identifier: MIT
// The gradient of a function in double precision, from its values alone.
#pragma once
#include <functional>
#include <vector>

namespace nutshell::tests {

using Doubles = std::vector<double>;

/// Exact to 1e-9 or so: truncation step^2, rounding 2^-53 / step.
inline Doubles central_differences(Doubles at, const std::function<double(const Doubles&)>& f) {
    constexpr double step = 1e-5;
    Doubles gradient;
    for (double& coordinate : at) {
        const double kept = coordinate;
        coordinate = kept + step;
        const double up = f(at);
        coordinate = kept - step;
        const double down = f(at);
        coordinate = kept;
        gradient.push_back((up - down) / (2 * step));
    }
    return gradient;
}

}  // namespace nutshell::tests
