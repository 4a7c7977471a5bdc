// SPDX-License-Identifier: MIT
// The two ways of lowering a SourceModel: into floats, and into int8. For source_model.cpp.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "source_model.hpp"

namespace nutshell::tools {

/// Takes the layers one by one. add() them all, begin_decoder() before the first one behind the
/// code if the file or the user says which, then end().
class FloatLowering {
  public:
    explicit FloatLowering(const SourceModel& model);
    void begin_decoder();
    void add(const SourceLayer& layer);
    void end() { settle(); }
    int code_layer() const { return code_; }
    /// Of the input and of every layer's output.
    std::vector<int> sizes() const;
    Imported result(int code_layer, const std::string& code_from) const;

  private:
    /// A layer on its way into the graph; in double, so that folding rounds once.
    struct Stage {
        Row row;
        std::vector<double> weight;  // [out][in]
        std::vector<double> bias;    // [out]
        std::string origin;
    };
    /// y = scale * x + shift for each value, which has found no layer yet.
    struct Affine {
        std::vector<double> scale, shift;
        SourceLayer layer;
    };

    void note(const std::string& text) { notes_.push_back(text); }
    void require_input(const SourceLayer& layer, int in) const;
    void add_dense(const SourceLayer& layer);
    void add_activation(const SourceLayer& layer);
    void add_reshape(const SourceLayer& layer);
    void add_batch_norm(const SourceLayer& layer);
    void add_diagonal(const SourceLayer& layer, const std::vector<double>& scale,
                      const std::vector<double>& shift, const std::string& why);
    void push(const SourceLayer& layer, Stage stage);
    void set_activation(const SourceLayer& layer);
    bool ends_linear() const;
    Affine affine_of(const SourceLayer& layer) const;
    void fold_back(const Affine& affine);
    void fold_forward(Stage& stage);
    void settle();

    const SourceModel& model_;
    std::vector<std::string> notes_;
    std::vector<Stage> stages_;
    std::optional<Affine> pending_;
    int size_ = 0;          // values of a sample here, 0: not known yet
    bool fusable_ = false;  // what follows may change the last stage
    int code_ = -1;
};

/// The same for the codes of an int8 model.
class Int8Lowering {
  public:
    explicit Int8Lowering(const SourceModel& model);
    void begin_decoder();
    void add(const SourceLayer& layer);
    void end() {}
    int code_layer() const { return code_; }
    std::vector<int> sizes() const;
    Imported result(int code_layer, const std::string& code_from) const;

  private:
    void add_dense(const SourceLayer& layer);
    void add_activation(const SourceLayer& layer);
    void pass(const SourceLayer& layer, const std::string& note);

    const SourceModel& model_;
    std::vector<std::string> notes_;
    std::vector<Row> rows_;
    std::vector<Int8Layer> layers_;
    std::vector<std::string> origin_;
    Quantization codes_;    // what the codes here mean
    int size_ = 0;          // values of a sample here, 0: not known yet
    bool fusable_ = false;  // what follows may change the last layer
    int code_ = -1;
};

/// The activation of a source layer as a Row has it. Throws Error for a slope that makes no sense.
void set_row_activation(const SourceLayer& layer, Row& row);

/// The inputs of a dense layer that follows `size` values (0: not known), and its outputs, of which
/// there are weight_count / inputs. Throws Error where they do not fit.
Row dense_row(const SourceLayer& layer, int size, size_t weight_count, size_t bias_count);

}  // namespace nutshell::tools
