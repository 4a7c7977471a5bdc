// SPDX-License-Identifier: MIT
// Rows of images of any sizes, each row with a name.
#include <algorithm>

#include "axes.hpp"
#include "charts.hpp"
#include "palette.hpp"
#include "tools/error.hpp"

namespace nutshell::tools {
namespace {

constexpr float kMargin = 20, kGap = 4, kHeading = 70;

float name_width(const ImageGrid& grid) {
    size_t longest = 0;
    for (const ImageGrid::Line& line : grid.lines) longest = std::max(longest, line.name.size());
    return longest == 0 ? 0 : 16 + 8 * static_cast<float>(longest);
}

}  // namespace

Picture image_grid(ImageGrid grid) {
    float tile = 0;
    size_t columns = 0;
    for (const ImageGrid::Line& line : grid.lines) {
        const size_t size = line.shape.valid() ? static_cast<size_t>(line.shape.size()) : 0;
        if (size == 0 || line.images.empty() || line.images.size() % size != 0) {
            throw Error("cannot draw images: a row's values do not fit its shape");
        }
        tile =
            std::max(tile, points_per_pixel(line.shape) *
                               static_cast<float>(std::max(line.shape.height, line.shape.width)));
        columns = std::max(columns, line.images.size() / size);
    }
    const float names = name_width(grid), step = tile + kGap;
    const float width = std::max(560.0f, 2 * kMargin + names + step * static_cast<float>(columns));
    const float height = kHeading + step * static_cast<float>(grid.lines.size()) + kMargin;
    const std::string title = grid.title;
    return {width, height, title, [=, grid = std::move(grid)](Canvas& canvas) {
                draw_heading(canvas, width, height, grid.title, grid.explanation);
                float y = kHeading;
                for (const ImageGrid::Line& line : grid.lines) {
                    const size_t size = static_cast<size_t>(line.shape.size());
                    if (!line.name.empty()) {
                        canvas.text({kMargin + names - 12, y + tile / 2 + 4.5f}, line.name,
                                    {kTextSize, kInk, Anchor::end});
                    }
                    float x = kMargin + names;
                    for (size_t at = 0; at < line.images.size(); at += size, x += step) {
                        canvas.image({x, y, tile, tile},
                                     pixels_of(line.images.data() + at, line.shape));
                    }
                    y += step;
                }
            }};
}

}  // namespace nutshell::tools
