// SPDX-License-Identifier: MIT
// Pictures: PNG pixels read back by another decoder, SVG well formed, numbers on axes, charts of
// usual and unusual data.
#include <doctest/doctest.h>

#define STB_IMAGE_STATIC
#define STB_IMAGE_IMPLEMENTATION
#define STBI_ONLY_PNG
#include <stb/stb_image.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "tests/text_check.hpp"
#include "tests/xml_check.hpp"
#include "tools/error.hpp"
#include "tools/picture/charts.hpp"
#include "tools/picture/palette.hpp"
#include "tools/picture/picture.hpp"
#include "tools/picture/png.hpp"
#include "tools/picture/raster.hpp"
#include "tools/picture/statistics.hpp"
#include "tools/picture/stroke_font.hpp"
#include "tools/picture/svg.hpp"
#include "tools/picture/ticks.hpp"

using namespace nutshell::tools;
using nutshell::Shape;
using nutshell::test::contains;
using nutshell::test::occurrences;
using nutshell::test::xml_error;

namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr Color kRed{200, 10, 20}, kBlue{0, 0, 255};

Pixels decode(const std::string& png) {
    Pixels pixels;
    int channels = 0;
    const auto* bytes = reinterpret_cast<const unsigned char*>(png.data());
    unsigned char* rgb = stbi_load_from_memory(bytes, static_cast<int>(png.size()), &pixels.width,
                                               &pixels.height, &channels, 3);
    REQUIRE(rgb != nullptr);
    CHECK(channels == 3);
    pixels.rgb.assign(rgb, rgb + pixels.width * pixels.height * 3);
    stbi_image_free(rgb);
    return pixels;
}

std::vector<int> pixel(const Pixels& pixels, int x, int y) {
    const size_t at = static_cast<size_t>(y * pixels.width + x) * 3;
    return {pixels.rgb[at], pixels.rgb[at + 1], pixels.rgb[at + 2]};
}

Pixels drawn(float width, float height, float scale, std::function<void(Canvas&)> draw) {
    return decode(encode_png(to_pixels({width, height, "", std::move(draw)}, scale)));
}

const std::vector<int> kWhitePixel{255, 255, 255}, kRedPixel{200, 10, 20}, kBluePixel{0, 0, 255};

ReconstructionSheet sheet_of(Shape shape, int count) {
    ReconstructionSheet sheet{"sheet", shape, {}, {}, {}, {}};
    for (int i = 0; i < count * shape.size(); ++i) {
        sheet.originals.push_back(static_cast<float>(i % 7) / 7);
        sheet.reconstructions.push_back(static_cast<float>(i % 5) / 5);
    }
    for (int i = 0; i < count; ++i) sheet.labels.push_back(i % 10);
    return sheet;
}

/// The picture on both canvases: decodable and well formed, and of the size it says.
std::string check_both(const Picture& picture) {
    const Pixels pixels = decode(picture_bytes("x.png", picture));
    CHECK(pixels.width == std::lround(picture.width * kPngScale));
    CHECK(pixels.height == std::lround(picture.height * kPngScale));
    bool seen[256] = {};
    for (const uint8_t value : pixels.rgb) seen[value] = true;
    CHECK(std::count(seen, seen + 256, true) > 10);
    const std::string svg = picture_bytes("x.svg", picture);
    CHECK(xml_error(svg) == "");
    CHECK_FALSE(contains(svg, "nan"));
    CHECK_FALSE(contains(svg, "inf"));
    return svg;
}

}  // namespace

TEST_CASE("a PNG holds exactly the pixels that were drawn") {
    const Pixels p = drawn(10, 6, 2, [](Canvas& c) {
        c.rectangle({1, 1, 3, 2}, kRed);
        c.image({6, 0, 4, 2}, {2, 1, {1, 2, 3, 4, 5, 6}});
    });
    REQUIRE(p.width == 20);
    REQUIRE(p.height == 12);
    for (int y = 0; y < p.height; ++y)
        for (int x = 0; x < 12; ++x) {
            const bool inside = x >= 2 && x < 8 && y >= 2 && y < 6;
            CHECK(pixel(p, x, y) == (inside ? kRedPixel : kWhitePixel));
        }
    for (int y = 0; y < 4; ++y)
        for (int x = 12; x < 20; ++x)
            CHECK(pixel(p, x, y) ==
                  (x < 16 ? std::vector<int>{1, 2, 3} : std::vector<int>{4, 5, 6}));
}

TEST_CASE("edges that cut a pixel are mixed by the part covered") {
    const Pixels p = drawn(4, 2, 1, [](Canvas& c) { c.rectangle({0.5f, 0, 2, 1}, {0, 0, 0}); });
    CHECK(pixel(p, 0, 0) == std::vector<int>{128, 128, 128});
    CHECK(pixel(p, 1, 0) == std::vector<int>{0, 0, 0});
    CHECK(pixel(p, 2, 0) == std::vector<int>{128, 128, 128});
    CHECK(pixel(p, 1, 1) == kWhitePixel);
}

TEST_CASE("a disc covers its area, and overlapping discs keep one opacity") {
    const Pixels p = drawn(40, 40, 1, [](Canvas& c) { c.disc({20, 20}, 10, {0, 0, 0}); });
    double covered = 0;
    for (const uint8_t value : p.rgb) covered += (255 - value) / 255.0 / 3;
    CHECK(covered == doctest::Approx(3.14159265 * 100).epsilon(0.01));  // antialiasing: 1%
    const Pixels q = drawn(20, 20, 1, [](Canvas& c) {
        c.discs({{8, 10}, {10, 10}, {12, 10}}, 5, with_alpha({0, 0, 0}, 0.5f));
    });
    CHECK(pixel(q, 10, 10) == std::vector<int>{128, 128, 128});
}

TEST_CASE("lines are as wide as asked and stop where they should") {
    const Pixels p = drawn(20, 10, 1, [](Canvas& c) { c.line({5, 5}, {15, 5}, 4, kBlue); });
    for (int y = 3; y < 7; ++y) CHECK(pixel(p, 10, y) == kBluePixel);
    CHECK(pixel(p, 10, 1) == kWhitePixel);
    CHECK(pixel(p, 10, 8) == kWhitePixel);
    CHECK(pixel(p, 1, 5) == kWhitePixel);
    CHECK(pixel(p, 18, 5) == kWhitePixel);
}

TEST_CASE("drawing beyond the picture is cut off, not an error") {
    const Pixels p = drawn(10, 10, 1, [](Canvas& c) {
        c.rectangle({-100, -100, 105, 105}, kRed);
        c.line({-1e6f, 8}, {1e6f, 8}, 2, kBlue);
        c.disc({500, 500}, 20, kBlue);
        c.image({8, -5, 10, 10}, {1, 1, {1, 2, 3}});
        c.text({-50, 3}, "far away to the left and across", {12, kBlue});
    });
    CHECK(pixel(p, 0, 4) == kRedPixel);
    CHECK(pixel(p, 5, 8) == kBluePixel);
    CHECK(pixel(p, 9, 4) == std::vector<int>{1, 2, 3});
}

TEST_CASE("every printable character has a shape of its own") {
    std::set<std::string> shapes;
    for (char c = '!'; c <= '~'; ++c) {
        std::string shape;
        for (const auto& stroke : stroke_text(std::string(1, c), 20).strokes)
            for (const Point& p : stroke)
                shape += std::to_string(p.x) + " " + std::to_string(p.y) + " ";
        CHECK_MESSAGE(!shape.empty(), std::string(1, c));
        CHECK_MESSAGE(shapes.insert(shape).second, std::string(1, c));
    }
    CHECK(stroke_text(" ", 20).strokes.empty());
    CHECK(stroke_text("\u4e2d", 20).strokes.size() == 1);  // the empty box
}

TEST_CASE("text is as wide as announced, stands where anchored and turns upward") {
    CHECK(text_width("MSE 0.0137", 13) == doctest::Approx(stroke_text("MSE 0.0137", 13).width));
    const auto ink = [](Anchor anchor, bool upward) {
        const Pixels p = drawn(200, 200, 1, [=](Canvas& c) {
            c.text({100, 100}, "nutshell", {20, {0, 0, 0}, anchor, false, upward});
        });
        std::vector<int> box{200, 200, -1, -1};
        for (int y = 0; y < 200; ++y)
            for (int x = 0; x < 200; ++x)
                if (pixel(p, x, y)[0] < 128)
                    box = {std::min(box[0], x), std::min(box[1], y), std::max(box[2], x),
                           std::max(box[3], y)};
        return box;
    };
    const float width = text_width("nutshell", 20);
    // letters carry up to 4 pixels of space at this size
    const auto near = [](int value, float wanted) {
        return std::abs(float(value) - wanted) <= 4.5f;
    };
    CHECK(near(ink(Anchor::start, false)[0], 100));
    CHECK(near(ink(Anchor::start, false)[2], 100 + width));
    CHECK(near(ink(Anchor::end, false)[2], 100));
    CHECK(near(ink(Anchor::middle, false)[0], 100 - width / 2));
    CHECK(ink(Anchor::start, false)[3] <= 101);
    CHECK(near(ink(Anchor::start, true)[1], 100 - width));
    CHECK(ink(Anchor::start, true)[2] <= 101);
}

TEST_CASE("SVG is well formed whatever the texts say") {
    const Picture picture{100, 50, "a <title> & \"more\"", [](Canvas& c) {
                              c.text({1, 2}, "<b>&amp;\x01\xff\"'", {12, kInk});
                              c.image({0, 0, 2, 2}, {1, 1, {9, 8, 7}});
                              c.polyline({}, 1, kRed);
                              c.discs({}, 1, kRed);
                          }};
    const std::string svg = to_svg(picture);
    CHECK(xml_error(svg) == "");
    CHECK(contains(svg, "&lt;b&gt;&amp;amp;"));
    CHECK(contains(svg, "width=\"100\" height=\"50\""));
    CHECK(contains(svg, "data:image/png;base64,iVBORw0KGgo"));  // how every PNG begins
}

TEST_CASE("base64 agrees with the examples of RFC 4648") {
    CHECK(encode_base64("") == "");
    CHECK(encode_base64("f") == "Zg==");
    CHECK(encode_base64("fo") == "Zm8=");
    CHECK(encode_base64("foo") == "Zm9v");
    CHECK(encode_base64("foobar") == "Zm9vYmFy");
    CHECK(encode_base64("\xff\xfe\xfd") == "//79");
}

TEST_CASE("pictures that cannot be written are refused by name") {
    const Picture picture{4, 4, "", [](Canvas&) {}};
    CHECK_THROWS_AS(picture_bytes("x.jpg", picture), Error);
    CHECK_THROWS_AS(picture_bytes("png", picture), Error);
    CHECK_THROWS_AS(encode_png({2, 2, {1, 2, 3}}), Error);
    CHECK_THROWS_AS(encode_png({0, 0, {}}), Error);
}

TEST_CASE("ticks are few, round, inside the range and all labelled differently") {
    const double lows[] = {0, -1, 0.0001, 0.1034, -3e-7, 1e6, 99.5, -1e9};
    const double spans[] = {1e-6, 0.003, 0.15, 1, 7, 49, 1234, 1e7};
    for (const double low : lows)
        for (const double span : spans) {
            if (span < 1e-9 * std::abs(low)) continue;  // no digits left to tell ticks apart
            const double high = low + span;
            const Ticks ticks = nice_ticks(low, high, 8);
            CAPTURE(low);
            CAPTURE(span);
            REQUIRE(ticks.values.size() >= 2);
            CHECK(ticks.values.size() <= 8);
            const std::set<std::string> labels(ticks.labels.begin(), ticks.labels.end());
            CHECK(labels.size() == ticks.values.size());
            const double step = ticks.values[1] - ticks.values[0];
            const double digit = step / std::pow(10, std::floor(std::log10(step) + 1e-6));
            // differences of values near 1e9 keep about seven digits of a step of 1e-6
            CHECK((std::abs(digit - 1) < 0.2 || std::abs(digit - 2) < 0.3 ||
                   std::abs(digit - 5) < 0.5));
            CHECK(ticks.values.front() >= low - 1e-6 * span);
            CHECK(ticks.values.back() <= high + 1e-6 * span);
        }
}

TEST_CASE("tick labels read as people write them") {
    using Labels = std::vector<std::string>;
    CHECK(nice_ticks(0, 1, 6).labels == Labels{"0", "0.2", "0.4", "0.6", "0.8", "1"});
    CHECK(nice_ticks(1, 50, 6, 1).labels == Labels{"10", "20", "30", "40", "50"});
    CHECK(nice_ticks(1, 3, 9, 1).labels == Labels{"1", "2", "3"});
    CHECK(nice_ticks(0, 20000, 3).labels == Labels{"0", "10,000", "20,000"});
    CHECK(log_ticks(0.1, 1, 4).labels == Labels{"0.1", "0.2", "0.5", "1"});
    CHECK(log_ticks(1e-6, 10, 8).labels ==
          Labels{"1e-6", "1e-5", "0.0001", "0.001", "0.01", "0.1", "1", "10"});
    CHECK(nice_ticks(1, 1, 5).values.empty());
    CHECK(nice_ticks(2, 1, 5).values.empty());
    CHECK(nice_ticks(0, std::numeric_limits<double>::infinity(), 5).values.empty());
    double low = 0.1034, high = 0.2512;
    CHECK(widening_ticks(low, high, 7).labels == Labels{"0.1", "0.15", "0.2", "0.25", "0.3"});
    CHECK(low == doctest::Approx(0.1));
    CHECK(high == doctest::Approx(0.3));
}

TEST_CASE("numbers keep their significant digits and no more") {
    CHECK(format_number(0.104178, 4) == "0.1042");
    CHECK(format_number(1234567, 9) == "1,234,567");
    CHECK(format_number(-1234.5, 5) == "-1,234.5");
    CHECK(format_number(-123, 3) == "-123");
    CHECK(format_number(0.5, 3) == "0.5");
    CHECK(format_number(0.00001234, 3) == "1.23e-5");
    CHECK(format_number(0) == "0");
    CHECK(format_number(double(kNaN)) == "-");
}

TEST_CASE("histogram bins count every value once, the upper end included") {
    const std::vector<float> values{0, 0.24f, 0.25f, 0.5f, 0.99f, 1, -0.1f, 1.1f, kNaN};
    CHECK(count_in_bins(values, 0, 1, 4) == std::vector<int>{2, 1, 1, 2});
}

TEST_CASE("quantiles are NumPy's") {
    const std::vector<float> sorted = sorted_finite({4, kNaN, 1, 3, 2});
    CHECK(sorted == std::vector<float>{1, 2, 3, 4});
    CHECK(quantile(sorted, 0.5) == doctest::Approx(2.5));    // numpy.quantile([1,2,3,4], 0.5)
    CHECK(quantile(sorted, 0.95) == doctest::Approx(3.85));  // numpy.quantile([1,2,3,4], 0.95)
    CHECK(std::isnan(quantile({}, 0.5)));
}

TEST_CASE("samples to show are one of each label, then the first ones") {
    CHECK(choose_samples({3, 3, 1, 0, 1}, 5, 4) == std::vector<int>{3, 2, 0, 1});
    CHECK(choose_samples({}, 5, 3) == std::vector<int>{0, 1, 2});
    CHECK(choose_samples({}, 2, 12) == std::vector<int>{0, 1});
    CHECK(choose_samples({5, 4, 3}, 3, 2) == std::vector<int>{2, 1});
}

TEST_CASE("error colours are white at zero, blue below, red above") {
    CHECK(diverging_color(0).b == 255);
    CHECK(diverging_color(0).r == 255);
    CHECK(diverging_color(-1).b > diverging_color(-1).r);
    CHECK(diverging_color(1).r > diverging_color(1).b);
    CHECK(diverging_color(5).r == diverging_color(1).r);
    CHECK(diverging_color(double(kNaN)).g == 255);
}

TEST_CASE("a reconstruction sheet shows three tiles a sample, labels and errors") {
    for (const int channels : {1, 3}) {
        const std::string svg = check_both(reconstruction_sheet(sheet_of({28, 28, channels}, 12)));
        CHECK(occurrences(svg, "<image ") == 12 * 3 + 1);  // and the colour scale
        for (const char* text : {">original<", ">reconstruction<", ">error<", ">MSE<"})
            CHECK(contains(svg, text));
    }
}

TEST_CASE("a sheet of two models shows four tiles a sample, and the error of each") {
    ReconstructionSheet sheet = sheet_of({28, 28, 1}, 3);
    sheet.int8 = sheet.originals;
    const std::string svg = check_both(reconstruction_sheet(sheet));
    CHECK(occurrences(svg, "<image ") == 3 * 4 + 1);
    for (const char* text : {">float32<", ">int8<", ">int8 - float32<", ">MSE float32<"})
        CHECK(contains(svg, text));
    CHECK(occurrences(svg, ">0<") >= 3);  // the error of an int8 model that gives back the original
    sheet = sheet_of({1, 1, 100}, 3);
    sheet.int8 = sheet.originals;
    CHECK(contains(check_both(reconstruction_sheet(sheet)), ">int8<"));
    sheet.int8.pop_back();
    CHECK_THROWS_AS(reconstruction_sheet(sheet), Error);
}

TEST_CASE("a tile shows the sample's own pixels") {
    ReconstructionSheet sheet{"t", {2, 2, 3}, {1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1}, {}, {}, {}};
    sheet.reconstructions = sheet.originals;
    const std::string svg = to_svg(reconstruction_sheet(sheet));
    const Pixels expected{2, 2, {255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255}};
    CHECK(occurrences(svg, encode_base64(encode_png(expected))) == 2);
}

TEST_CASE("samples that are no images are drawn as curves") {
    const std::string svg = check_both(reconstruction_sheet(sheet_of({1, 1, 100}, 6)));
    CHECK_FALSE(contains(svg, "<image "));
    CHECK(contains(svg, ">original<"));
    check_both(reconstruction_sheet(sheet_of({4, 4, 2}, 1)));
    check_both(reconstruction_sheet(sheet_of({1, 1, 1}, 1)));
}

TEST_CASE("a reconstruction sheet of arrays that do not fit is refused") {
    ReconstructionSheet sheet = sheet_of({4, 4, 1}, 3);
    sheet.labels.pop_back();
    CHECK_THROWS_AS(reconstruction_sheet(sheet), Error);
    sheet = sheet_of({4, 4, 1}, 3);
    sheet.reconstructions.pop_back();
    CHECK_THROWS_AS(reconstruction_sheet(sheet), Error);
    CHECK_THROWS_AS(reconstruction_sheet(sheet_of({4, 4, 1}, 0)), Error);
}

TEST_CASE("values that are not finite never reach a picture") {
    ReconstructionSheet sheet = sheet_of({1, 1, 8}, 2);
    sheet.reconstructions.assign(sheet.reconstructions.size(), kNaN);
    check_both(reconstruction_sheet(sheet));
    sheet = sheet_of({4, 4, 1}, 2);
    sheet.reconstructions.assign(sheet.reconstructions.size(), kNaN);
    picture_bytes("x.png", reconstruction_sheet(sheet));
    const double nan = double(kNaN), inf = std::numeric_limits<double>::infinity();
    CHECK(contains(check_both(loss_curve({"t", "loss", {1, nan, 0.5}, {inf, 2, nan}})),
                   "left out: 3"));
    CHECK(
        contains(check_both(code_map({"t", {0, 1, kNaN, 2, 3, 4}, {0, 1, 2}, {}})), "left out: 1"));
    CHECK(contains(check_both(error_histogram({"t", {1, kNaN, 3}, "MSE"})), "left out: 1"));
}

TEST_CASE("a loss curve names the last and the best value") {
    const std::string svg =
        check_both(loss_curve({"t", "cross-entropy", {0.3, 0.2, 0.15}, {0.31, 0.19, 0.25}}));
    for (const char* text : {">train 0.15<", ">test 0.25<", ">best 0.19<", ">in epoch 2<",
                             ">epoch<", ">cross-entropy<"})
        CHECK_MESSAGE(contains(svg, text), text);
    CHECK(contains(to_svg(loss_curve({"t", "MSE", {3, 0.1, 0.001}, {}})), ">MSE (logarithmic)<"));
}

TEST_CASE("charts of one value, of none and of equal values are drawn all the same") {
    check_both(loss_curve({"t", "loss", {0.5}, {}}));
    check_both(loss_curve({"t", "loss", {}, {}}));
    check_both(loss_curve({"t", "loss", {0, 0, 0}, {}}));
    check_both(code_map({"t", {1, 1}, {}, {}}));
    check_both(code_map({"t", {}, {}, {}}));
    check_both(error_histogram({"t", {}, "MSE"}));
    check_both(error_histogram({"t", {0.5f, 0.5f}, "MSE"}));
    check_both(error_histogram({"t", {0, 0}, "MSE"}));
}

TEST_CASE("a code map names its axes, its labels and how much they explain") {
    CodeMap map{"t", {}, {}, {0.25, 0.125}};
    for (int i = 0; i < 60; ++i) {
        map.points.push_back(static_cast<float>(i % 10));
        map.points.push_back(static_cast<float>(i / 10));
        map.labels.push_back(i % 3);
    }
    const std::string svg = check_both(code_map(map));
    CHECK(contains(svg, "first principal component (25% of the variance)"));
    CHECK(contains(svg, "second principal component (12.5% of the variance)"));
    CHECK(occurrences(svg, ">2</text>") >= 2);  // legend and centre (and perhaps an axis)
    CHECK(occurrences(svg, "h0") >= 60);        // one dot a sample
    map.labels.pop_back();
    CHECK_THROWS_AS(code_map(map), Error);
}

TEST_CASE("the ten label colours differ, also from the paper") {
    std::set<std::vector<int>> colors{{255, 255, 255}};
    for (const Color& color : kLabelColors)
        CHECK(colors.insert({color.r, color.g, color.b}).second);
}

TEST_CASE("stacked pictures stand below each other") {
    const auto plain = [](float width, Color color) {
        return Picture{width, 10, "", [=](Canvas& c) { c.rectangle({0, 0, width, 10}, color); }};
    };
    const Picture stack = stack_pictures("both", {plain(20, kRed), plain(10, kBlue)});
    const Pixels p = to_pixels(stack, 1);
    REQUIRE(p.width == 20);
    REQUIRE(p.height == 20);
    CHECK(pixel(p, 15, 5) == kRedPixel);
    CHECK(pixel(p, 5, 15) == kBluePixel);
    CHECK(pixel(p, 15, 15) == kWhitePixel);
}
