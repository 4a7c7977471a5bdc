// SPDX-License-Identifier: MIT
// Lowering of an int8 model's codes, to TensorFlow Lite Micro's bytes.
#include <algorithm>
#include <utility>

#include "nutshell/requantize.hpp"
#include "source_lowering.hpp"
#include "tools/error.hpp"

namespace nutshell::tools {
namespace {

size_t size_of(int n) { return static_cast<size_t>(n); }

/// The bias with the input's zero point folded in, as the kernels want it.
int32_t folded_bias(const SourceLayer& layer, const Row& row, const Int8Layer& codes,
                    size_t output) {
    const int8_t* weights = codes.weight.data() + output * size_of(weight_matrix(row).inputs);
    const size_t in = size_of(weight_matrix(row).inputs);
    int64_t sum = 0;
    for (size_t i = 0; i < in; i++) sum += weights[i];
    const int64_t bias = layer.bias_codes.empty() ? 0 : layer.bias_codes[output];
    const int64_t folded = bias - codes.quantization.in.zero_point * sum;
    if (folded < -kMaxSum || folded > kMaxSum) {
        refuse(layer, "the bias of output " + std::to_string(output) +
                          " is too large: its sums could overflow 32 bits");
    }
    return static_cast<int32_t>(folded);
}

/// TensorFlow Lite's factor from sums to codes. Of a dense layer with one scale the product of the
/// scales is a float first.
FixedPoint factor_of(const SourceLayer& layer, Quantization in, size_t channel, Quantization out) {
    const float scale = layer.weight_scale[channel];
    const bool is_float = layer.op == SourceLayer::Op::dense && layer.weight_scale.size() == 1;
    const double product = is_float ? double{in.scale * scale} : double{in.scale} * double{scale};
    FixedPoint factor;
    if (!(scale > 0) || fixed_point_of(product / double{out.scale}, factor) != Status::ok) {
        refuse(layer, "its scales make no multiplier; scales are greater than 0 and finite");
    }
    return factor;
}

/// True for an output that nothing moves and whose bias is larger than sums may be here: TensorFlow
/// Lite's converter gives channels without weights the smallest scale that a bias of 2^30 allows.
/// The code that such an output always has becomes its bias, and its factor 1.
bool take_constant(const SourceLayer& layer, size_t output, FixedPoint factor, Int8Layer& codes) {
    const size_t inputs = codes.weight.size() / codes.bias.size();
    const auto first = codes.weight.begin() + static_cast<ptrdiff_t>(output * inputs);
    const bool moves = std::any_of(first, first + static_cast<ptrdiff_t>(inputs),
                                   [](int8_t weight) { return weight != 0; });
    const int32_t bias = layer.bias_codes.empty() ? 0 : layer.bias_codes[output];
    if (moves || (bias >= -kMaxSum && bias <= kMaxSum) || factor.shift > 0) return false;
    constexpr int32_t beyond_all_codes = 512;
    codes.bias[output] = std::clamp(multiply(bias, factor), -beyond_all_codes, beyond_all_codes);
    codes.multiplier[output] = 1 << 30;
    codes.shift[output] = 1;
    return true;
}

}  // namespace

Int8Lowering::Int8Lowering(const SourceModel& model)
    : model_(model), passage_(model), codes_(*model.codes) {}

void Int8Lowering::begin_decoder() {
    first_ = rows_.size();
    code_ = static_cast<int>(rows_.size());
}

void Int8Lowering::add(const SourceLayer& layer) {
    passage_.learn(layer.in);
    switch (layer.op) {
        case SourceLayer::Op::dense:
            return add_weighted(layer, dense_row(layer, passage_.shape(), layer.weight_codes.size(),
                                                 layer.bias_codes.size()));
        case SourceLayer::Op::image:
            return add_image(layer);
        case SourceLayer::Op::activation:
            return add_activation(layer);
        case SourceLayer::Op::batch_norm:
            refuse(layer, "an int8 model has no batch normalization; fold it before quantizing");
        case SourceLayer::Op::reshape:
            require_same_codes(layer);
            return passage_.reshape(layer);
        case SourceLayer::Op::nothing:
            return pass(layer, " does nothing at inference: left out");
    }
}

void Int8Lowering::require_same_codes(const SourceLayer& layer) const {
    if (!layer.out_codes || same(*layer.out_codes, codes_)) return;
    refuse(layer, "it changes the scale of its codes; quantize the model so that it does not");
}

/// A layer that changes no code.
void Int8Lowering::pass(const SourceLayer& layer, const std::string& note) {
    require_same_codes(layer);
    passage_.notes.push_back(named(layer) + note);
}

void Int8Lowering::push(const SourceLayer& layer, const Row& row, Int8Layer codes) {
    if (const std::optional<Row> reshape =
            passage_.between(rows_.empty() ? Shape{} : rows_.back().out, row.in)) {
        const std::string& origin = passage_.reshape_origin();
        rows_.push_back(*reshape);
        layers_.push_back(Int8Layer::of(*reshape, {codes_, codes_, codes_}, true));
        origin_.push_back(origin.empty() ? named(layer) : origin);
    }
    if (rows_.size() >= size_of(kMaxLayers)) {
        refuse(layer, "the model has more than " + std::to_string(kMaxLayers) + " layers");
    }
    const Status status = check_quantized(row, codes.tensors());
    if (status != Status::ok) refuse(layer, to_string(status));
    codes_ = codes.quantization.out;
    passage_.set(row.out);
    rows_.push_back(row);
    layers_.push_back(std::move(codes));
    origin_.push_back(named(layer));
}

void Int8Lowering::add_weighted(const SourceLayer& layer, const Row& plain) {
    Row row = plain;
    set_row_activation(layer, row);
    const size_t out = size_of(weight_matrix(row).outputs), channels = layer.weight_scale.size();
    if (needs_table(row.activation)) {
        refuse(layer, "an int8 layer's own activation is relu or none; others follow it");
    }
    if (!layer.out_codes || (channels != 1 && channels != out)) {
        refuse(layer, "it has " + std::to_string(channels) + " weight scales for " +
                          std::to_string(out) + " outputs, or no output scale");
    }
    const LayerQuantization meanings{codes_, *layer.out_codes, *layer.out_codes};
    Int8Layer codes = Int8Layer::of(row, meanings, channels != 1);
    codes.weight = ungrouped(layer, row, layer.weight_codes);
    codes.weight_bits = layer.weight_bits;
    for (size_t o = 0; o < out; o++) {
        const FixedPoint factor = factor_of(layer, codes_, channels == 1 ? 0 : o, *layer.out_codes);
        if (channels == out && take_constant(layer, o, factor, codes)) continue;
        codes.bias[o] = folded_bias(layer, row, codes, o);
        if (o >= channels) continue;
        codes.multiplier[o] = factor.multiplier;
        codes.shift[o] = factor.shift;
    }
    for (const int8_t weight : codes.weight) {
        if (weight == -128) {
            refuse(layer, "a weight is -128; TensorFlow Lite's symmetric weights are -127..127");
        }
    }
    const bool spread = codes.weight.size() > layer.weight_codes.size();
    push(layer, row, std::move(codes));
    if (spread) passage_.notes.push_back(spread_note(layer));
}

void Int8Lowering::add_image(const SourceLayer& layer) {
    passage_.view(layer.in);
    const Row row = image_row(layer, passage_.shape());
    if (weight_matrix(row).outputs > 0) return add_weighted(layer, row);
    require_same_codes(layer);
    push(layer, row, Int8Layer::of(row, {codes_, codes_, codes_}, true));
    if (layer.activation != Activation::linear) add_activation(layer);
}

/// The last layer with weights, if it ends in no activation and an activation behind it may change
/// places with all that is between; else -1.
int Int8Lowering::linear_layer() const {
    for (size_t i = rows_.size(); i > first_; i--) {
        const Row& row = rows_[i - 1];
        if (weight_matrix(row).outputs > 0) {
            return row.activation == Activation::linear ? static_cast<int>(i) - 1 : -1;
        }
        if (!swaps_with_activation(row)) break;
    }
    return -1;
}

/// A layer that gives the codes that it gets, for an activation that no other can end in.
void Int8Lowering::add_identity(const SourceLayer& layer) {
    if (passage_.size() == 0) refuse(layer, "the file does not say how many values it reads");
    SourceLayer identity = layer;
    const auto channels = size_of(passage_.shape().channels);
    identity.activation = Activation::linear;
    identity.weight_codes.assign(channels, 1);
    identity.weight_scale = {1.0f};
    identity.bias_codes.clear();
    identity.weight_bits = 8;
    identity.kernel_in = 1;
    identity.out_codes = codes_;
    add_weighted(identity, pixel_row(passage_.shape()));
    passage_.notes.push_back(named(layer) +
                             " became a layer of its own: no layer in front can end in it");
}

void Int8Lowering::add_activation(const SourceLayer& layer) {
    if (layer.activation == Activation::linear) return pass(layer, " is linear: left out");
    int place = linear_layer();
    if (place < 0) {
        add_identity(layer);
        place = static_cast<int>(rows_.size()) - 1;
    } else {
        origin_[size_of(place)] += ", " + named(layer);
    }
    Row& row = rows_[size_of(place)];
    Int8Layer& codes = layers_[size_of(place)];
    set_row_activation(layer, row);
    if (!needs_table(row.activation)) return require_same_codes(layer);
    const Quantization out = layer.out_codes.value_or(codes_);
    codes.quantization.out = out;
    codes.table.resize(256);
    if (activation_table(row.activation, row.slope, codes.quantization, codes.table.data()) !=
        Status::ok) {
        refuse(layer,
               "its output codes are not TensorFlow Lite's: sigmoid has scale 1/256 and "
               "zero point -128, tanh 1/128 and 0");
    }
    // What lies between hands on the new codes.
    for (size_t i = size_of(place) + 1; i < layers_.size(); i++) {
        layers_[i].quantization = {out, out, out};
    }
    codes_ = out;
}

std::vector<int> Int8Lowering::sizes() const {
    std::vector<int> sizes{rows_.empty() ? 0 : rows_.front().in.size()};
    for (const Row& row : rows_) sizes.push_back(row.out.size());
    return sizes;
}

Imported Int8Lowering::result(int code_layer, const std::string& code_from) const {
    return {Int8Graph(rows_, code_layer, layers_),
            origin_,
            passage_.notes,
            code_from,
            model_.format,
            model_.producer};
}

}  // namespace nutshell::tools
