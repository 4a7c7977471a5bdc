// SPDX-License-Identifier: MIT
// A picture as pixels: antialiased, at any scale.
#pragma once
#include "canvas.hpp"

namespace nutshell::tools {

/// Charts are drawn at twice their size in points, so that they are crisp on dense screens.
constexpr float kPngScale = 2.0f;

/// The picture on white, `scale` pixels to a point.
Pixels to_pixels(const Picture& picture, float scale = kPngScale);

}  // namespace nutshell::tools
