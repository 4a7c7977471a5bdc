// SPDX-License-Identifier: MIT
// Images of an IDX file (MNIST's format), gzipped or not, for the examples that train on a PC.
#pragma once
#include <stdio.h>
#include <stdlib.h>

#include <nutshell/nutshell.hpp>
#include <string>
#include <vector>

constexpr int kImageSize = 784;

struct Images {
    int count = 0;
    std::vector<float> pixels;  // [count][784], in 0..1
    const float* at(int i) const { return pixels.data() + static_cast<ptrdiff_t>(i) * kImageSize; }
};

/// Ends the program when there is no such file of 28x28 images.
inline Images read_images(const std::string& path) {
    const std::string command = "gzip -cdf '" + path + "'";  // -f: a plain file passes unchanged
    FILE* file = popen(command.c_str(), "r");
    unsigned char head[16], bytes[kImageSize];
    Images images;
    const bool known = file && fread(head, 1, 16, file) == 16 && head[2] == 8 && head[3] == 3 &&
                       head[11] == 28 && head[15] == 28;
    while (known && fread(bytes, 1, kImageSize, file) == kImageSize) {
        images.pixels.resize(images.pixels.size() + kImageSize);
        nutshell::to_float(bytes, kImageSize, &images.pixels[images.pixels.size() - kImageSize]);
        images.count++;
    }
    if (file) pclose(file);
    if (images.count > 0) return images;
    fprintf(stderr, "%s: no IDX file of 28x28 images\n", path.c_str());
    exit(2);
}

/// Images side by side as characters.
inline void print_images(const float* images, int count) {
    for (int y = 0; y < 28; y += 2) {
        for (int i = 0; i < count; i++) {
            for (int x = 0; x < 28; x++) {
                const float* at = images + i * kImageSize + y * 28 + x;
                putchar(" .:-=+*#%@"[static_cast<int>((at[0] + at[28]) * 4.99f)]);
            }
        }
        putchar('\n');
    }
}
