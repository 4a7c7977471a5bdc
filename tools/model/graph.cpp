// SPDX-License-Identifier: MIT
#include "graph.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "nutshell/nut_format.hpp"
#include "nutshell/weights.hpp"
#include "tools/error.hpp"

namespace nutshell::tools {
namespace {

void forward_row(const Row& row, Activation activation, Tensors tensors, Pass pass, const float* x,
                 float* y) noexcept {
    visit_kind(row.kind, 0, [&](auto layer) noexcept {
        decltype(layer)::forward(row, activation, tensors, pass, x, y);
        return 0;
    });
}

std::string describe(Shape shape) {
    return std::to_string(shape.height) + "x" + std::to_string(shape.width) + "x" +
           std::to_string(shape.channels);
}

void check_rows(const std::vector<Row>& rows, int code_layer) {
    if (rows.empty() || rows.size() > kMaxLayers) {
        throw Error("a model has 1 to " + std::to_string(kMaxLayers) + " layers, not " +
                    std::to_string(rows.size()));
    }
    for (size_t i = 0; i < rows.size(); i++) {
        const std::string name = "layer " + std::to_string(i + 1);
        if (!valid(rows[i])) {
            throw Error(name + " from " + std::to_string(rows[i].in.channels) + " to " +
                        std::to_string(rows[i].out.channels) +
                        " cannot be run; a layer has at most 2^24 weights and 2^20 outputs");
        }
        if (!finds_weights(rows.data(), static_cast<int>(i))) {
            throw Error(name + " is tied to a layer that has not its weights the other way round");
        }
        if (i > 0 && !meets(rows[i - 1].out, rows[i].in)) {
            throw Error(name + " reads " + describe(rows[i].in) +
                        ", but the layer before it writes " + describe(rows[i - 1].out));
        }
    }
    if (code_layer < 0 || code_layer > static_cast<int>(rows.size())) {
        throw Error("the code lies outside the model's layers");
    }
    if (file_size(rows.data(), static_cast<int>(rows.size())) == 0) {
        throw Error("the model is larger than a .nut file can be (" +
                    std::to_string(format::kMaxFileBytes >> 20) +
                    " MiB); use fewer or narrower layers");
    }
}

}  // namespace

AlignedFloats::AlignedFloats(size_t size) : size_(size) {
    const size_t bytes = (size * sizeof(float) + kAlignment) / kAlignment * kAlignment;
    data_.reset(static_cast<float*>(std::aligned_alloc(kAlignment, bytes)));
    if (!data_) throw std::bad_alloc();
    std::fill_n(data_.get(), size, 0.0f);
}

AlignedFloats::AlignedFloats(const AlignedFloats& other) : AlignedFloats(other.size_) {
    std::copy_n(other.data(), size_, data());
}

AlignedFloats& AlignedFloats::operator=(const AlignedFloats& other) {
    if (this != &other) *this = AlignedFloats(other);
    return *this;
}

Graph::Graph(std::vector<Row> rows, int code_layer)
    : rows_(std::move(rows)), code_layer_(code_layer) {
    check_rows(rows_, code_layer);
    spots_.resize(rows_.size());
    tape_.resize(rows_.size());
    totals_ = plan_into(rows_.data(), layer_count(), spots_.data(), tape_.data());
    parameters_ = AlignedFloats(static_cast<size_t>(totals_.floats));
}

uint32_t Graph::fingerprint() const {
    return fingerprint_of(rows_.data(), layer_count(), code_layer_);
}

Tensors Graph::tensors(int layer) const {
    return tensors_at(parameters_.data(), spots_[static_cast<size_t>(layer)]);
}

void Graph::initialize(uint32_t seed, Initializer initializer) {
    nutshell::initialize(rows_.data(), spots_.data(), layer_count(), totals_.floats, seed,
                         initializer, parameters_.data());
}

Graph Graph::extract(Part part) const {
    const Range layers = range(part);
    std::vector<Row> rows(rows_.begin() + layers.first, rows_.begin() + layers.last);
    for (size_t i = 0; i < rows.size(); i++) {
        if (shares_weights(rows[i]) > static_cast<int>(i)) rows[i] = untied(rows[i]);
    }
    Graph result(std::move(rows), code_layer_ - layers.first);
    result.model_id = model_id;
    result.parent_id = parent_id;
    for (int i = 0; i < result.layer_count(); i++) result.set_tensors(i, tensors(layers.first + i));
    return result;
}

void Graph::set_tensors(int layer, const Tensors& from) {
    const TensorSizes sizes = tensor_sizes(rows_[static_cast<size_t>(layer)]);
    const Spot spot = spots_[static_cast<size_t>(layer)];
    std::copy_n(from.weight, sizes.weight, parameters_.data() + spot.weight);
    std::copy_n(from.bias, sizes.bias, parameters_.data() + spot.bias);
    std::copy_n(from.state, sizes.state, parameters_.data() + spot.state);
}

Graph::Workspace::Workspace(const Graph& graph, int rows)
    : scratch_(static_cast<size_t>(graph.totals().scratch)), rows_(rows) {
    for (AlignedFloats& buffer : buffer_) {
        buffer =
            AlignedFloats(static_cast<size_t>(graph.totals().inner) * static_cast<size_t>(rows));
    }
}

void Graph::run(Range range, const float* x, int count, float* y) const {
    Workspace work(*this, std::min(count, run_slice));
    run(range, x, count, y, work);
}

void Graph::run(Range range, const float* x, int count, float* y, Workspace& work) const {
    const size_t in = static_cast<size_t>(input_size(range));
    const size_t out = static_cast<size_t>(output_size(range));
    for (int at = 0; at < count; at += work.rows_) {
        Pass pass{std::min(work.rows_, count - at)};
        pass.scratch = work.scratch_.data();
        const float* from = x + static_cast<size_t>(at) * in;
        for (int i = range.first; i < range.last; i++) {
            float* to = i + 1 == range.last ? y + static_cast<size_t>(at) * out
                                            : work.buffer_[i % 2].data();
            const Row& row = rows_[static_cast<size_t>(i)];
            forward_row(row, row.activation, tensors(i), pass, from, to);
            from = to;
        }
    }
}

Activation Graph::training_activation(int layer) const noexcept {
    return layer + 1 == layer_count() ? Activation::linear
                                      : rows_[static_cast<size_t>(layer)].activation;
}

void Graph::forward_from(int first, const float* parameters, Pass pass, const float* x,
                         float* tape) const noexcept {
    for (int layer = first; layer < layer_count(); layer++) {
        const size_t i = static_cast<size_t>(layer);
        float* y = tape + static_cast<ptrdiff_t>(tape_[i]) * pass.rows;
        forward_row(rows_[i], training_activation(layer), tensors_at(parameters, spots_[i]),
                    pass.of_layer(layer), x, y);
        x = y;
    }
}

float* Graph::backward_to(int first, const float* parameters, Pass pass, const float* x,
                          const float* tape, float* dy, float* dx, float* spare, float alpha,
                          float* into) const noexcept {
    for (int layer = layer_count() - 1; layer >= first; layer--) {
        const size_t i = static_cast<size_t>(layer);
        const float* input =
            layer > first ? tape + static_cast<ptrdiff_t>(tape_[i - 1]) * pass.rows : x;
        const float* output = tape + static_cast<ptrdiff_t>(tape_[i]) * pass.rows;
        const Target target = target_at(alpha, into, spots_[i]);
        visit_kind(rows_[i].kind, 0, [&](auto functions) noexcept {
            decltype(functions)::backward(rows_[i], training_activation(layer),
                                          tensors_at(parameters, spots_[i]), pass.of_layer(layer),
                                          input, output, dy, layer > 0 ? dx : nullptr, target);
            return 0;
        });
        dy = dx;
        std::swap(dx, spare);
    }
    return dy;
}

Row untied(Row row) {
    row.kind = Kind::dense;
    row.window = Window{};
    return row;
}

LayerRange layers_of(Part part, int code_layer, int layer_count) {
    if (part == Part::encoder) {
        if (code_layer == 0) throw Error("the model is a decoder alone: it has no encoder");
        return {0, code_layer};
    }
    if (part == Part::decoder) {
        if (code_layer == layer_count) {
            throw Error("the model is an encoder alone: it has no decoder");
        }
        return {code_layer, layer_count};
    }
    return {0, layer_count};
}

const char* name_of(NumberType type) {
    switch (type) {
        case NumberType::float32:
            return "float32";
        case NumberType::int8:
            return "int8";
        case NumberType::int4:
            return "int4";
    }
    return "?";
}

const char* name_of(Part part) {
    return part == Part::encoder ? "encoder" : part == Part::decoder ? "decoder" : "whole";
}

std::string layer_sizes(const std::vector<Row>& rows) {
    std::string text = std::to_string(rows[0].in.size());
    for (const Row& row : rows) text += "-" + std::to_string(row.out.size());
    return text;
}

}  // namespace nutshell::tools
