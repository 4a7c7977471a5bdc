// SPDX-License-Identifier: MIT
// A quantized model read from a file or made from a Graph, run with the library's own layer
// functions: the runtime twin of Int8Model. Same rows, same bytes.
#pragma once
#include <string>
#include <vector>

#include "graph.hpp"
#include "nutshell/quantize.hpp"
#include "nutshell/weights.hpp"

namespace nutshell::tools {

/// The int8 tensors of one layer in one packing, and what their codes mean.
struct Int8Layer {
    LayerQuantization quantization{};
    bool per_output = true;
    std::vector<int8_t> weight;       // canonical: [out][in]; two_in_a_byte: packed_int4_bytes
    std::vector<int32_t> bias;        // canonical: [out]
    std::vector<int32_t> multiplier;  // canonical: [out], or [1] when not per output
    std::vector<int8_t> shift;        // as many
    std::vector<int8_t> table;        // [256], or empty
    Packing packing = Packing::canonical;
    int weight_bits = 8;         // in which a weight is packed, 8 or 4
    bool two_in_a_byte = false;  // once it is packed in 4

    /// Zeros of the sizes that a layer of this row has in canonical packing.
    static Int8Layer of(const Row& row, const LayerQuantization& quantization, bool per_output);
    /// Where quantize_layer() writes a canonical layer.
    Int8Arrays arrays();
    /// A view; the layer must outlive it.
    Int8Tensors tensors() const;
};

/// A chain of quantized layers. Its layers never change once it is built.
class Int8Graph {
  public:
    /// Layers in canonical packing, one a row. Throws Error when they are no chain that can run.
    /// The model id is computed: right for a whole model.
    Int8Graph(std::vector<Row> rows, int code_layer, std::vector<Int8Layer> layers);
    /// What a checked int8 file holds, whatever its packing.
    explicit Int8Graph(const File& file);

    int layer_count() const { return static_cast<int>(rows_.size()); }
    int code_layer() const { return code_layer_; }
    const std::vector<Row>& rows() const { return rows_; }
    const std::vector<Int8Layer>& layers() const { return layers_; }
    uint32_t fingerprint() const;
    int parameter_count() const;
    /// Of its file: int4 when the weights of a layer have 4 bits.
    NumberType type() const;

    /// The identity of the whole model, the same in every part and packing, never 0 (a file's 0 is
    /// none: what the layers hold then gives it); and that of the float model which it was
    /// quantized from.
    uint32_t model_id = 0;
    uint32_t parent_id = 0;

    /// Of the file that the graph was read from.
    Packing file_packing = Packing::canonical;

    using Range = LayerRange;
    Range range(Part part) const { return layers_of(part, code_layer_, layer_count()); }
    int input_size(Range range) const { return rows_[static_cast<size_t>(range.first)].in.size(); }
    int output_size(Range range) const {
        return rows_[static_cast<size_t>(range.last) - 1].out.size();
    }
    /// What the codes before the first and behind the last layer of a range mean.
    Quantization input(Range range) const {
        return layers_[static_cast<size_t>(range.first)].quantization.in;
    }
    Quantization output(Range range) const {
        return layers_[static_cast<size_t>(range.last) - 1].quantization.out;
    }

    /// The model made of a part's layers, with the whole model's id.
    Int8Graph extract(Part part) const;

    /// x[count][input_size] -> y[count][output_size] through the layers of the range, by the
    /// kernels of the platform that was bound when the graph was built.
    void run(Range range, const int8_t* x, int count, int8_t* y) const;
    /// The same from and to the values that the codes stand for; count * size must fit an int.
    void run(Range range, const float* x, int count, float* y) const;

    /// The graph as a file, with a self-test whose answer the reference arithmetic gives.
    std::vector<uint8_t> file_bytes(Packing packing) const;

  private:
    Int8Graph(std::vector<Row> rows, int code_layer, std::vector<Int8Layer> layers,
              uint32_t model_id, uint32_t parent_id);
    void check_layers() const;
    void reference_run(const int8_t* x, std::vector<int8_t>& y) const;

    std::vector<Row> rows_;
    int code_layer_ = 0;
    std::vector<Int8Layer> layers_;  // canonical
    std::vector<Int8Layer> packed_;  // for the bound platform
};

inline std::string layer_sizes(const Int8Graph& graph) { return layer_sizes(graph.rows()); }

}  // namespace nutshell::tools
