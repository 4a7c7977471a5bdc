// SPDX-License-Identifier: MIT
#include "copy_codes.hpp"
#include "layers/pool2d.hpp"

namespace nutshell {
namespace {

/// Inputs of a place of a window along an axis, the ones outside of the image left out.
struct Span {
    int32_t first, last;
};

Span span_of(const Axis& axis, int32_t place) noexcept {
    const int32_t begin = place * axis.stride - axis.before, end = begin + axis.taps;
    return {begin < 0 ? 0 : begin, end > axis.size ? axis.size : end};
}

/// Calls visit(rows, columns, number of the place) for every place.
template <class Visit>
void for_each_window(const WindowMap& map, Visit visit) noexcept {
    int32_t place = 0;
    for (int32_t i = 0; i < map.narrow.height; i++) {
        const Span rows = span_of(map.down, i);
        for (int32_t j = 0; j < map.narrow.width; j++) {
            visit(rows, span_of(map.across, j), place++);
        }
    }
}

/// Calls visit(number of the pixel) for those of a window, row after row.
template <class Visit>
void for_each_pixel(Span rows, Span columns, int32_t width, Visit visit) noexcept {
    for (int32_t y = rows.first; y < rows.last; y++) {
        for (int32_t x = columns.first; x < columns.last; x++) visit(y * width + x);
    }
}

/// Channels computed together, in arrays that stay in the cache.
constexpr int32_t kStrip = 64;

/// What of dy belongs to a pixel: all of it where it is the first one that is the window's largest.
void claim(int32_t count, const float* x, const float* y, float* left, float* dx) noexcept {
    for (int32_t c = 0; c < count; c++) {
        const float mine = x[c] == y[c] ? left[c] : 0.0f;
        dx[c] += mine;
        left[c] = x[c] == y[c] ? 0.0f : left[c];
    }
}

/// most[count] = the larger codes.
void raise(int32_t count, const int8_t* __restrict code, int8_t* __restrict most) noexcept {
    for (int32_t c = 0; c < count; c++) most[c] = code[c] > most[c] ? code[c] : most[c];
}

/// To the nearest, ties away from zero.
int8_t mean_of(int32_t sum, int32_t count) noexcept {
    const int32_t rounded = sum > 0 ? sum + count / 2 : sum - count / 2;
    return static_cast<int8_t>(rounded / count);
}

}  // namespace

void MaxPool2DLayer::forward(const Row& row, Activation, Tensors, Pass pass, const float* x,
                             float* y) noexcept {
    const WindowMap map = WindowMap::of(row.in, row.out, row.window);
    const int32_t channels = row.in.channels;
    for (int r = 0; r < pass.rows; r++, x += row.in.size(), y += row.out.size()) {
        for_each_window(map, [&](Span rows, Span columns, int32_t place) noexcept {
            float* most = y + place * channels;
            const float* first = x + (rows.first * row.in.width + columns.first) * channels;
            for (int32_t c = 0; c < channels; c++) most[c] = first[c];
            for_each_pixel(rows, columns, row.in.width, [&](int32_t pixel) noexcept {
                const float* value = x + pixel * channels;
                for (int32_t c = 0; c < channels; c++) {
                    most[c] = most[c] >= value[c] ? most[c] : value[c];  // NaN wins
                }
            });
        });
    }
}

void MaxPool2DLayer::backward(const Row& row, Activation, Tensors, Pass pass, const float* x,
                              const float* y, float* dy, float* dx, Target) noexcept {
    if (!dx) return;
    const WindowMap map = WindowMap::of(row.in, row.out, row.window);
    const int32_t channels = row.in.channels, in = row.in.size(), out = row.out.size();
    for (int r = 0; r < pass.rows; r++, x += in, dx += in, y += out, dy += out) {
        memset(dx, 0, static_cast<size_t>(in) * sizeof *dx);
        for_each_window(map, [&](Span rows, Span columns, int32_t place) noexcept {
            for (int32_t c = 0; c < channels; c += kStrip) {
                const int32_t count = channels - c < kStrip ? channels - c : kStrip;
                float left[kStrip];
                for (int32_t i = 0; i < count; i++) left[i] = dy[place * channels + c + i];
                for_each_pixel(rows, columns, row.in.width, [&](int32_t pixel) noexcept {
                    const int32_t at = pixel * channels + c;
                    claim(count, x + at, y + place * channels + c, left, dx + at);
                });
            }
        });
    }
}

void AveragePool2DLayer::forward(const Row& row, Activation, Tensors, Pass pass, const float* x,
                                 float* y) noexcept {
    const WindowMap map = WindowMap::of(row.in, row.out, row.window);
    const int32_t channels = row.in.channels;
    for (int r = 0; r < pass.rows; r++, x += row.in.size(), y += row.out.size()) {
        for_each_window(map, [&](Span rows, Span columns, int32_t place) noexcept {
            float* mean = y + place * channels;
            for (int32_t c = 0; c < channels; c++) mean[c] = 0.0f;
            for_each_pixel(rows, columns, row.in.width, [&](int32_t pixel) noexcept {
                for (int32_t c = 0; c < channels; c++) mean[c] += x[pixel * channels + c];
            });
            const float count =
                static_cast<float>((rows.last - rows.first) * (columns.last - columns.first));
            for (int32_t c = 0; c < channels; c++) mean[c] /= count;
        });
    }
}

void AveragePool2DLayer::backward(const Row& row, Activation, Tensors, Pass pass, const float*,
                                  const float*, float* dy, float* dx, Target) noexcept {
    if (!dx) return;
    const WindowMap map = WindowMap::of(row.in, row.out, row.window);
    const int32_t channels = row.in.channels, in = row.in.size();
    for (int r = 0; r < pass.rows; r++, dx += in, dy += row.out.size()) {
        memset(dx, 0, static_cast<size_t>(in) * sizeof *dx);
        for_each_window(map, [&](Span rows, Span columns, int32_t place) noexcept {
            const float* gradient = dy + place * channels;
            const float count =
                static_cast<float>((rows.last - rows.first) * (columns.last - columns.first));
            for_each_pixel(rows, columns, row.in.width, [&](int32_t pixel) noexcept {
                float* to = dx + pixel * channels;
                for (int32_t c = 0; c < channels; c++) to[c] += gradient[c] / count;
            });
        });
    }
}

void MaxPool2DLayer::forward(const Row& row, const Int8Tensors&, const int8_t* x, int8_t* y,
                             void*) noexcept {
    const int32_t channels = row.in.channels;
    for_each_window(WindowMap::of(row.in, row.out, row.window),
                    [&](Span rows, Span columns, int32_t place) noexcept {
                        int8_t* most = y + place * channels;
                        const int32_t first = rows.first * row.in.width + columns.first;
                        copy_codes(x + first * channels, channels, most);
                        for_each_pixel(rows, columns, row.in.width, [&](int32_t pixel) noexcept {
                            if (pixel != first) raise(channels, x + pixel * channels, most);
                        });
                    });
}

void AveragePool2DLayer::forward(const Row& row, const Int8Tensors&, const int8_t* x, int8_t* y,
                                 void*) noexcept {
    constexpr int32_t strip = 16;  // channels whose sums stay near
    const int32_t channels = row.in.channels;
    for_each_window(WindowMap::of(row.in, row.out, row.window), [&](Span rows, Span columns,
                                                                    int32_t place) noexcept {
        const int32_t count = (rows.last - rows.first) * (columns.last - columns.first);
        int8_t* mean = y + place * channels;
        for (int32_t c = 0; c < channels; c += strip) {
            const int32_t some = channels - c < strip ? channels - c : strip;
            int32_t sums[strip] = {};
            for_each_pixel(rows, columns, row.in.width, [&](int32_t pixel) noexcept {
                const int8_t* code = x + pixel * channels + c;
                for (int32_t i = 0; i < some; i++) sums[i] += code[i];
            });
            for (int32_t i = 0; i < some; i++) mean[c + i] = mean_of(sums[i], count);
        }
    });
}

}  // namespace nutshell
