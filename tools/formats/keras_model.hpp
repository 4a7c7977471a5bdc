// SPDX-License-Identifier: MIT
// Keras models, whatever file they came in: the configuration as a tree of layers and sub-models,
// and what its layers mean. Understands what Keras 2 (Sequential, Model, Functional; nodes as
// lists), Keras 3 (nodes as calls) and TensorFlow.js write.
#pragma once
#include <string>
#include <vector>

#include "json_text.hpp"
#include "source_model.hpp"
#include "tensor.hpp"

namespace nutshell::tools {

/// A layer, or a model of layers. (Its JSON moves by a map that may throw.)
// NOLINTNEXTLINE(bugprone-exception-escape)
struct KerasNode {
    std::string kind;   ///< "Dense", "Functional"
    std::string name;   ///< "dense_1"
    std::string place;  ///< of its weights in the file
    Json config;        ///< of a layer
    bool trainable = true;
    bool is_model = false;
    std::vector<KerasNode> layers;  ///< of a model, in the order of its list
    std::vector<size_t> chain;      ///< of a model: from input to output, without the input layer
    std::vector<uint64_t> input;    ///< shape of a sample, where a layer or model states it
    std::vector<Tensor> weights;    ///< of a layer, in Keras' order

    /// Arrays that Keras keeps for a layer: those that it trains, and the others.
    size_t trained_arrays() const;
    size_t other_arrays() const;
};

/// The tree of a model's configuration, {"class_name": ..., "config": ...}; weights are empty.
/// Throws Error, beginning with `where`, for branches, several inputs or outputs, custom classes,
/// and layers that nothing is known of.
KerasNode keras_tree(const Json& model, const std::string& where);

/// Gives the arrays of one list to the layers of a tree in the order in which Keras lists them:
/// first those that are trained, layer after layer, then the others. Throws Error, beginning with
/// `where`, when there are more or fewer.
void deal_arrays(std::vector<Tensor> list, const std::string& where, KerasNode& node);

/// The model of a tree whose weights are there. Throws Error naming the layer that cannot be.
SourceModel keras_source(const KerasNode& model, const std::string& where);

}  // namespace nutshell::tools
