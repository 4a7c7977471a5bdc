// SPDX-License-Identifier: MIT
// Two histograms over one axis: scores of normal and of anomalous samples, and the threshold.
#include <algorithm>
#include <cmath>

#include "axes.hpp"
#include "charts.hpp"
#include "palette.hpp"
#include "statistics.hpp"
#include "stroke_font.hpp"

namespace nutshell::tools {
namespace {

constexpr float kWidth = 760, kHeight = 430;
constexpr Box kArea{84, 112, 640, 254};
constexpr int kBins = 60;

/// Base-10 logarithms of the scores: they differ by factors.
std::vector<float> logarithms(const std::vector<float>& scores, double least) {
    std::vector<float> logs;
    for (const float score : scores) {
        if (!std::isfinite(score)) continue;
        logs.push_back(std::log10(std::max(score, static_cast<float>(least))));
    }
    return logs;
}

void draw_bars(Canvas& canvas, const Plot& plot, double low, double high,
               const std::vector<double>& parts, Color color) {
    const double bin = (high - low) / kBins;
    for (int i = 0; i < kBins; i++) {
        const double part = parts[static_cast<size_t>(i)];
        if (part <= 0) continue;
        const float left = plot.x_at(std::pow(10, low + i * bin));
        const float right = plot.x_at(std::pow(10, low + (i + 1) * bin));
        const float top = plot.y_at(part);
        canvas.rectangle({left, top, right - left, kArea.bottom() - top}, with_alpha(color, 0.55f));
    }
}

std::vector<double> parts_of(const std::vector<float>& logs, double low, double high) {
    std::vector<double> parts;
    for (const int count : count_in_bins(logs, low, high, kBins)) {
        parts.push_back(100.0 * count / static_cast<double>(std::max<size_t>(logs.size(), 1)));
    }
    return parts;
}

void draw(Canvas& canvas, const ScoreHistogram& histogram) {
    draw_heading(canvas, kWidth, kHeight, histogram.title,
                 "The part of each kind of samples that has which score.");
    std::vector<float> sorted = sorted_finite(histogram.normal);
    for (const float score : sorted_finite(histogram.anomalous)) sorted.push_back(score);
    sorted.push_back(histogram.threshold);
    std::sort(sorted.begin(), sorted.end());
    const auto positive = std::upper_bound(sorted.begin(), sorted.end(), 0.0f);
    const double first = positive == sorted.end() ? 1e-6 : static_cast<double>(*positive);
    const double last = std::max(static_cast<double>(sorted.back()), first * 1.001);
    const Axis x = log_axis("score: mean squared error of the reconstruction", first, last, 9);
    const double low = std::log10(x.low), high = std::log10(x.high);
    const std::vector<double> normal = parts_of(logarithms(histogram.normal, first), low, high);
    const std::vector<double> anomalous =
        parts_of(logarithms(histogram.anomalous, first), low, high);
    double bottom = 0, top = std::max(1.0, *std::max_element(normal.begin(), normal.end()));
    top = std::max(top, *std::max_element(anomalous.begin(), anomalous.end()));
    const Ticks ticks = widening_ticks(bottom, top, 6);
    const Plot plot(canvas, kArea, x, {"% of the samples", bottom, top, false, ticks});
    plot.draw_frame();
    draw_bars(canvas, plot, low, high, normal, kFirst);
    draw_bars(canvas, plot, low, high, anomalous, kSecond);
    canvas.rectangle({kArea.x, 70, 14, 12}, with_alpha(kFirst, 0.55f));
    canvas.text({kArea.x + 20, 81}, "normal", {kTextSize, kInk});
    if (!histogram.anomalous.empty()) {
        canvas.rectangle({kArea.x + 90, 70, 14, 12}, with_alpha(kSecond, 0.55f));
        canvas.text({kArea.x + 110, 81}, "anomalous", {kTextSize, kInk});
    }
    if (!(histogram.threshold > 0)) return;
    const float at = plot.x_at(static_cast<double>(histogram.threshold));
    canvas.line({at, 92}, {at, kArea.bottom()}, 1.6f, kInk);
    const std::string text =
        "threshold " + format_number(static_cast<double>(histogram.threshold), 4);
    const bool fits = at + text_width(text, kTextSize) + 6 < kArea.right();
    canvas.text({fits ? at + 6 : at - 6, 103}, text,
                {kTextSize, kInk, fits ? Anchor::start : Anchor::end});
}

}  // namespace

Picture score_histogram(ScoreHistogram histogram) {
    const std::string title = histogram.title;
    return {kWidth, kHeight, title,
            [histogram = std::move(histogram)](Canvas& canvas) { draw(canvas, histogram); }};
}

}  // namespace nutshell::tools
