// SPDX-License-Identifier: MIT
// Layers of images that are no products over channels, as lib/nutshell/pooling.cpp, upsample.cpp,
// batch_norm.cpp and the kernels of depthwise convolutions walk over them.
#include "loops.hpp"

#include <algorithm>
#include <numeric>

#include "tally.hpp"

namespace nutshell::tools {
namespace {

using detail::Line;

/// A loop over the channels of a pixel as the compiler makes it of vectors: sixteen codes, then
/// eight; or four floats. Few elements are not worth it.
struct VectorLoops {
    int wide = 0, half = 0, single = 0;

    VectorLoops(Packing packing, bool int8, int channels, int least) {
        if (packing != Packing::simd) return;
        if (channels < least) {
            single = channels;
        } else {
            wide = channels / (int8 ? 16 : 4);
            half = int8 ? channels % 16 / 8 : 0;
            single = channels % (int8 ? 8 : 4);
        }
    }
};

/// The loops of a depthwise convolution of int8, in the order of their costs.
enum class Channelwise {
    layer,
    channel,  ///< and its weights, which are turned around
    weight,
    row,
    place,
    moved_tap,  ///< whose place follows from the one before
    found_tap,
    group,  ///< of four channels, or a part of them, and its taps; single channels; eight channels
    group_tap,
    single,
    single_tap,
    vector,
    vector_tap,
    scale,  ///< groups that have scales of their own, or places whose channels have the same one
    same,
    count
};

std::vector<double> depthwise_codes(const LayerCase& layer, const Target& target) {
    const Row& row = layer.row;
    const WindowMap map = DepthwiseConv2DLayer::map(row);
    const Line down = Line::there(map.down), across = Line::there(map.across);
    const int channels = row.in.channels, taps = map.taps();
    Tally tally(Channelwise::count);
    tally.add(Channelwise::layer);
    tally.add(Channelwise::channel, channels);
    tally.add(Channelwise::weight, 1.0 * taps * channels);
    for (int i = 0; i < row.out.height; i++) {
        bool was_inside = false;
        for (int j = 0; j < row.out.width; j++) {
            const bool is_inside = down.is_inside(i) && across.is_inside(j);
            tally.add(is_inside && was_inside ? Channelwise::moved_tap : Channelwise::found_tap,
                      taps);
            was_inside = is_inside;
        }
    }
    const double places = 1.0 * row.out.height * row.out.width;
    const bool in_eights = target.packing == Packing::simd && channels >= 8;
    const bool in_parts = target.packing == Packing::helium;
    const int vectors = in_eights ? parts_of(channels, 8) : 0;
    const int groups = in_eights ? 0 : in_parts ? parts_of(channels, 4) : channels / 4;
    const int singles = in_eights || in_parts ? 0 : channels % 4;
    tally.add(Channelwise::row, row.out.height);
    tally.add(Channelwise::place, places);
    tally.add(Channelwise::group, places * groups);
    tally.add(Channelwise::group_tap, places * groups * taps);
    tally.add(Channelwise::single, places * singles);
    tally.add(Channelwise::single_tap, places * singles * taps);
    tally.add(Channelwise::vector, places * vectors);
    tally.add(Channelwise::vector_tap, places * vectors * taps);
    if (layer.per_output) {
        tally.add(Channelwise::scale, places * (vectors + groups + singles));
    } else {
        tally.add(Channelwise::same, places);
    }
    return tally.times;
}

/// The same of floats.
enum class ChannelSums {
    layer,
    cleared,  ///< floats of a frame, rows that are put into it, and their floats
    framed_row,
    framed,
    row,
    place,
    place_down,  ///< rows of taps of a place, its taps
    place_tap,
    vector,  ///< of channels, rows of its taps, its taps; the same of a part of one
    vector_down,
    vector_tap,
    part,
    part_down,
    part_tap,
    part_lane,  ///< elements of it times taps
    clamped,
    zero_product,  ///< with the frame, where the others are vector_tap
    count
};

std::vector<double> depthwise_floats(const Row& row, const Target& target) {
    const WindowMap map = DepthwiseConv2DLayer::map(row);
    const Frame frame = map.frame();
    const int channels = row.in.channels, taps = map.taps();
    const int lanes = std::max(lanes_of(target.packing), 1);
    Tally tally(ChannelSums::count);
    tally.add(ChannelSums::layer);
    if (!frame.empty()) {
        tally.add(ChannelSums::cleared, frame.floats());
        tally.add(ChannelSums::framed_row, row.in.height);
        tally.add(ChannelSums::framed, row.in.size());
    }
    const double places = 1.0 * row.out.height * row.out.width;
    const double vectors = places * (channels / lanes), parts = channels % lanes > 0 ? places : 0;
    tally.add(ChannelSums::row, row.out.height);
    tally.add(ChannelSums::place, places);
    tally.add(ChannelSums::place_down, places * map.down.taps);
    tally.add(ChannelSums::place_tap, places * taps);
    tally.add(ChannelSums::vector, vectors);
    if (lanes_of(target.packing) > 0) {
        tally.add(ChannelSums::vector_down, vectors * map.down.taps);
        tally.add(ChannelSums::vector_tap, vectors * taps);
    } else {
        const double within = taps_inside(map.down) * taps_inside(map.across) * channels;
        tally.add(ChannelSums::vector_tap, within);
        tally.add(ChannelSums::zero_product, vectors * taps - within);
    }
    tally.add(ChannelSums::part, parts);
    tally.add(ChannelSums::part_down, parts * map.down.taps);
    tally.add(ChannelSums::part_tap, parts * taps);
    tally.add(ChannelSums::part_lane, parts * taps * (channels % lanes));
    if (row.activation == Activation::relu) tally.add(ChannelSums::clamped, vectors + parts);
    return tally.times;
}

/// The loops of a pool, in the order of their costs.
enum class Pool {
    layer,
    row,
    window,
    strip,  ///< of channels whose sums are made together
    window_row,
    pixel,
    element,  ///< each channel of each pixel, and the loops over them of vectors
    wide,
    half,
    single,
    output,
    output_wide,
    output_single,
    word,  ///< of a window's first pixel, which is copied
    byte,
    chunk,
    divided,  ///< by another number than a power of two
    count
};

/// Windows of a power of two of pixels, by which a mean is divided quickly.
int powers_of_two(const WindowMap& map) {
    int count = 0;
    for (int i = 0; i < map.narrow.height; i++) {
        for (int j = 0; j < map.narrow.width; j++) {
            const int pixels = taps_inside(map.down, i) * taps_inside(map.across, j);
            if ((pixels & (pixels - 1)) == 0) count++;
        }
    }
    return count;
}

std::vector<double> pool(const LayerCase& layer, const Target& target) {
    const Row& row = layer.row;
    const WindowMap map = WindowMap::of(row.in, row.out, row.window);
    const int channels = row.in.channels;
    const bool average = row.kind == Kind::average_pool2d;
    const int strips = layer.int8 && average ? parts_of(channels, 16) : 1;
    const double windows = static_cast<double>(row.out.height) * row.out.width;
    const double pixels = taps_inside(map.down) * taps_inside(map.across);
    const double window_rows = taps_inside(map.down) * row.out.width;
    Tally tally(Pool::count);
    tally.add(Pool::layer);
    tally.add(Pool::row, row.out.height);
    tally.add(Pool::window, windows);
    tally.add(Pool::strip, windows * strips);
    tally.add(Pool::window_row, window_rows * strips);
    tally.add(Pool::pixel, pixels * strips);
    const double visited = layer.int8 && !average ? pixels - windows : pixels;
    const VectorLoops loops(target.packing, layer.int8, channels, layer.int8 ? 8 : 5);
    tally.add(Pool::element, visited * channels);
    tally.add(Pool::wide, visited * loops.wide);
    tally.add(Pool::half, visited * loops.half);
    tally.add(Pool::single, visited * loops.single);
    tally.add(Pool::output, row.out.size());
    tally.add(Pool::output_wide, windows * loops.wide);
    tally.add(Pool::output_single, windows * loops.single);
    if (average) tally.add(Pool::divided, row.out.size() - channels * powers_of_two(map));
    if (layer.int8 && !average) {
        for (int i = 0; i < row.out.height * row.out.width; i++) {
            const CopyLoops copy(target.packing, 0, i * channels, channels);
            tally.add(Pool::word, copy.words);
            tally.add(Pool::byte, copy.bytes);
            tally.add(Pool::chunk, copy.chunks);
        }
    }
    return tally.times;
}

/// The loops of upsampling, in the order of their costs.
enum class Upsampling {
    layer,
    row,
    pixel,
    copied,  ///< pixels, and what a copy consists of
    word,
    byte,
    chunk,
    line,  ///< lines that are copied again, their blocks of 64 bytes, words behind those
    line_block,
    line_word,
    line_byte,    ///< of lines of which not all begin at a word
    between_row,  ///< bilinear: lines, pixels, elements, and the loops over them of vectors
    between,
    blended,
    wide,
    single,
    count
};

/// How many outputs along an axis lie on an input, or outside of the outermost one.
int on_inputs(int outputs, int factor, int inputs) {
    int count = 0;
    for (int i = 0; i < outputs; i++) {
        const int twice = 2 * i + 1 - factor;  // of the place in inputs, times the factor
        const bool is_inside = twice > 0 && twice / (2 * factor) + 1 < inputs;
        if (!is_inside || twice % (2 * factor) == 0) count++;
    }
    return count;
}

void upsample_floats(const Row& row, Packing packing, Tally& tally) {
    const int channels = row.in.channels;
    const double pixels = static_cast<double>(row.out.height) * row.out.width;
    double single = pixels;
    if (row.window.parameter == static_cast<uint32_t>(Interpolation::bilinear)) {
        single = static_cast<double>(on_inputs(row.out.height, row.window.height, row.in.height)) *
                 on_inputs(row.out.width, row.window.width, row.in.width);
        tally.add(Upsampling::between_row, row.out.height);
        tally.add(Upsampling::between, pixels);
        const VectorLoops loops(packing, false, channels, 5);
        tally.add(Upsampling::blended, (pixels - single) * channels);
        tally.add(Upsampling::wide, (pixels - single) * loops.wide);
        tally.add(Upsampling::single, (pixels - single) * loops.single);
    } else {
        tally.add(Upsampling::row, row.out.height);
        tally.add(Upsampling::pixel, pixels);
    }
    tally.add(Upsampling::copied, single);
    tally.add(Upsampling::word, single * (channels % 4));
    tally.add(Upsampling::chunk, single * (channels / 4));
}

void upsample_codes(const Row& row, Packing packing, Tally& tally) {
    const int channels = row.in.channels;
    if (row.window.parameter == static_cast<uint32_t>(Interpolation::bilinear)) {
        tally.add(Upsampling::between_row, row.out.height);
        tally.add(Upsampling::between, static_cast<double>(row.out.height) * row.out.width);
        tally.add(Upsampling::blended, row.out.size());
        return;
    }
    const int line = row.out.width * channels, factor = row.window.width;
    tally.add(Upsampling::row, row.in.height);
    tally.add(Upsampling::pixel, static_cast<double>(row.in.height) * row.in.width);
    for (int i = 0; i < row.in.height; i++) {
        for (int j = 0; j < row.out.width; j++) {
            const CopyLoops copy(packing, (i * row.in.width + j / factor) * channels,
                                 i * row.window.height * line + j * channels, channels);
            tally.add(Upsampling::copied);
            tally.add(Upsampling::word, copy.words);
            tally.add(Upsampling::byte, copy.bytes);
            tally.add(Upsampling::chunk, copy.chunks);
        }
    }
    const double lines = row.out.height - row.in.height;
    tally.add(Upsampling::line, lines);
    if (line % 4 == 0) {
        tally.add(Upsampling::line_block, lines * (line / 64));
        tally.add(Upsampling::line_word, lines * (line % 64) / 4);
    } else {
        tally.add(Upsampling::line_byte, lines * line);
    }
}

std::vector<double> upsampling(const LayerCase& layer, const Target& target) {
    Tally tally(Upsampling::count);
    tally.add(Upsampling::layer);
    if (layer.int8) {
        upsample_codes(layer.row, target.packing, tally);
    } else {
        upsample_floats(layer.row, target.packing, tally);
    }
    return tally.times;
}

std::vector<double> batch_norm(const Row& row, const Target& target) {
    enum class Norm { layer, channel, pixel, element, wide, single, clamped, count };
    Tally tally(Norm::count);
    tally.add(Norm::layer);
    tally.add(Norm::channel, row.in.channels);
    tally.add(Norm::pixel, static_cast<double>(row.in.height) * row.in.width);
    const VectorLoops loops(target.packing, false, row.in.channels, 4);
    const double pixels = static_cast<double>(row.in.height) * row.in.width;
    tally.add(Norm::element, row.in.size());
    tally.add(Norm::wide, pixels * loops.wide);
    tally.add(Norm::single, pixels * loops.single);
    if (row.activation == Activation::relu) tally.add(Norm::clamped, row.in.size());
    return tally.times;
}

}  // namespace

Family family_of(Kind kind) {
    switch (kind) {
        case Kind::conv2d:
        case Kind::transposed_conv2d:
            return Family::windows;
        case Kind::depthwise_conv2d:
            return Family::depthwise;
        case Kind::max_pool2d:
            return Family::max_pool;
        case Kind::average_pool2d:
            return Family::average_pool;
        case Kind::upsample2d:
            return Family::upsampling;
        case Kind::batch_norm:
            return Family::batch_norm;
        default:
            return Family::copy;
    }
}

std::vector<double> loops_of(const LayerCase& layer, const Target& target) {
    const Row& row = layer.row;
    switch (row.kind) {
        case Kind::conv2d:
        case Kind::transposed_conv2d:
            return layer.int8 ? patch_loops(layer, target) : sum_loops(row, target);
        case Kind::depthwise_conv2d:
            return layer.int8 ? depthwise_codes(layer, target) : depthwise_floats(row, target);
        case Kind::max_pool2d:
        case Kind::average_pool2d:
            return pool(layer, target);
        case Kind::upsample2d:
            return upsampling(layer, target);
        case Kind::batch_norm:
            return batch_norm(row, target);
        default:
            return {1.0, static_cast<double>(row.out.size())};
    }
}

double layer_instructions(const LayerCase& layer, const Target& target) {
    const LoopCosts& costs = loop_costs(target);
    const int family = static_cast<int>(family_of(layer.row.kind));
    const double* const each = layer.int8 ? costs.int8[family] : costs.float32[family];
    const std::vector<double> loops = loops_of(layer, target);
    return std::inner_product(loops.begin(), loops.end(), each, 0.0);
}

}  // namespace nutshell::tools
