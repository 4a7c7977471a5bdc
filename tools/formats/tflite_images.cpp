// SPDX-License-Identifier: MIT
#ifdef NUTSHELL_FLATBUFFERS
#include "tflite_images.hpp"

#include "tools/error.hpp"

namespace nutshell::tools {
namespace {

using Activation = tflite::ActivationFunctionType;

template <class Options>
const Options& present(const SourceLayer& layer, const Options* options) {
    if (options == nullptr) refuse(layer, "it has no options; the file is damaged");
    return *options;
}

void set_window(SourceLayer& layer, tflite::Padding padding, int32_t stride_height,
                int32_t stride_width) {
    if (padding != tflite::Padding_SAME && padding != tflite::Padding_VALID) {
        refuse(layer, "its padding is neither SAME nor VALID; the file is damaged");
    }
    const bool same = padding == tflite::Padding_SAME;
    layer.window.border = same ? SourceWindow::Border::same : SourceWindow::Border::valid;
    layer.window.stride_height = stride_height;
    layer.window.stride_width = stride_width;
}

/// Which constant tensors a convolution reads; -1: none.
struct Operands {
    int weight, bias;
};

/// `bias` is its place, the last one, which may be left away.
Operands operands_of(const tflite::Operator& op, const SourceLayer& layer, uint32_t bias) {
    const auto& inputs = *op.inputs();
    if (inputs.size() < bias || inputs.size() > bias + 1) {
        refuse(layer, "it has " + std::to_string(inputs.size()) + " inputs, not " +
                          std::to_string(bias) + " or " + std::to_string(bias + 1));
    }
    return {inputs.Get(1), inputs.size() > bias ? inputs.Get(bias) : -1};
}

/// The four sides of a weight, of which the inner ones are the window's.
std::vector<int32_t> take_sides(const TfliteTensors& tensors, SourceLayer& layer, int weight) {
    const std::vector<int32_t> sides = tensors.sides(weight);
    if (sides.size() != 4) {
        refuse(layer, "its weight of " + text_of(sides) + " has not four sides");
    }
    layer.window.height = sides[1];
    layer.window.width = sides[2];
    return sides;
}

/// Weight and bias as they lie; `side` is the weight's that has the outputs.
void read_weights(const TfliteTensors& tensors, SourceLayer& layer, Operands operands, int side,
                  std::vector<std::string>& notes) {
    if (layer.out_codes) return tensors.read_codes(layer, operands.weight, operands.bias, side);
    layer.weight = tensors.floats(layer, operands.weight, notes, side);
    if (operands.bias != -1) layer.bias = tensors.floats(layer, operands.bias, notes);
}

Activation read_convolution(const TfliteTensors& tensors, const tflite::Operator& op,
                            SourceLayer& layer, std::vector<std::string>& notes) {
    const auto& options = present(layer, op.builtin_options_as_Conv2DOptions());
    set_window(layer, options.padding(), options.stride_h(), options.stride_w());
    layer.window.dilation_height = options.dilation_h_factor();
    layer.window.dilation_width = options.dilation_w_factor();
    const Operands operands = operands_of(op, layer, 2);
    const std::vector<int32_t> sides = take_sides(tensors, layer, operands.weight);
    layer.kernel_out = sides[0];
    layer.kernel_in = sides[3];
    layer.groups = layer.in.channels / sides[3];
    read_weights(tensors, layer, operands, 0, notes);
    return options.fused_activation_function();
}

/// [1][height][width][out] -> [out][height][width]
template <class Number>
void put_outputs_first(std::vector<Number>& weight, size_t outputs) {
    const std::vector<Number> stored = weight;
    const size_t taps = stored.size() / outputs;
    for (size_t at = 0; at < stored.size(); at++) {
        weight[at % outputs * taps + at / outputs] = stored[at];
    }
}

Activation read_depthwise(const TfliteTensors& tensors, const tflite::Operator& op,
                          SourceLayer& layer, std::vector<std::string>& notes) {
    const auto& options = present(layer, op.builtin_options_as_DepthwiseConv2DOptions());
    set_window(layer, options.padding(), options.stride_h(), options.stride_w());
    layer.window.dilation_height = options.dilation_h_factor();
    layer.window.dilation_width = options.dilation_w_factor();
    const Operands operands = operands_of(op, layer, 2);
    const std::vector<int32_t> sides = take_sides(tensors, layer, operands.weight);
    if (sides[0] != 1) refuse(layer, "its weight of " + text_of(sides) + " is for more samples");
    layer.kernel_out = sides[3];
    layer.kernel_in = 1;
    layer.groups = layer.in.channels;
    read_weights(tensors, layer, operands, 3, notes);
    put_outputs_first(layer.weight, static_cast<size_t>(sides[3]));
    put_outputs_first(layer.weight_codes, static_cast<size_t>(sides[3]));
    return options.fused_activation_function();
}

Activation read_transposed(const TfliteTensors& tensors, const tflite::Operator& op,
                           SourceLayer& layer, std::vector<std::string>& notes) {
    const auto& options = present(layer, op.builtin_options_as_TransposeConvOptions());
    layer.image_kind = Kind::transposed_conv2d;
    set_window(layer, options.padding(), options.stride_h(), options.stride_w());
    const Operands operands = operands_of(op, layer, 3);
    const std::vector<int32_t> sides = take_sides(tensors, layer, operands.weight);
    layer.kernel_out = sides[0];
    layer.kernel_in = sides[3];
    read_weights(tensors, layer, operands, 0, notes);
    return options.fused_activation_function();
}

Activation read_pool(const tflite::Operator& op, bool largest, SourceLayer& layer) {
    const auto& options = present(layer, op.builtin_options_as_Pool2DOptions());
    layer.image_kind = largest ? Kind::max_pool2d : Kind::average_pool2d;
    set_window(layer, options.padding(), options.stride_h(), options.stride_w());
    layer.window.height = options.filter_height();
    layer.window.width = options.filter_width();
    return options.fused_activation_function();
}

/// The whole factor from `from` pixels to `to`. TensorFlow Lite finds the nearest pixel in float32,
/// which is not every time the one that the factor means.
int64_t factor_of(const SourceLayer& layer, int32_t from, int32_t to, bool half_pixels) {
    if (to % from != 0) {
        refuse(layer, "it makes " + std::to_string(to) + " pixels of " + std::to_string(from) +
                          "; only whole factors can be");
    }
    const int32_t factor = to / from;
    const float scale = static_cast<float>(from) / static_cast<float>(to);
    for (int32_t i = 0; !half_pixels && i < to; i++) {
        if (static_cast<int32_t>(static_cast<float>(i) * scale) == i / factor) continue;
        refuse(layer, "its float32 arithmetic takes another pixel than the nearest one for pixel " +
                          std::to_string(i) + "; convert it with half_pixel_centers");
    }
    return factor;
}

void read_resize(bool align_corners, bool half_pixels, SourceLayer& layer) {
    const bool bilinear = layer.window.interpolation == Interpolation::bilinear;
    layer.image_kind = Kind::upsample2d;
    if (align_corners || (bilinear && !half_pixels)) {
        refuse(layer, std::string("it ") + (align_corners ? "aligns corners" : "aligns edges") +
                          "; only pixels' centers can be aligned (half_pixel_centers)");
    }
    layer.window.height = factor_of(layer, layer.in.height, layer.out.height, half_pixels);
    layer.window.width = factor_of(layer, layer.in.width, layer.out.width, half_pixels);
}

Activation read_bilinear(const tflite::Operator& op, SourceLayer& layer) {
    const auto& options = present(layer, op.builtin_options_as_ResizeBilinearOptions());
    layer.window.interpolation = Interpolation::bilinear;
    read_resize(options.align_corners(), options.half_pixel_centers(), layer);
    return tflite::ActivationFunctionType_NONE;
}

Activation read_nearest(const tflite::Operator& op, SourceLayer& layer) {
    const auto* options = op.builtin_options_as_ResizeNearestNeighborOptions();
    read_resize(options != nullptr && options->align_corners(),
                options != nullptr && options->half_pixel_centers(), layer);
    return tflite::ActivationFunctionType_NONE;
}

}  // namespace

bool is_image_operator(tflite::BuiltinOperator code) {
    return code == tflite::BuiltinOperator_CONV_2D ||
           code == tflite::BuiltinOperator_DEPTHWISE_CONV_2D ||
           code == tflite::BuiltinOperator_TRANSPOSE_CONV ||
           code == tflite::BuiltinOperator_MAX_POOL_2D ||
           code == tflite::BuiltinOperator_AVERAGE_POOL_2D ||
           code == tflite::BuiltinOperator_RESIZE_BILINEAR ||
           code == tflite::BuiltinOperator_RESIZE_NEAREST_NEIGHBOR;
}

uint32_t sample_operand(tflite::BuiltinOperator code) {
    return code == tflite::BuiltinOperator_TRANSPOSE_CONV ? 2 : 0;
}

Activation read_image_operator(const TfliteTensors& tensors, const tflite::Operator& op,
                               tflite::BuiltinOperator code, SourceLayer& layer,
                               std::vector<std::string>& notes) {
    layer.op = SourceLayer::Op::image;
    switch (code) {
        case tflite::BuiltinOperator_CONV_2D:
            return read_convolution(tensors, op, layer, notes);
        case tflite::BuiltinOperator_DEPTHWISE_CONV_2D:
            return read_depthwise(tensors, op, layer, notes);
        case tflite::BuiltinOperator_TRANSPOSE_CONV:
            return read_transposed(tensors, op, layer, notes);
        case tflite::BuiltinOperator_RESIZE_BILINEAR:
            return read_bilinear(op, layer);
        case tflite::BuiltinOperator_RESIZE_NEAREST_NEIGHBOR:
            return read_nearest(op, layer);
        default:
            return read_pool(op, code == tflite::BuiltinOperator_MAX_POOL_2D, layer);
    }
}

}  // namespace nutshell::tools
#endif
