// SPDX-License-Identifier: MIT
// The operations of ONNX on images and signals.
#ifdef NUTSHELL_PROTOBUF
#include <algorithm>

#include "onnx_operations.hpp"
#include "source_lowering.hpp"
#include "tools/data/bytes.hpp"
#include "tools/error.hpp"

namespace nutshell::tools {
namespace {

/// An attribute's numbers for height and width; of a signal the height's is `otherwise`.
struct Pair {
    int64_t height, width;
};

Pair pair_of(const OnnxOperation& operation, const SourceLayer& layer, const char* attribute,
             int64_t otherwise) {
    const std::vector<int64_t> numbers = operation.integers(attribute);
    const size_t rank = operation.layout.sides().size() - 1;
    if (numbers.empty()) return {otherwise, otherwise};
    if (numbers.size() != rank) {
        refuse(layer, "its " + std::string(attribute) + " has " + std::to_string(numbers.size()) +
                          " numbers, not " + std::to_string(rank));
    }
    return rank == 2 ? Pair{numbers[0], numbers[1]} : Pair{otherwise, numbers[0]};
}

void set_border(const OnnxOperation& operation, SourceLayer& layer) {
    SourceWindow& window = layer.window;
    const std::string automatic = operation.text("auto_pad", "NOTSET");
    if (automatic == "VALID") {
        window.border = SourceWindow::Border::valid;
    } else if (automatic == "SAME_UPPER") {
        window.border = SourceWindow::Border::same;
    } else if (automatic == "SAME_LOWER") {
        window.border = SourceWindow::Border::same_lower;
    } else if (automatic != "NOTSET" && !automatic.empty()) {
        refuse(layer, "its auto_pad " + printable(automatic) + " is not known here");
    }
    const std::vector<int64_t> pads = operation.integers("pads");
    const size_t rank = operation.layout.sides().size() - 1;
    if (pads.empty()) return;
    if (pads.size() != 2 * rank) {
        refuse(layer,
               "it has " + std::to_string(pads.size()) + " pads, not " + std::to_string(2 * rank));
    }
    window.left = pads[rank - 1];
    window.right = pads[2 * rank - 1];
    if (rank == 1) return;
    window.top = pads[0];
    window.bottom = pads[2];
}

/// The image in front of the operation, and all that windows have in common.
Shape set_window(const OnnxOperation& operation, SourceLayer& layer) {
    layer.op = SourceLayer::Op::image;
    layer.in = operation.layout.image(layer);
    SourceWindow& window = layer.window;
    const Pair taps = pair_of(operation, layer, "kernel_shape", 1);
    const Pair strides = pair_of(operation, layer, "strides", 1);
    const Pair dilations = pair_of(operation, layer, "dilations", 1);
    window.height = taps.height;
    window.width = taps.width;
    window.stride_height = strides.height;
    window.stride_width = strides.width;
    window.dilation_height = dilations.height;
    window.dilation_width = dilations.width;
    set_border(operation, layer);
    return layer.in;
}

/// What the layer makes of its image: what image_row() will say again, in the layer's own place.
void leave_image(const OnnxOperation& operation, SourceLayer& layer) {
    operation.layout.set_image(image_row(layer, layer.in).out);
}

/// Weight and bias: of outputs that lie `first` or else behind the inputs of a group, as
/// [out][taps][in].
void take_weight(const OnnxOperation& operation, SourceLayer& layer, bool first) {
    const OnnxConstant& stored = require_constant(operation, layer, 1);
    const size_t rank = operation.layout.sides().size() - 1;
    layer.groups = operation.integer("group", 1);
    const auto& shape = stored.shape;
    const auto most = static_cast<uint64_t>(kMaxSize);
    bool sound = shape.size() == rank + 2 && layer.groups >= 1 && layer.groups <= kMaxSize;
    for (const uint64_t side : shape) sound = sound && side >= 1 && side <= most;
    if (!sound) {
        refuse(layer, "its weight has the shape " + text_of(shape) + " for " +
                          std::to_string(layer.groups) + " groups; a convolution's has " +
                          std::to_string(rank + 2) + " sides from 1 to 2^20");
    }
    const auto side = [&](size_t i) { return static_cast<int64_t>(shape[i]); };
    const int64_t height = rank == 2 ? side(2) : 1, width = side(shape.size() - 1);
    const bool stated = !operation.integers("kernel_shape").empty();
    if (stated && (layer.window.height != height || layer.window.width != width)) {
        refuse(layer,
               "its weight has the shape " + text_of(shape) + ", which its kernel_shape has not");
    }
    layer.window.height = height;
    layer.window.width = width;
    if (!first && side(0) % layer.groups != 0) {
        refuse(layer, std::to_string(layer.groups) + " groups do not divide its " +
                          std::to_string(side(0)) + " inputs");
    }
    layer.kernel_in = first ? side(1) : side(0) / layer.groups;
    layer.kernel_out = first ? side(0) : side(1) * layer.groups;
    const auto taps = static_cast<size_t>(height * width);
    const auto in = static_cast<size_t>(layer.kernel_in);
    const auto out_of_group = static_cast<size_t>(first ? layer.kernel_out : side(1));
    const auto place = [&](size_t at) {
        const size_t tap = at % taps, inner = at / taps;
        const size_t i = first ? inner % in : inner / out_of_group;
        const size_t o = first ? inner / in : inner % out_of_group + i / in * out_of_group;
        return (o * taps + tap) * in + i % in;
    };
    const auto reorder = [&](const auto& from, auto& to) {
        to.resize(from.size());
        for (size_t at = 0; at < from.size(); at++) to[place(at)] = from[at];
    };
    reorder(stored.values, layer.weight);
    if (!first && layer.groups > 1 && stored.scale.size() > 1) {
        refuse(layer, "its weight has a scale for each output of a group; one for all can be");
    }
    take_weight_codes(stored, first ? 0 : 1, layer);
    const std::vector<int8_t> codes = layer.weight_codes;
    reorder(codes, layer.weight_codes);
}

void take_bias(const OnnxOperation& operation, SourceLayer& layer) {
    if (operation.node.input_size() < 3 || operation.node.input(2).empty()) return;
    const OnnxConstant& bias = require_constant(operation, layer, 2);
    if (bias.shape.size() == 1 && add_bias(bias, layer)) return;
    refuse(layer, "its bias has the shape " + text_of(bias.shape) + ", not [" +
                      std::to_string(layer.kernel_out) + "]");
}

/// Adds what a Pad in front has put around the image; true when it has.
bool add_zeros(const OnnxOperation& operation, SourceLayer& layer) {
    const std::vector<int64_t> zeros = operation.layout.take_zeros();
    if (zeros.empty()) return false;
    SourceWindow& window = layer.window;
    if (window.border == SourceWindow::Border::valid) window.border = SourceWindow::Border::given;
    if (window.border != SourceWindow::Border::given) {
        refuse(layer, "it pads by itself what a Pad in front of it has made larger");
    }
    for (const int64_t pad : {window.top, window.left, window.bottom, window.right}) {
        if (pad < 0 || pad > 255) refuse(layer, "it has pads that are not from 0 to 255");
    }
    window.top += zeros[0];
    window.left += zeros[1];
    window.bottom += zeros[2];
    window.right += zeros[3];
    return true;
}

/// The mean of a window with its zeros is a convolution whose weights are all the same.
void count_zeros(SourceLayer& layer) {
    const SourceWindow& w = layer.window;
    if (w.border != SourceWindow::Border::given || w.rounds_up || w.height < 1 || w.height > 255 ||
        w.width < 1 || w.width > 255) {
        refuse(layer,
               "it counts zeros around the image as automatic padding or ceil_mode make "
               "them; give pads, or count_include_pad 0");
    }
    const int64_t taps = w.height * w.width;
    if (taps * layer.in.channels > 1 << 24) {
        refuse(layer, "a convolution in its place would have more than 2^24 weights");
    }
    layer.image_kind = Kind::conv2d;
    layer.groups = layer.kernel_out = layer.in.channels;
    layer.kernel_in = 1;
    layer.weight.assign(static_cast<size_t>(taps * layer.groups), 1.0f / static_cast<float>(taps));
}

/// True when the nearest pixel is the one that a whole factor means.
bool is_nearest(const OnnxOperation& operation, const std::string& coordinates, int64_t factor) {
    const bool old = operation.node.op_type() == "Upsample" || operation.node.input_size() == 2;
    const std::string rounding =
        operation.text("nearest_mode", old ? "floor" : "round_prefer_floor");
    if (coordinates == "asymmetric") {
        return rounding == "floor" || (rounding == "round_prefer_floor" && factor <= 2);
    }
    if (coordinates == "tf_half_pixel_for_nn") return rounding == "floor";
    const bool half = coordinates == "half_pixel" || coordinates == "pytorch_half_pixel";
    return half && (rounding == "round_prefer_floor" || rounding == "round_prefer_ceil");
}

/// The factors, from scales or sizes: [samples][channels] and one or two more.
std::vector<int64_t> factors_of(const OnnxOperation& operation, const SourceLayer& layer) {
    const std::vector<int64_t>& sides = operation.layout.sides();
    const bool old = operation.node.op_type() == "Upsample" || operation.node.input_size() == 2;
    const OnnxConstant* scales = operation.constant(old ? 1 : 2);
    const auto sizes = operation.integers_at(3);
    std::vector<int64_t> factors;
    if (scales != nullptr && scales->values.size() == sides.size() + 1) {
        bool whole = scales->values[0] == 1.0f;
        for (size_t i = 0; i < sides.size(); i++) {
            const float scale = scales->values[i + 1];
            whole = whole && scale >= 1.0f && scale <= 255.0f &&
                    scale == static_cast<float>(static_cast<int64_t>(scale));
            if (whole) factors.push_back(static_cast<int64_t>(scale));
        }
        if (!whole) factors.clear();
    } else if (sizes && sizes->size() == sides.size() + 1) {
        for (size_t i = 0; i < sides.size(); i++) {
            const int64_t size = (*sizes)[i + 1];
            if (size < sides[i] || size % sides[i] != 0) break;
            factors.push_back(size / sides[i]);
        }
    }
    if (factors.size() == sides.size() && factors[0] == 1) return factors;
    refuse(layer,
           "its sizes are not known, or no multiple of the image's; whole factors from 1 to "
           "255 can be");
}

}  // namespace

void convert_onnx_pad(const OnnxOperation& operation, SourceLayer& layer) {
    layer.op = SourceLayer::Op::nothing;
    const size_t rank = operation.layout.sides().size();
    std::vector<int64_t> pads = operation.integers("pads");
    if (const auto given = operation.integers_at(1)) pads = *given;
    const OnnxConstant* value = operation.constant(2);
    const bool zero = operation.text("mode", "constant") == "constant" &&
                      operation.number("value", 0) == 0 &&
                      (value == nullptr || value->values == std::vector<float>{0.0f});
    if (pads.size() != 2 * (rank + 1) || rank < 2 || rank > 3 || !zero) {
        refuse(layer,
               "it does not put a known number of zeros around images; export it as padding "
               "of the convolution behind it");
    }
    const size_t half = rank + 1;
    const bool inside = pads[0] == 0 && pads[1] == 0 && pads[half] == 0 && pads[half + 1] == 0;
    for (int64_t& pad : pads) pad = inside && pad >= 0 && pad <= 255 ? pad : -1;
    if (*std::min_element(pads.begin(), pads.end()) < 0) {
        refuse(layer, "it pads other sides than those of images, or not from 0 to 255 zeros");
    }
    if (std::all_of(pads.begin(), pads.end(), [](int64_t pad) { return pad == 0; })) return;
    const bool image = rank == 3;
    operation.layout.put_zeros(
        {image ? pads[2] : 0, pads[half - 1], image ? pads[half + 2] : 0, pads[2 * half - 1]});
}

void convert_onnx_conv(const OnnxOperation& operation, SourceLayer& layer) {
    set_window(operation, layer);
    (void)add_zeros(operation, layer);
    take_weight(operation, layer, true);
    take_bias(operation, layer);
    leave_image(operation, layer);
}

void convert_onnx_conv_transpose(const OnnxOperation& operation, SourceLayer& layer) {
    set_window(operation, layer);
    layer.image_kind = Kind::transposed_conv2d;
    take_weight(operation, layer, false);
    take_bias(operation, layer);
    SourceWindow& window = layer.window;
    if (!operation.integers("output_shape").empty() ||
        (window.border != SourceWindow::Border::given &&
         window.border != SourceWindow::Border::valid)) {
        refuse(layer,
               "its padding follows from its output's size, which versions of ONNX divide "
               "differently; export it with pads and output_padding");
    }
    window.border = SourceWindow::Border::given;
    const Pair more = pair_of(operation, layer, "output_padding", 0);
    window.more_height = more.height;
    window.more_width = more.width;
    leave_image(operation, layer);
}

void convert_onnx_pool(const OnnxOperation& operation, SourceLayer& layer) {
    const std::string& kind = operation.node.op_type();
    const bool largest = kind.find("Max") != std::string::npos;
    const Shape in = set_window(operation, layer);
    layer.image_kind = largest ? Kind::max_pool2d : Kind::average_pool2d;
    if (kind.rfind("Global", 0) == 0) {
        layer.window = {};
        layer.window.height = in.height;
        layer.window.width = in.width;
    } else if (operation.integers("kernel_shape").empty()) {
        refuse(layer, "it has no kernel_shape; export the model again");
    }
    layer.window.rounds_up = operation.integer("ceil_mode", 0) != 0;
    const SourceWindow& w = layer.window;
    const bool pads = (w.top | w.bottom | w.left | w.right) != 0 ||
                      w.border == SourceWindow::Border::same ||
                      w.border == SourceWindow::Border::same_lower;
    const bool include = operation.integer("count_include_pad", 0) != 0;
    if (!largest && pads && !include && operation.layout.has_zeros()) {
        refuse(layer, "it counts the zeros of a Pad, but not its own");
    }
    const bool counts = !largest && kind == "AveragePool" && add_zeros(operation, layer);
    if (!largest && (counts || (pads && include))) count_zeros(layer);
    leave_image(operation, layer);
}

void convert_onnx_resize(const OnnxOperation& operation, SourceLayer& layer) {
    layer.op = SourceLayer::Op::image;
    layer.image_kind = Kind::upsample2d;
    layer.in = operation.layout.image(layer);
    const std::vector<int64_t> factors = factors_of(operation, layer);
    layer.window.height = factors.size() == 3 ? factors[1] : 1;
    layer.window.width = factors.back();
    const bool old = operation.node.op_type() == "Upsample" || operation.node.input_size() == 2;
    const std::string mode = operation.text("mode", "nearest");
    const std::string coordinates =
        operation.text("coordinate_transformation_mode", old ? "asymmetric" : "half_pixel");
    const int64_t largest = std::max(layer.window.height, layer.window.width);
    const bool half = coordinates == "half_pixel" || coordinates == "pytorch_half_pixel";
    if (mode == "linear" && half) {
        layer.window.interpolation = Interpolation::bilinear;
    } else if (mode != "nearest" || !is_nearest(operation, coordinates, largest)) {
        refuse(layer, "its mode is " + printable(mode) + " with " + printable(coordinates) +
                          " coordinates; nearest (floor) and linear with half_pixel can be: "
                          "PyTorch writes them from opset 11 on, without align_corners");
    }
    leave_image(operation, layer);
}

}  // namespace nutshell::tools

#endif  // NUTSHELL_PROTOBUF
