// SPDX-License-Identifier: MIT
// Speed against size, the sizes on a scale of doublings; a ring marks where each curve falls most.
#include <algorithm>
#include <cmath>

#include "axes.hpp"
#include "charts.hpp"
#include "palette.hpp"

namespace nutshell::tools {
namespace {

constexpr float kWidth = 900, kHeight = 400;
constexpr Box kArea{84, 72, 626, 262};
constexpr Color kColors[] = {kFirst, kSecond, kLabelColors[3], kLabelColors[8]};

Axis size_axis(const SpeedCurves& chart) {
    Axis axis{chart.size_name,
              static_cast<double>(chart.sizes.front()),
              static_cast<double>(chart.sizes.back()),
              true,
              {}};
    for (int size = 1; size <= chart.sizes.back(); size *= 2) {
        if (size < chart.sizes.front()) continue;
        axis.ticks.values.push_back(size);
        axis.ticks.labels.push_back(format_number(size, 4));
    }
    return axis;
}

void draw_curve(Canvas& canvas, const Plot& plot, const SpeedCurves& chart,
                const SpeedCurves::Curve& curve, Color color) {
    std::vector<Point> points;
    for (size_t i = 0; i < chart.sizes.size(); ++i)
        points.push_back(plot.at(chart.sizes[i], 100 * curve.parts[i]));
    canvas.polyline(points, 1.8f, color);
}

void draw_mark(Canvas& canvas, const Plot& plot, const SpeedCurves& chart,
               const SpeedCurves::Curve& curve, Color color) {
    const auto place = std::find(chart.sizes.begin(), chart.sizes.end(), curve.marked_size);
    if (place == chart.sizes.end()) return;
    const auto i = static_cast<size_t>(place - chart.sizes.begin());
    const Point at = plot.at(curve.marked_size, 100 * curve.parts[i]);
    canvas.disc(at, 6.5f, kPaper);
    canvas.disc(at, 5, color);
    canvas.disc(at, 2.5f, kPaper);
}

void draw_notes(Canvas& canvas, const SpeedCurves& chart) {
    constexpr float kLine = 17, kCurve = 66;
    float y = kArea.y + 12;
    for (size_t c = 0; c < chart.curves.size(); ++c, y += kCurve) {
        const float x = kArea.right() + 16;
        canvas.text({x, y}, chart.curves[c].name,
                    {kTextSize, kColors[c % std::size(kColors)], Anchor::start, true});
        for (size_t i = 0; i < chart.curves[c].notes.size(); ++i)
            canvas.text({x, y + kLine * static_cast<float>(i + 1)}, chart.curves[c].notes[i],
                        {kSmallSize, kMuted});
    }
}

void draw(Canvas& canvas, const SpeedCurves& chart) {
    draw_heading(canvas, kWidth, kHeight, chart.title, chart.explanation);
    const Plot plot(canvas, kArea, size_axis(chart), linear_axis("% of the peak", 0, 100, 5));
    plot.draw_frame();
    for (size_t c = 0; c < chart.curves.size(); ++c)
        draw_curve(canvas, plot, chart, chart.curves[c], kColors[c % std::size(kColors)]);
    for (size_t c = 0; c < chart.curves.size(); ++c)
        draw_mark(canvas, plot, chart, chart.curves[c], kColors[c % std::size(kColors)]);
    draw_notes(canvas, chart);
}

}  // namespace

Picture speed_curves(SpeedCurves chart) {
    const std::string title = chart.title;
    return {kWidth, kHeight, title,
            [chart = std::move(chart)](Canvas& canvas) { draw(canvas, chart); }};
}

}  // namespace nutshell::tools
