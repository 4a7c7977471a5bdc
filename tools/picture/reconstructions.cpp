// SPDX-License-Identifier: MIT
// The reconstruction sheet: tiles in columns for images, small curves for other samples.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "axes.hpp"
#include "charts.hpp"
#include "palette.hpp"
#include "statistics.hpp"
#include "tools/error.hpp"

namespace nutshell::tools {
namespace {

constexpr float kMargin = 20, kGap = 6, kHeading = 64, kRowNames = 104, kScaleWidth = 76;
constexpr float kErrorLine = 18;  // from one line of errors to the next

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
            (!data_.int8.empty() && data_.originals.size() != data_.int8.size()) ||
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

    /// What the models made of the samples: one array, or two to be compared.
    struct Version {
        const char* name;
        const std::vector<float>& values;
        Color color;
    };
    std::vector<Version> versions() const {
        if (data_.int8.empty()) return {{"reconstruction", data_.reconstructions, kSecond}};
        return {{"float32", data_.reconstructions, kSecond}, {"int8", data_.int8, kThird}};
    }
    bool compares() const { return !data_.int8.empty(); }
    const float* sample(const Version& version, int i) const { return &version.values[offset(i)]; }

    /// What stands above column i.
    std::string name(int i) const {
        if (data_.labels.empty()) return "";
        return std::to_string(data_.labels[static_cast<size_t>(i)]);
    }
    std::string error_text(const Version& version, int i) const {
        const double error = mean_squared_error(original(i), sample(version, i), shape().size());
        if (!(error >= 0.001 && error < 10)) return format_number(error, 2);
        char text[16];
        std::snprintf(text, sizeof text, "%.4f", error);
        return text;
    }

    /// Reconstruction minus original, or int8 minus float32, at one pixel, the mean over its
    /// channels.
    double error_at(int i, int pixel) const {
        const int channels = shape().channels;
        const std::vector<float>& from = compares() ? data_.reconstructions : data_.originals;
        const std::vector<float>& to = compares() ? data_.int8 : data_.reconstructions;
        double sum = 0;
        for (int c = 0; c < channels; ++c) {
            const size_t at = offset(i) + static_cast<size_t>(pixel * channels + c);
            sum += static_cast<double>(to[at]) - static_cast<double>(from[at]);
        }
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

Pixels error_image(const Sheet& sheet, int i, double range) {
    Pixels pixels{sheet.shape().width, sheet.shape().height, {}};
    for (int pixel = 0; pixel < pixels.width * pixels.height; ++pixel) {
        const Color color = diverging_color(sheet.error_at(i, pixel) / range);
        pixels.rgb.insert(pixels.rgb.end(), {color.r, color.g, color.b});
    }
    return pixels;
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

/// The names of the rows: samples, what was made of them, the error in colour, its mean square.
void draw_row_names(Canvas& canvas, const Sheet& sheet, float top, float tile_height) {
    const float row = tile_height + kGap;
    float y = top + tile_height / 2;
    draw_row_name(canvas, y, "original", "");
    for (const Sheet::Version& version : sheet.versions()) {
        draw_row_name(canvas, y += row, version.name, "");
    }
    if (sheet.compares()) {
        draw_row_name(canvas, y += row, "difference", "int8 - float32");
    } else {
        draw_row_name(canvas, y += row, "error", "recon. - orig.");
    }
    y += tile_height / 2 + kGap + 11;
    for (const Sheet::Version& version : sheet.versions()) {
        draw_row_name(canvas, y, sheet.compares() ? std::string("MSE ") + version.name : "MSE", "");
        y += kErrorLine;
    }
}

void draw_images(Canvas& canvas, const Sheet& sheet, float tile_width, float tile_height) {
    const float left = kMargin + kRowNames, top = kHeading + 20, row = tile_height + kGap;
    const std::vector<Sheet::Version> versions = sheet.versions();
    const float error_top = top + static_cast<float>(1 + versions.size()) * row;
    const double range = sheet.error_range();
    draw_row_names(canvas, sheet, top, tile_height);
    for (int i = 0; i < sheet.count(); ++i) {
        const float x = left + static_cast<float>(i) * (tile_width + kGap);
        const float center = x + tile_width / 2;
        const auto tile = [&](float y) { return Box{x, y, tile_width, tile_height}; };
        canvas.text({center, top - 7}, sheet.name(i), {kTextSize, kInk, Anchor::middle, true});
        canvas.image(tile(top), pixels_of(sheet.original(i), sheet.shape()));
        float y = top, error_y = error_top + row + 15;
        for (const Sheet::Version& version : versions) {
            canvas.image(tile(y += row), pixels_of(sheet.sample(version, i), sheet.shape()));
            canvas.text({center, error_y}, sheet.error_text(version, i),
                        {kSmallSize, kMuted, Anchor::middle});
            error_y += kErrorLine;
        }
        canvas.rectangle({x - 1, error_top - 1, tile_width + 2, tile_height + 2}, kGrid);
        canvas.image(tile(error_top), error_image(sheet, i, range));
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
    const float versions = static_cast<float>(sheet.versions().size());
    const float height =
        kHeading + 20 + (2 + versions) * (tile_height + kGap) + 2 + versions * kErrorLine + kMargin;
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
    for (const Sheet::Version& version : sheet.versions()) {
        const float* sample = sheet.sample(version, i);
        values.insert(values.end(), sample, sample + size);
    }
    const std::vector<float> sorted = sorted_finite(values);
    const double first = sorted.empty() ? 0 : static_cast<double>(sorted.front());
    const double last = sorted.empty() ? 1 : static_cast<double>(sorted.back());
    const Axis y = linear_axis("", first, last, 3);
    const Box area{cell.x + 46, cell.y + 22, cell.width - 62, cell.height - 50};
    const std::string last_index = std::to_string(size - 1);
    const Axis x{"", 0, std::max(1.0, size - 1.0), false, {{0, size - 1.0}, {"0", last_index}}};
    Plot(canvas, area, x, y).draw_frame();
    canvas.polyline(curve_in(area, sheet.original(i), size, y.low, y.high), 1.8f, kFirst);
    std::string errors = "MSE";
    for (const Sheet::Version& version : sheet.versions()) {
        canvas.polyline(curve_in(area, sheet.sample(version, i), size, y.low, y.high), 1.4f,
                        version.color);
        errors += " " + sheet.error_text(version, i);
    }
    if (!sheet.name(i).empty())
        canvas.text({area.x, cell.y + 14}, sheet.name(i), {kTextSize, kInk, Anchor::start, true});
    canvas.text({area.right(), cell.y + 14}, errors, {kSmallSize, kMuted, Anchor::end});
}

void draw_key(Canvas& canvas, float x, const char* name, Color color) {
    canvas.line({x, 68}, {x + 22, 68}, 2.5f, color);
    canvas.text({x + 28, 72.5f}, name, {kTextSize, kInk});
}

Picture curve_sheet(const Sheet& sheet) {
    const int columns = std::min(sheet.count(), kCurveColumns);
    const int rows = (sheet.count() + columns - 1) / columns;
    const float width = std::max(520.0f, 2 * kMargin + static_cast<float>(columns) * kCurveWidth);
    const float top = kHeading + 26;
    const float height = top + static_cast<float>(rows) * kCurveHeight + kMargin;
    return {width, height, sheet.title(), [=](Canvas& canvas) {
                draw_heading(canvas, width, height, sheet.title(),
                             "Value against its place in the sample; MSE is the mean squared "
                             "error per value.");
                draw_key(canvas, kMargin, "original", kFirst);
                float x = kMargin;
                for (const Sheet::Version& version : sheet.versions()) {
                    draw_key(canvas, x += 110, version.name, version.color);
                }
                for (int i = 0; i < sheet.count(); ++i) {
                    const float left = kMargin + static_cast<float>(i % columns) * kCurveWidth;
                    const float y = top + static_cast<float>(i / columns) * kCurveHeight;
                    draw_curves_of(canvas, sheet, i, {left, y, kCurveWidth, kCurveHeight});
                }
            }};
}

}  // namespace

Pixels pixels_of(const float* values, Shape shape) {
    Pixels pixels{shape.width, shape.height, {}};
    const int repeat = shape.channels == 1 ? 3 : 1;
    for (int i = 0; i < shape.size(); ++i)
        pixels.rgb.insert(pixels.rgb.end(), static_cast<size_t>(repeat), to_byte(values[i]));
    return pixels;
}

float points_per_pixel(Shape shape) {
    const float longer = static_cast<float>(std::max(shape.height, shape.width));
    const float wanted = longer > 40 ? 96 : 60;
    const float halves = std::floor(2 * wanted / longer);
    return halves >= 1 ? halves / 2 : wanted / longer;
}

Picture reconstruction_sheet(ReconstructionSheet data) {
    const Sheet sheet(std::move(data));
    return is_image(sheet.shape()) ? image_sheet(sheet) : curve_sheet(sheet);
}

}  // namespace nutshell::tools
