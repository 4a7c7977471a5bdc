// SPDX-License-Identifier: MIT
// The layers of Keras that go over images, and over signals, which are images one pixel high.
#include "keras_layers.hpp"
#include "tools/error.hpp"

namespace nutshell::tools {
namespace {

using Op = SourceLayer::Op;

/// A number for each direction of an image, [height, width], from one for both or, of a 1D layer,
/// which is one pixel high, from the one along it.
struct Pair {
    int64_t height, width;
};

bool is_1d(const KerasNode& node) { return node.kind.find("1D") != std::string::npos; }

Pair pair_member(const KerasNode& node, const SourceLayer& layer, const char* name,
                 Pair otherwise) {
    const Json& value = member(node.config, name);
    if (!value.is_array() && !value.is_number_integer()) return otherwise;
    const size_t count = is_1d(node) ? 1 : 2;
    std::vector<int64_t> numbers;
    for (size_t i = 0; i < count; i++) {
        const Json& number = value.is_array() && value.size() == count ? value[i] : value;
        if (!number.is_number_integer()) {
            refuse(layer, "its " + std::string(name) + " is not " + std::to_string(count) +
                              " whole numbers; save the model again");
        }
        numbers.push_back(number.get<int64_t>());
    }
    if (count == 2) return {numbers[0], numbers[1]};
    return {otherwise.height, numbers[0]};
}

/// Window of a convolution or a pool whose size is called `size`.
void set_window(const KerasNode& node, SourceLayer& layer, const char* size) {
    require_channels_last(node, layer);
    layer.op = Op::image;
    SourceWindow& window = layer.window;
    const Pair taps = pair_member(node, layer, size, {1, 1});
    const bool pool = std::string(size) == "pool_size";
    const Pair strides = pair_member(node, layer, "strides", pool ? taps : Pair{1, 1});
    const Pair dilation = pair_member(node, layer, "dilation_rate", {1, 1});
    window.height = taps.height;
    window.width = taps.width;
    window.stride_height = strides.height;
    window.stride_width = strides.width;
    window.dilation_height = dilation.height;
    window.dilation_width = dilation.width;
    const std::string padding = text_member(node.config, "padding");
    if (padding == "same") {
        window.border = SourceWindow::Border::same;
    } else if (padding == "causal") {
        const bool fits =
            taps.width >= 1 && taps.width <= 255 && dilation.width >= 1 && dilation.width <= 255;
        window.left = fits ? (taps.width - 1) * dilation.width : 0;
    } else if (padding == "valid" || padding.empty()) {
        window.border = SourceWindow::Border::valid;
    } else {
        refuse(layer, "its padding '" + printable(padding) +
                          "' is not known here; valid, same and "
                          "causal are");
    }
}

/// Kernel and bias: [height][width][a][b] or, of a 1D layer, [width][a][b]; gives a and b.
struct Kernel {
    const std::vector<float>& values;
    size_t a, b;
};

Kernel take_kernel(const KerasNode& node, SourceLayer& layer, uint64_t outputs) {
    const bool has_bias = flag_member(node.config, "use_bias", true);
    require_arrays(node, layer, has_bias ? 2 : 1);
    const std::vector<uint64_t>& stored = node.weights[0].shape;
    const uint64_t a = stored.size() < 2 ? 0 : stored[stored.size() - 2];
    const uint64_t b = stored.size() < 2 ? 0 : stored[stored.size() - 1];
    std::vector<uint64_t> shape{static_cast<uint64_t>(layer.window.width), a, b};
    if (!is_1d(node)) shape.insert(shape.begin(), static_cast<uint64_t>(layer.window.height));
    const auto& values = keras_array(node, layer, 0, "kernel", shape);
    if (values.empty()) refuse(layer, "its kernel is empty; save the model again");
    if (has_bias) layer.bias = keras_array(node, layer, 1, "bias", {outputs});
    set_keras_activation(layer, member(node.config, "activation"));
    return {values, static_cast<size_t>(a), static_cast<size_t>(b)};  // both divide the size
}

uint64_t filters_of(const KerasNode& node) {
    const Json& stated = member(node.config, "filters");
    return stated.is_number_unsigned() ? stated.get<uint64_t>() : 0;
}

int64_t signed_of(uint64_t number) { return static_cast<int64_t>(number); }

}  // namespace

void convert_keras_convolution(const KerasNode& node, SourceLayer& layer) {
    set_window(node, layer, "kernel_size");
    const Kernel kernel = take_kernel(node, layer, filters_of(node));
    if (kernel.b != filters_of(node)) {
        refuse(layer, "its kernel is for " + std::to_string(kernel.b) + " filters, not " +
                          std::to_string(filters_of(node)));
    }
    layer.kernel_in = signed_of(kernel.a);
    layer.kernel_out = signed_of(kernel.b);
    const double groups = number_member(node.config, "groups", 1);
    layer.groups = groups >= 1 && groups <= kMaxSize ? static_cast<int64_t>(groups) : 0;
    layer.weight = transposed(kernel.values, kernel.values.size() / kernel.b, kernel.b);
}

/// A kernel [height][width][channels][multiplier].
void convert_keras_depthwise(const KerasNode& node, SourceLayer& layer) {
    set_window(node, layer, "kernel_size");
    const std::vector<uint64_t> none;
    const std::vector<uint64_t>& stored = node.weights.empty() ? none : node.weights[0].shape;
    const uint64_t outputs =
        stored.size() < 2 ? 0 : stored[stored.size() - 2] * stored[stored.size() - 1];
    const Kernel kernel = take_kernel(node, layer, outputs);
    layer.groups = signed_of(kernel.a);
    layer.kernel_in = 1;
    layer.kernel_out = signed_of(outputs);
    if (outputs == 0) return;
    const size_t columns = kernel.a * kernel.b;  // the outputs
    layer.weight = transposed(kernel.values, kernel.values.size() / columns, columns);
}

/// A kernel [height][width][out][in].
void convert_keras_transposed(const KerasNode& node, SourceLayer& layer) {
    set_window(node, layer, "kernel_size");
    layer.image_kind = Kind::transposed_conv2d;
    const Pair more = pair_member(node, layer, "output_padding", {-1, -1});
    layer.window.more_height = is_1d(node) && more.width >= 0 ? 0 : more.height;
    layer.window.more_width = more.width;
    const uint64_t outputs = filters_of(node);
    const Kernel kernel = take_kernel(node, layer, outputs);
    if (kernel.a != outputs) {
        refuse(layer, "its kernel is for " + std::to_string(kernel.a) + " filters, not " +
                          std::to_string(outputs));
    }
    layer.kernel_out = signed_of(outputs);
    layer.kernel_in = signed_of(kernel.b);
    const size_t in = kernel.b, tap = in * kernel.a;
    layer.weight.reserve(kernel.values.size());
    for (size_t o = 0; o < kernel.a; o++) {
        for (size_t at = o * in; at < kernel.values.size(); at += tap) {
            const auto from = kernel.values.begin() + static_cast<ptrdiff_t>(at);
            layer.weight.insert(layer.weight.end(), from, from + static_cast<ptrdiff_t>(in));
        }
    }
}

void convert_keras_pool(const KerasNode& node, SourceLayer& layer) {
    set_window(node, layer, "pool_size");
    const bool largest = node.kind.rfind("Max", 0) == 0;
    layer.image_kind = largest ? Kind::max_pool2d : Kind::average_pool2d;
}

void convert_keras_upsampling(const KerasNode& node, SourceLayer& layer) {
    require_channels_last(node, layer);
    layer.op = Op::image;
    layer.image_kind = Kind::upsample2d;
    const Pair factors = pair_member(node, layer, "size", is_1d(node) ? Pair{1, 2} : Pair{2, 2});
    layer.window.height = factors.height;
    layer.window.width = factors.width;
    const std::string between = text_member(node.config, "interpolation");
    if (between == "bilinear") {
        layer.window.interpolation = Interpolation::bilinear;
    } else if (between != "nearest" && !between.empty()) {
        refuse(layer, "its interpolation '" + printable(between) +
                          "' is not known here; nearest and bilinear are");
    }
}

}  // namespace nutshell::tools
