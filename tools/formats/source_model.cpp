// SPDX-License-Identifier: MIT
#include "source_model.hpp"

#include "nutshell/nut_format.hpp"
#include "source_lowering.hpp"
#include "tools/data/bytes.hpp"
#include "tools/error.hpp"
#include "tools/suggest.hpp"

namespace nutshell::tools {
namespace {

/// The number of source layers in front of the code, -1 when only the sizes can tell.
int boundary_of(const SourceModel& model, const ImportOptions& options) {
    if (options.code_layer.empty()) return model.code_boundary;
    if (options.code_layer == model.code_name && model.code_boundary >= 0) {
        return model.code_boundary;
    }
    std::vector<std::string> names;
    for (size_t i = 0; i < model.layers.size(); i++) {
        if (model.layers[i].place == options.code_layer) return static_cast<int>(i) + 1;
        names.push_back(model.layers[i].name);
    }
    return place_behind(names, options.code_layer);
}

std::string code_words(const SourceModel& model, const ImportOptions& options, int boundary) {
    if (!options.code_layer.empty()) return "the output of '" + options.code_layer + "', as asked";
    if (boundary >= 0 && model.code_name.empty()) return "as the file says";
    if (boundary >= 0) return "the output of the sub-model '" + model.code_name + "'";
    return "the narrowest place";
}

/// Gives every layer to the lowering, float or int8, and tells it where the code is.
template <class Lowering>
Imported lower_with(Lowering lowering, const SourceModel& model, const ImportOptions& options) {
    const int boundary = boundary_of(model, options);
    for (size_t i = 0; i < model.layers.size(); i++) {
        if (static_cast<int>(i) == boundary) lowering.begin_decoder();
        lowering.add(model.layers[i]);
    }
    lowering.end();
    if (static_cast<int>(model.layers.size()) == boundary) lowering.begin_decoder();
    const std::vector<int> sizes = lowering.sizes();
    if (sizes.size() < 2) {
        throw Error("the model has no layer that computes anything; give one with dense layers");
    }
    const int code = boundary >= 0 ? lowering.code_layer() : narrowest_place(sizes);
    return lowering.result(code, code_words(model, options, boundary));
}

/// A part knows whose part it is; a whole model's identity is computed.
void set_identity(Imported& imported, const SourceModel& model) {
    std::visit(
        [&](auto& graph) {
            graph.parent_id = model.parent_id;
            const bool half = graph.code_layer() == 0 || graph.code_layer() == graph.layer_count();
            if (half && model.model_id != 0) graph.model_id = model.model_id;
        },
        imported.graph);
}

}  // namespace

Imported lower(const SourceModel& model, const ImportOptions& options) {
    Imported imported = model.codes ? lower_with(Int8Lowering(model), model, options)
                                    : lower_with(FloatLowering(model), model, options);
    set_identity(imported, model);
    return imported;
}

void set_row_activation(const SourceLayer& layer, Row& row) {
    const bool leaky = layer.activation == Activation::leaky_relu;
    row.activation = leaky && layer.slope == 0.0f ? Activation::relu : layer.activation;
    row.slope = row.activation == Activation::leaky_relu ? layer.slope : 0.0f;
    if (row.activation == Activation::leaky_relu && !(row.slope >= 1e-6f && row.slope < 1.0f)) {
        refuse(layer, "a leaky relu's slope must be at least 1e-6 and less than 1, not " +
                          std::to_string(row.slope));
    }
}

void Passage::learn(Shape shape) {
    if (!shape_.valid() && shape.valid()) shape_ = shape;
}

void Passage::view(Shape shape) {
    if (shape.valid() && shape_.valid() && shape.size() == shape_.size()) shape_ = shape;
}

void Passage::reshape(const SourceLayer& layer) {
    learn(layer.in);
    if (shape_.valid() && layer.out.valid() && layer.out.size() != shape_.size()) {
        refuse(layer, "it makes " + shape_text(layer.out) + " of " + std::to_string(size()) +
                          " values; a reshape keeps the number of values of a sample");
    }
    if (layer.out.valid()) {
        shape_ = layer.out;
    } else if (shape_.valid()) {
        shape_ = flat(shape_.size());
    }
    reshapes_.push_back(layer);
}

std::optional<Row> Passage::between(Shape before, Shape in) {
    origin_.clear();
    if (!before.valid() || meets(before, in)) {
        note_reshapes();
        return {};
    }
    for (const SourceLayer& layer : reshapes_) {
        origin_ += (origin_.empty() ? "" : ", ") + named(layer);
    }
    reshapes_.clear();
    return Row{Kind::reshape, Activation::linear, before, in, 0.0f};
}

void Passage::note_reshapes() {
    for (const SourceLayer& layer : reshapes_) {
        notes.push_back(named(layer) + " moves no values: left out");
    }
    reshapes_.clear();
}

Row dense_row(const SourceLayer& layer, Shape shape, size_t weight_count, size_t bias_count) {
    const int size = shape.valid() ? shape.size() : 0;
    const int in = layer.in.valid() ? layer.in.size() : size;
    if (in == 0) refuse(layer, "the file does not say how many values it reads");
    const bool each_pixel = size != in && size != 0 && in == shape.channels;
    if (size != 0 && size != in && !each_pixel) {
        refuse(layer, "it reads " + std::to_string(in) +
                          " values, but what is in front of it has " + std::to_string(size) +
                          "; a dense layer must read all values of a sample, or all channels of a "
                          "pixel, so put Flatten in front of it");
    }
    const auto inputs = static_cast<size_t>(in), outputs = weight_count / inputs;
    if (weight_count == 0 || weight_count % inputs != 0 ||
        outputs > static_cast<size_t>(kMaxSize)) {
        refuse(layer, "a weight of " + std::to_string(weight_count) + " values does not fit " +
                          std::to_string(in) + " inputs");
    }
    const int out = static_cast<int>(outputs);
    if ((layer.out.valid() && layer.out.size() != out) ||
        (bias_count != 0 && bias_count != outputs)) {
        refuse(layer, "its weight makes " + std::to_string(out) +
                          " outputs, but its bias or its shape says otherwise");
    }
    if (!each_pixel) return {Kind::dense, Activation::linear, flat(in), flat(out), 0.0f};
    const Row row{Kind::conv2d, Activation::linear,
                  shape,        {shape.height, shape.width, out},
                  0.0f,         window_of(shape, 1, 1, 1, 1, Padding::valid)};
    if (valid(row)) return row;
    refuse(layer, "it makes more than 2^20 values of a sample");
}

void SourceModel::add(SourceLayer layer) {
    for (const std::vector<float>* floats : {&layer.weight, &layer.bias, &layer.gamma, &layer.beta,
                                             &layer.mean, &layer.variance, &layer.weight_scale}) {
        weight_bytes_ += floats->size() * sizeof(float);
    }
    weight_bytes_ += layer.weight_codes.size() + layer.bias_codes.size() * sizeof(int32_t);
    if (weight_bytes_ > format::kMaxFileBytes) {
        refuse(layer, "the weights up to here are more than a .nut file holds (" +
                          std::to_string(format::kMaxFileBytes >> 20) +
                          " MiB); use fewer or narrower layers");
    }
    layers.push_back(std::move(layer));
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
