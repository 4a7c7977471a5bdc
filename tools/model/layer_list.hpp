// SPDX-License-Identifier: MIT
// Architectures as a user types them: "784,24,784", "784,128:tanh,24:linear,784" or
// "28x28x1,conv16k3,pool2,...".
#pragma once
#include <string>
#include <vector>

#include "nutshell/layers/row.hpp"

namespace nutshell::tools {

/// Activations of layers that name none.
struct LayerDefaults {
    std::string hidden = "relu";
    std::string output = "sigmoid";
};

/// The layers of a list, and the number of layers in front of the code: the narrowest place
/// between input and output. Throws Error naming the entry that is wrong.
struct LayerList {
    std::vector<Row> rows;
    int code_layer;
};
LayerList parse_layers(const std::string& text, const LayerDefaults& defaults);

/// The layers alone, one at least: those of an encoder, too. Throws Error.
std::vector<Row> parse_rows(const std::string& text, const LayerDefaults& defaults);

/// The list of these layers, every activation named. Throws Error, naming the layer, where a list
/// has no words for it.
std::string layer_text(const std::vector<Row>& rows);

/// What --help says of the entries of a list.
const char* layer_list_help();

/// linear, relu, leaky_relu (slope 0.01; leaky_relu(0.3) for another), sigmoid, tanh.
std::string activation_text(const Row& row);

/// "dense", ...
const char* name_of(Kind kind);

}  // namespace nutshell::tools
