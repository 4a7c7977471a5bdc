// SPDX-License-Identifier: MIT
// A picture as SVG text that needs nothing beside itself.
#pragma once
#include <string>

#include "canvas.hpp"

namespace nutshell::tools {

/// A whole <svg> element. Shapes whose colour has a role carry it as their class, so that a page
/// around it can restyle them; without a page the colours stand as drawn.
std::string to_svg(const Picture& picture);

}  // namespace nutshell::tools
