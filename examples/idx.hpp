// SPDX-License-Identifier: MIT
// Images of an IDX file (MNIST's format), gzipped or not, and epochs of them, for the examples that
// train on a PC.
#pragma once
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <algorithm>
#include <numeric>
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

/// Calls step(images[size]) for one batch after the other, in the order of an epoch, until it gives
/// false; false then.
template <class Step>
bool for_each_batch(const Images& images, int size, int epoch, Step step) {
    std::vector<uint32_t> order(static_cast<size_t>(images.count));
    std::iota(order.begin(), order.end(), 0u);
    nutshell::shuffle(order.data(), static_cast<uint32_t>(order.size()), 1,
                      static_cast<uint32_t>(epoch));
    std::vector<float> batch(static_cast<size_t>(size * kImageSize));
    for (int at = 0; at + size <= images.count; at += size) {
        for (int i = 0; i < size; i++) {
            std::copy_n(images.at(static_cast<int>(order[static_cast<size_t>(at + i)])), kImageSize,
                        batch.data() + i * kImageSize);
        }
        if (!step(batch.data())) return false;
    }
    return true;
}

/// Teaches a model to give images back, in batches of `size`, for an epoch: the mean loss, infinite
/// when an update fails.
template <class Trainer, class Parameters>
double train_epoch(Trainer& trainer, Parameters& weights, const Images& images, int size,
                   int epoch) {
    double sum = 0;
    int batches = 0;
    const bool done = for_each_batch(images, size, epoch, [&](const float* batch) {
        float loss = 0;
        const nutshell::Status status = trainer.step(weights, batch, batch, size, 1e-3f, &loss);
        sum += static_cast<double>(loss);
        batches++;
        return status == nutshell::Status::ok;
    });
    return done ? sum / batches : INFINITY;
}

/// The number of epochs that the program was given as an argument, or else `usual`. Ends the
/// program when it is none.
inline int epochs_of(int argc, char** argv, int index, int usual) {
    if (argc <= index) return usual;
    char* end = nullptr;
    const long epochs = strtol(argv[index], &end, 10);
    if (*end == 0 && epochs > 0 && epochs < 1000000) return static_cast<int>(epochs);
    fprintf(stderr, "%s: no number of epochs\n", argv[index]);
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
