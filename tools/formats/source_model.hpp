// SPDX-License-Identifier: MIT
// A model as a foreign file states it, and its lowering to the library's layers. Readers of float
// formats fill a SourceModel and call lower(); what the layers mean is decided here, once.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "tools/model_file.hpp"

namespace nutshell::tools {

/// One operation of a foreign model.
struct SourceLayer {
    enum class Op {
        dense,
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
    std::vector<float> weight;  ///< of dense: [out][in]
    std::vector<float> bias;    ///< of dense: [out], or empty
    Activation activation = Activation::linear;      ///< fused into a dense layer, or alone
    float slope = 0;                                 ///< of leaky_relu; 0 there is relu
    std::vector<float> gamma, beta, mean, variance;  ///< of batch_norm: [channels]; the first two
                                                     ///< may be empty: ones and zeros
    float epsilon = 0;                               ///< of batch_norm

    // Of an int8 model, instead of weight and bias (SourceModel::codes is set then):
    std::vector<int8_t> weight_codes;       ///< of dense: [out][in], -127..127
    std::vector<float> weight_scale;        ///< of dense: [out], or [1] for the whole tensor
    std::vector<int32_t> bias_codes;        ///< of dense: [out] in units of input times weight
                                            ///< scale, the input's zero point not folded in
    int weight_bits = 8;                    ///< of dense: 8 or 4
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

/// BatchNormalization is folded exactly: into the dense layer in front of it, else into the one
/// behind it, in double; where neither can take it, it becomes a diagonal dense layer. An
/// activation is fused into the layer in front of it. Throws Error naming the layer, its place and
/// what would be needed.
///
/// An int8 model becomes an Int8Graph that gives TensorFlow Lite Micro's bytes: the multiplier is
/// the input's times the weight's over the output's scale, in double, after a float product when
/// the weight has one scale; sigmoid, tanh and leaky relu become tables. Such a model has no
/// BatchNormalization, and nothing stands between a layer and its activation.
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
