// SPDX-License-Identifier: MIT
// The upper half block shows two pixels: its own colour above, the background below.
#include "terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <vector>

#include "picture/palette.hpp"

namespace nutshell::tools {
namespace {

constexpr int kLargestTile = 32;  // columns and pixels of one image
constexpr int kSmallestTile = 6;
constexpr int kWantedImages = 5;  // side by side, even when they must shrink for it
constexpr const char* kReset = "\x1b[0m";
constexpr const char* kUpperHalf = "\u2580";

using Rgb = std::array<uint8_t, 3>;

/// An image made smaller to width x height by averaging the area below each new pixel.
struct Tile {
    int width, height;
    std::vector<Rgb> pixels;
    Rgb at(int x, int y) const { return pixels[static_cast<size_t>(y * width + x)]; }
};

float area_mean(const float* image, Shape shape, double y0, double y1, double x0, double x1,
                int channel) {
    double sum = 0, weights = 0;
    for (int y = static_cast<int>(y0); y < shape.height && y < y1; ++y)
        for (int x = static_cast<int>(x0); x < shape.width && x < x1; ++x) {
            const double weight = (std::min(y1, y + 1.0) - std::max(y0, double(y))) *
                                  (std::min(x1, x + 1.0) - std::max(x0, double(x)));
            const float value = image[(y * shape.width + x) * shape.channels + channel];
            sum += weight * static_cast<double>(value);
            weights += weight;
        }
    return static_cast<float>(sum / weights);
}

Tile make_tile(const float* image, Shape shape, int width, int height) {
    Tile tile{width, height, {}};
    const double dy = static_cast<double>(shape.height) / height;
    const double dx = static_cast<double>(shape.width) / width;
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x) {
            Rgb rgb{};
            for (int c = 0; c < 3; ++c)
                rgb[static_cast<size_t>(c)] =
                    to_byte(area_mean(image, shape, y * dy, (y + 1) * dy, x * dx, (x + 1) * dx,
                                      std::min(c, shape.channels - 1)));
            tile.pixels.push_back(rgb);
        }
    return tile;
}

/// The nearest of the 256 colours: the gray ramp for grays, else the 6 x 6 x 6 cube.
int palette_index(Rgb rgb) {
    const auto [r, g, b] = rgb;
    if (r == g && g == b) {
        const int step = static_cast<int>(std::lround((r - 8) / 10.0));
        return r < 4 ? 16 : step > 23 ? 231 : 232 + std::max(0, step);
    }
    const auto level = [](int value) { return (value * 5 + 127) / 255; };
    return 16 + 36 * level(r) + 6 * level(g) + level(b);
}

std::string color_code(const char* place, Rgb rgb, TerminalColors colors) {
    std::string code = std::string("\x1b[") + place;
    if (colors == TerminalColors::palette256)
        return code + ";5;" + std::to_string(palette_index(rgb)) + "m";
    code += ";2";
    for (const uint8_t value : rgb) code += ";" + std::to_string(value);
    return code + "m";
}

/// The lines of tiles side by side, one column apart.
std::string tile_lines(const std::vector<Tile>& tiles, TerminalColors colors) {
    std::string lines;
    for (int y = 0; y < tiles[0].height; y += 2) {
        for (const Tile& tile : tiles) {
            if (&tile != &tiles[0]) lines += " ";
            std::string last;
            for (int x = 0; x < tile.width; ++x) {
                const std::string code = color_code("38", tile.at(x, y), colors) +
                                         color_code("48", tile.at(x, y + 1), colors);
                if (code != last) lines += code;
                lines += kUpperHalf;
                last = code;
            }
            lines += kReset;
        }
        lines += "\n";
    }
    return lines;
}

struct Layout {
    int images = 0, tile_width = 0, tile_height = 0;  // the height is even
};

Layout lay_out(Shape shape, int count, int width) {
    const double longer = std::max(shape.width, shape.height);
    const double shrink = std::min(1.0, kLargestTile / longer);
    const int largest = std::max(1, static_cast<int>(shape.width * shrink));
    Layout layout;
    layout.images = std::min(count, std::max(kWantedImages, (width + 1) / (largest + 1)));
    while (layout.images > 1 && (width + 1) / layout.images - 1 < std::min(kSmallestTile, largest))
        --layout.images;
    if (layout.images < 1) return {};
    layout.tile_width = std::min(largest, (width + 1) / layout.images - 1);
    if (layout.tile_width < 1) return {};
    const double height = static_cast<double>(layout.tile_width) * shape.height / shape.width;
    layout.tile_height = std::max(1, static_cast<int>(std::lround(height / 2))) * 2;
    return layout;
}

}  // namespace

bool is_terminal(int descriptor) { return isatty(descriptor) != 0; }

int terminal_width(int descriptor) {
    winsize size{};
    if (ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
    return 80;
}

bool terminal_speaks_utf8() {
    for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
        const char* value = std::getenv(name);
        if (value == nullptr || *value == '\0') continue;
        std::string locale = value;
        std::transform(locale.begin(), locale.end(), locale.begin(), [](char c) {
            return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
        });
        return locale.find("UTF-8") != std::string::npos ||
               locale.find("UTF8") != std::string::npos;
    }
    return false;
}

TerminalColors terminal_colors() {
    const char* value = std::getenv("COLORTERM");
    const std::string text = value == nullptr ? "" : value;
    const bool full = text == "truecolor" || text == "24bit";
    return full ? TerminalColors::truecolor : TerminalColors::palette256;
}

std::string preview_images(Shape shape, int count, const float* originals,
                           const float* reconstructions, int width, TerminalColors colors) {
    if (!shape.valid() || shape.height < 2 || (shape.channels != 1 && shape.channels != 3))
        return "";
    const Layout layout = lay_out(shape, count, width);
    if (layout.images < 1) return "";
    const auto row = [&](const float* images) {
        std::vector<Tile> tiles;
        for (int i = 0; i < layout.images; ++i)
            tiles.push_back(make_tile(images + static_cast<std::ptrdiff_t>(i) * shape.size(), shape,
                                      layout.tile_width, layout.tile_height));
        return tile_lines(tiles, colors);
    };
    return row(originals) + "\n" + row(reconstructions);
}

}  // namespace nutshell::tools
