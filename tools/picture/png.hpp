// SPDX-License-Identifier: MIT
// Pixels as PNG bytes, and those as text for use inside SVG and HTML.
#pragma once
#include <string>

#include "canvas.hpp"

namespace nutshell::tools {

/// A complete PNG file (8-bit RGB, no alpha). Throws Error when the pixels are empty or do not fit
/// their size.
std::string encode_png(const Pixels& pixels);

/// Base64 with padding, in one line.
std::string encode_base64(const std::string& bytes);

}  // namespace nutshell::tools
