// SPDX-License-Identifier: MIT
// The tensors of a .tflite file's subgraph, every access checked. For tflite_read.cpp.
#pragma once
#include <tflite_generated.h>

#include <map>
#include <string>
#include <vector>

#include "source_model.hpp"

namespace nutshell::tools {

class TfliteTensors {
  public:
    TfliteTensors(const tflite::Model& model, const tflite::SubGraph& graph)
        : model_(model), graph_(graph) {}

    const tflite::SubGraph& graph() const { return graph_; }

    // Each throws Error when there is no such tensor, or it does not have what is asked for.

    const tflite::Tensor& at(int index) const;
    std::string name(int index) const;
    /// Its sides, at most 8 of them, each at least 1.
    std::vector<int32_t> sides(int index) const;
    /// Without the batch.
    Shape sample_shape(int index) const;
    /// Of int8 codes, or of uint8 ones with 128 taken from the zero point.
    Quantization quantization(int index) const;

    /// A constant as floats: of float32, of what DEQUANTIZE made, or of int8 with scales, of which
    /// a note is left. A weight's outputs, which may have a scale each, are along `side`.
    std::vector<float> floats(const SourceLayer& layer, int index, std::vector<std::string>& notes,
                              int side = 0) const;
    /// The weight and, unless it is -1, the bias of an int8 layer.
    void read_codes(SourceLayer& layer, int weight, int bias, int side = 0) const;
    /// DEQUANTIZE of a constant: floats() gives it from then on.
    void dequantize(const SourceLayer& layer, int from, int to);

  private:
    size_t elements(int index) const;
    template <class T>
    std::vector<T> constant(const SourceLayer& layer, int index) const;
    const flatbuffers::Vector<uint8_t>& content(const SourceLayer& layer, int index,
                                                size_t bytes) const;
    std::vector<int8_t> int8_weights(SourceLayer& layer, int index) const;
    std::vector<float> weight_scales(const SourceLayer& layer, int index, int side) const;
    std::vector<float> dequantized(const SourceLayer& layer, int index, int side) const;

    const tflite::Model& model_;
    const tflite::SubGraph& graph_;
    std::map<int, std::vector<float>> dequantized_;
    mutable size_t read_ = 0;  // elements of all constants so far
};

/// "FLOAT32", or "type 42".
std::string type_name(tflite::TensorType type);

/// "128x640"
std::string text_of(const std::vector<int32_t>& sides);

}  // namespace nutshell::tools
