// SPDX-License-Identifier: MIT
// One page with everything that a training or an evaluation found, in a file that needs no other.
#pragma once
#include <string>
#include <vector>

namespace nutshell::tools {

struct Number {
    std::string name;
    std::string value;    // as it shall be read, with its unit
    std::string meaning;  // one sentence
};

struct Figure {
    std::string caption;
    std::string svg;  // an <svg> element made by to_svg(); stands in the page as it is
};

struct Report {
    std::string title;
    std::string subtitle;
    std::vector<Number> numbers;
    std::vector<Figure> figures;
    std::string command;  // reproduces it; left out when empty
};

/// A whole HTML file: light or dark as the reader's system, readable on a phone and on paper. All
/// texts are escaped; only Figure::svg is trusted.
std::string to_html(const Report& report);

/// Writes it whole or not at all. Throws Error when it cannot be written.
void save_report(const std::string& path, const Report& report);

}  // namespace nutshell::tools
