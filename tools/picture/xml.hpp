// SPDX-License-Identifier: MIT
// Any text made safe to stand in XML or HTML, between tags or inside a quoted attribute.
#pragma once
#include <string>

namespace nutshell::tools {

/// Replaces markup characters by entities, and bytes that are not UTF-8 or not allowed in XML by
/// U+FFFD, so that the result is well formed whatever comes in.
std::string escape_xml(const std::string& text);

}  // namespace nutshell::tools
