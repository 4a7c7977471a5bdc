// SPDX-License-Identifier: MIT
// Samples in memory, whatever file they came from. Readers for each kind of file stand beside
// this header; dataset.cpp holds the list of them.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "nutshell/shape.hpp"

namespace nutshell::tools {

/// Rows of one shape, as bytes (8-bit images, scaled to 0..1 when used) or as floats.
struct Dataset {
    std::string name;            // for messages and titles
    int count = 0;               // samples
    Shape shape{1, 1, 0};        // of one sample
    std::vector<uint8_t> bytes;  // [count][shape.size()], or empty
    std::vector<float> floats;   // [count][shape.size()], or empty
    std::vector<int> labels;     // [count], 0 or more; or empty when the data has none
    bool int8 = false;           // the floats are numbers of an array of int8, -128..127

    bool is_image() const {
        return shape.height > 1 && (shape.channels == 1 || shape.channels == 3);
    }

    /// Sample `index` < count as floats (bytes become value/255) into out[shape.size()].
    void copy_sample(int index, float* out) const;

    /// `rows` samples named by `indices`, each < count, into out[rows][shape.size()].
    void copy_samples(const uint32_t* indices, int rows, float* out) const;

    /// Starts to bring a sample into the cache: it will be copied soon.
    void prefetch(uint32_t index) const;

    /// The samples [first, first + rows), all of them < count, as a data set of their own.
    Dataset slice(int first, int rows) const;
};

/// What `--data` names: a training part and, when the source brings one, a test part.
struct DataSource {
    Dataset train;
    Dataset test;  // count == 0 when the source has no test part of its own
};

/// Loads what `--data` accepts:
///   mnist | fashion-mnist   fetched by tools/fetch_data.sh: looked for in $NUTSHELL_DATA/NAME, in
///                           the user's cache ($XDG_CACHE_HOME or ~/.cache) under nutshell/NAME,
///                           and where Debian's dataset-fashion-mnist puts it
///   sample                  real digits, built into the command
///   a folder of IDX files   train-images-idx3-ubyte[.gz], t10k-..., labels beside them if present
///   a folder of images      PNG, PGM, JPEG or BMP; if it has only subfolders, they are the classes
///   a file                  IDX (also .gz; MNIST's labels beside it are found), .npy or .csv
/// Behind any of them, ":3" keeps the samples with label 3 and ":-3" leaves them out.
/// Throws Error (what, where, what to do) on anything that is not whole and finite.
DataSource load_data(const std::string& what);

}  // namespace nutshell::tools
