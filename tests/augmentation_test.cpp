// SPDX-License-Identifier: MIT
// Changed samples: what moves keeps its pixels, what is corrupted keeps its target, and nobody but
// seed, epoch and sample decides how.
#include "tools/training/augmentation.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "tools/error.hpp"

using namespace nutshell;
using tools::Augmentation;

namespace {

constexpr int kHeight = 6, kWidth = 5, kSize = kHeight * kWidth;

/// Images with one white pixel, not at the border.
tools::Dataset dots(int count) {
    tools::Dataset data;
    data.name = "dots";
    data.count = count;
    data.shape = {kHeight, kWidth, 1};
    data.bytes.resize(static_cast<size_t>(count) * kSize);
    for (int i = 0; i < count; i++) {
        const int at = (2 + i % 2) * kWidth + 2;
        data.bytes[static_cast<size_t>(i) * kSize + static_cast<size_t>(at)] = 255;
    }
    return data;
}

struct Changed {
    std::vector<float> inputs, targets;
};

Changed change(const Augmentation& how, const tools::Dataset& data, uint32_t seed = 1,
               uint32_t epoch = 1, uint32_t first = 0) {
    const tools::Augmenter augmenter(how, data, seed);
    std::vector<uint32_t> indices;
    for (uint32_t i = first; i < static_cast<uint32_t>(data.count); i++) indices.push_back(i);
    const int rows = static_cast<int>(indices.size());
    const size_t size = indices.size() * static_cast<size_t>(data.shape.size());
    Changed changed{std::vector<float>(size), std::vector<float>(size)};
    data.copy_samples(indices.data(), rows, changed.targets.data());
    augmenter.apply(epoch, indices.data(), rows, changed.targets.data(), changed.inputs.data());
    return changed;
}

Augmentation parse(const std::string& text) { return tools::parse_augmentation(text); }

}  // namespace

TEST_CASE("a shift moves input and target alike, to each place within its reach") {
    const tools::Dataset data = dots(400);
    const Changed changed = change(parse("shift:2"), data);
    CHECK(changed.inputs == changed.targets);
    std::set<int> places;
    for (int i = 0; i < data.count; i += 2) {  // the dot began at row 2, column 2
        for (int at = 0; at < kSize; at++) {
            if (changed.inputs[static_cast<size_t>(i * kSize + at)] == 1.0f) places.insert(at);
        }
    }
    CHECK(places.size() == 25);  // 5 x 5 moves, each about 8 times
}

TEST_CASE("a flip mirrors about half of the images") {
    tools::Dataset data = dots(400);
    data.bytes.assign(data.bytes.size(), 0);
    for (size_t i = 0; i < data.bytes.size(); i += kWidth) data.bytes[i] = 255;  // left edge
    const Changed changed = change(parse("flip"), data);
    CHECK(changed.inputs == changed.targets);
    int mirrored = 0;
    for (size_t i = 0; i < 400; i++) {
        const float left = changed.inputs[i * kSize],
                    right = changed.inputs[i * kSize + kWidth - 1];
        CHECK(left + right == 1.0f);
        mirrored += right == 1.0f;
    }
    CHECK(std::abs(mirrored - 200) < 50);  // five standard deviations
}

TEST_CASE("noise and masks leave the target alone and have the strength that was asked for") {
    tools::Dataset data = dots(300);
    data.bytes.assign(data.bytes.size(), 127);
    for (float& value : data.floats) value = 0.5f;
    const Changed masked = change(parse("mask:0.3"), data);
    int zeros = 0;
    for (const float value : masked.inputs) zeros += value == 0.0f;
    const double n = 300.0 * kSize;
    CHECK(std::fabs(zeros / n - 0.3) < 5 * std::sqrt(0.21 / n));  // five standard errors
    const Changed noisy = change(parse("noise:0.1"), data);
    double sum = 0, squares = 0;
    for (size_t i = 0; i < noisy.inputs.size(); i++) {
        CHECK(noisy.targets[i] == 127.0f / 255.0f);
        const double error = static_cast<double>(noisy.inputs[i] - noisy.targets[i]);
        sum += error, squares += error * error;
    }
    CHECK(std::fabs(sum / n) < 5 * 0.1 / std::sqrt(n));
    CHECK(std::fabs(squares / n - 0.01) < 5 * 0.01 * std::sqrt(2 / n));
    for (const float value : change(parse("noise:5"), data).inputs) {
        CHECK(value >= 0.0f);
        CHECK(value <= 1.0f);
    }
}

TEST_CASE("a change depends on seed, epoch and sample, not on who is changed with it") {
    const tools::Dataset data = dots(20);
    const Augmentation how = parse("shift:1,flip,noise:0.2,mask:0.1");
    const Changed all = change(how, data);
    CHECK(change(how, data).inputs == all.inputs);
    CHECK(change(how, data, 2).inputs != all.inputs);
    CHECK(change(how, data, 1, 2).inputs != all.inputs);
    const Changed later = change(how, data, 1, 1, 13);
    CHECK(std::equal(later.inputs.begin(), later.inputs.end(), all.inputs.begin() + 13 * kSize));
}

TEST_CASE("augmentations are read as they are written, and what is none is named") {
    for (const char* text :
         {"shift:2", "flip", "noise:0.1", "mask:0.25", "shift:1,flip,noise:0.5,mask:0.1"}) {
        CHECK(tools::to_text(parse(text)) == text);
    }
    CHECK(tools::to_text({}) == "none");
    for (const char* text : {"", "shift", "shift:", "shift:0", "shift:1.5", "shift:x", "noise:-1",
                             "noise:nan", "mask:1", "flip:1", "blur:2", "flip,", ",flip"}) {
        CAPTURE(text);
        CHECK_THROWS_AS((void)parse(text), tools::Error);
    }
}

TEST_CASE("only images are moved, and only by less than their size") {
    tools::Dataset rows;
    rows.count = 1;
    rows.shape = flat(4);
    rows.floats = {1, 2, 3, 4};
    CHECK_THROWS_AS(tools::Augmenter(parse("shift:1"), rows, 1), tools::Error);
    CHECK_THROWS_AS(tools::Augmenter(parse("flip"), rows, 1), tools::Error);
    CHECK_THROWS_AS(tools::Augmenter(parse("shift:5"), dots(1), 1), tools::Error);
    const Changed noisy = change(parse("noise:1"), rows);  // beyond 0..1: nothing is clamped
    CHECK(noisy.targets == rows.floats);
    CHECK(*std::max_element(noisy.inputs.begin(), noisy.inputs.end()) > 1.0f);
}
