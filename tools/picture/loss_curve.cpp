// SPDX-License-Identifier: MIT
// Loss against epoch. The axis is logarithmic when the loss falls by more than five times, so that
// the end of a long training can still be read.
#include <algorithm>
#include <cmath>

#include "axes.hpp"
#include "charts.hpp"
#include "palette.hpp"

namespace nutshell::tools {
namespace {

constexpr float kWidth = 760, kHeight = 440;
constexpr Box kArea{84, 72, 530, 306};
constexpr double kLogarithmicFrom = 5;  // ratio of the highest loss to the lowest

struct Value {
    int epoch = 0;
    double loss = 0;
};

std::vector<Value> finite_values(const std::vector<double>& losses, int first_epoch) {
    std::vector<Value> values;
    for (size_t i = 0; i < losses.size(); ++i)
        if (std::isfinite(losses[i]))
            values.push_back({first_epoch + static_cast<int>(i), losses[i]});
    return values;
}

Value best_of(const std::vector<Value>& values) {
    return *std::min_element(values.begin(), values.end(),
                             [](Value a, Value b) { return a.loss < b.loss; });
}

Axis loss_axis(const std::string& title, const std::vector<Value>& train,
               const std::vector<Value>& test) {
    std::vector<double> losses;
    for (const auto* series : {&train, &test})
        for (const Value& value : *series) losses.push_back(value.loss);
    if (losses.empty()) return linear_axis(title, 0, 1, 6);
    const auto [low, high] = std::minmax_element(losses.begin(), losses.end());
    if (*low > 0 && *high / *low > kLogarithmicFrom)
        return log_axis(title + " (logarithmic)", *low, *high, 8);
    return linear_axis(title, *low, *high, 7);
}

Axis epoch_axis(int first, size_t count) {
    if (count < 2)
        return {"epoch", first - 1.0, first + 1.0, false,
                nice_ticks(first - 0.5, first + 0.5, 2, 1)};
    const double last = first + static_cast<double>(count) - 1;
    return {"epoch", static_cast<double>(first), last, false, nice_ticks(first, last, 11, 1)};
}

void draw_series(Canvas& canvas, const Plot& plot, const std::vector<Value>& values, Color color) {
    std::vector<Point> points;
    for (const Value& value : values) points.push_back(plot.at(value.epoch, value.loss));
    canvas.polyline(points, 2.2f, color);
    if (points.size() < 30) canvas.discs(points, 2.8f, color);
}

/// What stands to the right of a curve's end, line by line.
struct EndNote {
    float y = 0;  // baseline of the first line
    std::vector<std::string> lines;
    Color color;
};

EndNote end_note(const Plot& plot, const std::vector<Value>& values, const std::string& name,
                 Color color, bool with_best) {
    EndNote note{plot.y_at(values.back().loss) + 4.5f, {}, color};
    note.lines.push_back(name + " " + format_number(values.back().loss, 4));
    if (!with_best) return note;
    const Value best = best_of(values);
    note.lines.push_back("best " + format_number(best.loss, 4));
    note.lines.push_back("in epoch " + std::to_string(best.epoch));
    return note;
}

/// Draws the notes near their curves' ends, clear of each other and within the plot's height.
void draw_notes(Canvas& canvas, std::vector<EndNote> notes) {
    constexpr float kLine = 17, kGap = 4;
    const auto height = [](const EndNote& note) {
        return kLine * static_cast<float>(note.lines.size());
    };
    std::sort(notes.begin(), notes.end(),
              [](const EndNote& a, const EndNote& b) { return a.y < b.y; });
    float limit = kArea.bottom() + kLine;  // where the note below begins
    for (auto note = notes.rbegin(); note != notes.rend(); ++note) {
        note->y = std::min(note->y, limit - height(*note));
        limit = note->y - kGap;
    }
    for (const EndNote& note : notes)
        for (size_t i = 0; i < note.lines.size(); ++i)
            canvas.text({kArea.right() + 12, note.y + kLine * static_cast<float>(i)}, note.lines[i],
                        {kTextSize, i == 0 ? note.color : kMuted, Anchor::start, i == 0});
}

void draw_best(Canvas& canvas, const Plot& plot, const std::vector<Value>& values, Color color) {
    const Value best = best_of(values);
    const Point at = plot.at(best.epoch, best.loss);
    canvas.disc(at, 6.5f, kPaper);
    canvas.disc(at, 5, color);
}

void draw(Canvas& canvas, const LossCurve& curve) {
    const std::vector<Value> train = finite_values(curve.train, curve.first_epoch);
    const std::vector<Value> test = finite_values(curve.test, curve.first_epoch);
    const size_t missing = curve.train.size() + curve.test.size() - train.size() - test.size();
    std::string explanation =
        curve.test.empty() ? "Loss on the training data after each epoch."
                           : "Loss on training and " + curve.test_name + " data after each epoch.";
    if (missing > 0) explanation += " Not finite, left out: " + std::to_string(missing) + ".";
    draw_heading(canvas, kWidth, kHeight, curve.title, explanation);
    const size_t epochs = std::max(curve.train.size(), curve.test.size());
    const Plot plot(canvas, kArea, epoch_axis(curve.first_epoch, epochs),
                    loss_axis(curve.loss_name, train, test));
    plot.draw_frame();
    draw_series(canvas, plot, train, kFirst);
    draw_series(canvas, plot, test, kSecond);
    std::vector<EndNote> notes;
    if (!train.empty()) notes.push_back(end_note(plot, train, "train", kFirst, test.empty()));
    if (!test.empty()) notes.push_back(end_note(plot, test, curve.test_name, kSecond, true));
    if (!test.empty()) draw_best(canvas, plot, test, kSecond);
    if (test.empty() && !train.empty()) draw_best(canvas, plot, train, kFirst);
    draw_notes(canvas, notes);
}

}  // namespace

Picture loss_curve(LossCurve curve) {
    const std::string title = curve.title;
    return {kWidth, kHeight, title,
            [curve = std::move(curve)](Canvas& canvas) { draw(canvas, curve); }};
}

}  // namespace nutshell::tools
