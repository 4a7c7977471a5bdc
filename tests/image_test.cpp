// SPDX-License-Identifier: MIT
// 8-bit pixels to floats and back.
#include "nutshell/image.hpp"

#include <doctest/doctest.h>

#include <limits>

#include "device_fixture.hpp"

using namespace nutshell;

namespace {

int pixel_of(float value) {
    uint8_t pixel = 0;
    to_pixels(&value, 1, &pixel);
    return pixel;
}

}  // namespace

TEST_CASE("every pixel comes back from its float as it was") {
    std::vector<uint8_t> pixels(256), back(256);
    std::vector<float> values(256);
    for (size_t i = 0; i < 256; i++) pixels[i] = static_cast<uint8_t>(i);
    to_float(pixels.data(), 256, values.data());
    to_pixels(values.data(), 256, back.data());
    CHECK(back == pixels);
    for (size_t i = 0; i < 256; i++) CHECK(values[i] == static_cast<float>(i) / 255.0f);
}

TEST_CASE("values between two pixels go to the nearer one") {
    for (int i = 0; i < 255; i++) {
        CHECK(pixel_of((static_cast<float>(i) + 0.49f) / 255.0f) == i);
        CHECK(pixel_of((static_cast<float>(i) + 0.51f) / 255.0f) == i + 1);
    }
}

TEST_CASE("values outside 0..1 become the nearest pixel, NaN becomes black") {
    const float infinity = std::numeric_limits<float>::infinity();
    const float largest = std::numeric_limits<float>::max();
    for (const float value : {1.0f, 1.001f, 2.0f, 1e30f, largest, infinity}) {
        CHECK(pixel_of(value) == 255);
    }
    for (const float value : {0.0f, -0.0f, -0.001f, -1e30f, -largest, -infinity}) {
        CHECK(pixel_of(value) == 0);
    }
    CHECK(pixel_of(std::nanf("")) == 0);
}

TEST_CASE("no pixels are no work, and nothing past the last one is written") {
    uint8_t pixels[3] = {7, 8, 9};
    float values[3] = {0.5f, 0.5f, 0.5f};
    to_float(pixels, 0, values);
    to_pixels(values, 2, pixels);
    CHECK(values[0] == 0.5f);
    CHECK(pixels[2] == 9);
}
