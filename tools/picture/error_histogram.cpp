// SPDX-License-Identifier: MIT
// The histogram of errors, with the two numbers that a threshold is chosen by.
#include <algorithm>

#include "axes.hpp"
#include "charts.hpp"
#include "palette.hpp"
#include "statistics.hpp"
#include "stroke_font.hpp"

namespace nutshell::tools {
namespace {

constexpr float kWidth = 760, kHeight = 420;
constexpr Box kArea{84, 104, 640, 254};
constexpr int kBins = 48;

void draw_bars(Canvas& canvas, const Plot& plot, const Axis& x, const std::vector<int>& counts) {
    const double bin = (x.high - x.low) / static_cast<double>(counts.size());
    for (size_t i = 0; i < counts.size(); ++i) {
        if (counts[i] == 0) continue;
        const float left = plot.x_at(x.low + static_cast<double>(i) * bin) + 0.5f;
        const float right = plot.x_at(x.low + static_cast<double>(i + 1) * bin) - 0.5f;
        const float top = plot.y_at(counts[i]);
        canvas.rectangle({left, top, right - left, kArea.bottom() - top}, kFirst);
    }
}

/// A vertical line at `value` with its text above the plot, on the given row of text.
void draw_mark(Canvas& canvas, const Plot& plot, double value, const std::string& text, int row) {
    const float x = plot.x_at(value), y = 76 + 17 * static_cast<float>(row);
    canvas.line({x, y - 10}, {x, kArea.bottom()}, 1.6f, kSecond);
    const bool fits = x + text_width(text, kTextSize) + 6 < kArea.right();
    canvas.text({fits ? x + 6 : x - 6, y}, text,
                {kTextSize, kInk, fits ? Anchor::start : Anchor::end});
}

void draw(Canvas& canvas, const ErrorHistogram& histogram) {
    const std::vector<float> sorted = sorted_finite(histogram.errors);
    const size_t missing = histogram.errors.size() - sorted.size();
    std::string explanation = "How many of " +
                              format_number(static_cast<double>(sorted.size()), 9) +
                              " samples have which error.";
    if (missing > 0) explanation += " Not finite, left out: " + std::to_string(missing) + ".";
    draw_heading(canvas, kWidth, kHeight, histogram.title, explanation);
    const double lowest = sorted.empty() ? 0 : std::min(0.0, static_cast<double>(sorted.front()));
    const double highest = sorted.empty() ? 1 : static_cast<double>(sorted.back());
    const Axis x = linear_axis(histogram.unit, lowest, highest, 9);
    const std::vector<int> counts = count_in_bins(sorted, x.low, x.high, kBins);
    const int most = *std::max_element(counts.begin(), counts.end());
    double low = 0, high = std::max(most, 1);
    const Ticks ticks = widening_ticks(low, high, 6);
    const Plot plot(canvas, kArea, x, {"samples", low, high, false, ticks});
    plot.draw_frame();
    draw_bars(canvas, plot, x, counts);
    if (sorted.empty()) return;
    const double median = quantile(sorted, 0.5), high_end = quantile(sorted, 0.95);
    draw_mark(canvas, plot, median, "median " + format_number(median), 0);
    draw_mark(canvas, plot, high_end, "95% are below " + format_number(high_end), 1);
}

}  // namespace

Picture error_histogram(ErrorHistogram histogram) {
    const std::string title = histogram.title;
    return {kWidth, kHeight, title,
            [histogram = std::move(histogram)](Canvas& canvas) { draw(canvas, histogram); }};
}

}  // namespace nutshell::tools
