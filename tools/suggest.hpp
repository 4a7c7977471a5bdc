// SPDX-License-Identifier: MIT
// "Did you mean": the nearest of some words.
#pragma once
#include <string>
#include <vector>

namespace nutshell::tools {

/// The candidate that fewest edits (insert, drop, replace, swap neighbours) turn into `word`; empty
/// when even that one is too far to be meant.
std::string nearest(const std::string& word, const std::vector<std::string>& candidates);

/// "unknown format nutt; did you mean nut? There are nut, cpp".
std::string unknown_word(const std::string& kind, const std::string& word,
                         const std::vector<std::string>& candidates);

}  // namespace nutshell::tools
