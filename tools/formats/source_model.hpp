// SPDX-License-Identifier: MIT
// A model as a foreign file states it, and its lowering to the library's layers. Readers of float
// formats fill a SourceModel and call lower(); what the layers mean is decided here, once.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "tools/model/model_file.hpp"

namespace nutshell::tools {

/// How a foreign layer goes over images, in the file's own numbers: they may be any.
struct SourceWindow {
    enum class Border {
        given,      ///< as top, left, bottom and right say
        valid,      ///< none
        same,       ///< as Padding::same has it: an odd zero is the last
        same_lower  ///< an odd zero is the first
    };
    int64_t height = 1, width = 1;  ///< of a kernel or pool; of an upsampling the factors
    int64_t stride_height = 1, stride_width = 1;
    int64_t dilation_height = 1, dilation_width = 1;
    Border border = Border::given;
    int64_t top = 0, left = 0, bottom = 0, right = 0;
    bool rounds_up = false;  ///< of a pool: its last window may reach over the end
    /// Of a transposed convolution: by how much its output is longer than what its input reaches;
    /// -1 where the file does not say. Counts only without `out`.
    int64_t more_height = -1, more_width = -1;
    Interpolation interpolation = Interpolation::nearest;  ///< of an upsampling
};

/// One operation of a foreign model. All shapes are NHWC, whatever the file has.
struct SourceLayer {
    enum class Op {
        dense,
        image,  ///< a convolution, pool or upsampling: image_kind says which
        activation,
        batch_norm,
        reshape,  ///< changes the shape of a sample, not the order of its values
        nothing   ///< the identity at inference: dropout, noise
    };
    Op op = Op::nothing;
    std::string name;           ///< as in the file: "dense_1", "/encoder/0/Gemm"
    std::string kind;           ///< the file's own word: "Dense", "FULLY_CONNECTED", "Gemm"
    std::string place;          ///< where in the file: "model_weights/dense_1", "operator 3"
    Shape in{}, out{};          ///< zeros where the file does not say
    std::vector<float> weight;  ///< of dense: [out][in]; of convolutions: [out][height][width][in]
    std::vector<float> bias;    ///< of dense and of convolutions: [out], or empty
    Activation activation = Activation::linear;      ///< fused into another layer, or alone
    float slope = 0;                                 ///< of leaky_relu; 0 there is relu
    std::vector<float> gamma, beta, mean, variance;  ///< of batch_norm: [channels]; the first two
                                                     ///< may be empty: ones and zeros
    float epsilon = 0;                               ///< of batch_norm

    // Of an image operation:
    Kind image_kind = Kind::conv2d;
    SourceWindow window;
    /// Of a convolution: sides of its weight. Input channels are in as many groups as `groups`, and
    /// each output reads one of them: a depthwise convolution has one channel in each.
    int64_t kernel_in = 0, kernel_out = 0, groups = 1;

    // Of an int8 model, instead of weight and bias (SourceModel::codes is set then):
    std::vector<int8_t> weight_codes;       ///< ordered as weight, -127..127
    std::vector<float> weight_scale;        ///< [out], or [1] for the whole tensor
    std::vector<int32_t> bias_codes;        ///< [out] in units of input times weight scale, the
                                            ///< input's zero point not folded in
    int weight_bits = 8;                    ///< 8 or 4
    std::optional<Quantization> out_codes;  ///< what the output's codes mean; none: as the input's
};

struct SourceModel {
    std::string format;    ///< "Keras HDF5", "ONNX", ...
    std::string producer;  ///< "keras 2.4.0", or empty
    Shape input{};         ///< zeros where the file does not say
    std::vector<SourceLayer> layers;
    int code_boundary = -1;  ///< layers[0..code_boundary) are the encoder, -1: the file tells none
    std::string code_name;   ///< of the sub-model that told it, empty: the file's own mark
    std::vector<std::string> notes;     ///< what the reader left out: "Dropout 'dropout_1' ..."
    std::optional<Quantization> codes;  ///< of an int8 model: what the input's codes mean
    uint32_t model_id = 0;              ///< which Nutshell's own writers leave, 0: none
    uint32_t parent_id = 0;

    /// Appends to layers. Refuses a layer with which all weights take more than a .nut file holds:
    /// many operations of a small file may share one constant, each of which would get a copy.
    void add(SourceLayer layer);

  private:
    size_t weight_bytes_ = 0;
};

struct ImportOptions {
    std::string code_layer;  ///< name of the layer whose output is the code, or empty: found
    std::string layers;      ///< for files of tensors alone: a layer list, or JSON
};

/// A model that has been read, and what to tell of it.
struct Imported {
    AnyGraph graph;
    std::vector<std::string> origin;  ///< of each layer: which layers of the file became it
    std::vector<std::string> notes;   ///< what was left out or folded
    std::string code_from;            ///< how the code was found, in words
    std::string format;               ///< as in SourceModel
    std::string producer;
};

/// BatchNormalization is folded exactly: into the layer with weights in front of it, else into the
/// one behind it, in double; where neither can take it, it becomes a layer of its own, a diagonal
/// dense one or, on images, a depthwise convolution of 1 x 1. An activation is fused into the layer
/// in front of it, also through pools and upsamplings that it may change places with. A reshape
/// becomes a layer only where the next one could not read the values otherwise. Throws Error naming
/// the layer, its place and what would be needed.
///
/// An int8 model becomes an Int8Graph that gives TensorFlow Lite Micro's bytes: the multiplier is
/// the input's times the weight's over the output's scale, in double, after a float product in
/// a dense layer whose weight has one scale; sigmoid, tanh and leaky relu become tables. Such a
/// model has no BatchNormalization, and nothing stands between a layer and its activation.
Imported lower(const SourceModel& model, const ImportOptions& options);

/// Throws Error: "Conv2D 'conv_1' (model_weights/conv_1): <why>".
[[noreturn]] void refuse(const SourceLayer& layer, const std::string& why);

/// "Dense 'dense_1' (model_weights/dense_1)", for notes and origins.
std::string named(const SourceLayer& layer);

/// Text from a file as one short line that a terminal can show: no control characters.
std::string printable(const std::string& text);

/// The number of layers in front of the narrowest of the places, sizes[layers + 1]: inner places
/// first, the earliest first. 0: a decoder alone, the number of layers: an encoder alone.
int narrowest_place(const std::vector<int>& sizes);

/// The index of the layer of this name, the last one, + 1. Throws Error with what was probably
/// meant.
int place_behind(const std::vector<std::string>& names, const std::string& name);

}  // namespace nutshell::tools
