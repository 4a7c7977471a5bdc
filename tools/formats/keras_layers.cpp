// SPDX-License-Identifier: MIT
#include "keras_layers.hpp"

#include "tools/error.hpp"
#include "tools/suggest.hpp"

namespace nutshell::tools {
namespace {

using Op = SourceLayer::Op;

/// What Keras keeps and what becomes of it.
struct LayerKind {
    const char* name;
    void (*convert)(const KerasNode& node, SourceLayer& layer);
    bool has_kernel = false;  ///< and a bias unless use_bias is false
};

void set_leaky(SourceLayer& layer, const Json& config, double otherwise) {
    const double alpha = number_member(config, "alpha", otherwise);
    layer.activation = Activation::leaky_relu;
    layer.slope = narrowed(number_member(config, "negative_slope", alpha));
}

void set_relu(SourceLayer& layer, const Json& config) {
    if (member(config, "max_value").is_number()) {
        refuse(layer, "a relu with a largest value has no layer here; train without max_value");
    }
    if (number_member(config, "threshold", 0) != 0) {
        refuse(layer, "a relu with a threshold has no layer here; train without it");
    }
    layer.activation = Activation::relu;
    const double slope = number_member(config, "negative_slope", 0);
    if (slope != 0) set_leaky(layer, config, slope);
}

void set_activation(SourceLayer& layer, const std::string& name) {
    if (name == "linear") {
        layer.activation = Activation::linear;
    } else if (name == "relu") {
        layer.activation = Activation::relu;
    } else if (name == "sigmoid") {
        layer.activation = Activation::sigmoid;
    } else if (name == "tanh") {
        layer.activation = Activation::tanh;
    } else if (name == "leaky_relu") {
        set_leaky(layer, {}, 0.2);  // of the function; that of the layer is 0.3
    } else {
        refuse(layer, "its activation '" + printable(name) +
                          "' is not known here; linear, relu, leaky_relu, sigmoid and tanh are");
    }
}

void convert_dense(const KerasNode& node, SourceLayer& layer) {
    layer.op = Op::dense;
    const Json& stated = member(node.config, "units");
    const uint64_t units = stated.is_number_unsigned() ? stated.get<uint64_t>() : 0;
    const bool has_bias = flag_member(node.config, "use_bias", true);
    require_arrays(node, layer, has_bias ? 2 : 1);
    const std::vector<uint64_t>& shape = node.weights[0].shape;
    const uint64_t inputs = shape.empty() ? 0 : shape[0];
    const auto& kernel = keras_array(node, layer, 0, "kernel", {inputs, units});
    layer.in = keras_shape({inputs});
    layer.out = keras_shape({units});
    // (Each divides the number of weights.)
    layer.weight = transposed(kernel, static_cast<size_t>(inputs), static_cast<size_t>(units));
    if (has_bias) layer.bias = keras_array(node, layer, 1, "bias", {units});
    set_keras_activation(layer, member(node.config, "activation"));
}

void convert_activation(const KerasNode& node, SourceLayer& layer) {
    layer.op = Op::activation;
    set_keras_activation(layer, member(node.config, "activation"));
}

void convert_relu(const KerasNode& node, SourceLayer& layer) {
    layer.op = Op::activation;
    set_relu(layer, node.config);
}

void convert_leaky_relu(const KerasNode& node, SourceLayer& layer) {
    layer.op = Op::activation;
    set_leaky(layer, node.config, 0.3);
}

void convert_batch_norm(const KerasNode& node, SourceLayer& layer) {
    layer.op = Op::batch_norm;
    layer.epsilon = narrowed(number_member(node.config, "epsilon", 1e-3));
    const bool has_gamma = flag_member(node.config, "scale", true);
    const bool has_beta = flag_member(node.config, "center", true);
    const size_t moving = (has_gamma ? 1 : 0) + (has_beta ? 1 : 0);
    require_arrays(node, layer, moving + 2);
    const uint64_t channels = node.weights[moving].values.size();
    if (has_gamma) layer.gamma = keras_array(node, layer, 0, "gamma", {channels});
    if (has_beta) layer.beta = keras_array(node, layer, moving - 1, "beta", {channels});
    layer.mean = keras_array(node, layer, moving, "moving mean", {channels});
    layer.variance = keras_array(node, layer, moving + 1, "moving variance", {channels});
}

void convert_flatten(const KerasNode& node, SourceLayer& layer) {
    require_channels_last(node, layer);
    layer.op = Op::reshape;
}

void convert_reshape(const KerasNode& node, SourceLayer& layer) {
    layer.op = Op::reshape;
    std::vector<uint64_t> sides;
    for (const Json& side : member(node.config, "target_shape")) {
        if (!side.is_number_unsigned()) return;  // -1: as many as there are
        sides.push_back(side.get<uint64_t>());
    }
    layer.out = keras_shape(sides);
}

void convert_nothing(const KerasNode&, SourceLayer& layer) { layer.op = Op::nothing; }

constexpr LayerKind kKinds[] = {
    {"Dense", convert_dense, true},
    {"Conv2D", convert_keras_convolution, true},
    {"Conv1D", convert_keras_convolution, true},
    {"DepthwiseConv2D", convert_keras_depthwise, true},
    {"DepthwiseConv1D", convert_keras_depthwise, true},
    {"Conv2DTranspose", convert_keras_transposed, true},
    {"Conv1DTranspose", convert_keras_transposed, true},
    {"MaxPooling2D", convert_keras_pool},
    {"MaxPooling1D", convert_keras_pool},
    {"AveragePooling2D", convert_keras_pool},
    {"AveragePooling1D", convert_keras_pool},
    {"UpSampling2D", convert_keras_upsampling},
    {"UpSampling1D", convert_keras_upsampling},
    {"Activation", convert_activation},
    {"ReLU", convert_relu},
    {"LeakyReLU", convert_leaky_relu},
    {"BatchNormalization", convert_batch_norm},
    {"Flatten", convert_flatten},
    {"Reshape", convert_reshape},
    {"Dropout", convert_nothing},
    {"AlphaDropout", convert_nothing},
    {"GaussianDropout", convert_nothing},
    {"GaussianNoise", convert_nothing},
    {"ActivityRegularization", convert_nothing},
    {"InputLayer", convert_nothing},
};

const LayerKind* find_kind(const std::string& name) {
    for (const LayerKind& kind : kKinds) {
        if (name == kind.name) return &kind;
    }
    return nullptr;
}

std::string kind_list() {
    std::string text;
    for (const LayerKind& kind : kKinds) {
        if (kind.convert == convert_nothing) continue;
        text += (text.empty() ? "" : ", ") + std::string(kind.name);
    }
    return text;
}

SourceLayer head(const KerasNode& node) {
    SourceLayer layer;
    layer.name = node.name;
    layer.kind = node.kind;
    layer.place = node.place.empty() ? "model_config" : node.place;
    return layer;
}

/// BatchNormalization of the last axis, as Keras states it: 1, [1], -1, for samples of rank 1.
void require_last_axis(const KerasNode& node) {
    const Json& stated = member(node.config, "axis");
    const Json& axis = stated.is_array() && stated.size() == 1 ? stated[0] : stated;
    if (!axis.is_number_integer() || axis.get<int>() == -1) return;
    const int last = node.input.empty() ? axis.get<int>() : static_cast<int>(node.input.size());
    if (axis.get<int>() >= 1 && axis.get<int>() == last) return;
    refuse(head(node), "it normalizes another axis than the last one; the channels must be last");
}

}  // namespace

const std::vector<float>& keras_array(const KerasNode& node, const SourceLayer& layer, size_t index,
                                      const char* what, const std::vector<uint64_t>& shape) {
    if (index >= node.weights.size()) {
        refuse(layer, std::string("its ") + what + " is missing in the file; save the model again");
    }
    const Tensor& tensor = node.weights[index];
    if (tensor.shape != shape) {
        refuse(layer, std::string("its ") + what + " has the shape " + text_of(tensor.shape) +
                          ", not " + text_of(shape) + "; save the model again");
    }
    return tensor.values;
}

void require_arrays(const KerasNode& node, const SourceLayer& layer, size_t count) {
    if (node.weights.size() == count) return;
    refuse(layer, "the file has " + std::to_string(node.weights.size()) + " arrays for it, not " +
                      std::to_string(count) + "; save the model again, without quantization");
}

void require_channels_last(const KerasNode& node, const SourceLayer& layer) {
    if (text_member(node.config, "data_format") != "channels_first") return;
    refuse(layer, "its images have their channels first; build the model with channels_last");
}

void set_keras_activation(SourceLayer& layer, const Json& value) {
    if (value.is_null()) return;
    if (value.is_string()) return set_activation(layer, value.get<std::string>());
    const std::string kind = text_member(value, "class_name");
    const Json& config = member(value, "config");
    if (kind == "ReLU") return set_relu(layer, config);
    if (kind == "LeakyReLU") return set_leaky(layer, config, 0.3);
    if (config.is_string()) return set_activation(layer, config.get<std::string>());
    set_activation(layer, kind.empty() ? std::string("?") : kind);
}

size_t KerasNode::trained_arrays() const {
    const LayerKind* const known = find_kind(kind);
    if (known != nullptr && known->has_kernel) {
        return flag_member(config, "use_bias", true) ? 2 : 1;
    }
    if (kind != "BatchNormalization") return 0;
    return (flag_member(config, "scale", true) ? 1U : 0U) +
           (flag_member(config, "center", true) ? 1U : 0U);
}

size_t KerasNode::other_arrays() const { return kind == "BatchNormalization" ? 2 : 0; }

void require_known_layer(const KerasNode& layer, const std::string& where) {
    if (find_kind(layer.kind) == nullptr) {
        const std::string why =
            layer.kind == "Lambda" || layer.kind == "TFOpLambda"
                ? "it is code of its own, which is never run; replace it by layers"
                : "there is no such layer here; layers are " + kind_list();
        throw Error(where + ": " + printable(layer.kind) + " '" + printable(layer.name) +
                    "' (model_config): " + why);
    }
    if (layer.kind == "BatchNormalization") require_last_axis(layer);
}

SourceLayer keras_layer(const KerasNode& node) {
    SourceLayer layer = head(node);
    find_kind(node.kind)->convert(node, layer);
    return layer;
}

Shape keras_shape(const std::vector<uint64_t>& sides) {
    Shape shape{1, 1, 1};
    if (sides.empty() || sides.size() > 3) return {};
    for (const uint64_t side : sides) {
        if (side < 1 || side > static_cast<uint64_t>(kMaxSize)) return {};
    }
    const auto side = [&](size_t i) { return static_cast<int32_t>(sides[i]); };
    shape.channels = side(sides.size() - 1);
    if (sides.size() > 1) shape.width = side(sides.size() - 2);
    if (sides.size() > 2) shape.height = side(0);
    return shape.valid() ? shape : Shape{};
}

}  // namespace nutshell::tools
