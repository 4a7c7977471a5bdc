// SPDX-License-Identifier: MIT
// The two ways of lowering a SourceModel: into floats, and into int8. For source_model.cpp.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "source_model.hpp"

namespace nutshell::tools {

/// What both lowerings know on their way through the layers of a model: the shape of a sample here,
/// and the reshapes that no layer has needed yet.
class Passage {
  public:
    explicit Passage(const SourceModel& model) : notes(model.notes), shape_(model.input) {}

    std::vector<std::string> notes;

    /// Zeros: not known yet.
    Shape shape() const { return shape_; }
    /// Values of a sample, 0: not known yet.
    int size() const { return shape_.valid() ? shape_.size() : 0; }
    void learn(Shape shape);
    /// In front of a layer that sees the values as images of this shape.
    void view(Shape shape);
    /// Behind a layer that has been built.
    void set(Shape shape) { shape_ = shape; }

    /// Takes a reshape; throws Error when it changes the number of values.
    void reshape(const SourceLayer& layer);
    /// The layer that lies between one that wrote `before` and one that reads `in`; none where
    /// there is no need, which it notes.
    std::optional<Row> between(Shape before, Shape in);
    /// Of the layer that between() gave.
    const std::string& reshape_origin() const { return origin_; }
    /// Nothing follows: what is left moves no values.
    void end() { note_reshapes(); }

  private:
    void note_reshapes();

    Shape shape_;
    std::vector<SourceLayer> reshapes_;
    std::string origin_;
};

/// Takes the layers one by one. add() them all, begin_decoder() before the first one behind the
/// code if the file or the user says which, then end().
class FloatLowering {
  public:
    explicit FloatLowering(const SourceModel& model);
    void begin_decoder();
    void add(const SourceLayer& layer);
    void end();
    int code_layer() const { return code_; }
    /// Of the input and of every layer's output.
    std::vector<int> sizes() const;
    Imported result(int code_layer, const std::string& code_from) const;

  private:
    /// A layer on its way into the graph; in double, so that folding rounds once.
    struct Stage {
        Row row;
        std::vector<double> weight;  // of the weight matrix: [outputs][inputs]
        std::vector<double> bias;    // [outputs]
        std::string origin;
    };
    /// y = scale * x + shift, channel after channel, which has found no layer yet.
    struct Affine {
        std::vector<double> scale, shift;
        SourceLayer layer;
    };

    void note(const std::string& text) { passage_.notes.push_back(text); }
    void add_weighted(const SourceLayer& layer, const Row& row);
    void add_image(const SourceLayer& layer);
    void add_activation(const SourceLayer& layer);
    void add_batch_norm(const SourceLayer& layer);
    void add_alone(const SourceLayer& layer, const std::vector<double>& scale,
                   const std::vector<double>& shift, const std::string& why);
    void push(const SourceLayer& layer, Stage stage);
    Stage* linear_stage(bool through);
    Affine affine_of(const SourceLayer& layer) const;
    void fold_back(Stage& stage, const Affine& affine);
    bool folds_forward(const Row& row) const;
    void fold_forward(Stage& stage);
    void settle();

    const SourceModel& model_;
    Passage passage_;
    std::vector<Stage> stages_;
    std::optional<Affine> pending_;
    size_t first_ = 0;     // of the stages that what follows may change
    size_t diagonal_ = 0;  // weights of diagonal layers
    size_t alone_ = 0;     // of layers that scale each channel alone
    int code_ = -1;
};

/// The same for the codes of an int8 model.
class Int8Lowering {
  public:
    explicit Int8Lowering(const SourceModel& model);
    void begin_decoder();
    void add(const SourceLayer& layer);
    void end() { passage_.end(); }
    int code_layer() const { return code_; }
    std::vector<int> sizes() const;
    Imported result(int code_layer, const std::string& code_from) const;

  private:
    void add_weighted(const SourceLayer& layer, const Row& row);
    void add_image(const SourceLayer& layer);
    void add_activation(const SourceLayer& layer);
    void add_identity(const SourceLayer& layer);
    void push(const SourceLayer& layer, const Row& row, Int8Layer codes);
    void require_same_codes(const SourceLayer& layer) const;
    void pass(const SourceLayer& layer, const std::string& note);
    int linear_layer() const;

    const SourceModel& model_;
    Passage passage_;
    std::vector<Row> rows_;
    std::vector<Int8Layer> layers_;
    std::vector<std::string> origin_;
    Quantization codes_;  // what the codes here mean
    size_t first_ = 0;    // of the layers that what follows may change
    int code_ = -1;
};

/// The activation of a source layer as a Row has it. Throws Error for a slope that makes no sense.
void set_row_activation(const SourceLayer& layer, Row& row);

/// The row of a dense layer that follows samples of this shape (zeros: not known), with
/// weight_count / inputs outputs. One that reads the channels of an image alone is a convolution of
/// 1 x 1. Throws Error where the numbers do not fit.
Row dense_row(const SourceLayer& layer, Shape shape, size_t weight_count, size_t bias_count);

/// The row of an image operation on images of this shape (zeros: not known). Throws Error where it
/// has none.
Row image_row(const SourceLayer& layer, Shape in);

/// True for a layer without weights that gives the same whether an activation, which never falls as
/// its input rises, comes in front of it or behind it.
bool swaps_with_activation(const Row& row);

/// A depthwise convolution of 1 x 1. (That of a single channel is named a plain one wherever it
/// comes from, so that a model goes through files unchanged.)
Row pixel_row(Shape shape);

/// The weights [kernel_out][taps][kernel_in] of an image operation as those of its row, with zeros
/// between the groups where the row has none.
template <class Number>
std::vector<Number> ungrouped(const SourceLayer& layer, const Row& row,
                              const std::vector<Number>& weight) {
    const WeightMatrix matrix = weight_matrix(row);
    const auto outputs = static_cast<size_t>(matrix.outputs);
    const auto inputs = static_cast<size_t>(matrix.inputs);
    if (weight.size() == outputs * inputs) return weight;
    const auto run = static_cast<size_t>(layer.kernel_in);
    const auto groups = static_cast<size_t>(layer.groups);
    std::vector<Number> result(outputs * inputs);
    for (size_t at = 0; at < weight.size(); at++) {
        const size_t tap = at / run;  // of all outputs
        const size_t group = tap / (inputs / (run * groups)) / (outputs / groups);
        result[(tap * groups + group) * run + at % run] = weight[at];
    }
    return result;
}

/// What to tell of a layer that ungrouped() has given zeros.
inline std::string spread_note(const SourceLayer& layer) {
    return named(layer) +
           " became a convolution of all its channels: its weights are zero between its groups";
}

}  // namespace nutshell::tools
