// SPDX-License-Identifier: MIT
// What convolutions have in common: the rules of their windows, padded images, and the way of an
// image through a window and back. Kinds of layers put these together.
#pragma once
#include <string.h>

#include "activation.hpp"
#include "row.hpp"

namespace nutshell {

/// A window in one direction: `size` inputs, `count` places.
struct Axis {
    int32_t size, count;
    int32_t taps, stride, dilation, before, after;

    /// Inputs from the first to the last tap of a place.
    constexpr int32_t reach() const noexcept { return (taps - 1) * dilation + 1; }

    /// True when as many windows fit as there are places, each with an input in it.
    constexpr bool valid() const noexcept {
        if (taps < 1 || stride < 1 || dilation < 1) return false;
        if (before >= reach() || after >= reach()) return false;
        const int32_t room = size + before + after;
        // fits() keeps the product of two numbers from a file within 32 bits.
        return fits(count, stride, 1 << 24) && (count - 1) * stride + reach() <= room &&
               room < count * stride + reach();
    }

    /// Places that would lie in front of the first one and behind the last one, if any input that
    /// is there were to have all its windows.
    constexpr int32_t places_before() const noexcept {
        return ((taps - 1) * dilation - before + stride - 1) / stride;
    }
    constexpr int32_t places_after() const noexcept {
        return (size - 1 + before) / stride - (count - 1);
    }
};

/// The way back along an axis: the inputs that share a phase, `stride` apart, are in the same taps
/// of windows, and each is in those of as many places, one after the other.
struct Phase {
    int32_t first;  ///< input, and how many there are
    int32_t count;
    int32_t taps;   ///< of the window that reach them
    int32_t place;  ///< first of the places of the first input, places_before() counted
    int32_t step;   ///< from one of its places to the next one
    int32_t tap;    ///< that belongs to the first of its places
    int32_t tap_step;

    static constexpr Phase of(const Axis& axis, int32_t phase) noexcept {
        Phase result{};
        result.first = (phase + axis.stride - axis.before % axis.stride) % axis.stride;
        result.count =
            result.first < axis.size ? (axis.size - result.first - 1) / axis.stride + 1 : 0;
        int32_t period = 1, least = 0;
        while (period * axis.dilation % axis.stride != 0) period++;
        while (least < axis.taps && least * axis.dilation % axis.stride != phase) least++;
        result.taps = least < axis.taps ? (axis.taps - 1 - least) / period + 1 : 0;
        result.tap = least + (result.taps - 1) * period;
        result.tap_step = -period;
        result.step = period * axis.dilation / axis.stride;
        result.place = (result.first + axis.before - result.tap * axis.dilation) / axis.stride;
        // (An exact division: the tap is one that reaches the input.)
        result.place = result.taps > 0 ? result.place + axis.places_before() : 0;
        return result;
    }
};

/// An image in a frame of zeros: [top + height + bottom][left + width + right][channels].
struct Frame {
    Shape image;
    int32_t top, left, bottom, right;

    constexpr bool empty() const noexcept { return (top | left | bottom | right) == 0; }
    constexpr int32_t width() const noexcept { return left + image.width + right; }
    constexpr int32_t floats() const noexcept {
        return empty() ? 0 : (top + image.height + bottom) * width() * image.channels;
    }
    /// True when its floats are at most 2^24.
    constexpr bool valid() const noexcept {
        return fits(top + image.height + bottom, width(), 1 << 24) &&
               fits((top + image.height + bottom) * width(), image.channels, 1 << 24);
    }

    /// Makes the zeros; put() leaves them alone.
    void clear(float* into) const noexcept {
        if (!empty()) memset(into, 0, static_cast<size_t>(floats()) * sizeof *into);
    }
    /// The image within its frame, which is the image itself where there is no frame.
    const float* put(const float* x, float* into) const noexcept {
        if (empty()) return x;
        const int32_t row = image.width * image.channels, pitch = width() * image.channels;
        float* to = into + top * pitch + left * image.channels;
        for (int32_t y = 0; y < image.height; y++, x += row, to += pitch) {
            memcpy(to, x, static_cast<size_t>(row) * sizeof *x);
        }
        return into;
    }
};

/// A window on an image (`wide`), whose places are another one (`narrow`): a convolution goes from
/// the first to the second, a transposed one back.
struct WindowMap {
    Shape wide, narrow;
    Axis down, across;

    static constexpr WindowMap of(Shape wide, Shape narrow, const Window& w) noexcept {
        return {
            wide,
            narrow,
            {wide.height, narrow.height, w.height, w.stride_height, w.dilation_height, w.top,
             w.bottom},
            {wide.width, narrow.width, w.width, w.stride_width, w.dilation_width, w.left, w.right}};
    }

    constexpr int32_t taps() const noexcept { return down.taps * across.taps; }

    constexpr bool valid() const noexcept {
        return down.valid() && across.valid() && frame().valid() && frame_back().valid();
    }

    /// The frame of `wide` on the way there, and of `narrow` on the way back.
    constexpr Frame frame() const noexcept {
        return {wide, down.before, across.before, down.after, across.after};
    }
    constexpr Frame frame_back() const noexcept {
        return {narrow, down.places_before(), across.places_before(), down.places_after(),
                across.places_after()};
    }

    /// From `wide` in its frame to `narrow`, weights [taps][run][n].
    constexpr Convolution there(int32_t run, int32_t n) const noexcept {
        const ptrdiff_t channels = wide.channels, pitch = frame().width() * channels;
        const ptrdiff_t tap = static_cast<ptrdiff_t>(run) * n;
        return {narrow.height,
                narrow.width,
                down.taps,
                across.taps,
                run,
                n,
                down.stride * pitch,
                across.stride * channels,
                down.dilation * pitch,
                across.dilation * channels,
                across.taps * tap,
                tap,
                static_cast<ptrdiff_t>(narrow.width) * narrow.channels,
                narrow.channels};
    }

    /// Calls use(convolution, place in `narrow` in its frame, in the weights, in `wide`) for the
    /// parts of the way back: `weight_tap` floats of weights for a tap.
    template <class Use>
    void back(int32_t run, int32_t n, ptrdiff_t weight_tap, Use use) const noexcept {
        const ptrdiff_t from = narrow.channels, pitch = frame_back().width() * from;
        const ptrdiff_t to = wide.channels, row = wide.width * to;
        for (int32_t i = 0; i < down.stride; i++) {
            const Phase y = Phase::of(down, i);
            for (int32_t j = 0; j < across.stride; j++) {
                const Phase x = Phase::of(across, j);
                const ptrdiff_t weight_row = across.taps * weight_tap;
                const Convolution part{y.count,
                                       x.count,
                                       y.taps,
                                       x.taps,
                                       run,
                                       n,
                                       pitch,
                                       from,
                                       y.step * pitch,
                                       x.step * from,
                                       y.tap_step * weight_row,
                                       x.tap_step * weight_tap,
                                       down.stride * row,
                                       across.stride * to};
                const bool any = y.taps > 0 && x.taps > 0;
                use(part, any ? y.place * pitch + x.place * from : 0,
                    any ? y.tap * weight_row + x.tap * weight_tap : 0,
                    y.first * row + x.first * to);
            }
        }
    }
};

namespace detail {

/// The way there of pass.rows samples.
inline void map_there(const WindowMap& map, Pass pass, const float* x, const float* weight,
                      const float* bias, Clamp clamp, float* y) noexcept {
    const Frame frame = map.frame();
    const Convolution convolution = map.there(map.wide.channels, map.narrow.channels);
    frame.clear(pass.scratch);
    for (int r = 0; r < pass.rows; r++, x += map.wide.size(), y += map.narrow.size()) {
        kernels::convolve(convolution, frame.put(x, pass.scratch), weight, bias, clamp, y);
    }
}

/// The way back; weights [taps][channels of narrow][channels of wide].
inline void map_back(const WindowMap& map, Pass pass, const float* narrow, const float* weight,
                     const float* bias, Clamp clamp, float* scratch, float* wide) noexcept {
    const Frame frame = map.frame_back();
    const int32_t run = map.narrow.channels, n = map.wide.channels;
    frame.clear(scratch);
    for (int r = 0; r < pass.rows; r++, narrow += map.narrow.size(), wide += map.wide.size()) {
        const float* framed = frame.put(narrow, scratch);
        map.back(run, n, static_cast<ptrdiff_t>(run) * n,
                 [&](const Convolution& part, ptrdiff_t from, ptrdiff_t w, ptrdiff_t to) noexcept {
                     kernels::convolve(part, framed + from, weight + w, bias, clamp, wide + to);
                 });
    }
}

/// weight[taps][channels of wide][channels of narrow] += alpha * its gradient.
inline void map_gradient(const WindowMap& map, Pass pass, float alpha, const float* wide,
                         const float* narrow, float* weight) noexcept {
    const Frame frame = map.frame();
    const Convolution convolution = map.there(map.wide.channels, map.narrow.channels);
    frame.clear(pass.scratch);
    for (int r = 0; r < pass.rows; r++, wide += map.wide.size(), narrow += map.narrow.size()) {
        kernels::convolve_gradient(convolution, alpha, frame.put(wide, pass.scratch), narrow,
                                   weight);
    }
}

/// weight[taps][a][b] -> [taps][b][a].
inline void transpose_taps(int32_t taps, int32_t a, int32_t b, const float* weight,
                           float* transposed) noexcept {
    for (int32_t tap = 0; tap < taps; tap++, weight += a * b, transposed += a * b) {
        for (int32_t i = 0; i < a; i++) {
            for (int32_t j = 0; j < b; j++) transposed[j * a + i] = weight[i * b + j];
        }
    }
}

}  // namespace detail

/// How a window treats the border of an image.
enum class Padding : uint8_t {
    valid,  ///< the window stays inside
    same,   ///< zeros around, as TensorFlow has them: ceil(size / stride) places, an odd zero last
};

/// A side of the result of a window that goes over n; 0 when it does not fit.
constexpr int32_t window_places(int32_t n, int32_t taps, int32_t stride, int32_t dilation,
                                Padding padding) noexcept {
    if (taps < 1 || stride < 1 || dilation < 1) return 0;
    const int32_t reach = (taps - 1) * dilation + 1;
    if (padding == Padding::same) return (n + stride - 1) / stride;
    return n < reach ? 0 : (n - reach) / stride + 1;
}

/// Zeros around n so that the window has window_places(): in front and behind.
constexpr int32_t same_padding(int32_t n, int32_t taps, int32_t stride, int32_t dilation,
                               Padding padding) noexcept {
    if (padding == Padding::valid || taps < 1 || stride < 1 || dilation < 1) return 0;
    const int32_t reach = (taps - 1) * dilation + 1;
    const int32_t missing =
        (window_places(n, taps, stride, dilation, padding) - 1) * stride + reach - n;
    return missing > 0 ? missing : 0;
}

/// A window of this size; all of it 0 where a number does not fit in its byte.
constexpr Window window_of(Shape in, int height, int width, int stride, int dilation,
                           Padding padding) noexcept {
    const int32_t down = same_padding(in.height, height, stride, dilation, padding);
    const int32_t across = same_padding(in.width, width, stride, dilation, padding);
    const int32_t numbers[] = {height,   width,           stride,
                               dilation, down - down / 2, across - across / 2};
    for (int32_t number : numbers) {
        if (number < 0 || number > 255) return Window{};
    }
    Window window{};
    window.height = static_cast<uint8_t>(height);
    window.width = static_cast<uint8_t>(width);
    // A side of 1 has a single place: nothing strides along it.
    window.stride_height = static_cast<uint8_t>(in.height == 1 ? 1 : stride);
    window.stride_width = static_cast<uint8_t>(in.width == 1 ? 1 : stride);
    window.dilation_height = static_cast<uint8_t>(height == 1 ? 1 : dilation);
    window.dilation_width = static_cast<uint8_t>(width == 1 ? 1 : dilation);
    window.top = static_cast<uint8_t>(down / 2);
    window.bottom = static_cast<uint8_t>(down - down / 2);
    window.left = static_cast<uint8_t>(across / 2);
    window.right = static_cast<uint8_t>(across - across / 2);
    return window;
}

/// The shape behind such a window, with so many channels.
constexpr Shape shape_behind(Shape in, int height, int width, int stride, int dilation,
                             Padding padding, int32_t channels) noexcept {
    return {window_places(in.height, height, stride, dilation, padding),
            window_places(in.width, width, stride, dilation, padding), channels};
}

/// The shape of which such a window makes `in`: with Padding::same, `stride` times as large.
constexpr Shape transposed_shape(Shape in, int height, int width, int stride, Padding padding,
                                 int32_t channels) noexcept {
    const int32_t more_down = padding == Padding::same || height < stride ? 0 : height - stride;
    const int32_t more_across = padding == Padding::same || width < stride ? 0 : width - stride;
    return {in.height == 1 && height == 1 ? 1 : in.height * stride + more_down,
            in.width == 1 && width == 1 ? 1 : in.width * stride + more_across, channels};
}

}  // namespace nutshell
