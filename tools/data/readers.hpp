// SPDX-License-Identifier: MIT
// One reader for each kind of data; dataset.cpp chooses between them. Each gets the bytes and the
// path they came from, and throws Error naming the path and the place that is wrong.
#pragma once
#include <string>
#include <vector>

#include "bytes.hpp"
#include "dataset.hpp"

namespace nutshell::tools {

/// IDX, plain or gzipped: rank 4 is [n][h][w][c], rank 3 [n][h][w], rank 2 [n][features].
/// Unsigned bytes stay bytes; every other type becomes float, unscaled.
Dataset read_idx(ByteView file, const std::string& path);

/// IDX of rank 1 and an integer type, plain or gzipped: the labels of `data`, one a sample, 0 or
/// more.
void read_idx_labels(ByteView file, const std::string& path, Dataset& data);

/// True when the bytes start as an IDX file does.
bool is_idx(ByteView file);

/// npy 1.0 or 2.0, C order, little-endian f4, f8 or u1; ranks as for IDX.
Dataset read_npy(ByteView file, const std::string& path);

/// True when the bytes start as an npy file does.
bool is_npy(ByteView file);

/// Numbers separated by comma, semicolon or tab, one sample a line.
Dataset read_csv(ByteView file, const std::string& path);

/// The images of one folder, sorted by name, or of its subfolders, which are then the classes.
/// Classes named by numbers have those as labels; others are counted from 0 in the order of names.
Dataset read_image_folder(const std::string& folder);

/// True when `path` ends as the images that we read do.
bool is_image_name(const std::string& path);

/// 8-bit pixels [height][width][channels] with 1 channel (gray) or 3 (RGB); transparency is
/// dropped.
struct DecodedImage {
    Shape shape{};
    Bytes pixels;
};

/// Decodes PNG, PGM/PPM (binary), JPEG or BMP.
DecodedImage decode_image(ByteView file, const std::string& path);

/// The same for binary PGM and PPM, which start as is_pnm() says.
bool is_pnm(ByteView file);
DecodedImage decode_pnm(ByteView file, const std::string& path);

/// The digits built into the command.
DataSource load_sample();

}  // namespace nutshell::tools
