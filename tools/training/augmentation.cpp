// SPDX-License-Identifier: MIT
#include "augmentation.hpp"

#include <algorithm>
#include <cstdlib>
#include <sstream>

#include "nutshell/random.hpp"
#include "tools/error.hpp"
#include "tools/evaluation/evaluate.hpp"
#include "tools/text.hpp"

namespace nutshell::tools {
namespace {

/// What a word is drawn for: numbers of one do not repeat those of another.
enum Draw : uint32_t { kMove, kNoise, kMask };

/// Four random words of a place of a sample.
Random4 draw(Draw what, uint32_t seed, uint32_t epoch, uint32_t index, size_t block) {
    const uint32_t counter[4] = {static_cast<uint32_t>(block), epoch,
                                 static_cast<uint32_t>(Purpose::augment), index};
    const uint32_t key[2] = {seed, what};
    return philox(counter, key);
}

/// Calls use(element, word) for each element of a sample.
template <class Use>
void for_each_word(Draw what, uint32_t seed, uint32_t epoch, uint32_t index, size_t size, Use use) {
    for (size_t block = 0; block * 4 < size; block++) {
        const Random4 random = draw(what, seed, epoch, index, block);
        const size_t last = std::min<size_t>(4, size - block * 4);
        for (size_t i = 0; i < last; i++) use(block * 4 + i, random.word[i]);
    }
}

/// -limit..limit, each as likely.
int centred(uint32_t word, int limit) {
    const uint64_t choices = static_cast<uint64_t>(2 * limit + 1);
    return static_cast<int>((word * choices) >> 32) - limit;
}

[[noreturn]] void fail(const std::string& entry, const std::string& why) {
    throw Error("--augment: '" + entry + "' " + why);
}

double amount_of(const std::string& entry, const std::string& text, double low, double high) {
    char* end = nullptr;
    const double amount = std::strtod(text.c_str(), &end);
    if (end != text.c_str() && *end == '\0' && amount >= low && amount <= high) return amount;
    fail(entry, "needs a number between " + significant(low) + " and " + significant(high) +
                    " behind its colon");
}

void add_entry(const std::string& entry, Augmentation& to) {
    const size_t colon = std::min(entry.find(':'), entry.size());
    const std::string name = entry.substr(0, colon);
    const std::string amount = entry.substr(std::min(colon + 1, entry.size()));
    if (name == "shift") {
        const double pixels = amount_of(entry, amount, 1, 1024);
        to.shift = static_cast<int>(pixels);
        if (to.shift != pixels) fail(entry, "needs whole pixels");
    } else if (entry == "flip") {
        to.flip = true;
    } else if (name == "noise") {
        to.noise = static_cast<float>(amount_of(entry, amount, 1e-6, 1e6));
    } else if (name == "mask") {
        to.mask = static_cast<float>(amount_of(entry, amount, 1e-6, 0.99));
    } else {
        fail(entry, "is none of shift:PIXELS, flip, noise:DEVIATION, mask:PART");
    }
}

}  // namespace

Augmentation parse_augmentation(const std::string& text) {
    Augmentation result;
    std::istringstream entries(text);
    for (std::string entry; std::getline(entries, entry, ',');) add_entry(entry, result);
    if (text.empty() || text.back() == ',') add_entry("", result);
    return result;
}

std::string to_text(const Augmentation& augmentation) {
    std::string text;
    if (augmentation.shift > 0) text += ",shift:" + std::to_string(augmentation.shift);
    if (augmentation.flip) text += ",flip";
    if (augmentation.noise > 0) text += ",noise:" + exact(augmentation.noise);
    if (augmentation.mask > 0) text += ",mask:" + exact(augmentation.mask);
    return text.empty() ? "none" : text.substr(1);
}

Augmenter::Augmenter(const Augmentation& augmentation, const Dataset& data, uint32_t seed)
    : augmentation_(augmentation),
      shape_(data.shape),
      seed_(seed),
      clamps_(within_unit_range(data)) {
    if (!augmentation.moves()) return;
    if (!data.is_image()) {
        throw Error(data.name + ": holds no images, so that --augment cannot shift or flip them");
    }
    if (augmentation.shift >= std::min(shape_.height, shape_.width)) {
        throw Error(data.name + ": its images are smaller than --augment shift:" +
                    std::to_string(augmentation.shift));
    }
}

void Augmenter::apply(uint32_t epoch, const uint32_t* indices, int rows, float* targets,
                      float* inputs) const {
    const size_t size = static_cast<size_t>(shape_.size());
    for (int row = 0; row < rows; row++, targets += size, inputs += size) {
        if (augmentation_.moves()) {
            move(epoch, indices[row], targets, inputs);
            std::copy_n(inputs, size, targets);
        } else {
            std::copy_n(targets, size, inputs);
        }
        corrupt(epoch, indices[row], inputs);
    }
}

void Augmenter::corrupt(uint32_t epoch, const uint32_t* indices, int rows, float* samples) const {
    for (int row = 0; row < rows; row++) {
        corrupt(epoch, indices[row], samples + static_cast<ptrdiff_t>(row) * shape_.size());
    }
}

void Augmenter::move(uint32_t epoch, uint32_t index, const float* from, float* to) const {
    const Random4 random = draw(kMove, seed_, epoch, index, 0);
    const int down = centred(random.word[0], augmentation_.shift);
    const int right = centred(random.word[1], augmentation_.shift);
    const bool mirrored = augmentation_.flip && (random.word[2] & 1u) != 0;
    const int channels = shape_.channels;
    for (int y = 0; y < shape_.height; y++) {
        for (int x = 0; x < shape_.width; x++, to += channels) {
            const int row = y - down;
            const int column = (mirrored ? shape_.width - 1 - x : x) - right;
            const bool inside =
                row >= 0 && row < shape_.height && column >= 0 && column < shape_.width;
            const ptrdiff_t at = (static_cast<ptrdiff_t>(row) * shape_.width + column) * channels;
            for (int c = 0; c < channels; c++) to[c] = inside ? from[at + c] : 0.0f;
        }
    }
}

void Augmenter::corrupt(uint32_t epoch, uint32_t index, float* sample) const {
    const size_t size = static_cast<size_t>(shape_.size());
    if (augmentation_.noise > 0) {
        for_each_word(kNoise, seed_, epoch, index, size, [&](size_t at, uint32_t word) {
            const float value = sample[at] + augmentation_.noise * normal(word);
            sample[at] = clamps_ ? std::clamp(value, 0.0f, 1.0f) : value;
        });
    }
    if (augmentation_.mask > 0) {
        for_each_word(kMask, seed_, epoch, index, size, [&](size_t at, uint32_t word) {
            if (uniform(word) < augmentation_.mask) sample[at] = 0.0f;
        });
    }
}

}  // namespace nutshell::tools
