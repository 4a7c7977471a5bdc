// SPDX-License-Identifier: MIT
#include "layers/patch_int8.hpp"

namespace nutshell::detail {
namespace {

/// The input that a tap of a place reads, -1 outside of the image.
struct There {
    static int32_t source(const Axis& axis, int32_t place, int32_t tap) noexcept {
        const int32_t at = place * axis.stride - axis.before + tap * axis.dilation;
        return at >= 0 && at < axis.size ? at : -1;
    }
};

/// The place whose tap reads an input, -1 when no place's does.
struct Back {
    static int32_t source(const Axis& axis, int32_t input, int32_t tap) noexcept {
        const int32_t at = input + axis.before - tap * axis.dilation;
        if (at < 0) return -1;
        const int32_t place = at / axis.stride;
        return place * axis.stride == at && place < axis.count ? place : -1;
    }
};

/// Codes of an image; what is not in it counts as zero.
struct Image {
    const int8_t* codes;
    int32_t width, channels;
    int8_t zero;
};

/// The patch [taps down][taps across][channels] of the output (i, j).
template <class Way>
void gather(const Image& image, const WindowMap& map, int32_t i, int32_t j,
            int8_t* patch) noexcept {
    const size_t bytes = static_cast<size_t>(image.channels);
    for (int32_t down = 0; down < map.down.taps; down++) {
        const int32_t row = Way::source(map.down, i, down);
        for (int32_t across = 0; across < map.across.taps; across++, patch += bytes) {
            const int32_t column = Way::source(map.across, j, across);
            if (row < 0 || column < 0) {
                memset(patch, image.zero, bytes);
            } else {
                memcpy(patch, image.codes + (row * image.width + column) * image.channels, bytes);
            }
        }
    }
}

/// True when all taps of a place are in the image, each beside the last one.
bool is_block(const WindowMap& map, int32_t i, int32_t j) noexcept {
    return map.across.dilation == 1 && There::source(map.down, i, 0) >= 0 &&
           There::source(map.down, i, map.down.taps - 1) >= 0 &&
           There::source(map.across, j, 0) >= 0 &&
           There::source(map.across, j, map.across.taps - 1) >= 0;
}

/// gather() of such a place: whole rows of taps.
void gather_block(const Image& image, const WindowMap& map, int32_t i, int32_t j,
                  int8_t* patch) noexcept {
    const size_t bytes = static_cast<size_t>(map.across.taps * image.channels);
    const int32_t row = There::source(map.down, i, 0), column = There::source(map.across, j, 0);
    const int8_t* from = image.codes + (row * image.width + column) * image.channels;
    for (int32_t tap = 0; tap < map.down.taps; tap++, patch += bytes) {
        memcpy(patch, from + tap * map.down.dilation * image.width * image.channels, bytes);
    }
}

void gather_there(const Image& image, const WindowMap& map, int32_t i, int32_t j,
                  int8_t* patch) noexcept {
    if (is_block(map, i, j)) return gather_block(image, map, i, j, patch);
    gather<There>(image, map, i, j, patch);
}

/// One product for each pixel of the output.
template <class Gather>
void multiply_patches(const Row& row, int32_t taps, const Int8Tensors& tensors,
                      PatchProduct product, const int8_t* x, int8_t* y, void* scratch,
                      Gather gather_patch) noexcept {
    const Image image{x, row.in.width, row.in.channels, tensors.in.zero_point};
    const int32_t size = taps * row.in.channels, channels = row.out.channels;
    const Requantization rule = requantization_of(row.activation, tensors);
    int8_t* const patch = static_cast<int8_t*>(scratch);
    int8_t* to = y;
    for (int32_t i = 0; i < row.out.height; i++) {
        for (int32_t j = 0; j < row.out.width; j++, to += channels) {
            gather_patch(image, i, j, patch);
            product(size, channels, tensors, rule, patch, to, patch + round_up(size, 16));
        }
    }
    if (tensors.table) kernels::look_up(row.out.size(), tensors.table, y);
}

}  // namespace

void product_int8(int in, int out, const Int8Tensors& tensors, const Requantization& rule,
                  const int8_t* patch, int8_t* y, void* scratch) noexcept {
    kernels::dense_int8(in, out, tensors.weight, rule, patch, y, scratch);
}

void product_int4(int in, int out, const Int8Tensors& tensors, const Requantization& rule,
                  const int8_t* patch, int8_t* y, void* scratch) noexcept {
    kernels::dense_int4(in, out, reinterpret_cast<const uint8_t*>(tensors.weight), rule, patch, y,
                        scratch);
}

void patches_there(const Row& row, const WindowMap& map, const Int8Tensors& tensors,
                   PatchProduct product, const int8_t* x, int8_t* y, void* scratch) noexcept {
    multiply_patches(row, map.taps(), tensors, product, x, y, scratch,
                     [&](const Image& image, int32_t i, int32_t j, int8_t* patch) noexcept {
                         gather_there(image, map, i, j, patch);
                     });
}

void patches_back(const Row& row, const WindowMap& map, const Int8Tensors& tensors,
                  PatchProduct product, const int8_t* x, int8_t* y, void* scratch) noexcept {
    multiply_patches(row, map.taps(), tensors, product, x, y, scratch,
                     [&](const Image& image, int32_t i, int32_t j, int8_t* patch) noexcept {
                         gather<Back>(image, map, i, j, patch);
                     });
}

void patches_depthwise(const Row& row, const WindowMap& map, const Int8Tensors& tensors,
                       const int8_t* x, int8_t* y, void* scratch) noexcept {
    const Image image{x, row.in.width, row.in.channels, tensors.in.zero_point};
    const int32_t taps = map.taps(), channels = row.in.channels;
    const Requantization rule = requantization_of(row.activation, tensors);
    int8_t* const patch = static_cast<int8_t*>(scratch);
    int8_t* to = y;
    for (int32_t i = 0; i < row.out.height; i++) {
        for (int32_t j = 0; j < row.out.width; j++, to += channels) {
            gather_there(image, map, i, j, patch);
            for (int32_t c = 0; c < channels; c++) {
                int32_t sum = rule.bias[c];
                for (int32_t t = 0; t < taps; t++) {
                    sum += tensors.weight[c * taps + t] * patch[t * channels + c];
                }
                to[c] = requantize(sum, rule, c);
            }
        }
    }
    if (tensors.table) kernels::look_up(row.out.size(), tensors.table, y);
}

}  // namespace nutshell::detail
