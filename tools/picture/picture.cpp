// SPDX-License-Identifier: MIT
// The formats of pictures, and putting several into one.
#include "picture.hpp"

#include <algorithm>
#include <utility>

#include "palette.hpp"
#include "png.hpp"
#include "raster.hpp"
#include "svg.hpp"
#include "tools/atomic_file.hpp"
#include "tools/error.hpp"

namespace nutshell::tools {
namespace {

bool ends_in(const std::string& path, const std::string& ending) {
    return path.size() > ending.size() &&
           path.compare(path.size() - ending.size(), ending.size(), ending) == 0;
}

/// Draws on another canvas, lower by `down` points.
class LoweredCanvas final : public Canvas {
  public:
    LoweredCanvas(Canvas& canvas, float down) : canvas_(canvas), down_(down) {}

    void rectangle(Box box, Color color) override { canvas_.rectangle(lower(box), color); }
    void polyline(const std::vector<Point>& points, float width, Color color) override {
        canvas_.polyline(lower(points), width, color);
    }
    void discs(const std::vector<Point>& centers, float radius, Color color) override {
        canvas_.discs(lower(centers), radius, color);
    }
    void text(Point baseline, const std::string& utf8, const TextStyle& style) override {
        canvas_.text({baseline.x, baseline.y + down_}, utf8, style);
    }
    void image(Box box, const Pixels& pixels) override { canvas_.image(lower(box), pixels); }

  private:
    Box lower(Box box) const { return {box.x, box.y + down_, box.width, box.height}; }
    std::vector<Point> lower(std::vector<Point> points) const {
        for (Point& point : points) point.y += down_;
        return points;
    }

    Canvas& canvas_;
    float down_;
};

}  // namespace

std::string picture_bytes(const std::string& path, const Picture& picture) {
    if (ends_in(path, ".png")) return encode_png(to_pixels(picture));
    if (ends_in(path, ".svg")) return to_svg(picture);
    throw Error(path + ": unknown kind of picture; end the name in .png or .svg");
}

void save_picture(const std::string& path, const Picture& picture) {
    const std::string bytes = picture_bytes(path, picture);
    write_file(path, bytes.data(), bytes.size());
}

Picture stack_pictures(const std::string& title, std::vector<Picture> pictures) {
    Picture stack{0, 0, title, nullptr};
    for (const Picture& picture : pictures) {
        stack.width = std::max(stack.width, picture.width);
        stack.height += picture.height;
    }
    const Box all{0, 0, stack.width, stack.height};
    stack.draw = [all, pictures = std::move(pictures)](Canvas& canvas) {
        canvas.rectangle(all, kPaper);
        float down = 0;
        for (const Picture& picture : pictures) {
            LoweredCanvas lowered(canvas, down);
            picture.draw(lowered);
            down += picture.height;
        }
    };
    return stack;
}

}  // namespace nutshell::tools
