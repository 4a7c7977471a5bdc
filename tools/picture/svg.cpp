// SPDX-License-Identifier: MIT
// Every drawing call becomes one element; numbers keep two decimals.
#include "svg.hpp"

#include <cmath>
#include <cstdio>

#include "png.hpp"
#include "xml.hpp"

namespace nutshell::tools {
namespace {

std::string number(float value) {
    char text[48];
    std::snprintf(text, sizeof text, "%.2f", static_cast<double>(value));
    std::string result = text;
    result.erase(result.find_last_not_of('0') + 1);
    if (result.back() == '.') result.pop_back();
    return result == "-0" ? "0" : result;
}

std::string attribute(const char* name, const std::string& value) {
    return std::string(" ") + name + "=\"" + value + "\"";
}

/// The colour as `name` ("fill" or "stroke"), with its opacity and its role as class.
std::string paint(const char* name, Color color) {
    char hex[8];
    std::snprintf(hex, sizeof hex, "#%02x%02x%02x", color.r, color.g, color.b);
    std::string text = attribute(name, hex);
    if (color.alpha < 1) text += attribute("opacity", number(color.alpha));
    if (*color.role != '\0') text += attribute("class", color.role);
    return text;
}

std::string position(Box box) {
    return attribute("x", number(box.x)) + attribute("y", number(box.y)) +
           attribute("width", number(box.width)) + attribute("height", number(box.height));
}

std::string stroke(const std::string& path, float width, Color color) {
    return "<path fill=\"none\" stroke-linecap=\"round\" stroke-linejoin=\"round\"" +
           attribute("d", path) + attribute("stroke-width", number(width)) +
           paint("stroke", color) + "/>\n";
}

class SvgCanvas final : public Canvas {
  public:
    explicit SvgCanvas(std::string& out) : out_(out) {}

    void rectangle(Box box, Color color) override {
        out_ += "<rect" + position(box) + paint("fill", color) + "/>\n";
    }

    void polyline(const std::vector<Point>& points, float width, Color color) override {
        std::string path;
        for (const Point& point : points)
            path += (path.empty() ? "M" : "L") + number(point.x) + " " + number(point.y);
        if (!path.empty()) out_ += stroke(path, width, color);
    }

    void discs(const std::vector<Point>& centers, float radius, Color color) override {
        std::string path;
        for (const Point& center : centers)
            path += "M" + number(center.x) + " " + number(center.y) + "h0";
        if (!path.empty()) out_ += stroke(path, 2 * radius, color);
    }

    void text(Point baseline, const std::string& utf8, const TextStyle& style) override {
        const char* const anchors[] = {"start", "middle", "end"};
        const std::string x = number(baseline.x), y = number(baseline.y);
        out_ += "<text" + attribute("x", x) + attribute("y", y) +
                attribute("font-size", number(style.size)) + paint("fill", style.color);
        if (style.anchor != Anchor::start)
            out_ += attribute("text-anchor", anchors[static_cast<int>(style.anchor)]);
        if (style.bold) out_ += attribute("font-weight", "bold");
        if (style.upward) out_ += attribute("transform", "rotate(-90 " + x + " " + y + ")");
        out_ += ">" + escape_xml(utf8) + "</text>\n";
    }

    void image(Box box, const Pixels& pixels) override {
        out_ += "<image" + position(box) +
                " preserveAspectRatio=\"none\" style=\"image-rendering:pixelated\"" +
                attribute("href", "data:image/png;base64," + encode_base64(encode_png(pixels))) +
                "/>\n";
    }

  private:
    std::string& out_;
};

}  // namespace

std::string to_svg(const Picture& picture) {
    const std::string width = number(picture.width), height = number(picture.height);
    const std::string title = escape_xml(picture.title);
    std::string out =
        "<svg xmlns=\"http://www.w3.org/2000/svg\"" + attribute("width", width) +
        attribute("height", height) + attribute("viewBox", "0 0 " + width + " " + height) +
        attribute("font-family", "Helvetica, Arial, sans-serif") + attribute("role", "img") +
        attribute("aria-label", title) + ">\n<title>" + title + "</title>\n";
    SvgCanvas canvas(out);
    picture.draw(canvas);
    return out + "</svg>\n";
}

}  // namespace nutshell::tools
