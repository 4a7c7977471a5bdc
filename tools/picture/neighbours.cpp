// SPDX-License-Identifier: MIT
// Queries and the images found for them, a query a line.
#include <algorithm>
#include <cmath>

#include "axes.hpp"
#include "charts.hpp"
#include "palette.hpp"
#include "tools/error.hpp"

namespace nutshell::tools {
namespace {

constexpr float kMargin = 20, kGap = 6, kHeading = 70, kApart = 22;

/// Line by line the query and its neighbours.
void draw(Canvas& canvas, const NeighbourSheet& sheet, float width, float height, float tile_width,
          float tile_height) {
    draw_heading(canvas, width, height, sheet.title, sheet.explanation);
    const int columns = 1 + sheet.neighbours, size = sheet.shape.size();
    const int count = static_cast<int>(sheet.images.size()) / size;
    for (int i = 0; i < count; i++) {
        const int column = i % columns;
        const float x =
            kMargin + static_cast<float>(column) * (tile_width + kGap) + (column > 0 ? kApart : 0);
        const float y = kHeading + static_cast<float>(i / columns) * (tile_height + kGap);
        if (!sheet.labels.empty()) {
            const size_t at = static_cast<size_t>(i);
            const bool other = sheet.labels[at] != sheet.labels[static_cast<size_t>(i - column)];
            if (other) {
                canvas.rectangle({x - 2, y - 2, tile_width + 4, tile_height + 4}, kSecond);
            }
        }
        canvas.image(
            {x, y, tile_width, tile_height},
            pixels_of(sheet.images.data() + static_cast<ptrdiff_t>(i) * size, sheet.shape));
    }
}

}  // namespace

Picture neighbour_sheet(NeighbourSheet sheet) {
    const int size = sheet.shape.valid() ? sheet.shape.size() : 0;
    const size_t line = static_cast<size_t>(1 + sheet.neighbours) * static_cast<size_t>(size);
    if (line == 0 || sheet.images.empty() || sheet.images.size() % line != 0 ||
        (!sheet.labels.empty() &&
         sheet.labels.size() * static_cast<size_t>(size) != sheet.images.size())) {
        throw Error("cannot draw neighbours: images, labels and the shape do not fit each other");
    }
    const float unit = points_per_pixel(sheet.shape);
    const float tile_width = unit * static_cast<float>(sheet.shape.width);
    const float tile_height = unit * static_cast<float>(sheet.shape.height);
    const float lines = static_cast<float>(sheet.images.size() / line);
    const float width =
        std::max(620.0f, 2 * kMargin + kApart +
                             static_cast<float>(1 + sheet.neighbours) * (tile_width + kGap));
    const float height = kHeading + lines * (tile_height + kGap) + kMargin;
    const std::string title = sheet.title;
    return {width, height, title, [=, sheet = std::move(sheet)](Canvas& canvas) {
                draw(canvas, sheet, width, height, tile_width, tile_height);
            }};
}

}  // namespace nutshell::tools
