// SPDX-License-Identifier: MIT
// Sums are kept in double: a data set has more values than a float has steps.
#include "statistics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

namespace nutshell::tools {

std::vector<float> sorted_finite(const std::vector<float>& values) {
    std::vector<float> sorted;
    std::copy_if(values.begin(), values.end(), std::back_inserter(sorted),
                 [](float value) { return std::isfinite(value); });
    std::sort(sorted.begin(), sorted.end());
    return sorted;
}

double quantile(const std::vector<float>& sorted, double q) {
    if (sorted.empty()) return std::numeric_limits<double>::quiet_NaN();
    const double place = std::clamp(q, 0.0, 1.0) * static_cast<double>(sorted.size() - 1);
    const size_t below = static_cast<size_t>(place);
    const size_t above = std::min(below + 1, sorted.size() - 1);
    const double part = place - static_cast<double>(below);
    return static_cast<double>(sorted[below]) * (1 - part) +
           static_cast<double>(sorted[above]) * part;
}

std::vector<int> count_in_bins(const std::vector<float>& values, double low, double high,
                               int bins) {
    std::vector<int> counts(static_cast<size_t>(bins), 0);
    for (const float value : values) {
        const double part = (static_cast<double>(value) - low) / (high - low);
        if (!(part >= 0 && part <= 1)) continue;
        const size_t bin = static_cast<size_t>(part * bins);
        ++counts[std::min(bin, counts.size() - 1)];
    }
    return counts;
}

double mean_squared_error(const float* a, const float* b, int size) {
    double sum = 0;
    for (int i = 0; i < size; ++i) {
        const double difference = static_cast<double>(a[i]) - static_cast<double>(b[i]);
        sum += difference * difference;
    }
    return sum / size;
}

std::vector<int> choose_samples(const std::vector<int>& labels, int count, int wanted) {
    std::map<int, int> first_of_label;
    for (int i = 0; i < count && i < static_cast<int>(labels.size()); ++i)
        first_of_label.emplace(labels[static_cast<size_t>(i)], i);
    std::vector<int> chosen;
    for (const auto& [label, index] : first_of_label) chosen.push_back(index);
    for (int i = 0; i < count && static_cast<int>(chosen.size()) < wanted; ++i)
        if (std::find(chosen.begin(), chosen.end(), i) == chosen.end()) chosen.push_back(i);
    if (static_cast<int>(chosen.size()) > wanted) chosen.resize(static_cast<size_t>(wanted));
    return chosen;
}

}  // namespace nutshell::tools
