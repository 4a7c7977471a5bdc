// SPDX-License-Identifier: MIT
// The shape of one sample: height, width, channels (NHWC, without the batch).
#pragma once
#include <stdint.h>

namespace nutshell {

/// The largest side, and the largest number of elements, of one sample or one weight tensor side.
constexpr int32_t kMaxSize = 1 << 20;

/// A table row or a vector of n numbers is {1, 1, n}; an image is {height, width, channels}.
struct Shape {
    int32_t height;
    int32_t width;
    int32_t channels;

    /// Elements of one sample. (Inline even for size: a call costs more, and a shape on the stack.)
    [[gnu::always_inline]] constexpr int32_t size() const noexcept {
        return height * width * channels;
    }

    /// True when every side is in 1..kMaxSize and the product too. A false shape has no size().
    constexpr bool valid() const noexcept {
        if (height < 1 || width < 1 || channels < 1) return false;
        if (height > kMaxSize || width > kMaxSize || channels > kMaxSize) return false;
        // Products, since a small processor would link half a kilobyte to divide.
        const int64_t area = int64_t{height} * width;
        return area <= kMaxSize && area * channels <= kMaxSize;
    }
};

constexpr bool operator==(Shape a, Shape b) noexcept {
    return a.height == b.height && a.width == b.width && a.channels == b.channels;
}
constexpr bool operator!=(Shape a, Shape b) noexcept { return !(a == b); }

/// A flat vector of n numbers.
constexpr Shape flat(int32_t n) noexcept { return {1, 1, n}; }

}  // namespace nutshell
