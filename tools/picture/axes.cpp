// SPDX-License-Identifier: MIT
// How every chart looks around its data.
#include "axes.hpp"

#include <algorithm>
#include <cmath>

#include "palette.hpp"
#include "stroke_font.hpp"

namespace nutshell::tools {
namespace {

constexpr float kMargin = 20;

float widest_label(const Ticks& ticks) {
    float widest = 0;
    for (const std::string& label : ticks.labels)
        widest = std::max(widest, text_width(label, kTextSize));
    return widest;
}

/// `size`, or less where `text` would be wider than `room`.
float fitting_size(const std::string& text, float size, float room) {
    return std::min(size, size * room / std::max(1.0f, text_width(text, size)));
}

}  // namespace

double Axis::part(double value) const {
    if (!logarithmic) return (value - low) / (high - low);
    return std::log(value / low) / std::log(high / low);
}

Axis linear_axis(const std::string& title, double low, double high, int most_ticks) {
    if (!(high > low)) {
        const double room = low == 0 ? 0.5 : std::abs(low) / 2;
        high = low + room;
        low -= room;
    }
    const Ticks ticks = widening_ticks(low, high, most_ticks);
    return {title, low, high, false, ticks};
}

Axis log_axis(const std::string& title, double low, double high, int most_ticks) {
    const double room = std::pow(high / low, 0.06);
    low /= room, high *= room;
    return {title, low, high, true, log_ticks(low, high, most_ticks)};
}

void Plot::draw_frame() const {
    draw_y_axis();
    draw_x_axis();
}

void Plot::draw_x_axis() const {
    const float foot = area_.bottom();
    canvas_.line({area_.x, foot}, {area_.right(), foot}, 1, kMuted);
    for (size_t i = 0; i < x_.ticks.values.size(); ++i) {
        const float x = x_at(x_.ticks.values[i]);
        canvas_.line({x, foot}, {x, foot + 4}, 1, kMuted);
        canvas_.text({x, foot + 18}, x_.ticks.labels[i], {kTextSize, kMuted, Anchor::middle});
    }
    canvas_.text({area_.center().x, foot + 40}, x_.title, {kTextSize, kInk, Anchor::middle});
}

void Plot::draw_y_axis() const {
    for (size_t i = 0; i < y_.ticks.values.size(); ++i) {
        const float y = y_at(y_.ticks.values[i]);
        canvas_.line({area_.x, y}, {area_.right(), y}, 1, kGrid);
        canvas_.text({area_.x - 8, y + 4.5f}, y_.ticks.labels[i], {kTextSize, kMuted, Anchor::end});
    }
    const float x = area_.x - 20 - widest_label(y_.ticks);
    canvas_.text({x, area_.center().y}, y_.title, {kTextSize, kInk, Anchor::middle, false, true});
}

void draw_heading(Canvas& canvas, float width, float height, const std::string& title,
                  const std::string& explanation) {
    canvas.rectangle({0, 0, width, height}, kPaper);
    const float room = width - 2 * kMargin;
    canvas.text({kMargin, 30}, title,
                {fitting_size(title, kTitleSize, room), kInk, Anchor::start, true});
    canvas.text({kMargin, 50}, explanation, {fitting_size(explanation, kTextSize, room), kMuted});
}

}  // namespace nutshell::tools
