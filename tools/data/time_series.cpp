// SPDX-License-Identifier: MIT
#include "time_series.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "nutshell/window.hpp"
#include "readers.hpp"
#include "tools/error.hpp"
#include "tools/text.hpp"

namespace nutshell::tools {
namespace {

/// A line's cells without spaces, quotes and the end of a Windows line.
std::vector<std::string> cells_of(const std::string& line) {
    std::vector<std::string> cells(1);
    for (const char c : line) {
        if (c == ',' || c == ';' || c == '\t') {
            cells.emplace_back();
        } else if (c != ' ' && c != '"' && c != '\r') {
            cells.back() += c;
        }
    }
    return cells;
}

bool is_number(const std::string& cell, double& value) {
    const char* const end = cell.data() + cell.size();
    const auto [stop, error] = std::from_chars(cell.data(), end, value);
    return error == std::errc() && stop == end;
}

/// The first line when it holds names, and all times.
class Times {
  public:
    Times(const std::string& text, const std::string& path) : path_(path) {
        for (size_t at = 0, line = 1; at < text.size(); line++) {
            const size_t end = std::min(text.find('\n', at), text.size());
            const std::string whole = text.substr(at, end - at);
            at = end + 1;
            if (!whole.empty() && whole != "\r") take(whole, line);
        }
    }
    std::vector<double> time;
    std::vector<std::string> names;
    size_t first_line = 1;  // of readings

  private:
    void take(const std::string& whole, size_t line) {
        const std::string first = whole.substr(0, whole.find_first_of(",;\t"));
        double value = 0;
        if (!is_number(cells_of(first).front(), value)) {
            if (line > 1) return;  // read_csv says what is wrong with it
            names = cells_of(whole);
            first_line = 2;
            return;
        }
        if (!time.empty() && !(value > time.back())) {
            throw Error(path_ + ": line " + std::to_string(line) + ": time " +
                        significant(value, 12) + " is not after the " +
                        significant(time.back(), 12) + " before it; sort the log by time");
        }
        time.push_back(value);
    }
    const std::string& path_;
};

void require_changes(const TimeSeries& series) {
    const size_t channels = series.channels.size();
    for (size_t c = 0; c < channels; c++) {
        bool changes = false;
        for (size_t i = c; i < series.values.size(); i += channels) {
            changes = changes || series.values[i] != series.values[c];
        }
        if (changes) continue;
        throw Error(series.name + ": channel '" + series.channels[c] +
                    "' never changes and tells nothing; leave it out with --drop " +
                    series.channels[c]);
    }
}

/// The most usual step in time.
double period_of(const TimeSeries& series) {
    std::vector<double> steps;
    for (size_t i = 1; i < series.count(); i++) {
        steps.push_back(series.time[i] - series.time[i - 1]);
    }
    const auto middle = steps.begin() + static_cast<ptrdiff_t>(steps.size() / 2);
    std::nth_element(steps.begin(), middle, steps.end());
    return *middle;
}

}  // namespace

TimeSeries read_time_series(const std::string& path, const std::vector<std::string>& dropped) {
    const Bytes file = read_file(path);
    const Times times(std::string(file.begin(), file.end()), path);
    const Dataset rows = read_csv(view(file), path);
    const size_t columns = static_cast<size_t>(rows.shape.size());
    if (columns < 2 || static_cast<size_t>(rows.count) != times.time.size()) {
        throw Error(path + ": needs the time in seconds as its first column, and a channel");
    }
    TimeSeries series;
    series.name = path;
    series.time = times.time;
    std::vector<size_t> kept;
    std::vector<std::string> unknown = dropped;
    for (size_t c = 1; c < columns; c++) {
        const std::string name = c < times.names.size() ? times.names[c] : std::to_string(c);
        unknown.erase(std::remove(unknown.begin(), unknown.end(), name), unknown.end());
        if (std::find(dropped.begin(), dropped.end(), name) != dropped.end()) continue;
        series.channels.push_back(name);
        kept.push_back(c);
    }
    if (!unknown.empty()) throw Error(path + ": has no channel '" + unknown.front() + "' to drop");
    if (kept.empty()) throw Error(path + ": no channel is left; drop fewer");
    for (size_t i = 0; i < times.time.size(); i++) {
        for (const size_t c : kept) {
            const float value = rows.floats[i * columns + c];
            if (!std::isfinite(value)) {
                throw Error(path + ": reading " + std::to_string(i) + " of channel '" +
                            series.channels[0] + "' or one beside it is no finite number");
            }
            series.values.push_back(value);
        }
    }
    require_changes(series);
    return series;
}

ChannelScales scales_of(const TimeSeries& series) {
    const size_t channels = series.channels.size();
    ChannelScales scales{std::vector<float>(channels), std::vector<float>(channels)};
    Moments moments(static_cast<int32_t>(channels), scales.mean.data(), scales.deviation.data());
    for (size_t i = 0; i < series.count(); i++) {
        if (moments.add(series.values.data() + i * channels) != Status::ok) {
            throw Error(series.name + ": holds what is no finite number");
        }
    }
    for (float& variance : scales.deviation) variance = std::sqrt(variance);
    return scales;
}

Dataset cut_windows(const TimeSeries& series, const ChannelScales& scales, int size, int hop,
                    bool split) {
    const size_t channels = series.channels.size();
    if (scales.mean.size() != channels) {
        throw Error(series.name + ": has " + std::to_string(channels) +
                    " channels, the scales are of " + std::to_string(scales.mean.size()));
    }
    Dataset windows;
    windows.name = series.name;
    windows.shape = {1, 1, size * static_cast<int>(channels)};
    const double period = series.count() > 1 ? period_of(series) : 0;
    int there = 0;
    for (size_t i = 0; i < series.count(); i++) {
        const double step = i > 0 ? series.time[i] - series.time[i - 1] : period;
        if (step > 1.5 * period) {
            if (!split) {
                throw Error(series.name + ": reading " + std::to_string(i + 1) + ", at " +
                            significant(series.time[i], 12) + " s, comes after a gap of " +
                            significant(step) + " s, others every " + significant(period) +
                            " s; --split-gaps begins windows anew behind gaps");
            }
            there = 0;
        }
        if (++there < size) continue;
        there -= hop;
        for (size_t at = (i + 1 - static_cast<size_t>(size)) * channels; at < (i + 1) * channels;
             at++) {
            const size_t c = at % channels;
            windows.floats.push_back((series.values[at] - scales.mean[c]) / scales.deviation[c]);
        }
        windows.count++;
    }
    if (windows.count == 0) {
        throw Error(series.name + ": its " + std::to_string(series.count()) +
                    " readings hold no window of " + std::to_string(size) + " without a gap");
    }
    return windows;
}

}  // namespace nutshell::tools
