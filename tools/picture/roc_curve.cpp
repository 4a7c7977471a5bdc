// SPDX-License-Identifier: MIT
// The ROC curve, with the point of the threshold that was chosen.
#include "axes.hpp"
#include "charts.hpp"
#include "palette.hpp"

namespace nutshell::tools {
namespace {

constexpr float kWidth = 760, kHeight = 470;
constexpr Box kArea{84, 84, 320, 320};

Axis part_axis(const std::string& title) {
    return {
        title, 0, 1, false, {{0, 0.2, 0.4, 0.6, 0.8, 1}, {"0", "0.2", "0.4", "0.6", "0.8", "1"}}};
}

void draw(Canvas& canvas, const RocCurve& curve) {
    draw_heading(canvas, kWidth, kHeight, curve.title,
                 "The part of anomalous samples above a threshold, over that of normal ones.");
    const Plot plot(canvas, kArea, part_axis("false alarms"), part_axis("detected"));
    plot.draw_frame();
    canvas.line(plot.at(0, 0), plot.at(1, 1), 1, kMuted);
    std::vector<Point> points;
    for (size_t i = 0; i < curve.false_alarms.size(); i++) {
        const Point at = plot.at(curve.false_alarms[i], curve.detections[i]);
        // As many points as can be seen.
        const bool last = i + 1 == curve.false_alarms.size();
        const bool apart =
            points.empty() || at.x - points.back().x > 0.5f || points.back().y - at.y > 0.5f;
        if (apart || last) points.push_back(at);
    }
    canvas.polyline(points, 2.4f, kFirst);
    const Point chosen = plot.at(curve.chosen_false_alarms, curve.chosen_detections);
    canvas.disc(chosen, 6.5f, kPaper);
    canvas.disc(chosen, 5, kSecond);
    const float x = kArea.right() + 36;
    float y = kArea.y + 24;
    const auto line = [&](const std::string& text, Color color, bool bold) {
        canvas.text({x, y}, text, {kTextSize, color, Anchor::start, bold});
        y += 20;
    };
    line("AUC " + format_number(curve.area, 4), kFirst, true);
    line("0.5 is guessing (gray), 1 is never wrong", kMuted, false);
    y += 12;
    line("the threshold chosen", kSecond, true);
    line("false alarms " + format_number(100 * curve.chosen_false_alarms, 3) + " %", kInk, false);
    line("detected " + format_number(100 * curve.chosen_detections, 4) + " %", kInk, false);
}

}  // namespace

Picture roc_curve(RocCurve curve) {
    const std::string title = curve.title;
    return {kWidth, kHeight, title,
            [curve = std::move(curve)](Canvas& canvas) { draw(canvas, curve); }};
}

}  // namespace nutshell::tools
