// SPDX-License-Identifier: MIT
// A handwritten seven (the first test image of MNIST), ten shades of grey as characters, and the
// way to floats and back to a screen.
#pragma once
#include <stdio.h>
#include <string.h>

constexpr int kDigitWidth = 28;
constexpr int kDigitSize = kDigitWidth * kDigitWidth;
constexpr char kShades[] = " .:-=+*#%@";

constexpr char kDigit[kDigitSize + 1] =
    "                            "
    "                            "
    "                            "
    "                            "
    "                            "
    "                            "
    "                            "
    "      -#*+:.                "
    "      %@@@@@########*:      "
    "      :=:=*%@%@@@@%@@+      "
    "            : :::: @@=      "
    "                  -@%       "
    "                  @@-       "
    "                 +@@.       "
    "                :@@:        "
    "                +@#         "
    "                %@:         "
    "               =@#          "
    "              :@@:          "
    "              %@*           "
    "             #@%.           "
    "            .@@-            "
    "           .%@=             "
    "           +@@:             "
    "          :@@@:             "
    "          =@@%.             "
    "          =@%               "
    "                            ";

/// pixels[kDigitSize] in 0..1.
inline void read_digit(float* pixels) {
    for (int i = 0; i < kDigitSize; i++) {
        pixels[i] = static_cast<float>(strchr(kShades, kDigit[i]) - kShades) / 9.0f;
    }
}

/// One row of kDigitWidth pixels.
inline void print_row(const float* pixels) {
    for (int x = 0; x < kDigitWidth; x++) {
        putchar(kShades[static_cast<int>(pixels[x] * 9.0f + 0.5f)]);
    }
}

/// Two images of kDigitSize pixels beside each other.
inline void print_digits(const float* left, const float* right) {
    for (int i = 0; i < kDigitSize; i += kDigitWidth) {
        print_row(left + i);
        fputs("  |  ", stdout);
        print_row(right + i);
        putchar('\n');
    }
}
