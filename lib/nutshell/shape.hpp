// SPDX-License-Identifier: MIT
// The shape of one sample: height, width, channels (NHWC, without the batch).
#pragma once
#include <stdint.h>

namespace nutshell {

/// The largest side, and the largest number of elements, of one sample or one weight tensor side.
constexpr int32_t kMaxSize = 1 << 20;

/// True when a * b <= most, for positive sides and most from kMaxSize to 2^24. Without a division
/// or 64 bits, for which a small processor would link functions: the first product rules out that
/// the second one overflows.
constexpr bool fits(int32_t a, int32_t b, int32_t most) noexcept {
    return (a >> 12) * (b >> 12) <= 1 &&
           static_cast<uint32_t>(a) * static_cast<uint32_t>(b) <= static_cast<uint32_t>(most);
}

/// True for 1..kMaxSize; one comparison, since 0 and what is below it become large numbers.
constexpr bool is_side(int32_t n) noexcept {
    return static_cast<uint32_t>(n) - 1 < static_cast<uint32_t>(kMaxSize);
}

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
        if (!is_side(height) || !is_side(width) || !is_side(channels)) return false;
        return fits(height, width, kMaxSize) && fits(height * width, channels, kMaxSize);
    }
};

constexpr bool operator==(Shape a, Shape b) noexcept {
    return a.height == b.height && a.width == b.width && a.channels == b.channels;
}
constexpr bool operator!=(Shape a, Shape b) noexcept { return !(a == b); }

/// A flat vector of n numbers.
constexpr Shape flat(int32_t n) noexcept { return {1, 1, n}; }

}  // namespace nutshell
