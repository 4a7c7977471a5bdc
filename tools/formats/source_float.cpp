// SPDX-License-Identifier: MIT
// Lowering into floats: what is folded, fused, left out, and refused.
#include <cmath>
#include <utility>

#include "source_lowering.hpp"
#include "tools/data/bytes.hpp"
#include "tools/error.hpp"

namespace nutshell::tools {
namespace {

/// The widest affine or activation without a layer of its own that becomes a diagonal dense layer.
constexpr int kWidestDiagonal = 1024;

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

FloatLowering::FloatLowering(const SourceModel& model) : model_(model), notes_(model.notes) {
    if (model.input.valid()) size_ = model.input.size();
}

void FloatLowering::begin_decoder() {
    settle();
    fusable_ = false;
    code_ = static_cast<int>(stages_.size());
}

void FloatLowering::add(const SourceLayer& layer) {
    if (size_ == 0 && layer.in.valid()) size_ = layer.in.size();
    switch (layer.op) {
        case SourceLayer::Op::dense:
            return add_dense(layer);
        case SourceLayer::Op::activation:
            return add_activation(layer);
        case SourceLayer::Op::batch_norm:
            return add_batch_norm(layer);
        case SourceLayer::Op::reshape:
            return add_reshape(layer);
        case SourceLayer::Op::nothing:
            return note(named(layer) + " does nothing at inference: left out");
    }
}

std::vector<int> FloatLowering::sizes() const {
    std::vector<int> sizes{stages_.empty() ? 0 : stages_.front().row.in.size()};
    for (const Stage& stage : stages_) sizes.push_back(stage.row.out.size());
    return sizes;
}

/// The affine that no dense layer has taken gets one of its own.
void FloatLowering::settle() {
    if (!pending_) return;
    const Affine affine = std::move(*pending_);
    pending_.reset();
    add_diagonal(affine.layer, affine.scale, affine.shift, "no dense layer can take it");
}

void FloatLowering::push(const SourceLayer& layer, Stage stage) {
    if (stages_.size() == size_of(kMaxLayers)) {
        refuse(layer, "the model has more than " + std::to_string(kMaxLayers) + " layers");
    }
    size_ = stage.row.out.size();
    fusable_ = true;
    stages_.push_back(std::move(stage));
}

void FloatLowering::add_dense(const SourceLayer& layer) {
    require_finite(layer, layer.weight, "weight");
    require_finite(layer, layer.bias, "bias");
    Stage stage{dense_row(layer, size_, layer.weight.size(), layer.bias.size()),
                {layer.weight.begin(), layer.weight.end()},
                {layer.bias.begin(), layer.bias.end()},
                named(layer)};
    stage.bias.resize(size_of(stage.row.out.size()));
    if (pending_) fold_forward(stage);
    push(layer, std::move(stage));
    set_row_activation(layer, stages_.back().row);
}

bool FloatLowering::ends_linear() const {
    return fusable_ && !pending_ && stages_.back().row.activation == Activation::linear;
}

void FloatLowering::add_activation(const SourceLayer& layer) {
    if (layer.activation == Activation::linear) {
        return note(named(layer) + " is linear: left out");
    }
    const bool alone = !ends_linear() && !pending_;
    if (alone) {
        add_diagonal(layer, {}, {}, "no layer in front can end in it");
    } else {
        settle();
        stages_.back().origin += ", " + named(layer);
    }
    set_row_activation(layer, stages_.back().row);
}

void FloatLowering::add_reshape(const SourceLayer& layer) {
    const int in = layer.in.valid() ? layer.in.size() : size_;
    const bool keeps = !layer.out.valid() || in == 0 || layer.out.size() == in;
    if (!keeps || (size_ != 0 && in != size_)) {
        refuse(layer, "it makes " + shape_text(layer.out) + " of " +
                          std::to_string(size_ != 0 ? size_ : in) +
                          " values; a reshape keeps the number of values of a sample");
    }
    note(named(layer) + " moves no values: left out");
}

/// The scale and shift of each of the sample's values.
FloatLowering::Affine FloatLowering::affine_of(const SourceLayer& layer) const {
    check_statistics(layer);
    const size_t channels = layer.mean.size();
    const bool repeats = layer.in.valid() && size_of(layer.in.channels) == channels;
    const size_t n = size_ != 0 ? size_of(size_) : channels;
    if (channels == 0 || (n != channels && !repeats) || n % channels != 0) {
        refuse(layer, "it has " + std::to_string(channels) + " channels for " + std::to_string(n) +
                          " values");
    }
    Affine affine{std::vector<double>(n), std::vector<double>(n), layer};
    for (size_t i = 0; i < n; i++) {
        const size_t c = i % channels;
        const double variance = double{layer.variance[c]} + double{layer.epsilon};
        if (!(variance > 0.0)) {
            refuse(layer,
                   "variance + epsilon of channel " + std::to_string(c) + " is not greater than 0");
        }
        const double gamma = layer.gamma.empty() ? 1.0 : double{layer.gamma[c]};
        const double beta = layer.beta.empty() ? 0.0 : double{layer.beta[c]};
        affine.scale[i] = gamma / std::sqrt(variance);
        affine.shift[i] = beta - double{layer.mean[c]} * affine.scale[i];
    }
    return affine;
}

void FloatLowering::add_batch_norm(const SourceLayer& layer) {
    Affine affine = affine_of(layer);
    if (ends_linear()) return fold_back(affine);
    size_ = static_cast<int>(affine.scale.size());
    if (pending_) {
        for (size_t i = 0; i < affine.scale.size(); i++) {
            affine.shift[i] += affine.scale[i] * pending_->shift[i];
            affine.scale[i] *= pending_->scale[i];
        }
        affine.layer.name = pending_->layer.name + "' and '" + layer.name;
    }
    pending_ = std::move(affine);
}

/// scale * (W x + b) + shift
void FloatLowering::fold_back(const Affine& affine) {
    Stage& stage = stages_.back();
    const size_t in = size_of(stage.row.in.size());
    for (size_t o = 0; o < stage.bias.size(); o++) {
        for (size_t i = 0; i < in; i++) stage.weight[o * in + i] *= affine.scale[o];
        stage.bias[o] = affine.scale[o] * stage.bias[o] + affine.shift[o];
    }
    note(named(affine.layer) + " is folded into " + stage.origin);
    stage.origin += ", " + named(affine.layer);
}

/// W (scale * x + shift) + b
void FloatLowering::fold_forward(Stage& stage) {
    const size_t in = size_of(stage.row.in.size());
    for (size_t o = 0; o < stage.bias.size(); o++) {
        for (size_t i = 0; i < in; i++) {
            double& weight = stage.weight[o * in + i];
            stage.bias[o] += weight * pending_->shift[i];
            weight *= pending_->scale[i];
        }
    }
    note(named(pending_->layer) + " is folded into " + stage.origin + " behind it");
    stage.origin = named(pending_->layer) + ", " + stage.origin;
    pending_.reset();
}

/// A dense layer that scales and shifts each value alone; empty: ones and zeros.
void FloatLowering::add_diagonal(const SourceLayer& layer, const std::vector<double>& scale,
                                 const std::vector<double>& shift, const std::string& why) {
    if (size_ == 0) refuse(layer, "the file does not say how many values it reads");
    if (size_ > kWidestDiagonal) {
        refuse(layer, why + ", and " + std::to_string(size_) +
                          " values are too many for a dense layer of its own (at most " +
                          std::to_string(kWidestDiagonal) +
                          "); put it directly behind a dense layer");
    }
    const size_t n = size_of(size_);
    Stage stage{{Kind::dense, Activation::linear, flat(size_), flat(size_), 0.0f},
                std::vector<double>(n * n),
                shift,
                named(layer)};
    stage.bias.resize(n);
    for (size_t i = 0; i < n; i++) stage.weight[i * n + i] = scale.empty() ? 1.0 : scale[i];
    push(layer, std::move(stage));
    note(named(layer) + " became a diagonal dense layer of " + std::to_string(size_) + " x " +
         std::to_string(size_) + ": " + why);
}

Imported FloatLowering::result(int code_layer, const std::string& code_from) const {
    std::vector<Row> rows;
    std::vector<std::string> origin;
    for (const Stage& stage : stages_) {
        rows.push_back(stage.row);
        origin.push_back(stage.origin);
    }
    Graph graph(rows, code_layer);
    for (size_t layer = 0; layer < rows.size(); layer++) {
        const Row& row = rows[layer];
        const Stage& stage = stages_[layer];
        float* weight = graph.parameters().data() + graph.spots()[layer].weight;
        float* bias = graph.parameters().data() + graph.spots()[layer].bias;
        size_t at = 0;
        for (int32_t o = 0; o < row.out.size(); o++) {
            for (int32_t i = 0; i < row.in.size(); i++) {
                weight[DenseLayer::weight_index(row, o, i)] = narrowed(stage.weight[at++]);
            }
            bias[o] = narrowed(stage.bias[size_of(o)]);
        }
        if (!all_finite(weight, row.in.size() * row.out.size()) ||
            !all_finite(bias, row.out.size())) {
            throw Error(stage.origin + ": a folded weight is too large for a float32");
        }
    }
    return {std::move(graph), origin, notes_, code_from, model_.format, model_.producer};
}

}  // namespace nutshell::tools
