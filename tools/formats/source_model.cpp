// SPDX-License-Identifier: MIT
#include "source_model.hpp"

#include <cmath>
#include <optional>
#include <utility>

#include "tools/error.hpp"
#include "tools/suggest.hpp"

namespace nutshell::tools {
namespace {

/// A layer on its way into the graph; in double, so that folding rounds once.
struct Stage {
    Row row;
    std::vector<double> weight;  // [out][in]
    std::vector<double> bias;    // [out]
    std::string origin;
};

/// y = scale * x + shift for each element, which has found no layer yet.
struct Affine {
    std::vector<double> scale, shift;
    SourceLayer layer;
};

/// The widest affine or activation without a layer of its own that becomes a diagonal dense layer.
constexpr int kWidestDiagonal = 1024;

std::string text_of(Shape shape) {
    if (shape.height == 1 && shape.width == 1) return std::to_string(shape.channels);
    return std::to_string(shape.height) + "x" + std::to_string(shape.width) + "x" +
           std::to_string(shape.channels);
}

bool known(Shape shape) { return shape.valid(); }

void require_finite(const SourceLayer& layer, const std::vector<float>& values, const char* what) {
    for (const float value : values) {
        if (!std::isfinite(value)) {
            refuse(layer, std::string("its ") + what +
                              " holds NaN or infinity; export the model again from a training "
                              "that did not diverge");
        }
    }
}

class Lowering {
  public:
    explicit Lowering(const SourceModel& model) : model_(model), notes_(model.notes) {
        if (known(model.input)) size_ = model.input.size();
    }

    /// Layers from now on are behind the code: nothing of theirs is folded across it.
    void begin_decoder() {
        settle();
        fusable_ = false;
        code_ = static_cast<int>(stages_.size());
    }

    void add(const SourceLayer& layer) {
        if (size_ == 0 && known(layer.in)) size_ = layer.in.size();
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

    /// After the last layer.
    void settle() {
        if (!pending_) return;
        const Affine affine = std::move(*pending_);
        pending_.reset();
        add_diagonal(affine.layer, affine.scale, affine.shift, "no dense layer can take it");
    }

    Imported result(int code_layer, const std::string& code_from) const;
    int code() const { return code_; }
    const std::vector<Stage>& stages() const { return stages_; }

  private:
    void note(const std::string& text) { notes_.push_back(text); }
    static size_t size(int n) { return static_cast<size_t>(n); }

    void require_input(const SourceLayer& layer, int in) const {
        if (size_ == 0 || size_ == in) return;
        refuse(layer, "it reads " + std::to_string(in) +
                          " values, but what is in front of it has " + std::to_string(size_) +
                          "; a dense layer must read all values of a sample, so put Flatten in "
                          "front of it");
    }

    void add_dense(const SourceLayer& layer) {
        require_finite(layer, layer.weight, "weight");
        require_finite(layer, layer.bias, "bias");
        const int in = known(layer.in) ? layer.in.size() : size_;
        if (in == 0) refuse(layer, "the file does not say how many values it reads");
        require_input(layer, in);
        if (layer.weight.empty() || layer.weight.size() % size(in) != 0 ||
            layer.weight.size() / size(in) > size(kMaxSize)) {
            refuse(layer, "a weight of " + std::to_string(layer.weight.size()) +
                              " values does not fit " + std::to_string(in) + " inputs");
        }
        const int out = static_cast<int>(layer.weight.size() / size(in));
        if ((known(layer.out) && layer.out.size() != out) ||
            (!layer.bias.empty() && layer.bias.size() != size(out))) {
            refuse(layer, "its weight makes " + std::to_string(out) +
                              " outputs, but its bias or its shape says otherwise");
        }
        Stage stage{{Kind::dense, Activation::linear, flat(in), flat(out), 0.0f},
                    {layer.weight.begin(), layer.weight.end()},
                    {layer.bias.begin(), layer.bias.end()},
                    named(layer)};
        stage.bias.resize(size(out));
        if (pending_) fold_forward(stage);
        push(layer, std::move(stage));
        set_activation(layer);
    }

    void push(const SourceLayer& layer, Stage stage) {
        if (stages_.size() == static_cast<size_t>(kMaxLayers)) {
            refuse(layer, "the model has more than " + std::to_string(kMaxLayers) + " layers");
        }
        size_ = stage.row.out.size();
        fusable_ = true;
        stages_.push_back(std::move(stage));
    }

    /// The activation of the last stage.
    void set_activation(const SourceLayer& layer) {
        Row& row = stages_.back().row;
        const bool leaky = layer.activation == Activation::leaky_relu;
        row.activation = leaky && layer.slope == 0.0f ? Activation::relu : layer.activation;
        row.slope = row.activation == Activation::leaky_relu ? layer.slope : 0.0f;
        if (row.slope != 0.0f && !(row.slope >= 1e-6f && row.slope < 1.0f)) {
            refuse(layer, "a leaky relu's slope must be at least 1e-6 and less than 1, not " +
                              std::to_string(row.slope));
        }
    }

    bool ends_linear() const {
        return fusable_ && !pending_ && stages_.back().row.activation == Activation::linear;
    }

    void add_activation(const SourceLayer& layer) {
        if (layer.activation == Activation::linear) {
            return note(named(layer) + " is linear: left out");
        }
        if (!ends_linear()) {
            if (!pending_) {
                add_diagonal(layer, {}, {}, "no layer in front can end in it");
                return set_activation(layer);
            }
            settle();
        }
        stages_.back().origin += ", " + named(layer);
        set_activation(layer);
    }

    void add_reshape(const SourceLayer& layer) {
        const int in = known(layer.in) ? layer.in.size() : size_;
        require_input(layer, in);
        if (known(layer.out) && in != 0 && layer.out.size() != in) {
            refuse(layer, "it makes " + text_of(layer.out) + " of " + std::to_string(in) +
                              " values; a reshape keeps the number of values of a sample");
        }
        note(named(layer) + " moves no values: left out");
    }

    /// The scale and shift of each of the sample's values.
    Affine affine_of(const SourceLayer& layer) const {
        const size_t channels = layer.mean.size();
        for (const auto& [values, what] :
             {std::pair(&layer.gamma, "gamma"), std::pair(&layer.beta, "beta"),
              std::pair(&layer.mean, "mean"), std::pair(&layer.variance, "variance")}) {
            const bool may_be_empty = values == &layer.gamma || values == &layer.beta;
            require_finite(layer, *values, what);
            if (values->size() != channels && !(may_be_empty && values->empty())) {
                refuse(layer, std::string("its ") + what + " has " +
                                  std::to_string(values->size()) + " values, its mean " +
                                  std::to_string(channels));
            }
        }
        const bool repeats = known(layer.in) && size(layer.in.channels) == channels;
        const size_t n = size(size_ != 0 ? size_ : static_cast<int>(channels));
        if (channels == 0 || (n != channels && !repeats) || n % channels != 0) {
            refuse(layer, "it has " + std::to_string(channels) + " channels for " +
                              std::to_string(n) + " values");
        }
        Affine affine{std::vector<double>(n), std::vector<double>(n), layer};
        for (size_t i = 0; i < n; i++) {
            const size_t c = i % channels;
            const double variance =
                static_cast<double>(layer.variance[c]) + static_cast<double>(layer.epsilon);
            if (!(variance > 0.0)) {
                refuse(layer, "variance + epsilon of channel " + std::to_string(c) +
                                  " is not greater than 0");
            }
            const double gamma = layer.gamma.empty() ? 1.0 : static_cast<double>(layer.gamma[c]);
            const double beta = layer.beta.empty() ? 0.0 : static_cast<double>(layer.beta[c]);
            affine.scale[i] = gamma / std::sqrt(variance);
            affine.shift[i] = beta - static_cast<double>(layer.mean[c]) * affine.scale[i];
        }
        return affine;
    }

    void add_batch_norm(const SourceLayer& layer) {
        Affine affine = affine_of(layer);
        if (ends_linear()) return fold_back(affine);
        if (size_ == 0) size_ = static_cast<int>(affine.scale.size());
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
    void fold_back(const Affine& affine) {
        Stage& stage = stages_.back();
        const size_t in = size(stage.row.in.size());
        for (size_t o = 0; o < stage.bias.size(); o++) {
            for (size_t i = 0; i < in; i++) stage.weight[o * in + i] *= affine.scale[o];
            stage.bias[o] = affine.scale[o] * stage.bias[o] + affine.shift[o];
        }
        stage.origin += ", " + named(affine.layer);
        note(named(affine.layer) + " is folded into " +
             stage.origin.substr(0, stage.origin.find(',')));
    }

    /// W (scale * x + shift) + b
    void fold_forward(Stage& stage) {
        const size_t in = size(stage.row.in.size());
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
    void add_diagonal(const SourceLayer& layer, const std::vector<double>& scale,
                      const std::vector<double>& shift, const std::string& why) {
        if (size_ == 0) refuse(layer, "the file does not say how many values it reads");
        if (size_ > kWidestDiagonal) {
            refuse(layer, why + ", and " + std::to_string(size_) +
                              " values are too many for a dense layer of its own (at most " +
                              std::to_string(kWidestDiagonal) +
                              "); put it directly behind a dense layer");
        }
        const size_t n = size(size_);
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

    const SourceModel& model_;
    std::vector<std::string> notes_;
    std::vector<Stage> stages_;
    std::optional<Affine> pending_;
    int size_ = 0;          // values of a sample here, 0: not known yet
    bool fusable_ = false;  // what follows may change the last stage
    int code_ = -1;
};

Imported Lowering::result(int code_layer, const std::string& code_from) const {
    std::vector<Row> rows;
    std::vector<std::string> origin;
    for (const Stage& stage : stages_) {
        rows.push_back(stage.row);
        origin.push_back(stage.origin);
    }
    Graph graph(rows, code_layer);
    for (size_t layer = 0; layer < rows.size(); layer++) {
        const Row& row = rows[layer];
        float* weight = graph.parameters().data() + graph.spots()[layer].weight;
        float* bias = graph.parameters().data() + graph.spots()[layer].bias;
        const std::vector<double>& from = stages_[layer].weight;
        size_t at = 0;
        for (int32_t o = 0; o < row.out.size(); o++) {
            for (int32_t i = 0; i < row.in.size(); i++) {
                weight[DenseLayer::weight_index(row, o, i)] = static_cast<float>(from[at++]);
            }
            bias[o] = static_cast<float>(stages_[layer].bias[size(o)]);
        }
        if (!all_finite(weight, row.in.size() * row.out.size()) ||
            !all_finite(bias, row.out.size())) {
            throw Error(origin[layer] + ": a folded weight is too large for a float32");
        }
    }
    return {std::move(graph), origin, notes_, code_from, model_.format, model_.producer};
}

std::vector<int> sizes_of(const std::vector<Stage>& stages) {
    std::vector<int> sizes{stages.front().row.in.size()};
    for (const Stage& stage : stages) sizes.push_back(stage.row.out.size());
    return sizes;
}

/// The number of source layers in front of the code, -1 when only the sizes can tell.
int boundary_of(const SourceModel& model, const ImportOptions& options) {
    if (options.code_layer.empty()) return model.code_boundary;
    if (options.code_layer == model.code_name && model.code_boundary >= 0) {
        return model.code_boundary;
    }
    std::vector<std::string> names;
    for (const SourceLayer& layer : model.layers) names.push_back(layer.name);
    return place_behind(names, options.code_layer);
}

std::string code_words(const SourceModel& model, const ImportOptions& options, int boundary) {
    if (!options.code_layer.empty()) return "the output of '" + options.code_layer + "', as asked";
    if (boundary >= 0) return "the output of the sub-model '" + model.code_name + "'";
    return "the narrowest place";
}

}  // namespace

Imported lower(const SourceModel& model, const ImportOptions& options) {
    const int boundary = boundary_of(model, options);
    Lowering lowering(model);
    for (size_t i = 0; i < model.layers.size(); i++) {
        if (static_cast<int>(i) == boundary) lowering.begin_decoder();
        lowering.add(model.layers[i]);
    }
    lowering.settle();
    if (static_cast<int>(model.layers.size()) == boundary) lowering.begin_decoder();
    if (lowering.stages().empty()) {
        throw Error("the model has no layer that computes anything; give one with dense layers");
    }
    const int code = boundary >= 0 ? lowering.code() : narrowest_place(sizes_of(lowering.stages()));
    return lowering.result(code, code_words(model, options, boundary));
}

void refuse(const SourceLayer& layer, const std::string& why) {
    throw Error(named(layer) + ": " + why);
}

std::string printable(const std::string& text) {
    constexpr size_t longest = 60;
    std::string plain = text.size() <= longest ? text : text.substr(0, longest - 3) + "...";
    for (char& character : plain) {
        if (static_cast<unsigned char>(character) < 32 || character == 127) character = '?';
    }
    return plain;
}

std::string named(const SourceLayer& layer) {
    std::string text = printable(layer.kind);
    if (!layer.name.empty()) text += (text.empty() ? "'" : " '") + printable(layer.name) + "'";
    return layer.place.empty() ? text : text + " (" + printable(layer.place) + ")";
}

int narrowest_place(const std::vector<int>& sizes) {
    const auto last = static_cast<int>(sizes.size()) - 1;
    const auto size_at = [&](int place) { return sizes[static_cast<size_t>(place)]; };
    int best = last > 1 ? 1 : last;
    for (int place = 2; place < last; place++) {
        if (size_at(place) < size_at(best)) best = place;
    }
    if (size_at(last) < size_at(best)) best = last;
    return size_at(0) < size_at(best) ? 0 : best;
}

int place_behind(const std::vector<std::string>& names, const std::string& name) {
    for (size_t i = names.size(); i > 0; i--) {
        if (names[i - 1] == name) return static_cast<int>(i);
    }
    std::vector<std::string> candidates;
    for (size_t i = 0; i < names.size() && i < static_cast<size_t>(kMaxLayers); i++) {
        if (!names[i].empty()) candidates.push_back(printable(names[i]));
    }
    throw Error("--code: " + unknown_word("layer", name, candidates));
}

}  // namespace nutshell::tools
