// SPDX-License-Identifier: MIT
// The few statistics that pictures and tables show.
#pragma once
#include <vector>

namespace nutshell::tools {

/// The finite ones among `values`, ascending.
std::vector<float> sorted_finite(const std::vector<float>& values);

/// The value below which the part `q` (0..1) of `sorted` lies, between neighbours linearly (as
/// NumPy does by default). NaN when there is no value.
double quantile(const std::vector<float>& sorted, double q);

/// How many values lie in each of `bins` equal parts of [low, high]; the upper end belongs to the
/// last part. Values outside, and NaN, are not counted.
std::vector<int> count_in_bins(const std::vector<float>& values, double low, double high, int bins);

/// Mean squared difference of two arrays of `size` values.
double mean_squared_error(const float* a, const float* b, int size);

/// Which samples to show: the first of each label, in the order of the labels, then the first ones
/// not yet taken; without labels the first ones. At most `wanted`, and all different.
std::vector<int> choose_samples(const std::vector<int>& labels, int count, int wanted);

}  // namespace nutshell::tools
