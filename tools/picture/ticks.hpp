// SPDX-License-Identifier: MIT
// Where an axis carries numbers, and how numbers are written.
#pragma once
#include <string>
#include <vector>

namespace nutshell::tools {

struct Ticks {
    std::vector<double> values;       // ascending
    std::vector<std::string> labels;  // one for each value, all different
};

/// Multiples of 1, 2 or 5 times a power of ten that lie in [low, high], at most `most` of them
/// (most >= 2), never closer than `smallest_step`. An empty or not finite range has no ticks.
Ticks nice_ticks(double low, double high, int most, double smallest_step = 0);

/// Ticks of a logarithmic axis: powers of ten, and 2 and 5 times them when there are few. Needs
/// 0 < low <= high.
Ticks log_ticks(double low, double high, int most);

/// Widens [low, high] to whole steps and returns the ticks of it, ends included: at most `most`
/// + 1.
Ticks widening_ticks(double& low, double& high, int most);

/// `value` with so many significant digits (but all those before the point), no needless zeros,
/// thousands separated by a comma; as 1.2e-7 where plain digits would be long. NaN is "-".
std::string format_number(double value, int significant = 3);

}  // namespace nutshell::tools
