// SPDX-License-Identifier: MIT
#include "int8_graph.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "nutshell/packing_int4.hpp"
#include "nutshell/self_test.hpp"
#include "on_reference.hpp"
#include "tools/error.hpp"

namespace nutshell::tools {
namespace {

size_t size_of(int32_t n) { return static_cast<size_t>(n); }

/// A canonical layer in another packing.
Int8Layer pack(const Row& row, const Int8Layer& from, Packing packing) {
    const auto [in, out] = weight_matrix(row);
    Int8Layer to = from;
    to.packing = packing;
    packing = packing_of(row.kind, packing);
    to.two_in_a_byte = from.weight_bits == 4 && out > 0;
    if (to.two_in_a_byte) {
        to.weight.resize(size_of(packed_int4_bytes(packing, in, out)));
        pack_int4(packing, in, out, from.weight.data(),
                  reinterpret_cast<uint8_t*>(to.weight.data()));
    } else {
        to.weight.resize(size_of(packed_weights(packing, in, out)));
        pack_weights(packing, in, out, from.weight.data(), to.weight.data());
    }
    to.bias.resize(size_of(packed_biases(packing, out)));
    pack_bias(packing, in, out, from.weight.data(), from.bias.data(), to.bias.data());
    if (from.per_output) {
        to.multiplier.resize(size_of(packed_outputs(packing, out)));
        to.shift.resize(to.multiplier.size());
    }
    return to;
}

/// The canonical layer of tensors in any packing.
Int8Layer unpack(const Row& row, const Int8Tensors& from) {
    const auto [in, out] = weight_matrix(row);
    const Packing packing = packing_of(row.kind, from.packing);
    Int8Layer to = Int8Layer::of(row, {from.in, from.sum, from.out}, from.per_output);
    to.weight_bits = from.int4 ? 4 : 8;
    if (from.int4) {
        unpack_int4(packing, in, out, reinterpret_cast<const uint8_t*>(from.weight),
                    to.weight.data());
    } else {
        unpack_weights(packing, in, out, from.weight, to.weight.data());
    }
    unpack_bias(packing, in, out, to.weight.data(), from.bias, to.bias.data());
    std::copy_n(from.multiplier, to.multiplier.size(), to.multiplier.data());
    std::copy_n(from.shift, to.shift.size(), to.shift.data());
    if (from.table) std::copy_n(from.table, to.table.size(), to.table.data());
    return to;
}

std::vector<Int8Layer> pack_all(const std::vector<Row>& rows, const std::vector<Int8Layer>& layers,
                                Packing packing) {
    std::vector<Int8Layer> packed;
    for (size_t i = 0; i < rows.size(); i++) packed.push_back(pack(rows[i], layers[i], packing));
    return packed;
}

std::vector<Int8Tensors> views_of(const std::vector<Int8Layer>& layers) {
    std::vector<Int8Tensors> views;
    for (const Int8Layer& layer : layers) views.push_back(layer.tensors());
    return views;
}

std::vector<Row> rows_of(const File& file) {
    std::vector<Row> rows;
    for (int i = 0; i < file.layer_count(); i++) rows.push_back(file.row(i));
    return rows;
}

std::vector<Int8Layer> layers_in(const File& file) {
    std::vector<Int8Layer> layers;
    for (int i = 0; i < file.layer_count(); i++) {
        layers.push_back(unpack(file.row(i), file.int8_tensors(i)));
    }
    return layers;
}

/// Scratch memory of the kernels, aligned as they want it.
class Scratch {
  public:
    explicit Scratch(int32_t bytes) : words_(size_of(round_up(bytes, 16)) / sizeof(Word)) {}
    void* data() { return words_.empty() ? nullptr : words_.data(); }

  private:
    struct alignas(16) Word {
        uint8_t bytes[16];
    };
    std::vector<Word> words_;
};

}  // namespace

Int8Layer Int8Layer::of(const Row& row, const LayerQuantization& quantization, bool per_output) {
    const WeightMatrix matrix = weight_matrix(row);
    const size_t out = size_of(matrix.outputs);
    const size_t channels = per_output ? out : std::min<size_t>(out, 1);
    Int8Layer layer;
    layer.quantization = quantization;
    layer.per_output = per_output;
    layer.weight.resize(size_of(matrix.inputs) * out);
    layer.bias.resize(out);
    layer.multiplier.resize(channels);
    layer.shift.resize(channels);
    layer.table.resize(needs_table(row.activation) ? 256 : 0);
    return layer;
}

Int8Arrays Int8Layer::arrays() {
    return {weight.data(), bias.data(), multiplier.data(), shift.data(), table.data()};
}

Int8Tensors Int8Layer::tensors() const {
    Int8Tensors view;
    view.weight = weight.data();
    view.bias = bias.data();
    view.multiplier = multiplier.data();
    view.shift = shift.data();
    view.table = table.empty() ? nullptr : table.data();
    view.in = quantization.in;
    view.sum = quantization.sum;
    view.out = quantization.out;
    view.packing = packing;
    view.per_output = per_output;
    view.int4 = two_in_a_byte;
    return view;
}

Int8Graph::Int8Graph(std::vector<Row> rows, int code_layer, std::vector<Int8Layer> layers,
                     uint32_t id, uint32_t parent)
    : model_id(id),
      parent_id(parent),
      rows_(std::move(rows)),
      code_layer_(code_layer),
      layers_(std::move(layers)) {
    check_layers();
    if (model_id == 0) {
        const std::vector<Int8Tensors> views = views_of(layers_);
        model_id = nutshell::model_id(
            {rows_.data(), layer_count(), code_layer_, nullptr, 0, 0, views.data()});
    }
    packed_ = pack_all(rows_, layers_, kernels::int8_packing());
}

Int8Graph::Int8Graph(std::vector<Row> rows, int code_layer, std::vector<Int8Layer> layers)
    : Int8Graph(std::move(rows), code_layer, std::move(layers), 0, 0) {}

Int8Graph::Int8Graph(const File& file)
    : Int8Graph(rows_of(file), file.code_layer(), layers_in(file), file.model_id(),
                file.parent_id()) {
    file_packing = file.packing();
}

void Int8Graph::check_layers() const {
    for (size_t i = 0; i < rows_.size(); i++) {
        const bool chained = i == 0 || same(layers_[i - 1].quantization.out,  //
                                            layers_[i].quantization.in);
        const Status status =
            chained ? check_quantized(rows_[i], layers_[i].tensors()) : Status::bad_quantization;
        if (status != Status::ok) {
            throw Error("layer " + std::to_string(i + 1) +
                        " cannot run in int8: " + to_string(status));
        }
    }
}

uint32_t Int8Graph::fingerprint() const {
    return fingerprint_of(rows_.data(), layer_count(), code_layer_);
}

int Int8Graph::parameter_count() const {
    int count = 0;
    for (const Row& row : rows_) count += tensor_sizes(row).weight + tensor_sizes(row).bias;
    return count;
}

NumberType Int8Graph::type() const {
    const bool any = std::any_of(layers_.begin(), layers_.end(),
                                 [](const Int8Layer& layer) { return layer.weight_bits == 4; });
    return any ? NumberType::int4 : NumberType::int8;
}

Int8Graph Int8Graph::extract(Part part) const {
    const Range layers = range(part);
    Int8Graph result(
        {rows_.begin() + layers.first, rows_.begin() + layers.last}, code_layer_ - layers.first,
        {layers_.begin() + layers.first, layers_.begin() + layers.last}, model_id, parent_id);
    result.file_packing = file_packing;
    return result;
}

void Int8Graph::run(Range range, const int8_t* x, int count, int8_t* y) const {
    if (packed_[0].packing != kernels::int8_packing()) {
        throw Error("the platform has changed since the model was read; read it again");
    }
    int32_t bytes = 0, inner = 0;
    for (int i = range.first; i < range.last; i++) {
        const Row& row = rows_[static_cast<size_t>(i)];
        bytes = std::max(bytes, int8_scratch_bytes(row));
        if (i > range.first) inner = std::max(inner, row.in.size());
    }
    Scratch scratch(bytes);
    std::array<std::vector<int8_t>, 2> buffers;
    for (std::vector<int8_t>& buffer : buffers) buffer.resize(size_of(inner));
    const std::vector<Int8Tensors> views = views_of(packed_);
    for (int row = 0; row < count; row++) {
        const int8_t* from = x + static_cast<ptrdiff_t>(row) * input_size(range);
        for (int i = range.first; i < range.last; i++) {
            int8_t* to = i + 1 == range.last ? y + static_cast<ptrdiff_t>(row) * output_size(range)
                                             : buffers[static_cast<size_t>(i % 2)].data();
            const size_t at = static_cast<size_t>(i);
            visit_kind(rows_[at].kind, 0, [&](auto layer) noexcept {
                decltype(layer)::forward_int4(rows_[at], views[at], from, to, scratch.data());
                return 0;
            });
            from = to;
        }
    }
}

void Int8Graph::run(Range range, const float* x, int count, float* y) const {
    const int in = count * input_size(range), out = count * output_size(range);
    std::vector<int8_t> codes(size_of(in)), answers(size_of(out));
    quantize_values(x, in, input(range), codes.data());
    run(range, codes.data(), count, answers.data());
    dequantize_values(answers.data(), out, output(range), y);
}

void Int8Graph::reference_run(const int8_t* x, std::vector<int8_t>& y) const {
    const OnReference reference;
    std::vector<int8_t> from(x, x + rows_[0].in.size());
    for (size_t i = 0; i < rows_.size(); i++) {
        const Row& row = rows_[i];
        const Int8Tensors view = layers_[i].tensors();
        Scratch scratch(int8_scratch_bytes(row));
        y.assign(size_of(row.out.size()), 0);
        visit_kind(row.kind, 0, [&](auto layer) noexcept {
            decltype(layer)::forward_int4(row, view, from.data(), y.data(), scratch.data());
            return 0;
        });
        from = y;
    }
}

std::vector<uint8_t> Int8Graph::file_bytes(Packing packing) const {
    const Range whole = range(Part::whole);
    std::vector<int8_t> x(size_of(input_size(whole))), y;
    self_test_input(model_id, input_size(whole), x.data());
    reference_run(x.data(), y);
    uint8_t answer[kSelfTestBytes];
    write_self_test(y.data(), output_size(whole), answer);

    const std::vector<Int8Layer> packed = pack_all(rows_, layers_, packing);
    const std::vector<Int8Tensors> views = views_of(packed);
    const FileContents contents{rows_.data(), layer_count(), code_layer_,  nullptr,
                                model_id,     parent_id,     views.data(), answer};
    std::vector<uint8_t> bytes(file_size(contents));
    size_t written = 0;
    const Status status = write(contents, bytes.data(), bytes.size(), written);
    if (status != Status::ok)
        throw Error(std::string("the model cannot be saved: ") + to_string(status));
    return bytes;
}

}  // namespace nutshell::tools
