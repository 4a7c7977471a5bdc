// SPDX-License-Identifier: MIT
// The reconstruction sheet: tiles in columns for images, small curves for other samples.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "tools/error.hpp"
#include "tools/picture/axes.hpp"
#include "tools/picture/charts.hpp"
#include "tools/picture/palette.hpp"
#include "tools/picture/statistics.hpp"

namespace nutshell::tools {
namespace {

constexpr float kMargin = 20, kGap = 6, kHeading = 64, kRowNames = 104, kScaleWidth = 76;

bool is_image(Shape shape) {
    return shape.height > 1 && (shape.channels == 1 || shape.channels == 3);
}

/// One sheet with what follows from it.
class Sheet {
  public:
    explicit Sheet(ReconstructionSheet data) : data_(std::move(data)) {
        const size_t size = data_.shape.valid() ? static_cast<size_t>(data_.shape.size()) : 0;
        if (size == 0 || data_.originals.empty() || data_.originals.size() % size != 0 ||
            data_.originals.size() != data_.reconstructions.size() ||
            (!data_.labels.empty() && data_.labels.size() != data_.originals.size() / size))
            throw Error(
                "cannot draw reconstructions: originals, reconstructions, labels and the "
                "shape of a sample do not fit each other; give the same samples to all");
        count_ = static_cast<int>(data_.originals.size() / size);
    }

    int count() const { return count_; }
    Shape shape() const { return data_.shape; }
    const std::string& title() const { return data_.title; }
    const float* original(int i) const { return &data_.originals[offset(i)]; }
    const float* reconstruction(int i) const { return &data_.reconstructions[offset(i)]; }

    /// What stands above column i.
    std::string name(int i) const {
        if (data_.labels.empty()) return "";
        return std::to_string(data_.labels[static_cast<size_t>(i)]);
    }
    std::string error_text(int i) const {
        const double error = mean_squared_error(original(i), reconstruction(i), shape().size());
        if (!(error >= 0.001 && error < 10)) return format_number(error, 2);
        char text[16];
        std::snprintf(text, sizeof text, "%.4f", error);
        return text;
    }

    /// Reconstruction minus original at one pixel, the mean over its channels.
    double error_at(int i, int pixel) const {
        const int channels = shape().channels;
        double sum = 0;
        for (int c = 0; c < channels; ++c)
            sum += static_cast<double>(reconstruction(i)[pixel * channels + c]) -
                   static_cast<double>(original(i)[pixel * channels + c]);
        return sum / channels;
    }

    /// The largest error to have a colour of its own: a round number, 1 at most for 0..1 images.
    double error_range() const {
        double largest = 0;
        for (int i = 0; i < count_; ++i)
            for (int pixel = 0; pixel < shape().height * shape().width; ++pixel) {
                const double error = std::abs(error_at(i, pixel));
                if (std::isfinite(error)) largest = std::max(largest, error);
            }
        double low = 0, high = std::clamp(largest, 1e-3, 1.0);
        widening_ticks(low, high, 6);
        return high;
    }

  private:
    size_t offset(int i) const {
        return static_cast<size_t>(i) * static_cast<size_t>(data_.shape.size());
    }
    ReconstructionSheet data_;
    int count_ = 0;
};

Pixels image_of(const float* values, Shape shape) {
    Pixels pixels{shape.width, shape.height, {}};
    const int repeat = shape.channels == 1 ? 3 : 1;
    for (int i = 0; i < shape.size(); ++i)
        pixels.rgb.insert(pixels.rgb.end(), static_cast<size_t>(repeat), to_byte(values[i]));
    return pixels;
}

Pixels error_image(const Sheet& sheet, int i, double range) {
    Pixels pixels{sheet.shape().width, sheet.shape().height, {}};
    for (int pixel = 0; pixel < pixels.width * pixels.height; ++pixel) {
        const Color color = diverging_color(sheet.error_at(i, pixel) / range);
        pixels.rgb.insert(pixels.rgb.end(), {color.r, color.g, color.b});
    }
    return pixels;
}

/// How many points a pixel of the sample takes: whole halves, so that all PNG pixels are equal.
float points_per_pixel(Shape shape) {
    const float longer = static_cast<float>(std::max(shape.height, shape.width));
    const float wanted = longer > 40 ? 96 : 60;
    const float halves = std::floor(2 * wanted / longer);
    return halves >= 1 ? halves / 2 : wanted / longer;
}

void draw_color_scale(Canvas& canvas, Box box, double range) {
    constexpr int kSteps = 64;
    Pixels colors{1, kSteps, {}};
    for (int i = 0; i < kSteps; ++i) {
        const Color color = diverging_color(1 - 2.0 * i / (kSteps - 1));
        colors.rgb.insert(colors.rgb.end(), {color.r, color.g, color.b});
    }
    canvas.image(box, colors);
    const std::string end = format_number(range);
    const TextStyle style{kSmallSize, kMuted};
    const float x = box.right() + 6;
    canvas.text({x, box.y + 9}, "+" + end, style);
    canvas.text({x, box.center().y + 4}, "0", style);
    canvas.text({x, box.bottom()}, "-" + end, style);
}

void draw_row_name(Canvas& canvas, float y, const std::string& name, const std::string& more) {
    const float x = kMargin + kRowNames - 10;
    canvas.text({x, y + (more.empty() ? 4.5f : -3)}, name, {kTextSize, kInk, Anchor::end});
    if (!more.empty()) canvas.text({x, y + 13}, more, {kSmallSize - 1, kMuted, Anchor::end});
}

void draw_images(Canvas& canvas, const Sheet& sheet, float tile_width, float tile_height) {
    const float left = kMargin + kRowNames, top = kHeading + 20, row = tile_height + kGap;
    const float error_top = top + 2 * row;
    const double range = sheet.error_range();
    draw_row_name(canvas, top + tile_height / 2, "original", "");
    draw_row_name(canvas, top + row + tile_height / 2, "reconstruction", "");
    draw_row_name(canvas, error_top + tile_height / 2, "error", "recon. - orig.");
    draw_row_name(canvas, top + 3 * row + 11, "MSE", "");
    for (int i = 0; i < sheet.count(); ++i) {
        const float x = left + static_cast<float>(i) * (tile_width + kGap);
        const float center = x + tile_width / 2;
        const auto tile = [&](float y) { return Box{x, y, tile_width, tile_height}; };
        canvas.text({center, top - 7}, sheet.name(i), {kTextSize, kInk, Anchor::middle, true});
        canvas.image(tile(top), image_of(sheet.original(i), sheet.shape()));
        canvas.image(tile(top + row), image_of(sheet.reconstruction(i), sheet.shape()));
        canvas.rectangle({x - 1, error_top - 1, tile_width + 2, tile_height + 2}, kGrid);
        canvas.image(tile(error_top), error_image(sheet, i, range));
        canvas.text({center, top + 3 * row + 15}, sheet.error_text(i),
                    {kSmallSize, kMuted, Anchor::middle});
    }
    const float right = left + static_cast<float>(sheet.count()) * (tile_width + kGap);
    draw_color_scale(canvas, {right + 8, error_top, 12, tile_height}, range);
}

Picture image_sheet(const Sheet& sheet) {
    const Shape shape = sheet.shape();
    const float unit = points_per_pixel(shape);
    const float tile_width = unit * static_cast<float>(shape.width);
    const float tile_height = unit * static_cast<float>(shape.height);
    const float columns = static_cast<float>(sheet.count());
    const float width =
        std::max(520.0f, 2 * kMargin + kRowNames + columns * (tile_width + kGap) + kScaleWidth);
    const float height = kHeading + 20 + 3 * (tile_height + kGap) + 20 + kMargin;
    const char* explanation = shape.channels == 1
                                  ? "Pixels in 0..1; MSE is the mean squared error per pixel."
                                  : "Pixels in 0..1; MSE is per pixel and channel; the error "
                                    "shown is the mean of the channels.";
    return {width, height, sheet.title(), [=](Canvas& canvas) {
                draw_heading(canvas, width, height, sheet.title(), explanation);
                draw_images(canvas, sheet, tile_width, tile_height);
            }};
}

constexpr float kCurveWidth = 210, kCurveHeight = 110;
constexpr int kCurveColumns = 4;

/// The values of one sample as a stroke in `box`, low at its foot and high at its top.
std::vector<Point> curve_in(Box box, const float* values, int size, double low, double high) {
    std::vector<Point> points;
    for (int i = 0; i < size; ++i) {
        if (!std::isfinite(values[i])) continue;
        const float along = size > 1 ? static_cast<float>(i) / static_cast<float>(size - 1) : 0.5f;
        const double up = (static_cast<double>(values[i]) - low) / (high - low);
        points.push_back(
            {box.x + along * box.width, box.bottom() - static_cast<float>(up) * box.height});
    }
    return points;
}

void draw_curves_of(Canvas& canvas, const Sheet& sheet, int i, Box cell) {
    const int size = sheet.shape().size();
    std::vector<float> values(sheet.original(i), sheet.original(i) + size);
    values.insert(values.end(), sheet.reconstruction(i), sheet.reconstruction(i) + size);
    const std::vector<float> sorted = sorted_finite(values);
    const double first = sorted.empty() ? 0 : static_cast<double>(sorted.front());
    const double last = sorted.empty() ? 1 : static_cast<double>(sorted.back());
    const Axis y = linear_axis("", first, last, 3);
    const Box area{cell.x + 46, cell.y + 22, cell.width - 62, cell.height - 50};
    const std::string last_index = std::to_string(size - 1);
    const Axis x{"", 0, std::max(1.0, size - 1.0), false, {{0, size - 1.0}, {"0", last_index}}};
    Plot(canvas, area, x, y).draw_frame();
    canvas.polyline(curve_in(area, sheet.original(i), size, y.low, y.high), 1.8f, kFirst);
    canvas.polyline(curve_in(area, sheet.reconstruction(i), size, y.low, y.high), 1.4f, kSecond);
    if (!sheet.name(i).empty())
        canvas.text({area.x, cell.y + 14}, sheet.name(i), {kTextSize, kInk, Anchor::start, true});
    canvas.text({area.right(), cell.y + 14}, "MSE " + sheet.error_text(i),
                {kSmallSize, kMuted, Anchor::end});
}

Picture curve_sheet(const Sheet& sheet) {
    const int columns = std::min(sheet.count(), kCurveColumns);
    const int rows = (sheet.count() + columns - 1) / columns;
    const float width = std::max(520.0f, 2 * kMargin + static_cast<float>(columns) * kCurveWidth);
    const float top = kHeading + 26;
    const float height = top + static_cast<float>(rows) * kCurveHeight + kMargin;
    return {
        width, height, sheet.title(), [=](Canvas& canvas) {
            draw_heading(canvas, width, height, sheet.title(),
                         "Value against its place in the sample; MSE is the mean squared "
                         "error per value.");
            canvas.line({kMargin, 68}, {kMargin + 22, 68}, 2.5f, kFirst);
            canvas.text({kMargin + 28, 72.5f}, "original", {kTextSize, kInk});
            canvas.line({kMargin + 110, 68}, {kMargin + 132, 68}, 2.5f, kSecond);
            canvas.text({kMargin + 138, 72.5f}, "reconstruction", {kTextSize, kInk});
            for (int i = 0; i < sheet.count(); ++i) {
                const float x = static_cast<float>(i % columns) * kCurveWidth;
                const float y = static_cast<float>(i / columns) * kCurveHeight;
                draw_curves_of(canvas, sheet, i, {kMargin + x, top + y, kCurveWidth, kCurveHeight});
            }
        }};
}

}  // namespace

Picture reconstruction_sheet(ReconstructionSheet data) {
    const Sheet sheet(std::move(data));
    return is_image(sheet.shape()) ? image_sheet(sheet) : curve_sheet(sheet);
}

}  // namespace nutshell::tools
