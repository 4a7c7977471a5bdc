// SPDX-License-Identifier: MIT
// The preview of images in a terminal.
#include "tools/terminal.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/text_check.hpp"

using namespace nutshell::tools;
using nutshell::Shape;
using nutshell::test::contains;
using nutshell::test::occurrences;

TEST_CASE("the terminal preview shows two pixels in each half block") {
    const float original[] = {0, 1, 1, 0}, reconstruction[] = {1, 0, 0, 1};
    const std::string text =
        preview_images({2, 2, 1}, 1, original, reconstruction, 80, TerminalColors::truecolor);
    CHECK(text ==
          "\x1b[38;2;0;0;0m\x1b[48;2;255;255;255m\u2580\x1b[38;2;255;255;255m\x1b[48;2;0;0;0m\u2580"
          "\x1b[0m\n\n"
          "\x1b[38;2;255;255;255m\x1b[48;2;0;0;0m\u2580\x1b[38;2;0;0;0m\x1b[48;2;255;255;255m\u2580"
          "\x1b[0m\n");
}

TEST_CASE("the terminal preview falls back to 256 colours") {
    // the standard palette: 16 black, 231 white, 244 is gray 128, 196 pure red
    const float gray[] = {0, 1, 128 / 255.0f, 0};
    const std::string text =
        preview_images({2, 2, 1}, 1, gray, gray, 80, TerminalColors::palette256);
    CHECK(contains(text,
                   "\x1b[38;5;16m\x1b[48;5;244m\u2580\x1b[38;5;231m\x1b[48;5;16m\u2580\x1b[0m"));
    const float red[] = {1, 0, 0, 1, 0, 0};
    CHECK(contains(preview_images({2, 1, 3}, 1, red, red, 80, TerminalColors::palette256),
                   "\x1b[38;5;196m\x1b[48;5;196m\u2580"));
}

TEST_CASE("the terminal preview fits every width") {
    const std::vector<float> images(12 * 28 * 28, 0.5f);
    const auto line_width = [&](int width) {
        const std::string text = preview_images({28, 28, 1}, 12, images.data(), images.data(),
                                                width, TerminalColors::truecolor);
        const std::string line = text.substr(0, text.find('\n'));
        const size_t gaps = occurrences(line, " ");
        return static_cast<int>(occurrences(line, "\u2580") + gaps);
    };
    for (int width = 1; width <= 400; width += width < 40 ? 1 : 13)
        CHECK(line_width(width) <= width);
    CHECK(line_width(0) == 0);
    CHECK(line_width(80) == 79);             // five digits of 15 columns
    CHECK(line_width(400) == 12 * 28 + 11);  // all of them, full size
}

TEST_CASE("the terminal preview leaves alone what is no image") {
    const std::vector<float> values(100, 0.5f);
    for (const Shape shape : {Shape{1, 1, 100}, Shape{10, 5, 2}, Shape{0, 0, 0}})
        CHECK(preview_images(shape, 1, values.data(), values.data(), 80,
                             TerminalColors::truecolor) == "");
    CHECK(preview_images({10, 10, 1}, 0, values.data(), values.data(), 80,
                         TerminalColors::truecolor) == "");
}
