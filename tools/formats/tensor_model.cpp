// SPDX-License-Identifier: MIT
// From named arrays and a layer list to a SourceModel.
#include "tensor_model.hpp"

#include <algorithm>
#include <cstdlib>

#include "export_layer.hpp"
#include "tensor_groups.hpp"
#include "tools/data/bytes.hpp"
#include "tools/error.hpp"
#include "tools/model/inference_form.hpp"
#include "tools/model/layer_list.hpp"

namespace nutshell::tools {
namespace {

std::string what(const Tensor& tensor, const std::string& path) {
    return path + ": array " + in_quotes(tensor.name);
}

using Sides = std::vector<uint64_t>;

[[noreturn]] void refuse_shape(const Tensor& weight, const std::string& path,
                               const std::string& wanted) {
    throw Error(what(weight, path) + " has the shape " + text_of(weight.shape) +
                ", but --layers wants " + wanted + " there");
}

/// The weight as [out][in].
std::vector<float> dense_weight(const Row& row, const Group& group, const std::string& path) {
    const Tensor& weight = *group.weight;
    const auto in = static_cast<size_t>(row.in.size());
    const auto out = static_cast<size_t>(row.out.size());
    const bool as_is = weight.shape == Sides{out, in}, turned = weight.shape == Sides{in, out};
    if (in == out && weight.shape.size() == 2 && group.meaning == Meaning::either) {
        throw Error(what(weight, path) +
                    " is square: name it ...weight when it is [out][in], as in PyTorch, or " +
                    "...kernel when it is [in][out], as in Keras");
    }
    if (as_is && group.meaning != Meaning::kernel) return weight.values;
    if (turned && group.meaning != Meaning::weight) return transposed(weight.values, in, out);
    refuse_shape(weight, path,
                 std::to_string(in) + " inputs and " + std::to_string(out) + " outputs");
}

/// The sides of a convolution's weight in Keras.
Sides kernel_sides(const Row& row) {
    const auto in = static_cast<uint64_t>(row.in.channels);
    const auto out = static_cast<uint64_t>(row.out.channels);
    const uint64_t height = row.window.height, width = row.window.width;
    if (row.kind == Kind::depthwise_conv2d) return {height, width, in, 1};
    if (row.kind == Kind::transposed_conv2d) return {height, width, out, in};
    return {height, width, in, out};
}

/// [height][width][in][out], and the two last turned of a transposed one, as [out][height][width]
/// [in]; of a depthwise one [out][height][width].
std::vector<float> from_kernel(const Row& row, const std::vector<float>& kernel) {
    const bool turned = row.kind == Kind::transposed_conv2d;
    const auto outputs = static_cast<size_t>(row.out.channels);
    const size_t inputs =
        row.kind == Kind::depthwise_conv2d ? 1 : static_cast<size_t>(row.in.channels);
    const size_t taps = kernel.size() / (inputs * outputs);
    std::vector<float> weight;
    weight.reserve(kernel.size());
    for (size_t o = 0; o < outputs; o++) {
        for (size_t tap = 0; tap < taps; tap++) {
            for (size_t i = 0; i < inputs; i++) {
                const size_t place = turned ? o * inputs + i : i * outputs + o;
                weight.push_back(kernel[tap * inputs * outputs + place]);
            }
        }
    }
    return weight;
}

/// The weight as [out][height][width][in].
std::vector<float> convolution_weight(const Row& row, const Group& group, const std::string& path) {
    const Tensor& weight = *group.weight;
    const std::vector<int64_t> first = channels_first_sides(row);
    const bool is_first = weight.shape == Sides(first.begin(), first.end());
    const bool is_kernel = weight.shape == kernel_sides(row);
    if (is_first && is_kernel && group.meaning == Meaning::either) {
        throw Error(what(weight, path) + " may be in two orders: name it ...weight or ...kernel");
    }
    if (is_first && group.meaning != Meaning::kernel) return channels_last(row, weight.values);
    if (is_kernel && group.meaning != Meaning::weight) return from_kernel(row, weight.values);
    refuse_shape(weight, path,
                 text_of(Sides(first.begin(), first.end())) + ", or as a kernel " +
                     text_of(kernel_sides(row)) + ",");
}

const std::vector<float>& vector_of(const Tensor& tensor, size_t size, const std::string& path) {
    if (tensor.shape.size() == 1 && tensor.values.size() == size) return tensor.values;
    throw Error(what(tensor, path) + " has " + std::to_string(tensor.values.size()) +
                " values, but its layer has " + std::to_string(size) + " outputs");
}

/// PyTorch's order of an image's values becomes ours on both sides of a dense layer.
void reorder(const std::vector<Row>& rows, size_t index, SourceLayer& layer) {
    const std::vector<size_t> in = channels_first_places(image_in_front(rows, index));
    const std::vector<size_t> out = channels_first_places(image_behind(rows, index));
    const std::vector<float> weight = layer.weight, bias = layer.bias;
    for (size_t o = 0; o < layer.weight.size(); o++) {
        const size_t n = static_cast<size_t>(layer.in.size()), i = o % n, j = o / n;
        layer.weight[o] = weight[(out.empty() ? j : out[j]) * n + (in.empty() ? i : in[i])];
    }
    for (size_t o = 0; o < bias.size() && !out.empty(); o++) layer.bias[o] = bias[out[o]];
}

/// The layer of a row without its arrays.
SourceLayer bare_layer(const Row& row) {
    SourceLayer layer;
    layer.kind = name_of(row.kind);
    layer.in = row.in;
    layer.out = row.out;
    layer.activation = row.activation;
    layer.slope = row.slope;
    layer.op = SourceLayer::Op::image;
    if (row.kind == Kind::dense) layer.op = SourceLayer::Op::dense;
    if (row.kind == Kind::reshape) layer.op = SourceLayer::Op::reshape;
    if (row.kind == Kind::batch_norm) layer.op = SourceLayer::Op::batch_norm;
    if (layer.op != SourceLayer::Op::image) return layer;
    const Window& w = row.window;
    const bool depthwise = row.kind == Kind::depthwise_conv2d;
    layer.image_kind = depthwise ? Kind::conv2d : row.kind;
    layer.window.height = w.height;
    layer.window.width = w.width;
    layer.window.interpolation = static_cast<Interpolation>(w.parameter);
    layer.kernel_in = depthwise ? 1 : row.in.channels;
    layer.kernel_out = row.out.channels;
    layer.groups = depthwise ? row.in.channels : 1;
    if (row.kind == Kind::upsample2d) return layer;
    layer.window.stride_height = w.stride_height;
    layer.window.stride_width = w.stride_width;
    layer.window.dilation_height = w.dilation_height;
    layer.window.dilation_width = w.dilation_width;
    layer.window.top = w.top;
    layer.window.left = w.left;
    layer.window.bottom = w.bottom;
    layer.window.right = w.right;
    return layer;
}

void take_statistics(const Group& group, const Row& row, SourceLayer& layer,
                     const std::string& path) {
    if (group.mean == nullptr || group.variance == nullptr) {
        throw Error(what(*group.weight, path) +
                    " belongs to a normalization, whose running_mean or running_var is not there");
    }
    const auto channels = static_cast<size_t>(layer.in.channels);
    layer.gamma = vector_of(*group.weight, channels, path);
    layer.beta = std::move(layer.bias);
    layer.bias.clear();
    layer.mean = vector_of(*group.mean, channels, path);
    layer.variance = vector_of(*group.variance, channels, path);
    layer.epsilon = float_from_bits(row.window.parameter);
}

SourceLayer layer_of(const std::vector<Row>& rows, size_t index, const Group& group,
                     const std::string& path) {
    const Row& row = rows[index];
    SourceLayer layer = bare_layer(row);
    layer.name = group.weight->name;
    const bool dense = row.kind == Kind::dense, norm = row.kind == Kind::batch_norm;
    if (dense) layer.weight = dense_weight(row, group, path);
    if (!dense && !norm) layer.weight = convolution_weight(row, group, path);
    if (group.bias != nullptr) {
        layer.bias = vector_of(*group.bias, static_cast<size_t>(row.out.channels), path);
    }
    if (norm) take_statistics(group, row, layer, path);
    if (dense && group.meaning == Meaning::weight) reorder(rows, index, layer);
    return layer;
}

/// The rows that have arrays.
std::vector<size_t> weighted(const std::vector<Row>& rows) {
    std::vector<size_t> indices;
    for (size_t i = 0; i < rows.size(); i++) {
        if (tensor_sizes(rows[i]).weight > 0) indices.push_back(i);
    }
    return indices;
}

/// The number in "decoder.3.", -1 when there is none.
int number_in(const std::string& name) {
    const size_t at = name.find_first_of("0123456789");
    return at == std::string::npos || name.size() - at > 6
               ? -1
               : static_cast<int>(std::strtol(name.c_str() + at, nullptr, 10));
}

/// The rows in front of the code: between arrays of an encoder and of a decoder, or at the end when
/// there is one alone. Layers without arrays may stand on either side, which the number of the
/// decoder's first one with arrays tells, or else the narrowest place. -1: the names tell nothing.
int code_of(const std::vector<Group>& groups, const std::vector<Row>& rows,
            const std::vector<size_t>& indices) {
    size_t encoders = 0, decoders = 0;
    for (const Group& group : groups) {
        encoders += half_of(group.layer) == 0 ? 1 : 0;
        decoders += half_of(group.layer) == 2 ? 1 : 0;
    }
    if (encoders + decoders != groups.size()) return -1;
    if (encoders == 0) return 0;
    if (decoders == 0) return static_cast<int>(rows.size());
    const size_t first = indices[encoders - 1] + 1, last = indices[encoders];
    const int number = number_in(groups[encoders].layer);
    if (number >= 0 && last >= first + static_cast<size_t>(number)) {
        return static_cast<int>(last) - number;
    }
    size_t best = first;
    for (size_t i = first; i <= last; i++) {
        if (rows[i].in.size() < rows[best].in.size()) best = i;
    }
    return static_cast<int>(best);
}

void add_activation(const Row& row, SourceModel& source) {
    if (row.activation == Activation::linear) return;
    SourceLayer layer;
    layer.op = SourceLayer::Op::activation;
    layer.kind = "activation";
    layer.activation = row.activation;
    layer.slope = row.slope;
    source.add(std::move(layer));
}

/// The layers of a list that compute something when nothing is trained.
std::vector<Row> rows_at_inference(const std::string& list) {
    std::vector<Row> rows;
    for (const Row& row : parse_rows(list, {})) {
        if (row.kind == Kind::gaussian_sampler || row.kind == Kind::tied_dense) {
            throw Error(std::string("--layers: a file of arrays has no ") + name_of(row.kind) +
                        " layer; name the dense layers that it has in its place");
        }
        if (!passes_on(row.kind)) rows.push_back(row);
    }
    if (rows.empty()) throw Error("--layers: '" + list + "' names no layer that computes anything");
    return rows;
}

void check_groups(const std::vector<Group>& groups, size_t layers, const std::string& path) {
    for (const Group& group : groups) {
        if (group.weight != nullptr) continue;
        throw Error(what(*group.any(), path) +
                    " has no weight beside it; name them alike, as in 0.weight and 0.bias");
    }
    if (groups.size() == layers) return;
    throw Error(path + ": holds " + std::to_string(groups.size()) +
                " weights, but --layers lists " + std::to_string(layers) + " layers that have one");
}

}  // namespace

bool is_batch_count(const std::string& name) {
    const std::string word = "num_batches_tracked";
    return name.size() >= word.size() &&
           name.compare(name.size() - word.size(), word.size(), word) == 0;
}

std::vector<size_t> channels_first_places(Shape image) {
    const auto side = [](int32_t n) { return static_cast<size_t>(n); };
    std::vector<size_t> places;
    const size_t pixels = side(image.height) * side(image.width), n = side(image.channels);
    if (pixels == 1 || n == 1) return places;
    for (size_t i = 0; i < pixels * n; i++) places.push_back(i % n * pixels + i / n);
    return places;
}

Shape image_in_front(const std::vector<Row>& rows, size_t index) {
    while (index > 0 && rows[index - 1].kind == Kind::reshape &&
           rows[index - 1].out == flat(rows[index - 1].out.size())) {
        index--;
    }
    return index > 0 ? rows[index - 1].out : rows[index].in;
}

Shape image_behind(const std::vector<Row>& rows, size_t index) {
    const bool reshapes = index + 1 < rows.size() && rows[index + 1].kind == Kind::reshape;
    return reshapes ? rows[index + 1].out : rows[index].out;
}

SourceModel tensor_source(std::vector<Tensor> tensors, const std::string& layers,
                          const std::string& path) {
    if (layers.empty()) {
        throw Error(path +
                    ": holds arrays without their layers; say --layers, as in "
                    "--layers 784,24:relu,784:sigmoid");
    }
    const std::vector<Row> rows = rows_at_inference(layers);
    const std::vector<Group> groups = groups_of(tensors, path);
    const std::vector<size_t> indices = weighted(rows);
    check_groups(groups, indices.size(), path);
    SourceModel source;
    source.input = rows.front().in;
    const int code = code_of(groups, rows, indices);
    size_t used = 0;
    for (size_t i = 0; i < rows.size(); i++) {
        if (static_cast<int>(i) == code) {
            source.code_boundary = static_cast<int>(source.layers.size());
        }
        const bool has_arrays = used < indices.size() && indices[used] == i;
        source.add(has_arrays ? layer_of(rows, i, groups[used++], path) : bare_layer(rows[i]));
        if (rows[i].kind == Kind::batch_norm) add_activation(rows[i], source);
    }
    if (code == static_cast<int>(rows.size())) {
        source.code_boundary = static_cast<int>(source.layers.size());
    }
    if (code >= 0) source.code_name = code > 0 ? "encoder" : "decoder";
    source.notes.push_back("layers taken as " + layer_text(rows));
    return source;
}

}  // namespace nutshell::tools
