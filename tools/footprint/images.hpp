// SPDX-License-Identifier: MIT
// Code and stack of an image, by the kinds of its model's layers.
#pragma once
#include <vector>

#include "nutshell/layers/row.hpp"

namespace nutshell::tools {

/// Kinds that are in a model's inference form: those from Kind::dense on.
constexpr int kImageKinds = static_cast<int>(Kind::batch_norm);

/// Bytes of images that compute in one type of numbers, their models' files apart. An array has a
/// number for each kind, from dense on.
struct ImageSize {
    /// Code of any image (startup, console, check of a file); what dense layers, convolutions and
    /// transposed ones share; what convolutions and transposed ones do; what all but dense do; each
    /// layer that is not the first of its kind.
    struct SharedCode {
        int start, products, windows, other, further;
    } shared;
    int first[kImageKinds];  ///< code of the first layer of a kind
    int check[kImageKinds];  ///< stack of the check of a file with such layers
    int run[kImageKinds];    ///< stack of an inference, with no other kind or only dense beside
    /// Stack of a check of more than three layers. Of an inference: for each layer and each kind
    /// but dense and the first other one (what is compiled into one function has one frame); of a
    /// convolution, and of a transposed one, to a single channel, for which there are other
    /// kernels.
    struct MoreStack {
        int deep, mixed, single, single_transposed;
    } more;
};

/// Both are of the rows that run, a model's inference form. Stack is that of the call that needs
/// most: a check of the file or an inference.
int code_bytes(const std::vector<Row>& rows, const ImageSize& size);
int stack_bytes(const std::vector<Row>& rows, const ImageSize& size);

struct ImageSizes {
    ImageSize int8, float32;
};

/// The sizes of each target's images (image_sizes.cpp).
extern const ImageSizes kM0Images, kM3Images, kM4Images, kM7Images, kM33Images, kM55Images,
    kRiscv32Images, kAarch64Images, kArmhfImages;

}  // namespace nutshell::tools
