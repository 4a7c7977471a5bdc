// SPDX-License-Identifier: MIT
// Samples changed anew in every epoch, so that a network learns what a change leaves alone. Moves
// change what goes in and what shall come out; corruptions only what goes in: the network learns to
// undo them. Every change is a function of seed, epoch, sample and place, so that batches and
// threads do not matter.
#pragma once
#include <cstdint>
#include <string>

#include "tools/data/dataset.hpp"

namespace nutshell::tools {

struct Augmentation {
    int shift = 0;      // moves an image by up to so many pixels each way; zero comes in
    bool flip = false;  // mirrors every other image, left to right
    float noise = 0;    // corrupts by adding a normal number of this deviation to each value
    float mask = 0;     // corrupts by setting this part of the values to zero

    bool moves() const { return shift > 0 || flip; }
    bool corrupts() const { return noise > 0 || mask > 0; }
};

/// From "shift:2,flip,noise:0.1,mask:0.2", any of them. Throws Error naming the entry that is
/// wrong.
Augmentation parse_augmentation(const std::string& text);

/// The same text again; "none" when nothing is changed.
std::string to_text(const Augmentation& augmentation);

/// Changes samples of one data set, which need not outlive it.
class Augmenter {
  public:
    /// Throws Error when there are moves but no images, or images smaller than the shift. Where no
    /// value of the data leaves 0..1, none does after noise.
    Augmenter(const Augmentation& augmentation, const Dataset& data, uint32_t seed);

    /// targets[rows][size] holds the samples that `indices` name: moves them, and writes to
    /// inputs[rows][size] what the network shall see.
    void apply(uint32_t epoch, const uint32_t* indices, int rows, float* targets,
               float* inputs) const;

    /// The corruptions alone: samples[rows][size] become what the network shall see.
    void corrupt(uint32_t epoch, const uint32_t* indices, int rows, float* samples) const;

  private:
    void move(uint32_t epoch, uint32_t index, const float* from, float* to) const;
    void corrupt(uint32_t epoch, uint32_t index, float* sample) const;

    Augmentation augmentation_;
    Shape shape_;
    uint32_t seed_;
    bool clamps_;
};

}  // namespace nutshell::tools
