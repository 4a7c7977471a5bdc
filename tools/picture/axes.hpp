// SPDX-License-Identifier: MIT
// The frame of a chart: two axes with numbers and titles, and the way from values to points.
#pragma once
#include "canvas.hpp"
#include "ticks.hpp"

namespace nutshell::tools {

constexpr float kTitleSize = 17, kTextSize = 13, kSmallSize = 12;

struct Axis {
    std::string title;
    double low = 0, high = 1;  // what the two ends of the axis stand for; low < high
    bool logarithmic = false;  // needs low > 0
    Ticks ticks;

    /// 0 at low, 1 at high.
    double part(double value) const;
};

/// An axis over the values given (its ends are ticks), widened where all are equal.
Axis linear_axis(const std::string& title, double low, double high, int most_ticks);

/// The same with a logarithmic scale; needs 0 < low.
Axis log_axis(const std::string& title, double low, double high, int most_ticks);

class Plot {
  public:
    /// `area` is the rectangle of the data; numbers and titles are drawn outside of it and need
    /// about 64 points to the left and 46 below.
    Plot(Canvas& canvas, Box area, Axis x, Axis y)
        : canvas_(canvas), area_(area), x_(std::move(x)), y_(std::move(y)) {}

    /// Grid, numbers and titles; drawn before the data.
    void draw_frame() const;

    Point at(double x, double y) const { return {x_at(x), y_at(y)}; }
    float x_at(double x) const { return area_.x + area_.width * static_cast<float>(x_.part(x)); }
    float y_at(double y) const {
        return area_.bottom() - area_.height * static_cast<float>(y_.part(y));
    }

  private:
    void draw_x_axis() const;
    void draw_y_axis() const;

    Canvas& canvas_;
    Box area_;
    Axis x_, y_;
};

/// White paper, the picture's title and a muted line below it that says what is seen.
void draw_heading(Canvas& canvas, float width, float height, const std::string& title,
                  const std::string& explanation);

}  // namespace nutshell::tools
