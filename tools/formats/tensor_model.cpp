// SPDX-License-Identifier: MIT
#include "tensor_model.hpp"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <map>

#include "nutshell/layers/layers.hpp"
#include "tools/error.hpp"
#include "tools/layer_list.hpp"

namespace nutshell::tools {
namespace {

enum class Meaning { weight, kernel, bias, either, none };

/// What an array's name says that it is, and the rest of the name, which its layer shares.
struct NameParts {
    Meaning meaning = Meaning::none;
    std::string layer;
};

bool is_letter(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; }
bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

std::string lower_case(std::string text) {
    for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return text;
}

NameParts parts_of(const std::string& name) {
    static const std::map<std::string, Meaning> words{{"weight", Meaning::weight},
                                                      {"kernel", Meaning::kernel},
                                                      {"bias", Meaning::bias},
                                                      {"w", Meaning::either},
                                                      {"b", Meaning::bias}};
    // The last word that is known, with no letters beside it.
    for (size_t end = name.size(); end > 0;) {
        if (!is_letter(name[end - 1])) {
            end--;
            continue;
        }
        size_t begin = end;
        while (begin > 0 && is_letter(name[begin - 1])) begin--;
        const auto word = words.find(lower_case(name.substr(begin, end - begin)));
        if (word != words.end()) return {word->second, name.substr(0, begin) + name.substr(end)};
        end = begin;
    }
    return {Meaning::none, name};
}

/// encoders, others, decoders
int half_of(const std::string& name) {
    const std::string plain = lower_case(name);
    if (plain.rfind("enc", 0) == 0) return 0;
    return plain.rfind("dec", 0) == 0 ? 2 : 1;
}

/// Numbers inside names count by their value.
bool natural_less(const std::string& a, const std::string& b) {
    size_t i = 0, j = 0;
    while (i < a.size() && j < b.size()) {
        if (is_digit(a[i]) && is_digit(b[j])) {
            size_t i_end = i, j_end = j;
            while (i < a.size() && a[i] == '0') i++;
            while (j < b.size() && b[j] == '0') j++;
            i_end = std::max(i_end, i);
            j_end = std::max(j_end, j);
            while (i_end < a.size() && is_digit(a[i_end])) i_end++;
            while (j_end < b.size() && is_digit(b[j_end])) j_end++;
            if (i_end - i != j_end - j) return i_end - i < j_end - j;
            const int order = a.compare(i, i_end - i, b, j, j_end - j);
            if (order != 0) return order < 0;
            i = i_end;
            j = j_end;
        } else if (a[i] != b[j]) {
            return a[i] < b[j];
        } else {
            i++;
            j++;
        }
    }
    return a.size() - i < b.size() - j;
}

bool layer_less(const std::string& a, const std::string& b) {
    const int half_a = half_of(a), half_b = half_of(b);
    return half_a != half_b ? half_a < half_b : natural_less(a, b);
}

/// The arrays of one layer.
struct Group {
    std::string layer;
    const Tensor* weight = nullptr;
    const Tensor* bias = nullptr;
    Meaning meaning = Meaning::either;
};

/// One group a layer, in order. An array whose name says nothing is a weight when it has two sides,
/// else the bias of the weight in front of it.
std::vector<Group> groups_of(std::vector<Tensor>& tensors, const std::string& path) {
    std::stable_sort(tensors.begin(), tensors.end(),
                     [](const Tensor& a, const Tensor& b) { return layer_less(a.name, b.name); });
    std::map<std::string, Group, bool (*)(const std::string&, const std::string&)> groups(
        layer_less);
    std::string last;
    for (const Tensor& tensor : tensors) {
        NameParts parts = parts_of(tensor.name);
        const bool matrix = tensor.shape.size() == 2;
        if (parts.meaning == Meaning::none && !matrix && !last.empty()) parts.layer = last;
        if (matrix) last = parts.layer;
        Group& group = groups[parts.layer];
        group.layer = parts.layer;
        const Tensor*& place = matrix ? group.weight : group.bias;
        if (tensor.shape.empty() || tensor.shape.size() > 2 || place != nullptr ||
            (matrix && parts.meaning == Meaning::bias)) {
            throw Error(path + ": array " + tools::quoted(tensor.name) + " of shape " +
                        text_of(tensor.shape) +
                        " belongs to no dense layer; leave it away, or export the model as ONNX");
        }
        place = &tensor;
        if (matrix && parts.meaning != Meaning::none) group.meaning = parts.meaning;
    }
    std::vector<Group> list;
    for (const auto& [name, group] : groups) list.push_back(group);
    return list;
}

/// The weight as [out][in].
std::vector<float> weight_of(const Group& group, uint64_t in, uint64_t out,
                             const std::string& path) {
    const Tensor& weight = *group.weight;
    const bool as_is = weight.shape == std::vector<uint64_t>{out, in};
    const bool turned = weight.shape == std::vector<uint64_t>{in, out};
    const bool may_be = group.meaning != Meaning::kernel,
               may_turn = group.meaning != Meaning::weight;
    const std::string what = path + ": array " + tools::quoted(weight.name);
    if (in == out && group.meaning == Meaning::either) {
        throw Error(what +
                    " is square: name it ...weight when it is [out][in], as in PyTorch, or " +
                    "...kernel when it is [in][out], as in Keras");
    }
    if (as_is && may_be) return weight.values;
    if (turned && may_turn) return transposed(weight.values, in, out);
    throw Error(what + " has the shape " + text_of(weight.shape) + ", but --layers wants " +
                std::to_string(in) + " inputs and " + std::to_string(out) + " outputs there");
}

SourceLayer layer_of(const Row& row, const Group& group, const std::string& path) {
    SourceLayer layer;
    layer.op = SourceLayer::Op::dense;
    layer.kind = "dense";
    layer.name = group.weight->name;
    layer.in = row.in;
    layer.out = row.out;
    layer.activation = row.activation;
    layer.slope = row.slope;
    const auto side = [](int32_t size) { return static_cast<uint64_t>(size); };
    layer.weight = weight_of(group, side(row.in.size()), side(row.out.size()), path);
    if (group.bias == nullptr) return layer;
    layer.bias = group.bias->values;
    if (layer.bias.size() == side(row.out.size())) return layer;
    throw Error(path + ": array " + tools::quoted(group.bias->name) + " has " +
                std::to_string(layer.bias.size()) + " values, but its layer has " +
                std::to_string(row.out.size()) + " outputs");
}

/// The code is between arrays of an encoder and of a decoder, or at the end when there is one
/// alone.
void find_halves(const std::vector<Group>& groups, SourceModel& source) {
    size_t encoders = 0, decoders = 0;
    for (const Group& group : groups) {
        encoders += half_of(group.layer) == 0 ? 1 : 0;
        decoders += half_of(group.layer) == 2 ? 1 : 0;
    }
    if (encoders + decoders != groups.size()) return;
    source.code_boundary = static_cast<int>(encoders);
    source.code_name = encoders > 0 ? "encoder" : "decoder";
}

}  // namespace

SourceModel tensor_source(std::vector<Tensor> tensors, const std::string& layers,
                          const std::string& path) {
    if (layers.empty()) {
        throw Error(path +
                    ": holds arrays without their layers; say --layers, as in "
                    "--layers 784,24:relu,784:sigmoid");
    }
    const LayerList list = parse_layers(layers, {});
    require_dense(list.rows, "a file of named arrays");
    const std::vector<Group> groups = groups_of(tensors, path);
    SourceModel source;
    source.input = list.rows.front().in;
    for (const Group& group : groups) {
        if (group.weight == nullptr) {
            throw Error(path + ": array " + tools::quoted(group.bias->name) +
                        " has no weight beside it; name them alike, as in 0.weight and 0.bias");
        }
    }
    if (groups.size() != list.rows.size()) {
        throw Error(path + ": holds " + std::to_string(groups.size()) +
                    " weights, but --layers lists " + std::to_string(list.rows.size()) + " layers");
    }
    std::string used = std::to_string(list.rows.front().in.size());
    for (size_t i = 0; i < groups.size(); i++) {
        source.layers.push_back(layer_of(list.rows[i], groups[i], path));
        used += "," + std::to_string(list.rows[i].out.size()) + ":" + activation_text(list.rows[i]);
    }
    source.notes.push_back("layers taken as " + used);
    find_halves(groups, source);
    return source;
}

std::vector<Tensor> tensors_of(const Export& model) {
    const Graph* graph = std::get_if<Graph>(&model.graph);
    if (graph == nullptr) {
        throw Error(
            "an int8 model is not written as named arrays; write .nut or .tflite, or "
            "convert the float model that it was made from");
    }
    require_dense(graph->rows(), "a file of named arrays");
    std::vector<Tensor> list;
    for (int i = 0; i < graph->layer_count(); i++) {
        const Row& row = graph->rows()[static_cast<size_t>(i)];
        if (row.kind != Kind::dense) {
            throw Error("layer " + std::to_string(i + 1) +
                        " is not dense: only dense layers are written as named arrays yet");
        }
        const Tensors tensors = graph->tensors(i);
        const auto in = static_cast<uint64_t>(row.in.size());
        const auto out = static_cast<uint64_t>(row.out.size());
        const int code = graph->code_layer();
        const std::string name =
            i < code ? "encoder." + std::to_string(i) : "decoder." + std::to_string(i - code);
        Tensor weight{name + ".weight", {out, in}, {tensors.weight, tensors.weight + in * out}};
        if (!DenseLayer::rows_are_outputs(row)) weight.values = transposed(weight.values, in, out);
        list.push_back(std::move(weight));
        list.push_back({name + ".bias", {out}, {tensors.bias, tensors.bias + out}});
    }
    return list;
}

std::string layers_of(const Export& model) {
    const Graph& graph = std::get<Graph>(model.graph);
    std::string text = std::to_string(graph.rows().front().in.size());
    for (const Row& row : graph.rows()) {
        text += "," + std::to_string(row.out.size()) + ":" + activation_text(row);
    }
    return text;
}

}  // namespace nutshell::tools
