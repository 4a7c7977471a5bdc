// SPDX-License-Identifier: MIT
// Logs of a machine: a CSV whose first column is the time, in seconds, and windows cut out of it.
#pragma once
#include <string>
#include <vector>

#include "dataset.hpp"

namespace nutshell::tools {

/// Readings of some channels, one after the other.
struct TimeSeries {
    std::string name;
    std::vector<std::string> channels;
    std::vector<double> time;   // [count], seconds, ascending
    std::vector<float> values;  // [count][channels]

    size_t count() const { return time.size(); }
};

/// Reads a log without the channels named in `dropped`. Throws Error, with the line, when time does
/// not go on, and when a channel never changes.
TimeSeries read_time_series(const std::string& path, const std::vector<std::string>& dropped);

/// What brings each channel to mean 0 and deviation 1.
struct ChannelScales {
    std::vector<float> mean, deviation;  // [channels]
};
ChannelScales scales_of(const TimeSeries& series);

/// Windows of `size` readings, the next one `hop` readings later: samples[windows][size][channels],
/// scaled. A gap is a step in time of more than one and a half times the median one: no window goes
/// across it when `split` is set, else it throws Error with its line.
Dataset cut_windows(const TimeSeries& series, const ChannelScales& scales, int size, int hop,
                    bool split);

}  // namespace nutshell::tools
