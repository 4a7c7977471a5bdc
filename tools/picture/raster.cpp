// SPDX-License-Identifier: MIT
// Each drawing call first collects how much of every pixel it covers, then paints once: strokes
// that cross themselves and discs that overlap stay of one opacity.
#include "raster.hpp"

#include <algorithm>
#include <cmath>

#include "stroke_font.hpp"

namespace nutshell::tools {
namespace {

constexpr float kStrokePerSize = 0.078f, kBoldStrokePerSize = 0.115f;

float clamp01(float value) { return std::min(1.0f, std::max(0.0f, value)); }

/// The pixels [x0, x1) x [y0, y1) and the covered part of each.
class Coverage {
  public:
    /// Pixels that lie in `box` (in pixels, grown to whole ones) and in the picture.
    Coverage(Box box, int picture_width, int picture_height) {
        x0 = whole(std::floor(box.x), picture_width);
        y0 = whole(std::floor(box.y), picture_height);
        x1 = whole(std::ceil(box.right()), picture_width);
        y1 = whole(std::ceil(box.bottom()), picture_height);
        const int width = std::max(0, x1 - x0), height = std::max(0, y1 - y0);
        part_.assign(static_cast<size_t>(width) * static_cast<size_t>(height), 0.0f);
    }

    float& at(int x, int y) {
        return part_[static_cast<size_t>(y - y0) * static_cast<size_t>(x1 - x0) +
                     static_cast<size_t>(x - x0)];
    }

    /// A stroke with round ends from a to b; a == b gives a disc.
    void add_stroke(Point a, Point b, float radius) {
        const float reach = radius + 1;
        const Coverage area({std::min(a.x, b.x) - reach, std::min(a.y, b.y) - reach,
                             std::abs(a.x - b.x) + 2 * reach, std::abs(a.y - b.y) + 2 * reach},
                            *this);
        const float dx = b.x - a.x, dy = b.y - a.y, length2 = dx * dx + dy * dy;
        for (int y = area.y0; y < area.y1; ++y)
            for (int x = area.x0; x < area.x1; ++x) {
                const float px = static_cast<float>(x) + 0.5f - a.x;
                const float py = static_cast<float>(y) + 0.5f - a.y;
                const float t = length2 > 0 ? clamp01((px * dx + py * dy) / length2) : 0;
                const float distance = std::hypot(px - t * dx, py - t * dy);
                float& covered = at(x, y);
                covered = std::max(covered, clamp01(radius - distance + 0.5f));
            }
    }

    int x0 = 0, y0 = 0, x1 = 0, y1 = 0;

  private:
    /// Only the bounds: the part of `box` inside `limits`.
    Coverage(Box box, const Coverage& limits)
        : x0(std::max(limits.x0, whole(std::floor(box.x), limits.x1))),
          y0(std::max(limits.y0, whole(std::floor(box.y), limits.y1))),
          x1(whole(std::ceil(box.right()), limits.x1)),
          y1(whole(std::ceil(box.bottom()), limits.y1)) {}

    static int whole(float value, int limit) {
        return static_cast<int>(std::min(static_cast<float>(limit), std::max(0.0f, value)));
    }

    std::vector<float> part_;
};

Box bounds_of(const std::vector<std::vector<Point>>& strokes, float radius) {
    float left = 1e9f, top = 1e9f, right = -1e9f, bottom = -1e9f;
    for (const auto& stroke : strokes)
        for (const Point& point : stroke) {
            left = std::min(left, point.x), right = std::max(right, point.x);
            top = std::min(top, point.y), bottom = std::max(bottom, point.y);
        }
    const float reach = radius + 1;
    return {left - reach, top - reach, right - left + 2 * reach, bottom - top + 2 * reach};
}

class RasterCanvas final : public Canvas {
  public:
    RasterCanvas(Pixels& pixels, float scale) : pixels_(pixels), scale_(scale) {}

    void rectangle(Box box, Color color) override {
        const Box scaled = to_pixels(box);
        Coverage coverage(scaled, pixels_.width, pixels_.height);
        for (int y = coverage.y0; y < coverage.y1; ++y)
            for (int x = coverage.x0; x < coverage.x1; ++x)
                coverage.at(x, y) =
                    overlap(x, scaled.x, scaled.right()) * overlap(y, scaled.y, scaled.bottom());
        paint(coverage, color);
    }

    void polyline(const std::vector<Point>& points, float width, Color color) override {
        std::vector<Point> scaled;
        for (const Point& point : points) scaled.push_back(to_pixels(point));
        stroke({scaled}, width * scale_, color);
    }

    void discs(const std::vector<Point>& centers, float radius, Color color) override {
        std::vector<std::vector<Point>> strokes;
        for (const Point& center : centers) strokes.push_back({to_pixels(center)});
        stroke(strokes, 2 * radius * scale_, color);
    }

    void text(Point baseline, const std::string& utf8, const TextStyle& style) override {
        StrokedText text = stroke_text(utf8, style.size);
        const float shift = style.anchor == Anchor::start    ? 0
                            : style.anchor == Anchor::middle ? text.width / 2
                                                             : text.width;
        for (auto& letter : text.strokes)
            for (Point& point : letter) {
                const float along = point.x - shift;
                point = style.upward ? to_pixels(Point{baseline.x + point.y, baseline.y - along})
                                     : to_pixels(Point{baseline.x + along, baseline.y + point.y});
            }
        const float weight = style.bold ? kBoldStrokePerSize : kStrokePerSize;
        stroke(text.strokes, weight * style.size * scale_, style.color);
    }

    void image(Box box, const Pixels& source) override {
        const Box to = to_pixels(box);
        const Coverage area(to, pixels_.width, pixels_.height);
        for (int y = area.y0; y < area.y1; ++y)
            for (int x = area.x0; x < area.x1; ++x) {
                const int from_x = nearest(x, to.x, to.width, source.width);
                const int from_y = nearest(y, to.y, to.height, source.height);
                const size_t from = (static_cast<size_t>(from_y) * size_t(source.width) +
                                     static_cast<size_t>(from_x)) *
                                    3;
                std::copy_n(&source.rgb[from], 3, pixel(x, y));
            }
    }

  private:
    Point to_pixels(Point p) const { return {p.x * scale_, p.y * scale_}; }
    Box to_pixels(Box b) const {
        return {b.x * scale_, b.y * scale_, b.width * scale_, b.height * scale_};
    }

    /// The part of pixel `index` that lies in [from, to].
    static float overlap(int index, float from, float to) {
        const float start = static_cast<float>(index);
        return clamp01(std::min(start + 1, to) - std::max(start, from));
    }

    static int nearest(int index, float start, float length, int count) {
        const float part = (static_cast<float>(index) + 0.5f - start) / length;
        return std::min(count - 1, static_cast<int>(clamp01(part) * static_cast<float>(count)));
    }

    uint8_t* pixel(int x, int y) {
        return &pixels_.rgb[(static_cast<size_t>(y) * static_cast<size_t>(pixels_.width) +
                             static_cast<size_t>(x)) *
                            3];
    }

    /// Strokes thinner than a pixel are drawn one pixel wide and fainter.
    void stroke(const std::vector<std::vector<Point>>& strokes, float width, Color color) {
        if (strokes.empty()) return;
        const float radius = std::max(width, 1.0f) / 2;
        Coverage coverage(bounds_of(strokes, radius), pixels_.width, pixels_.height);
        for (const auto& points : strokes) {
            if (points.size() == 1) coverage.add_stroke(points[0], points[0], radius);
            for (size_t i = 1; i < points.size(); ++i)
                coverage.add_stroke(points[i - 1], points[i], radius);
        }
        paint(coverage, with_alpha(color, color.alpha * std::min(1.0f, width)));
    }

    void paint(Coverage& coverage, Color color) {
        const uint8_t rgb[] = {color.r, color.g, color.b};
        for (int y = coverage.y0; y < coverage.y1; ++y)
            for (int x = coverage.x0; x < coverage.x1; ++x) {
                const float part = coverage.at(x, y) * color.alpha;
                if (part <= 0) continue;
                for (int c = 0; c < 3; ++c) {
                    uint8_t& value = pixel(x, y)[c];
                    const float old = static_cast<float>(value);
                    const float mixed = old + (static_cast<float>(rgb[c]) - old) * part;
                    value = static_cast<uint8_t>(std::lround(mixed));
                }
            }
    }

    Pixels& pixels_;
    float scale_;
};

}  // namespace

Pixels to_pixels(const Picture& picture, float scale) {
    Pixels pixels;
    pixels.width = std::max(1, static_cast<int>(std::lround(picture.width * scale)));
    pixels.height = std::max(1, static_cast<int>(std::lround(picture.height * scale)));
    pixels.rgb.assign(static_cast<size_t>(pixels.width) * static_cast<size_t>(pixels.height) * 3,
                      255);
    RasterCanvas canvas(pixels, scale);
    picture.draw(canvas);
    return pixels;
}

}  // namespace nutshell::tools
