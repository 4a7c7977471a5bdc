// SPDX-License-Identifier: MIT
// Rows of images with a name in front of each.
#include <algorithm>

#include "axes.hpp"
#include "charts.hpp"
#include "palette.hpp"
#include "tools/error.hpp"

namespace nutshell::tools {
namespace {

constexpr float kMargin = 20, kGap = 6, kTop = 84, kNames = 110;

void draw_row(Canvas& canvas, const ImageRow& row, Shape shape, float left, Point tile, float y) {
    const float x = left - 10, middle = y + tile.y / 2;
    const bool two = !row.more.empty();
    canvas.text({x, middle + (two ? -3 : 4.5f)}, row.name, {kTextSize, kInk, Anchor::end});
    if (two) canvas.text({x, middle + 13}, row.more, {kSmallSize, kMuted, Anchor::end});
    const size_t size = static_cast<size_t>(shape.size());
    for (size_t i = 0; i * size < row.images.size(); i++) {
        const float at = left + static_cast<float>(i) * (tile.x + kGap);
        canvas.image({at, y, tile.x, tile.y}, pixels_of(row.images.data() + i * size, shape));
    }
}

}  // namespace

Picture image_rows(ImageRows rows) {
    const Shape shape = rows.shape;
    const size_t size = static_cast<size_t>(shape.size());
    size_t most = 0;
    bool named = false;
    for (const ImageRow& row : rows.rows) {
        if (row.images.size() % size != 0) throw Error("cannot draw a row of parts of images");
        most = std::max(most, row.images.size() / size);
        named = named || !row.name.empty();
    }
    const float unit = points_per_pixel(shape);
    const Point tile{unit * static_cast<float>(shape.width),
                     unit * static_cast<float>(shape.height)};
    const float left = kMargin + (named ? kNames : 0);
    const float width =
        std::max(520.0f, left + static_cast<float>(most) * (tile.x + kGap) - kGap + kMargin);
    const float height =
        kTop + static_cast<float>(rows.rows.size()) * (tile.y + kGap) - kGap + kMargin;
    return {width, height, rows.title, [=](Canvas& canvas) {
                draw_heading(canvas, width, height, rows.title, rows.explanation);
                float y = kTop;
                for (const ImageRow& row : rows.rows) {
                    draw_row(canvas, row, shape, left, tile, y);
                    y += tile.y + kGap;
                }
            }};
}

}  // namespace nutshell::tools
