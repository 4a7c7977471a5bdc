// SPDX-License-Identifier: MIT
// The alphabet as paths in SVG's notation (M move, L line, Q quadratic curve, absolute numbers),
// on a grid with y up: baseline 0, small letters 10, capitals 14, descenders -4. Curves whose
// control point is the corner of their box read as round at text sizes.
#include "stroke_font.hpp"

#include <cstdint>
#include <cstdlib>

#include "utf8.hpp"

namespace nutshell::tools {
namespace {

struct Glyph {
    uint32_t code;
    float advance;  // width including the space after the letter
    const char* path;
};

constexpr float kUnitsPerSize = 19.5f;  // grid units in one font height
constexpr float kSpacing = 0.5f;        // added to every advance
constexpr int kCurveSegments = 8;

constexpr Glyph kGlyphs[] = {
    {' ', 5.5f, ""},
    {'!', 6, "M2 14 L2 4 M2 0.2 L2 0"},
    {'"', 8, "M1.5 14 L1.5 10 M5 14 L5 10"},
    {'#', 13, "M4 13 L2 0 M9 13 L7 0 M1 9 L11 9 M0 4 L10 4"},
    {'$', 11,
     "M9 10.5 Q9 12 4.8 12 Q0.5 12 0.5 9.3 Q0.5 7 5 6.5 Q9.5 6 9.5 3.6 Q9.5 1 5 1 "
     "Q0.5 1 0.5 3 M5 14 L5 -1"},
    {'%', 16,
     "M12 14 L3 0 M3.5 14 Q0.5 14 0.5 10.8 Q0.5 7.5 3.5 7.5 Q6.5 7.5 6.5 10.8 "
     "Q6.5 14 3.5 14 M11.5 6.5 Q8.5 6.5 8.5 3.3 Q8.5 0 11.5 0 Q14.5 0 14.5 3.3 "
     "Q14.5 6.5 11.5 6.5"},
    {'&', 13,
     "M11 0 L3.2 9 Q1 14 5 14 Q9 14 7.5 9.8 Q7 8.5 3 6.8 Q0 5 0.5 3 Q1 0 4.5 0 "
     "Q9.5 0 10 6"},
    {'\'', 4.5f, "M1.5 14 L1.5 10"},
    {'(', 6, "M4.5 15 Q0 6 4.5 -3"},
    {')', 6, "M1 15 Q5.5 6 1 -3"},
    {'*', 9, "M4 14 L4 7 M1 12.3 L7 8.7 M7 12.3 L1 8.7"},
    {'+', 12, "M5.5 11 L5.5 2 M1 6.5 L10 6.5"},
    {',', 5.5f, "M2 0.6 L1 -3"},
    {'-', 7.5f, "M1 5.2 L5.5 5.2"},
    {'.', 5.5f, "M2 0.2 L2 0"},
    {'/', 8, "M6.5 14 L0.5 -2"},
    {'0', 11, "M5 14 Q0.7 14 0.7 7 Q0.7 0 5 0 Q9.3 0 9.3 7 Q9.3 14 5 14"},
    {'1', 11, "M2 11.5 L5.5 14 L5.5 0 M2.2 0 L8.6 0"},
    {'2', 11, "M1 10.8 Q1.3 14 5 14 Q9 14 9 10.4 Q9 8 6 5.2 L0.8 0 L9.3 0"},
    {'3', 11,
     "M1 12.6 Q2.5 14 4.8 14 Q8.8 14 8.8 10.6 Q8.8 7.4 4.6 7.4 L3.6 7.4 M4.6 7.4 "
     "Q9.3 7.4 9.3 3.8 Q9.3 0 4.8 0 Q2.3 0 0.8 1.4"},
    {'4', 11, "M7.2 0 L7.2 14 L6.6 14 L0.6 4.4 L9.8 4.4"},
    {'5', 11, "M8.6 14 L1.9 14 L1.5 7.6 Q3 8.8 5 8.8 Q9.3 8.8 9.3 4.5 Q9.3 0 4.6 0 Q2.2 0 0.8 1.4"},
    {'6', 11,
     "M8.4 13.2 Q7.3 14 5.8 14 Q0.8 14 0.8 6 Q0.8 0 5.2 0 Q9.4 0 9.4 4.4 Q9.4 8.6 5.4 8.6 "
     "Q1.6 8.6 0.9 4.6"},
    {'7', 11, "M0.8 14 L9.3 14 L3.6 0"},
    {'8', 11,
     "M5 14 Q1.3 14 1.3 10.7 Q1.3 7.5 5 7.5 Q8.7 7.5 8.7 10.7 Q8.7 14 5 14 M5 7.5 "
     "Q0.7 7.5 0.7 3.7 Q0.7 0 5 0 Q9.3 0 9.3 3.7 Q9.3 7.5 5 7.5"},
    {'9', 11,
     "M1.6 0.8 Q2.7 0 4.2 0 Q9.2 0 9.2 8 Q9.2 14 4.8 14 Q0.6 14 0.6 9.6 Q0.6 5.4 4.6 5.4 "
     "Q8.4 5.4 9.1 9.4"},
    {':', 5.5f, "M2 0.2 L2 0 M2 8.7 L2 8.5"},
    {';', 5.5f, "M2 0.6 L1 -3 M2 8.7 L2 8.5"},
    {'<', 12, "M10 11 L1 6.5 L10 2"},
    {'=', 12, "M1 8.4 L10 8.4 M1 4.4 L10 4.4"},
    {'>', 12, "M1 11 L10 6.5 L1 2"},
    {'?', 9.5f,
     "M0.8 12 Q2 14 4.4 14 Q7.8 14 7.8 11 Q7.8 9.2 5.8 7.6 Q4.2 6.4 4.2 4 M4.2 0.2 L4.2 0"},
    {'@', 17,
     "M11 9.5 Q10 10.3 8.5 10.3 Q5 10.3 5 6.5 Q5 3 8 3 Q11 3 11 6.5 L11 9.8 L11 5 "
     "Q11 3 12.5 3 Q14.7 3 14.7 7 Q14.7 14 8 14 Q0.8 14 0.8 6 Q0.8 -2.5 8 -2.5 Q11 -2.5 13 -1.2"},
    {'A', 12, "M0.2 0 L5.5 14 L10.8 0 M2 4.6 L9 4.6"},
    {'B', 12,
     "M1.2 0 L1.2 14 L5.4 14 Q9.4 14 9.4 10.7 Q9.4 7.5 5.4 7.5 L1.2 7.5 M5.4 7.5 "
     "Q10.2 7.5 10.2 3.8 Q10.2 0 5.6 0 L1.2 0"},
    {'C', 12.5f, "M11 12 Q9.3 14 6.6 14 Q0.8 14 0.8 7 Q0.8 0 6.6 0 Q9.3 0 11 2"},
    {'D', 13, "M1.2 0 L1.2 14 L5 14 Q11.4 14 11.4 7 Q11.4 0 5 0 L1.2 0"},
    {'E', 11, "M9.4 14 L1.2 14 L1.2 0 L9.6 0 M1.2 7.5 L8.6 7.5"},
    {'F', 10.5f, "M9.4 14 L1.2 14 L1.2 0 M1.2 7.2 L8.4 7.2"},
    {'G', 13.5f,
     "M11.4 12 Q9.6 14 6.8 14 Q0.8 14 0.8 7 Q0.8 0 6.8 0 Q10 0 11.7 1.8 L11.7 6.6 L7.4 6.6"},
    {'H', 13, "M1.2 0 L1.2 14 M11 0 L11 14 M1.2 7.5 L11 7.5"},
    {'I', 5, "M1.5 0 L1.5 14"},
    {'J', 9, "M6.8 14 L6.8 4 Q6.8 0 3.6 0 Q1.4 0 0.4 1.6"},
    {'K', 12, "M1.2 0 L1.2 14 M10 14 L1.2 5.4 M4.4 8.4 L10.6 0"},
    {'L', 10, "M1.2 14 L1.2 0 L9 0"},
    {'M', 15.5f, "M1.2 0 L1.2 14 L1.9 14 L7.2 3 L12.5 14 L13.2 14 L13.2 0"},
    {'N', 13.5f, "M1.2 0 L1.2 14 L1.9 14 L10.6 0 L11.3 0 L11.3 14"},
    {'O', 14, "M6.6 14 Q0.8 14 0.8 7 Q0.8 0 6.6 0 Q12.4 0 12.4 7 Q12.4 14 6.6 14"},
    {'P', 11.5f, "M1.2 0 L1.2 14 L5.6 14 Q10 14 10 10.2 Q10 6.4 5.6 6.4 L1.2 6.4"},
    {'Q', 14,
     "M6.6 14 Q0.8 14 0.8 7 Q0.8 0 6.6 0 Q12.4 0 12.4 7 Q12.4 14 6.6 14 M7.6 3 L11.8 -1.6"},
    {'R', 12, "M1.2 0 L1.2 14 L5.6 14 Q9.8 14 9.8 10.4 Q9.8 6.8 5.6 6.8 L1.2 6.8 M5.8 6.8 L10.4 0"},
    {'S', 11.5f,
     "M9.4 12.3 Q7.8 14 5.2 14 Q1.2 14 1.2 10.7 Q1.2 8.2 5.2 7.3 Q9.8 6.4 9.8 3.6 "
     "Q9.8 0 5.2 0 Q2.2 0 0.6 1.9"},
    {'T', 11, "M5.2 0 L5.2 14 M0.2 14 L10.2 14"},
    {'U', 13, "M1.2 14 L1.2 5 Q1.2 0 6.1 0 Q11 0 11 5 L11 14"},
    {'V', 12, "M0.2 14 L5.5 0 L10.8 14"},
    {'W', 17, "M0.4 14 L4.2 0 L8 13 L11.8 0 L15.6 14"},
    {'X', 11.5f, "M0.6 14 L10.2 0 M10.2 14 L0.6 0"},
    {'Y', 11, "M0.2 14 L5.2 7 L10.2 14 M5.2 7 L5.2 0"},
    {'Z', 11.5f, "M0.8 14 L10 14 L0.6 0 L10.2 0"},
    {'[', 6.5f, "M5 15 L1.4 15 L1.4 -3 L5 -3"},
    {'\\', 8, "M0.5 14 L6.5 -2"},
    {']', 6.5f, "M1 15 L4.6 15 L4.6 -3 L1 -3"},
    {'^', 11, "M1 9 L5 14 L9 9"},
    {'_', 10, "M0 -2.5 L9.5 -2.5"},
    {'`', 6, "M1 14.5 L3.5 12"},
    {'a', 10.5f,
     "M1.2 8.4 Q2.5 10 4.8 10 Q8.3 10 8.3 6.6 L8.3 0 M8.3 5.8 L4.6 5.8 Q0.6 5.8 0.6 2.8 "
     "Q0.6 0 4 0 Q7 0 8.3 2.6"},
    {'b', 11, "M1.2 14 L1.2 0 M1.2 5 Q1.4 10 5.4 10 Q9.4 10 9.4 5 Q9.4 0 5.4 0 Q1.4 0 1.2 5"},
    {'c', 9.5f, "M8.4 8.6 Q7.2 10 5.2 10 Q0.8 10 0.8 5 Q0.8 0 5.2 0 Q7.2 0 8.4 1.4"},
    {'d', 11, "M8.8 14 L8.8 0 M8.8 5 Q8.6 10 4.6 10 Q0.6 10 0.6 5 Q0.6 0 4.6 0 Q8.6 0 8.8 5"},
    {'e', 10.5f, "M0.9 5.4 L9.2 5.4 Q9.2 10 5.2 10 Q0.8 10 0.8 5 Q0.8 0 5.4 0 Q7.4 0 8.8 1.4"},
    {'f', 6.5f, "M6.4 14 Q2.6 14.6 2.6 10.8 L2.6 0 M0.4 10 L5.8 10"},
    {'g', 11,
     "M8.8 10 L8.8 -0.6 Q8.8 -4.2 4.8 -4.2 Q2.6 -4.2 1.4 -3 M8.8 5.2 Q8.6 10 4.6 10 "
     "Q0.6 10 0.6 5.2 Q0.6 0.4 4.6 0.4 Q8.6 0.4 8.8 5.2"},
    {'h', 11, "M1.2 14 L1.2 0 M1.2 5.4 Q1.6 10 5.2 10 Q8.8 10 8.8 6 L8.8 0"},
    {'i', 4.5f, "M1.4 10 L1.4 0 M1.4 13.6 L1.4 13.4"},
    {'j', 5, "M2.4 10 L2.4 -1.6 Q2.4 -4.2 -0.4 -4 M2.4 13.6 L2.4 13.4"},
    {'k', 10, "M1.2 14 L1.2 0 M8.2 10 L1.2 3.6 M3.6 5.8 L8.8 0"},
    {'l', 4.5f, "M1.4 14 L1.4 0"},
    {'m', 16.5f,
     "M1.2 10 L1.2 0 M1.2 5.8 Q1.4 10 4.6 10 Q7.6 10 7.6 6.4 L7.6 0 M7.6 5.8 "
     "Q7.9 10 11.2 10 Q14.2 10 14.2 6.4 L14.2 0"},
    {'n', 11, "M1.2 10 L1.2 0 M1.2 5.4 Q1.6 10 5.2 10 Q8.8 10 8.8 6 L8.8 0"},
    {'o', 10.8f, "M5 10 Q0.7 10 0.7 5 Q0.7 0 5 0 Q9.3 0 9.3 5 Q9.3 10 5 10"},
    {'p', 11, "M1.2 10 L1.2 -4 M1.2 5 Q1.4 10 5.4 10 Q9.4 10 9.4 5 Q9.4 0 5.4 0 Q1.4 0 1.2 5"},
    {'q', 11, "M8.8 10 L8.8 -4 M8.8 5 Q8.6 10 4.6 10 Q0.6 10 0.6 5 Q0.6 0 4.6 0 Q8.6 0 8.8 5"},
    {'r', 7.2f, "M1.2 10 L1.2 0 M1.2 5 Q1.6 10.2 6.2 9.8"},
    {'s', 9,
     "M7.2 8.7 Q6 10 4 10 Q1 10 1 7.6 Q1 5.8 4 5.2 Q7.6 4.6 7.6 2.6 Q7.6 0 4 0 Q1.8 0 0.5 1.5"},
    {'t', 7, "M2.8 13.2 L2.8 2.8 Q2.8 0 5 0 L6.2 0.2 M0.4 10 L6 10"},
    {'u', 11, "M1.2 10 L1.2 4 Q1.2 0 4.8 0 Q8.4 0 8.8 4.6 M8.8 10 L8.8 0"},
    {'v', 9.5f, "M0.4 10 L4.3 0 L8.2 10"},
    {'w', 14, "M0.5 10 L3.5 0 L6.5 9.4 L9.5 0 L12.5 10"},
    {'x', 9.5f, "M0.7 10 L8 0 M8 10 L0.7 0"},
    {'y', 9.5f, "M0.4 10 L4.4 0 M8.2 10 L3.8 -2 Q3 -4.2 0.6 -4"},
    {'z', 9, "M0.8 10 L7.6 10 L0.6 0 L7.8 0"},
    {'{', 7.5f, "M5.8 15 Q3 15 3 12 L3 9 Q3 6 0.8 6 Q3 6 3 3 L3 0 Q3 -3 5.8 -3"},
    {'|', 5, "M1.6 15 L1.6 -4"},
    {'}', 7.5f, "M0.8 15 Q3.6 15 3.6 12 L3.6 9 Q3.6 6 5.8 6 Q3.6 6 3.6 3 L3.6 0 Q3.6 -3 0.8 -3"},
    {'~', 12, "M1 5.4 Q1.6 8 3.6 8 Q5 8 6 6.6 Q7.2 5.2 8.2 5.2 Q10 5.2 10.4 7.6"},
    {0xB1, 12, "M5.5 12 L5.5 4 M1 8 L10 8 M1 1 L10 1"},  // plus-minus
    {0xB2, 7.5f,
     "M1 12 Q1.2 14 3.2 14 Q5.4 14 5.4 12 Q5.4 10.8 3.6 9.4 L1 7.2 L5.8 7.2"},  // square
    {0xB7, 5.5f, "M2 6.2 L2 6"},                                                // middle dot
    {0xD7, 11, "M1.4 10 L8.6 2.8 M8.6 10 L1.4 2.8"},                            // times
    {0x2013, 10.5f, "M0.5 5.2 L9 5.2"},                                         // en dash
    {0x2192, 15, "M1 6 L13 6 M9 10 L13 6 L9 2"},                                // arrow
    {0x2212, 12, "M1 6.5 L10 6.5"},                                             // minus
};
constexpr Glyph kUnknown = {0, 11, "M1 0 L1 13 L9 13 L9 0 L1 0"};

const Glyph& glyph_of(uint32_t code) {
    for (const Glyph& glyph : kGlyphs)
        if (glyph.code == code) return glyph;
    return kUnknown;
}

/// Reads the paths above; they are known to be well formed.
class PathReader {
  public:
    PathReader(const char* path, float x, float scale, std::vector<std::vector<Point>>& out)
        : at_(path), x_(x), scale_(scale), out_(out) {}

    void read() {
        for (char command; (command = next_command()) != '\0';) {
            const Point point = next_point();
            if (command == 'M') out_.push_back({point});
            if (command == 'L') out_.back().push_back(point);
            if (command == 'Q') curve(point, next_point());
        }
    }

  private:
    char next_command() {
        while (*at_ == ' ') ++at_;
        return *at_ == '\0' ? '\0' : *at_++;
    }
    float next_number() {
        char* end = nullptr;
        const float value = std::strtof(at_, &end);
        at_ = end;
        return value;
    }
    Point next_point() {
        const float x = next_number();
        const float y = next_number();
        return {x_ + x * scale_, -y * scale_};
    }
    void curve(Point control, Point end) {
        const Point start = out_.back().back();
        for (int i = 1; i <= kCurveSegments; ++i) {
            const float t = static_cast<float>(i) / kCurveSegments, s = 1 - t;
            out_.back().push_back({s * s * start.x + 2 * s * t * control.x + t * t * end.x,
                                   s * s * start.y + 2 * s * t * control.y + t * t * end.y});
        }
    }

    const char* at_;
    float x_, scale_;
    std::vector<std::vector<Point>>& out_;
};

}  // namespace

StrokedText stroke_text(const std::string& utf8, float size) {
    const float scale = size / kUnitsPerSize;
    StrokedText result;
    for (size_t at = 0; at < utf8.size();) {
        const Glyph& glyph = glyph_of(next_character(utf8, at));
        PathReader(glyph.path, result.width, scale, result.strokes).read();
        result.width += (glyph.advance + kSpacing) * scale;
    }
    return result;
}

float text_width(const std::string& utf8, float size) {
    float units = 0;
    for (size_t at = 0; at < utf8.size();)
        units += glyph_of(next_character(utf8, at)).advance + kSpacing;
    return units * size / kUnitsPerSize;
}

}  // namespace nutshell::tools
