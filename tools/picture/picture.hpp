// SPDX-License-Identifier: MIT
// Pictures as files.
#pragma once
#include <string>

#include "canvas.hpp"

namespace nutshell::tools {

/// The bytes of a picture in the format that `path` ends in: .png or .svg. Throws Error for any
/// other ending.
std::string picture_bytes(const std::string& path, const Picture& picture);

/// Writes it whole or not at all. Throws Error when it cannot be written.
void save_picture(const std::string& path, const Picture& picture);

/// One picture with the given ones below each other.
Picture stack_pictures(const std::string& title, std::vector<Picture> pictures);

}  // namespace nutshell::tools
