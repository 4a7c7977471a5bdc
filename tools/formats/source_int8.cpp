// SPDX-License-Identifier: MIT
// Lowering of an int8 model's codes, to TensorFlow Lite Micro's bytes.
#include <utility>

#include "source_lowering.hpp"
#include "tools/error.hpp"

namespace nutshell::tools {
namespace {

size_t size_of(int n) { return static_cast<size_t>(n); }

/// The bias with the input's zero point folded in, as the kernels want it.
int32_t folded_bias(const SourceLayer& layer, const Row& row, size_t output, int8_t zero_point) {
    const size_t in = size_of(row.in.size());
    const int8_t* weights = layer.weight_codes.data() + output * in;
    int64_t sum = 0;
    for (size_t i = 0; i < in; i++) sum += weights[i];
    const int64_t bias = layer.bias_codes.empty() ? 0 : layer.bias_codes[output];
    const int64_t folded = bias - zero_point * sum;
    if (folded < -kMaxSum || folded > kMaxSum) {
        refuse(layer, "the bias of output " + std::to_string(output) +
                          " is too large: its sums could overflow 32 bits");
    }
    return static_cast<int32_t>(folded);
}

/// TensorFlow Lite's factor from sums to codes.
FixedPoint factor_of(const SourceLayer& layer, Quantization in, size_t channel, Quantization out) {
    const float scale = layer.weight_scale[channel];
    const double product = layer.weight_scale.size() == 1 ? double{in.scale * scale}
                                                          : double{in.scale} * double{scale};
    FixedPoint factor;
    if (!(scale > 0) || fixed_point_of(product / double{out.scale}, factor) != Status::ok) {
        refuse(layer, "its scales make no multiplier; scales are greater than 0 and finite");
    }
    return factor;
}

}  // namespace

Int8Lowering::Int8Lowering(const SourceModel& model)
    : model_(model), notes_(model.notes), codes_(*model.codes) {
    if (model.input.valid()) size_ = model.input.size();
}

void Int8Lowering::begin_decoder() {
    fusable_ = false;
    code_ = static_cast<int>(rows_.size());
}

void Int8Lowering::add(const SourceLayer& layer) {
    if (size_ == 0 && layer.in.valid()) size_ = layer.in.size();
    switch (layer.op) {
        case SourceLayer::Op::dense:
            return add_dense(layer);
        case SourceLayer::Op::activation:
            return add_activation(layer);
        case SourceLayer::Op::batch_norm:
            refuse(layer, "an int8 model has no batch normalization; fold it before quantizing");
        case SourceLayer::Op::reshape:
            if (size_ != 0 && layer.out.valid() && layer.out.size() != size_) {
                refuse(layer, "a reshape keeps the number of values of a sample");
            }
            return pass(layer, " moves no values: left out");
        case SourceLayer::Op::nothing:
            return pass(layer, " does nothing at inference: left out");
    }
}

/// A layer that changes no code.
void Int8Lowering::pass(const SourceLayer& layer, const std::string& note) {
    if (layer.out_codes && !same(*layer.out_codes, codes_)) {
        refuse(layer, "it changes the scale of its codes; quantize the model so that it does not");
    }
    notes_.push_back(named(layer) + note);
}

void Int8Lowering::add_dense(const SourceLayer& layer) {
    if (rows_.size() == size_of(kMaxLayers)) {
        refuse(layer, "the model has more than " + std::to_string(kMaxLayers) + " layers");
    }
    Row row = dense_row(layer, size_, layer.weight_codes.size(), layer.bias_codes.size());
    set_row_activation(layer, row);
    const size_t out = size_of(row.out.size()), channels = layer.weight_scale.size();
    if (needs_table(row.activation)) {
        refuse(layer, "an int8 layer's own activation is relu or none; others follow it");
    }
    if (!layer.out_codes || (channels != 1 && channels != out)) {
        refuse(layer, "it has " + std::to_string(channels) + " weight scales for " +
                          std::to_string(out) + " outputs, or no output scale");
    }
    const LayerQuantization meanings{codes_, *layer.out_codes, *layer.out_codes};
    Int8Layer codes = Int8Layer::of(row, meanings, channels != 1);
    codes.weight = layer.weight_codes;
    codes.weight_bits = layer.weight_bits;
    for (size_t o = 0; o < out; o++) {
        codes.bias[o] = folded_bias(layer, row, o, codes_.zero_point);
        if (o >= channels) continue;
        const FixedPoint factor = factor_of(layer, codes_, o, *layer.out_codes);
        codes.multiplier[o] = factor.multiplier;
        codes.shift[o] = factor.shift;
    }
    for (const int8_t weight : codes.weight) {
        if (weight == -128) {
            refuse(layer, "a weight is -128; TensorFlow Lite's symmetric weights are -127..127");
        }
    }
    const Status status = check_quantized(row, codes.tensors());
    if (status != Status::ok) refuse(layer, to_string(status));
    rows_.push_back(row);
    layers_.push_back(std::move(codes));
    origin_.push_back(named(layer));
    codes_ = *layer.out_codes;
    size_ = row.out.size();
    fusable_ = true;
}

void Int8Lowering::add_activation(const SourceLayer& layer) {
    if (layer.activation == Activation::linear) return pass(layer, " is linear: left out");
    if (!fusable_ || rows_.back().activation != Activation::linear) {
        refuse(layer,
               "no layer in front can end in it; put it directly behind a dense layer, on "
               "the same side of the code");
    }
    Row& row = rows_.back();
    Int8Layer& codes = layers_.back();
    set_row_activation(layer, row);
    const Quantization out = layer.out_codes.value_or(codes_);
    if (needs_table(row.activation)) {
        codes.quantization.out = out;
        codes.table.resize(256);
        if (activation_table(row.activation, row.slope, codes.quantization, codes.table.data()) !=
            Status::ok) {
            refuse(layer,
                   "its output codes are not TensorFlow Lite's: sigmoid has scale 1/256 and "
                   "zero point -128, tanh 1/128 and 0");
        }
    } else if (!same(out, codes_)) {
        refuse(layer, "it changes the scale of its codes; quantize the model so that it does not");
    }
    origin_.back() += ", " + named(layer);
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
            notes_,
            code_from,
            model_.format,
            model_.producer};
}

}  // namespace nutshell::tools
