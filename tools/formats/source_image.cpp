// SPDX-License-Identifier: MIT
// The rows of convolutions, pools and upsamplings: what a file says of a window, in numbers that
// may be any, becomes a Window that fits its images, or is refused.
#include <algorithm>

#include "source_lowering.hpp"
#include "tools/data/bytes.hpp"
#include "tools/error.hpp"

namespace nutshell::tools {
namespace {

using Border = SourceWindow::Border;

/// A window in one direction: `size` pixels, `count` places.
struct Side {
    const char* what;
    int64_t size, count;
    int64_t taps, stride, dilation, before, after;

    int64_t reach() const { return (taps - 1) * dilation + 1; }
};

std::string text_of(const char* what, int64_t number) {
    return std::string(what) + " of " + std::to_string(number);
}

/// Within a byte of a Window, so that no sum or product of such numbers overflows.
void require_byte(const SourceLayer& layer, const char* what, int64_t number, int64_t least) {
    if (number >= least && number <= 255) return;
    refuse(layer, "it has a " + text_of(what, number) + "; from " + std::to_string(least) +
                      " to 255 can be");
}

Side side_down(const SourceLayer& layer) {
    const SourceWindow& w = layer.window;
    return {"height", 0, 0, w.height, w.stride_height, w.dilation_height, w.top, w.bottom};
}
Side side_across(const SourceLayer& layer) {
    const SourceWindow& w = layer.window;
    return {"width", 0, 0, w.width, w.stride_width, w.dilation_width, w.left, w.right};
}

void check_numbers(const SourceLayer& layer, const Side& side) {
    const std::string of = std::string(" along the ") + side.what;
    require_byte(layer, ("kernel" + of).c_str(), side.taps, 1);
    require_byte(layer, ("stride" + of).c_str(), side.stride, 1);
    require_byte(layer, ("dilation" + of).c_str(), side.dilation, 1);
    if (layer.window.border != Border::given) return;
    require_byte(layer, ("padding in front" + of).c_str(), side.before, 0);
    require_byte(layer, ("padding behind" + of).c_str(), side.after, 0);
}

/// The padding of a rule for `count` places on `size` pixels.
void pad(Border border, Side& side) {
    if (border == Border::given) return;
    const int64_t missing = (side.count - 1) * side.stride + side.reach() - side.size;
    const int64_t total = border == Border::valid || missing < 0 ? 0 : missing;
    const int64_t less = total / 2;
    side.before = border == Border::same_lower ? total - less : less;
    side.after = total - side.before;
}

/// The places of a window on `size` pixels.
void count_places(const SourceLayer& layer, Side& side) {
    const Border border = layer.window.border;
    const bool same = border == Border::same || border == Border::same_lower;
    if (border == Border::valid) side.before = side.after = 0;
    const int64_t room = side.size + side.before + side.after - side.reach();
    if (!same && room < 0) {
        refuse(layer, "its kernel reaches over " + std::to_string(side.reach()) + " pixels of a " +
                          side.what + " of " + std::to_string(side.size) +
                          "; make the images larger or the kernel smaller");
    }
    side.count = same ? (side.size + side.stride - 1) / side.stride : room / side.stride + 1;
    pad(border, side);
    if (same || !layer.window.rounds_up || room % side.stride == 0) return;
    // One place more, unless it would begin behind the image.
    if (side.count * side.stride >= side.size + side.before) return;
    side.after += side.stride - room % side.stride;
    side.count++;
}

/// The pixels that a transposed convolution makes of `count` places: the shape's where the file
/// states it, else what its framework makes.
void count_pixels(const SourceLayer& layer, Side& side, int64_t stated, int64_t more) {
    const Border border = layer.window.border;
    const int64_t reach = side.reach(), stretched = (side.count - 1) * side.stride + reach;
    if (stated > 0) {
        side.size = stated;
    } else if (border == Border::given) {
        side.size = stretched - side.before - side.after + std::max<int64_t>(more, 0);
    } else if (more < 0) {
        const int64_t over =
            border == Border::valid ? std::max(reach - side.stride, int64_t{0}) : 0;
        side.size = side.count * side.stride + over;
    } else {
        side.size = stretched + more - (border == Border::valid ? 0 : 2 * (reach / 2));
    }
    pad(border, side);
    const int64_t room = side.size + side.before + side.after;
    if (side.size < 1 || room < stretched || room >= stretched + side.stride) {
        refuse(layer, "its stride, padding and kernel make no " + std::string(side.what) + " of " +
                          std::to_string(side.size) + " from " + std::to_string(side.count));
    }
}

/// What means nothing is stated as one, as the types of the library have it.
void simplify(Side& side) {
    if (side.taps == 1) side.dilation = 1;
    const bool one_place = side.count == 1 && side.size + side.before + side.after == side.reach();
    if (side.size == 1 && one_place) side.stride = 1;
}

Window window_of(const Side& down, const Side& across) {
    const auto byte = [](int64_t number) { return static_cast<uint8_t>(number); };
    Window window{};
    window.height = byte(down.taps);
    window.width = byte(across.taps);
    window.stride_height = byte(down.stride);
    window.stride_width = byte(across.stride);
    window.dilation_height = byte(down.dilation);
    window.dilation_width = byte(across.dilation);
    window.top = byte(down.before);
    window.bottom = byte(down.after);
    window.left = byte(across.before);
    window.right = byte(across.after);
    return window;
}

/// Output channels, by the sides of the weight. Throws Error unless it has them.
int32_t channels_behind(const SourceLayer& layer, Shape in) {
    const int64_t most = kMaxSize;
    if (layer.kernel_in < 1 || layer.kernel_out < 1 || layer.groups < 1 || layer.kernel_in > most ||
        layer.kernel_out > most || layer.groups > most) {
        refuse(layer,
               "its weight has a side, or it a number of groups, that is not from 1 to 2^20");
    }
    if (layer.kernel_in * layer.groups != in.channels) {
        refuse(layer, "its weight is for " + std::to_string(layer.kernel_in * layer.groups) +
                          " channels, but its images have " + std::to_string(in.channels));
    }
    if (layer.kernel_out % layer.groups != 0) {
        refuse(layer, std::to_string(layer.kernel_out) + " outputs are not a multiple of its " +
                          std::to_string(layer.groups) + " groups");
    }
    const SourceWindow& w = layer.window;
    const auto count = static_cast<size_t>(w.height * w.width * layer.kernel_in * layer.kernel_out);
    const size_t weights = layer.weight.size() + layer.weight_codes.size();
    const size_t biases = layer.weight_codes.empty() ? layer.bias.size() : layer.bias_codes.size();
    if (layer.weight.size() != count && layer.weight_codes.size() != count) {
        refuse(layer, "a weight of " + std::to_string(weights) + " values does not fit its kernel");
    }
    if (biases != 0 && biases != static_cast<size_t>(layer.kernel_out)) {
        refuse(layer, "its bias has " + std::to_string(biases) + " values, not " +
                          std::to_string(layer.kernel_out));
    }
    return static_cast<int32_t>(layer.kernel_out);
}

Kind kind_of(const SourceLayer& layer, Shape in) {
    const bool each = layer.groups == in.channels && layer.kernel_out == in.channels;
    const bool depthwise = layer.image_kind == Kind::conv2d && layer.groups > 1 && each;
    return depthwise ? Kind::depthwise_conv2d : layer.image_kind;
}

Row checked(const SourceLayer& layer, const Row& row) {
    if (layer.out.valid() && layer.out != row.out) {
        refuse(layer, "it makes " + shape_text(row.out) + " of " + shape_text(row.in) +
                          ", but the file says " + shape_text(layer.out));
    }
    if (valid(row)) return row;
    refuse(layer,
           "no layer here goes from " + shape_text(row.in) + " to " + shape_text(row.out) +
               " so: paddings are smaller than the kernel's reach, samples have at most 2^20 "
               "values, weights 2^24");
}

Row upsample_row(const SourceLayer& layer, Shape in) {
    const SourceWindow& w = layer.window;
    require_byte(layer, "factor along the height", w.height, 1);
    require_byte(layer, "factor along the width", w.width, 1);
    const int height = static_cast<int>(w.height), width = static_cast<int>(w.width);
    // (At most 2^28: a side has 2^20 pixels.)
    const Shape out{in.height * height, in.width * width, in.channels};
    return checked(layer, {Kind::upsample2d, Activation::linear, in, out, 0.0f,
                           Upsample2DLayer::window(height, width, w.interpolation)});
}

}  // namespace

bool swaps_with_activation(const Row& row) {
    const bool nearest = row.window.parameter == static_cast<uint32_t>(Interpolation::nearest);
    return row.kind == Kind::max_pool2d || row.kind == Kind::reshape ||
           (row.kind == Kind::upsample2d && nearest);
}

Row pixel_row(Shape shape) {
    return {shape.channels > 1 ? Kind::depthwise_conv2d : Kind::conv2d,
            Activation::linear,
            shape,
            shape,
            0.0f,
            nutshell::window_of(shape, 1, 1, 1, 1, Padding::valid)};
}

Row image_row(const SourceLayer& layer, Shape in) {
    if (!in.valid()) {
        refuse(layer,
               "the file does not say how large its images are; save the model with an "
               "input of fixed height and width");
    }
    const Kind kind = kind_of(layer, in);
    if (kind == Kind::upsample2d) return upsample_row(layer, in);
    Side down = side_down(layer), across = side_across(layer);
    check_numbers(layer, down);
    check_numbers(layer, across);
    const bool pool = kind == Kind::max_pool2d || kind == Kind::average_pool2d;
    const int32_t channels = pool ? in.channels : channels_behind(layer, in);
    Shape out{0, 0, channels};
    if (kind == Kind::transposed_conv2d) {
        down.count = in.height;
        across.count = in.width;
        count_pixels(layer, down, layer.out.height, layer.window.more_height);
        count_pixels(layer, across, layer.out.width, layer.window.more_width);
        out.height = static_cast<int32_t>(down.size);
        out.width = static_cast<int32_t>(across.size);
    } else {
        down.size = in.height;
        across.size = in.width;
        count_places(layer, down);
        count_places(layer, across);
        out.height = static_cast<int32_t>(down.count);
        out.width = static_cast<int32_t>(across.count);
    }
    simplify(down);
    simplify(across);
    for (const Side& side : {down, across}) {
        require_byte(layer, "padding", std::max(side.before, side.after), 0);
    }
    return checked(layer, {kind, Activation::linear, in, out, 0.0f, window_of(down, across)});
}

}  // namespace nutshell::tools
