// SPDX-License-Identifier: MIT
// Lowering into floats: what is folded, fused, left out, and refused.
#include <algorithm>
#include <cmath>
#include <utility>

#include "source_lowering.hpp"
#include "tools/data/bytes.hpp"
#include "tools/error.hpp"

namespace nutshell::tools {
namespace {

/// The widest vector whose affine or activation becomes a diagonal dense layer, which every format
/// has words for.
constexpr int kWidestDiagonal = 1024;
/// Weights in all of those together, and in the layers that scale each channel alone: a few bytes
/// of a file must not take much memory.
constexpr size_t kMostDiagonal = size_t{1} << 22, kMostAlone = size_t{1} << 20;

size_t size_of(int n) { return static_cast<size_t>(n); }

void require_finite(const SourceLayer& layer, const std::vector<float>& values, const char* what) {
    for (const float value : values) {
        if (std::isfinite(value)) continue;
        refuse(layer, std::string("its ") + what +
                          " holds NaN or infinity; export the model again from a training that did "
                          "not diverge");
    }
}

/// All four of a batch normalization have a value for each channel, or may be empty and are.
void check_statistics(const SourceLayer& layer) {
    const size_t channels = layer.mean.size();
    const auto check = [&](const std::vector<float>& values, const char* what, bool optional) {
        require_finite(layer, values, what);
        if (values.size() == channels || (optional && values.empty())) return;
        refuse(layer, std::string("its ") + what + " has " + std::to_string(values.size()) +
                          " values, its mean " + std::to_string(channels));
    };
    check(layer.gamma, "gamma", true);
    check(layer.beta, "beta", true);
    check(layer.mean, "mean", false);
    check(layer.variance, "variance", false);
}

}  // namespace

FloatLowering::FloatLowering(const SourceModel& model) : model_(model), passage_(model) {}

void FloatLowering::begin_decoder() {
    settle();
    first_ = stages_.size();
    code_ = static_cast<int>(stages_.size());
}

void FloatLowering::add(const SourceLayer& layer) {
    passage_.learn(layer.in);
    switch (layer.op) {
        case SourceLayer::Op::dense:
            return add_weighted(
                layer, dense_row(layer, passage_.shape(), layer.weight.size(), layer.bias.size()));
        case SourceLayer::Op::image:
            return add_image(layer);
        case SourceLayer::Op::activation:
            return add_activation(layer);
        case SourceLayer::Op::batch_norm:
            return add_batch_norm(layer);
        case SourceLayer::Op::reshape:
            return passage_.reshape(layer);
        case SourceLayer::Op::nothing:
            return note(named(layer) + " does nothing at inference: left out");
    }
}

void FloatLowering::end() {
    settle();
    passage_.end();
}

std::vector<int> FloatLowering::sizes() const {
    std::vector<int> sizes{stages_.empty() ? 0 : stages_.front().row.in.size()};
    for (const Stage& stage : stages_) sizes.push_back(stage.row.out.size());
    return sizes;
}

/// The affine that no layer has taken gets one of its own.
void FloatLowering::settle() {
    if (!pending_) return;
    const Affine affine = std::move(*pending_);
    pending_.reset();
    const Shape here = passage_.shape();
    add_alone(affine.layer, affine.scale, affine.shift, "no layer beside it can take it");
    passage_.set(here);
}

void FloatLowering::push(const SourceLayer& layer, Stage stage) {
    const Shape before = stages_.empty() ? Shape{} : stages_.back().row.out;
    if (const std::optional<Row> reshape = passage_.between(before, stage.row.in)) {
        const std::string& origin = passage_.reshape_origin();
        stages_.push_back({*reshape, {}, {}, origin.empty() ? named(layer) : origin});
    }
    if (stages_.size() >= size_of(kMaxLayers)) {
        refuse(layer, "the model has more than " + std::to_string(kMaxLayers) + " layers");
    }
    passage_.set(stage.row.out);
    stages_.push_back(std::move(stage));
}

void FloatLowering::add_weighted(const SourceLayer& layer, const Row& row) {
    require_finite(layer, layer.weight, "weight");
    require_finite(layer, layer.bias, "bias");
    if (pending_ && !folds_forward(row)) settle();
    Stage stage{row, {}, {layer.bias.begin(), layer.bias.end()}, named(layer)};
    const std::vector<float> weight = ungrouped(layer, row, layer.weight);
    stage.weight.assign(weight.begin(), weight.end());
    stage.bias.resize(size_of(weight_matrix(row).outputs));
    if (pending_) fold_forward(stage);
    push(layer, std::move(stage));
    set_row_activation(layer, stages_.back().row);
    if (layer.weight.size() < weight.size()) note(spread_note(layer));
}

void FloatLowering::add_image(const SourceLayer& layer) {
    passage_.view(layer.in);
    const Row row = image_row(layer, passage_.shape());
    if (weight_matrix(row).outputs > 0) return add_weighted(layer, row);
    settle();
    push(layer, {row, {}, {}, named(layer)});
    if (layer.activation != Activation::linear) add_activation(layer);
}

/// The last layer with weights, if it ends in no activation and nothing is between it and here:
/// `through` layers that an activation may change places with.
FloatLowering::Stage* FloatLowering::linear_stage(bool through) {
    if (pending_) return nullptr;
    for (size_t i = stages_.size(); i > first_; i--) {
        Stage& stage = stages_[i - 1];
        if (weight_matrix(stage.row).outputs > 0) {
            return stage.row.activation == Activation::linear ? &stage : nullptr;
        }
        if (!through || !swaps_with_activation(stage.row)) return nullptr;
    }
    return nullptr;
}

void FloatLowering::add_activation(const SourceLayer& layer) {
    if (layer.activation == Activation::linear) {
        return note(named(layer) + " is linear: left out");
    }
    settle();
    Stage* stage = linear_stage(true);
    if (stage == nullptr) {
        add_alone(layer, {}, {}, "no layer in front can end in it");
        stage = &stages_.back();
    } else {
        stage->origin += ", " + named(layer);
    }
    set_row_activation(layer, stage->row);
}

/// The scale and shift of each channel.
FloatLowering::Affine FloatLowering::affine_of(const SourceLayer& layer) const {
    check_statistics(layer);
    const size_t channels = layer.mean.size(), n = size_of(passage_.size());
    const bool repeats = size_of(passage_.shape().channels) == channels ||
                         (layer.in.valid() && size_of(layer.in.channels) == channels);
    if (channels == 0 || (n != 0 && n != channels && !repeats) || n % channels != 0) {
        refuse(layer, "it has " + std::to_string(channels) + " channels for " + std::to_string(n) +
                          " values");
    }
    Affine affine{std::vector<double>(channels), std::vector<double>(channels), layer};
    for (size_t c = 0; c < channels; c++) {
        const double variance = double{layer.variance[c]} + double{layer.epsilon};
        if (!(variance > 0.0)) {
            refuse(layer,
                   "variance + epsilon of channel " + std::to_string(c) + " is not greater than 0");
        }
        const double gamma = layer.gamma.empty() ? 1.0 : double{layer.gamma[c]};
        const double beta = layer.beta.empty() ? 0.0 : double{layer.beta[c]};
        affine.scale[c] = gamma / std::sqrt(variance);
        affine.shift[c] = beta - double{layer.mean[c]} * affine.scale[c];
    }
    return affine;
}

void FloatLowering::add_batch_norm(const SourceLayer& layer) {
    Affine affine = affine_of(layer);
    const size_t channels = affine.scale.size();
    Stage* const stage = linear_stage(false);
    if (stage != nullptr && stage->bias.size() % channels == 0) return fold_back(*stage, affine);
    passage_.learn(flat(static_cast<int32_t>(channels)));
    if (pending_ && pending_->scale.size() != channels) settle();
    if (pending_) {
        for (size_t i = 0; i < channels; i++) {
            affine.shift[i] += affine.scale[i] * pending_->shift[i];
            affine.scale[i] *= pending_->scale[i];
        }
        affine.layer.name = pending_->layer.name + "' and '" + layer.name;
    }
    pending_ = std::move(affine);
}

/// scale * (W x + b) + shift
void FloatLowering::fold_back(Stage& stage, const Affine& affine) {
    const size_t in = size_of(weight_matrix(stage.row).inputs), channels = affine.scale.size();
    for (size_t o = 0; o < stage.bias.size(); o++) {
        const double scale = affine.scale[o % channels];
        for (size_t i = 0; i < in; i++) stage.weight[o * in + i] *= scale;
        stage.bias[o] = scale * stage.bias[o] + affine.shift[o % channels];
    }
    note(named(affine.layer) + " is folded into " + stage.origin);
    stage.origin += ", " + named(affine.layer);
}

/// True when the layer's inputs are the affine's channels, and none of them is a zero of a border,
/// which the affine would have shifted.
bool FloatLowering::folds_forward(const Row& row) const {
    const size_t channels = pending_->scale.size();
    if (row.kind == Kind::dense) return size_of(row.in.size()) % channels == 0;
    if (row.kind == Kind::transposed_conv2d || size_of(row.in.channels) % channels != 0) {
        return false;
    }
    const Window& w = row.window;
    const bool no_shift = std::all_of(pending_->shift.begin(), pending_->shift.end(),
                                      [](double shift) { return shift == 0.0; });
    return no_shift || (w.top | w.bottom | w.left | w.right) == 0;
}

/// W (scale * x + shift) + b
void FloatLowering::fold_forward(Stage& stage) {
    const size_t in = size_of(weight_matrix(stage.row).inputs), channels = pending_->scale.size();
    for (size_t o = 0; o < stage.bias.size(); o++) {
        for (size_t i = 0; i < in; i++) {
            const size_t c = (stage.row.kind == Kind::depthwise_conv2d ? o : i) % channels;
            double& weight = stage.weight[o * in + i];
            stage.bias[o] += weight * pending_->shift[c];
            weight *= pending_->scale[c];
        }
    }
    note(named(pending_->layer) + " is folded into " + stage.origin + " behind it");
    stage.origin = named(pending_->layer) + ", " + stage.origin;
    pending_.reset();
}

/// A layer that scales and shifts each value alone, by its channel; empty: ones and zeros.
void FloatLowering::add_alone(const SourceLayer& layer, const std::vector<double>& scale,
                              const std::vector<double>& shift, const std::string& why) {
    if (passage_.size() == 0) refuse(layer, "the file does not say how many values it reads");
    Shape shape = passage_.shape();
    auto channels = scale.empty() ? shape.channels : static_cast<int32_t>(scale.size());
    if (shape.channels % channels == 0) {
        channels = shape.channels;
    } else {
        shape = {1, shape.size() / channels, channels};
    }
    const size_t n = size_of(channels);
    const bool dense = shape == flat(channels) && channels <= kWidestDiagonal &&
                       diagonal_ + n * n <= kMostDiagonal;
    (dense ? diagonal_ : alone_) += dense ? n * n : n;
    if (alone_ > kMostAlone) {
        refuse(layer, why + ", and the model has too many of such layers; put it directly behind " +
                          "a layer with weights");
    }
    Stage stage{dense ? Row{Kind::dense, Activation::linear, shape, shape, 0.0f} : pixel_row(shape),
                {},
                {},
                named(layer)};
    const size_t in = dense ? n : 1;
    stage.weight.resize(n * in);
    stage.bias.resize(n);
    for (size_t i = 0; i < n; i++) {
        stage.weight[i * in + (dense ? i : 0)] = scale.empty() ? 1.0 : scale[i % scale.size()];
        if (!shift.empty()) stage.bias[i] = shift[i % shift.size()];
    }
    push(layer, std::move(stage));
    note(named(layer) + " became a " +
         (dense ? "diagonal dense layer of " + std::to_string(n) + " x " + std::to_string(n)
                : "depthwise convolution of 1 x 1 on " + shape_text(shape)) +
         ": " + why);
}

Imported FloatLowering::result(int code_layer, const std::string& code_from) const {
    std::vector<Row> rows;
    std::vector<std::string> origin;
    for (const Stage& stage : stages_) {
        rows.push_back(stage.row);
        origin.push_back(stage.origin);
    }
    if (std::all_of(stages_.begin(), stages_.end(),
                    [](const Stage& stage) { return stage.weight.empty(); })) {
        throw Error(
            "the model has no layer with weights; give one with dense layers or "
            "convolutions");
    }
    Graph graph(rows, code_layer);
    for (size_t layer = 0; layer < rows.size(); layer++) {
        const Row& row = rows[layer];
        const Stage& stage = stages_[layer];
        const auto [inputs, outputs] = weight_matrix(row);
        float* weight = graph.parameters().data() + graph.spots()[layer].weight;
        float* bias = graph.parameters().data() + graph.spots()[layer].bias;
        size_t at = 0;
        for (int32_t o = 0; o < outputs; o++) {
            for (int32_t i = 0; i < inputs; i++) {
                weight[weight_index(row, o, i)] = narrowed(stage.weight[at++]);
            }
            bias[o] = narrowed(stage.bias[size_of(o)]);
        }
        if (!all_finite(weight, inputs * outputs) || !all_finite(bias, outputs)) {
            throw Error(stage.origin + ": a folded weight is too large for a float32");
        }
    }
    return {std::move(graph), origin, passage_.notes, code_from, model_.format, model_.producer};
}

}  // namespace nutshell::tools
