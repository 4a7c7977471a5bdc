// SPDX-License-Identifier: MIT
// The code map: a dot a sample, the label's number where the middle of its dots is.
#include <algorithm>
#include <cmath>
#include <map>

#include "axes.hpp"
#include "charts.hpp"
#include "palette.hpp"
#include "statistics.hpp"
#include "stroke_font.hpp"
#include "tools/error.hpp"

namespace nutshell::tools {
namespace {

constexpr float kWidth = 760, kHeight = 620;
constexpr Box kArea{84, 72, 560, 484};
constexpr size_t kMaxLegend = 20;
constexpr size_t kLayers = 8;  // dots are drawn in so many turns, that no label hides another

struct Dots {
    std::vector<Point> places;  // in points of the picture
    Color color;
};

size_t count_of(const CodeMap& map) { return map.points.size() / 2; }

bool drawable(const CodeMap& map, size_t i) {
    return std::isfinite(map.points[2 * i]) && std::isfinite(map.points[2 * i + 1]);
}

Axis code_axis(const CodeMap& map, size_t axis) {
    std::vector<float> values;
    for (size_t i = 0; i < count_of(map); ++i)
        if (drawable(map, i)) values.push_back(map.points[2 * i + axis]);
    const std::vector<float> sorted = sorted_finite(values);
    std::string title = axis == 0 ? "first principal component" : "second principal component";
    if (axis < map.explained_variance.size())
        title += " (" + format_number(100 * map.explained_variance[axis], 3) + "% of the variance)";
    if (sorted.empty()) return linear_axis(title, 0, 1, 8);
    return linear_axis(title, static_cast<double>(sorted.front()),
                       static_cast<double>(sorted.back()), 8);
}

std::map<int, Dots> dots_by_label(const CodeMap& map, const Plot& plot) {
    std::map<int, Dots> labels;
    for (const int label : map.labels) labels[label];
    size_t next = 0;
    for (auto& [label, dots] : labels) dots.color = kLabelColors[next++ % 10];
    if (map.labels.empty()) labels[0].color = kFirst;
    for (size_t i = 0; i < count_of(map); ++i) {
        if (!drawable(map, i)) continue;
        const int label = map.labels.empty() ? 0 : map.labels[i];
        const double x = static_cast<double>(map.points[2 * i]);
        const double y = static_cast<double>(map.points[2 * i + 1]);
        labels[label].places.push_back(plot.at(x, y));
    }
    return labels;
}

void draw_dots(Canvas& canvas, const std::map<int, Dots>& labels, size_t count) {
    const float radius = count > 4000 ? 1.6f : count > 800 ? 2.2f : 3.2f;
    for (size_t layer = 0; layer < kLayers; ++layer)
        for (const auto& entry : labels) {
            const Dots& dots = entry.second;
            const auto place = [&dots](size_t part) {
                const size_t index = dots.places.size() * part / kLayers;
                return dots.places.begin() + static_cast<std::ptrdiff_t>(index);
            };
            const std::vector<Point> some(place(layer), place(layer + 1));
            if (!some.empty()) canvas.discs(some, radius, with_alpha(dots.color, 0.8f));
        }
}

float median_of(const std::vector<Point>& places, float Point::*axis) {
    std::vector<float> values;
    for (const Point& place : places) values.push_back(place.*axis);
    return static_cast<float>(quantile(sorted_finite(values), 0.5));
}

struct LabelNumber {
    std::string text;
    Color color;
    Point at;
};

/// Pushes numbers that cover each other apart, a little at a time.
void spread(std::vector<LabelNumber>& numbers) {
    constexpr float kApart = 28;
    constexpr int kRounds = 40;
    for (int round = 0; round < kRounds; ++round)
        for (LabelNumber& a : numbers)
            for (LabelNumber& b : numbers) {
                const float dx = b.at.x - a.at.x, dy = b.at.y - a.at.y;
                const float distance = std::hypot(dx, dy);
                if (&a == &b || distance >= kApart) continue;
                const float step = (kApart - distance) / 4;
                const float ux = distance > 0 ? dx / distance : 1;
                const float uy = distance > 0 ? dy / distance : 0;
                a.at = {a.at.x - ux * step, a.at.y - uy * step};
                b.at = {b.at.x + ux * step, b.at.y + uy * step};
            }
}

void draw_label_numbers(Canvas& canvas, const std::map<int, Dots>& labels) {
    std::vector<LabelNumber> numbers;
    for (const auto& [label, dots] : labels)
        if (!dots.places.empty())
            numbers.push_back(
                {std::to_string(label),
                 dots.color,
                 {median_of(dots.places, &Point::x), median_of(dots.places, &Point::y)}});
    spread(numbers);
    for (const auto& [text, color, at] : numbers) {
        const float half = std::max(11.0f, text_width(text, 15) / 2 + 4);
        canvas.disc(at, half + 1.8f, color);
        canvas.disc(at, half, kPaper);
        canvas.text({at.x, at.y + 5.5f}, text, {15, kInk, Anchor::middle, true});
    }
}

void draw_legend(Canvas& canvas, const std::map<int, Dots>& labels) {
    const float x = kArea.right() + 24;
    float y = kArea.y + 8;
    canvas.text({x, y}, "label", {kTextSize, kInk, Anchor::start, true});
    size_t shown = 0;
    for (const auto& [label, dots] : labels) {
        y += 21;
        if (shown++ == kMaxLegend) {
            const size_t more = labels.size() - kMaxLegend;
            canvas.text({x, y}, "and " + std::to_string(more) + " more", {kTextSize, kMuted});
            return;
        }
        canvas.disc({x + 6, y - 4.5f}, 6, dots.color);
        canvas.text({x + 20, y}, std::to_string(label), {kTextSize, kInk});
    }
}

void draw(Canvas& canvas, const CodeMap& map) {
    size_t shown = 0;
    for (size_t i = 0; i < count_of(map); ++i) shown += drawable(map, i) ? 1 : 0;
    std::string explanation = "Each dot is the code of one sample; " +
                              format_number(static_cast<double>(shown), 9) + " samples.";
    if (!map.labels.empty()) explanation += " Numbers stand at the middle of their label's dots.";
    if (shown < count_of(map))
        explanation += " Not finite, left out: " + std::to_string(count_of(map) - shown) + ".";
    draw_heading(canvas, kWidth, kHeight, map.title, explanation);
    const Plot plot(canvas, kArea, code_axis(map, 0), code_axis(map, 1));
    plot.draw_frame();
    const std::map<int, Dots> labels = dots_by_label(map, plot);
    draw_dots(canvas, labels, shown);
    if (map.labels.empty()) return;
    draw_label_numbers(canvas, labels);
    draw_legend(canvas, labels);
}

}  // namespace

Picture code_map(CodeMap map) {
    if (map.points.size() % 2 != 0 || (!map.labels.empty() && map.labels.size() != count_of(map)))
        throw Error("cannot draw a code map: " + std::to_string(count_of(map)) + " points but " +
                    std::to_string(map.labels.size()) + " labels; give one label a point, or none");
    const std::string title = map.title;
    return {kWidth, kHeight, title, [map = std::move(map)](Canvas& canvas) { draw(canvas, map); }};
}

}  // namespace nutshell::tools
