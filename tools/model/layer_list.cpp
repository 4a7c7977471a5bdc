// SPDX-License-Identifier: MIT
#include "layer_list.hpp"

#include <algorithm>
#include <cstdlib>

#include "layer_entry.hpp"
#include "nutshell/weights.hpp"
#include "tools/error.hpp"
#include "tools/text.hpp"

namespace nutshell::tools {
namespace {

constexpr float kDefaultSlope = 0.01f;

struct Name {
    const char* text;
    Activation activation;
};
constexpr Name kNames[] = {{"linear", Activation::linear},
                           {"relu", Activation::relu},
                           {"leaky_relu", Activation::leaky_relu},
                           {"sigmoid", Activation::sigmoid},
                           {"tanh", Activation::tanh}};

/// `text` names an activation; `entry` of `option` is where the user wrote it.
void set_activation(Row& row, const std::string& text, const std::string& entry,
                    const std::string& option) {
    const size_t bracket = text.find('(');
    const std::string name = text.substr(0, bracket);
    for (const Name& known : kNames) {
        if (name != known.text) continue;
        row.activation = known.activation;
        const bool leaky = known.activation == Activation::leaky_relu;
        row.slope = leaky ? kDefaultSlope : 0.0f;
        if (bracket == std::string::npos) return;
        char* end = nullptr;
        row.slope = std::strtof(text.c_str() + bracket + 1, &end);
        if (leaky && std::string(end) == ")" && row.slope >= 1e-6f && row.slope < 1.0f) return;
        fail_entry(entry, "has a slope that makes no sense; write leaky_relu(0.01)", option);
    }
    fail_entry(entry, "names no known activation; use linear, relu, leaky_relu, sigmoid or tanh",
               option);
}

/// The narrowest place; a penalty there is one on the code.
int narrowest(const std::vector<Row>& rows) {
    int best = 1;
    for (int i = 2; i < static_cast<int>(rows.size()); i++) {
        const auto size_in_front = [&](int at) { return rows[static_cast<size_t>(at)].in.size(); };
        if (size_in_front(i) < size_in_front(best)) best = i;
    }
    while (best + 1 < static_cast<int>(rows.size()) &&
           rows[static_cast<size_t>(best)].kind == Kind::l1_penalty) {
        best++;
    }
    return best;
}

}  // namespace

LayerList parse_layers(const std::string& text, const LayerDefaults& defaults) {
    LayerList list{parse_rows(text, defaults), 0};
    if (list.rows.size() < 2) {
        throw Error("--layers: '" + text +
                    "' needs at least input, code and output, as in 784,24,784");
    }
    list.code_layer = narrowest(list.rows);
    return list;
}

std::vector<Row> parse_rows(const std::string& text, const LayerDefaults& defaults) {
    const auto layers = std::count(text.begin(), text.end(), ',');
    if (layers > kMaxLayers) {
        throw Error("--layers: lists " + std::to_string(layers) + " layers; a model has at most " +
                    std::to_string(kMaxLayers));
    }
    const std::vector<std::string> entries = split(text, ',');
    if (entries.size() < 2) {
        throw Error("--layers: '" + text + "' needs at least an input and a layer, as in 784,24");
    }
    std::vector<Row> rows;
    Shape input{};
    for (size_t i = 0; i < entries.size(); i++) {
        const size_t colon = entries[i].find(':');
        const std::string name = entries[i].substr(0, colon);
        if (i == 0) {
            input =
                is_shape(name) ? parse_shape(entries[i], name) : flat(parse_size(entries[i], name));
            if (colon != std::string::npos) {
                fail_entry(entries[i], "names an activation, but the first entry is the input");
            }
            continue;
        }
        Row row = parse_entry(entries[i], name, input, rows);
        const bool last = i + 1 == entries.size();
        if (colon != std::string::npos) {
            if (!takes_activation(row.kind)) fail_entry(entries[i], "takes no activation");
            set_activation(row, entries[i].substr(colon + 1), entries[i], "--layers");
        } else if (takes_activation(row.kind) && row.kind != Kind::batch_norm) {
            const bool sampled = !last && entries[i + 1].compare(0, 7, "sampler") == 0;
            const std::string& usual = last ? defaults.output : defaults.hidden;
            if (!sampled) set_activation(row, usual, usual, last ? "--output" : "--activation");
        }
        rows.push_back(row);
    }
    return rows;
}

const char* layer_list_help() {
    return "Layers from input to output, with commas between. Sizes are dense layers, as in "
           "784,24,784; the input is a size or an image, 28x28x1. convNkK: N filters of KxK (k3), "
           "then as needed sS stride, dD dilation, same or valid border (same), or pP: P zeros on "
           "every side. depthwisekK the same for each channel. deconvNkKsS: transposed, S times as "
           "large (k3s2), valid, or pP less on every side and oO more behind. poolP, avgpoolP: of "
           "PxP, then sS, same, valid or pP (valid). upF, upFbilinear: F times as large. "
           "norm: batch normalization, norm(1e-05) with PyTorch's epsilon in place of Keras' "
           "0.001. flat, 4x4x8: another shape. An activation may follow a "
           "layer: 128:tanh, conv16k3:leaky_relu(0.3). For training alone: dropout(P), a part of "
           "the "
           "values; noise(D), of a deviation; l1(W): W times the sum of magnitudes joins the loss; "
           "sampler: means and log variances become half as many numbers, the divergence joins the "
           "loss, sampler(W) with another weight than 1 by the inputs. tiedN: dense, by the "
           "weights "
           "of the dense layer from N, read the other way round";
}

std::string activation_text(const Row& row) {
    for (const Name& known : kNames) {
        if (row.activation != known.activation) continue;
        const bool plain = row.activation != Activation::leaky_relu || row.slope == kDefaultSlope;
        return plain ? known.text : known.text + ("(" + exact(row.slope) + ")");
    }
    return "unknown";
}

const char* name_of(Kind kind) {
    switch (kind) {
#define NUTSHELL_CASE(name, functions, number) \
    case Kind::name:                           \
        return #name;
        NUTSHELL_LAYER_KINDS(NUTSHELL_CASE)
#undef NUTSHELL_CASE
    }
    return "unknown";
}

}  // namespace nutshell::tools
