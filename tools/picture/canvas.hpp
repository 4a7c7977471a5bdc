// SPDX-License-Identifier: MIT
// What a chart draws on. The same drawing code makes a PNG (raster.hpp) and an SVG (svg.hpp).
// Units are points, x to the right and y down from the top left corner of the picture.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace nutshell::tools {

/// An sRGB colour. A `role` names what the colour is for ("ink", "paper", ...), so that a page
/// which shows the SVG in dark surroundings can replace it; it must be a valid CSS class name.
struct Color {
    uint8_t r = 0, g = 0, b = 0;
    float alpha = 1.0f;
    const char* role = "";
};

inline Color with_alpha(Color color, float alpha) {
    color.alpha = alpha;
    return color;
}

struct Point {
    float x = 0, y = 0;
};

struct Box {
    float x = 0, y = 0, width = 0, height = 0;
    float right() const { return x + width; }
    float bottom() const { return y + height; }
    Point center() const { return {x + width / 2, y + height / 2}; }
};

/// 8-bit RGB pixels, row by row: rgb[(y * width + x) * 3 + channel].
struct Pixels {
    int width = 0, height = 0;
    std::vector<uint8_t> rgb;
};

/// Which part of a text stands at the point given.
enum class Anchor { start, middle, end };

struct TextStyle {
    float size = 12;  // height of the font in points; capitals are about 0.72 of it
    Color color;
    Anchor anchor = Anchor::start;
    bool bold = false;
    bool upward = false;  // turned a quarter, read from bottom to top
};

/// Coordinates must be finite; whatever lies outside of the picture is cut off.
class Canvas {
  public:
    virtual ~Canvas() = default;

    virtual void rectangle(Box box, Color color) = 0;

    /// One stroke through all points, round at joints and ends; of equal opacity where it crosses.
    virtual void polyline(const std::vector<Point>& points, float width, Color color) = 0;

    /// Filled discs of one colour; of equal opacity where they overlap each other.
    virtual void discs(const std::vector<Point>& centers, float radius, Color color) = 0;

    /// A line of UTF-8 text; `baseline` is where the anchor meets the foot of the letters.
    virtual void text(Point baseline, const std::string& utf8, const TextStyle& style) = 0;

    /// An image stretched over `box`, its pixels kept sharp.
    virtual void image(Box box, const Pixels& pixels) = 0;

    void line(Point from, Point to, float width, Color color) {
        polyline({from, to}, width, color);
    }
    void disc(Point center, float radius, Color color) { discs({center}, radius, color); }
};

/// A drawing of known size that can be made on any canvas, any number of times.
struct Picture {
    float width = 0, height = 0;  // points
    std::string title;            // for readers who cannot see it
    std::function<void(Canvas&)> draw;
};

}  // namespace nutshell::tools
