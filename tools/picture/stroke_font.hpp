// SPDX-License-Identifier: MIT
// The letters of PNG pictures: a plain single-stroke alphabet that needs no font file. It knows
// printable ASCII and a few signs; any other character appears as an empty box.
#pragma once
#include <string>
#include <vector>

#include "canvas.hpp"

namespace nutshell::tools {

/// The strokes of a line of UTF-8 text and its width, in points, for a font of height `size`.
/// The first letter starts at x = 0; the baseline is y = 0 and letters reach up to negative y.
struct StrokedText {
    std::vector<std::vector<Point>> strokes;
    float width = 0;
};
StrokedText stroke_text(const std::string& utf8, float size);

/// How wide `utf8` is in this font; close to what a viewer's sans-serif font needs in an SVG.
float text_width(const std::string& utf8, float size);

}  // namespace nutshell::tools
