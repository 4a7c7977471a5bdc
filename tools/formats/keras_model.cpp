// SPDX-License-Identifier: MIT
#include "keras_model.hpp"

#include <algorithm>
#include <map>

#include "keras_layers.hpp"
#include "tools/error.hpp"

namespace nutshell::tools {
namespace {

constexpr int kMaxDepth = 16;
constexpr size_t kMaxLayers = 4096;

/// The output of a layer: which layer, which of its calls.
struct Reference {
    std::string layer;
    size_t call;
};

/// How Keras names an output: ["dense", 0, 0] and perhaps more behind.
bool is_reference(const Json& value) {
    return value.is_array() && value.size() >= 3 && value[0].is_string() &&
           value[1].is_number_unsigned() && value[2].is_number_unsigned();
}

/// Every reference in what Keras writes for a call or for the outputs: lists of lists in Keras 2,
/// objects with a keras_history in Keras 3.
void collect_references(const Json& value, std::vector<Reference>& references) {
    if (is_reference(value)) {
        references.push_back({value[0].get<std::string>(), value[1].get<size_t>()});
        for (size_t i = 3; i < value.size(); i++) collect_references(value[i], references);
    } else if (value.is_structured()) {
        for (const Json& inner : value) collect_references(inner, references);
    }
}

std::vector<Reference> references_in(const Json& value) {
    std::vector<Reference> references;
    collect_references(value, references);
    return references;
}

bool is_model(const std::string& kind) {
    return kind == "Sequential" || kind == "Functional" || kind == "Model";
}

/// The sides behind the batch; empty when one of them is open.
std::vector<uint64_t> sample_shape(const Json& config) {
    for (const char* name : {"batch_input_shape", "batch_shape", "build_input_shape"}) {
        const Json& shape = member(config, name);
        if (!shape.is_array() || shape.size() < 2) continue;
        std::vector<uint64_t> sides;
        for (size_t i = 1; i < shape.size(); i++) {
            if (!shape[i].is_number_unsigned()) return {};
            sides.push_back(shape[i].get<uint64_t>());
        }
        return sides;
    }
    return {};
}

/// The calls of a functional model's layers, followed from its output to its input.
class Tracer {
  public:
    Tracer(const KerasNode& model, const Json& config, const std::string& where)
        : model_(model), where_(where) {
        const Json& layers = member(config, "layers");
        for (size_t i = 0; i < model.layers.size(); i++) {
            index_[model.layers[i].name] = i;
            const Json& calls = member(layers[i], "inbound_nodes");
            for (const Json& call : calls) calls_[i].push_back(references_in(call));
        }
        for (const auto& [layer, calls] : calls_) {
            for (const auto& references : calls) note_calls(references);
        }
        outputs_ = references_in(member(config, "output_layers"));
        note_calls(outputs_);
        if (outputs_.size() != 1) {
            fail("has " + std::to_string(outputs_.size()) +
                 " outputs; a chain from one input to one output can be converted: save it as "
                 "models of one output each");
        }
    }

    std::vector<size_t> chain() {
        std::vector<size_t> chain;
        for (Reference at = outputs_[0];; at = input_of(at)) {
            const size_t layer = index_of(at.layer);
            if (model_.layers[layer].kind == "InputLayer") break;
            chain.push_back(layer);
            if (chain.size() > kMaxLayers) fail("has layers that feed themselves");
        }
        std::reverse(chain.begin(), chain.end());
        return chain;
    }

  private:
    [[noreturn]] void fail(const std::string& why) const {
        throw Error(where_ + ": model '" + printable(model_.name) + "' " + why);
    }

    void note_calls(const std::vector<Reference>& references) {
        for (const Reference& reference : references) {
            size_t& most = most_[reference.layer];
            most = std::max(most, reference.call);
        }
    }

    size_t index_of(const std::string& layer) const {
        const auto found = index_.find(layer);
        if (found == index_.end()) {
            fail("connects a layer '" + printable(layer) + "' that it does not have");
        }
        return found->second;
    }

    Reference input_of(const Reference& at) {
        const size_t layer = index_of(at.layer);
        const auto& calls = calls_[layer];
        // Keras 2 does not write the first call of a model inside a model, but counts it.
        const size_t skipped = !calls.empty() && most_[at.layer] == calls.size() ? 1 : 0;
        if (at.call < skipped || at.call - skipped >= calls.size()) {
            fail("connects layer '" + printable(at.layer) + "' to nothing");
        }
        const std::vector<Reference>& inputs = calls[at.call - skipped];
        if (inputs.size() == 1) return inputs[0];
        fail("has a " + printable(model_.layers[layer].kind) + " '" + printable(at.layer) +
             "' with " + std::to_string(inputs.size()) +
             " inputs; a chain from one input to one output can be converted");
    }

    const KerasNode& model_;
    std::string where_;
    std::map<std::string, size_t> index_;
    std::map<size_t, std::vector<std::vector<Reference>>> calls_;
    std::map<std::string, size_t> most_;
    std::vector<Reference> outputs_;
};

class TreeBuilder {
  public:
    explicit TreeBuilder(const std::string& where) : where_(where) {}

    KerasNode model(const Json& entry, int depth) {
        const Json& config = member(entry, "config");
        KerasNode node = head(entry);
        node.is_model = true;
        // Before Keras 2.2.3 the configuration of a Sequential was the list itself.
        const Json& layers = config.is_array() ? config : member(config, "layers");
        if (!layers.is_array() || layers.empty()) {
            throw Error(where_ + ": model '" + printable(node.name) +
                        "' lists no layers; build it, then save it again");
        }
        if (depth > kMaxDepth) throw Error(where_ + ": models nest more than 16 deep");
        for (const Json& layer : layers) {
            if (++count_ > kMaxLayers) throw Error(where_ + ": has more than 4096 layers");
            node.layers.push_back(child(layer, depth));
        }
        node.input = sample_shape(config);
        if (node.kind == "Sequential") {
            for (size_t i = 0; i < node.layers.size(); i++) {
                if (node.layers[i].kind != "InputLayer") node.chain.push_back(i);
            }
        } else {
            node.chain = Tracer(node, config, where_).chain();
        }
        take_input(node);
        return node;
    }

  private:
    static KerasNode head(const Json& entry) {
        const Json& config = member(entry, "config");
        KerasNode node;
        node.kind = text_member(entry, "class_name");
        node.name = text_member(config, "name");
        if (node.name.empty()) node.name = text_member(entry, "name");
        node.trainable = flag_member(config, "trainable", true);
        return node;
    }

    KerasNode child(const Json& entry, int depth) {
        if (is_model(text_member(entry, "class_name"))) return model(entry, depth + 1);
        KerasNode node = head(entry);
        node.config = member(entry, "config");
        node.input = sample_shape(node.config);
        require_known_layer(node, where_);
        return node;
    }

    static void take_input(KerasNode& node) {
        for (const KerasNode& layer : node.layers) {
            if (!node.input.empty()) return;
            const bool first = layer.kind == "InputLayer" ||
                               (!node.chain.empty() && &layer == &node.layers[node.chain[0]]);
            if (first) node.input = layer.input;
        }
    }

    std::string where_;
    size_t count_ = 0;
};

/// Gives the arrays of one list to the layers of a tree, as Keras orders them: first those that
/// are trained, then the others, each layer after layer.
class Dealer {
  public:
    Dealer(std::vector<Tensor> list, const std::string& where)
        : list_(std::move(list)), where_(where) {}

    void deal(KerasNode& node) {
        give(node, true, true);
        give(node, true, false);
        if (next_ == list_.size()) return;
        throw Error(where_ + ": has " + std::to_string(list_.size()) + " arrays, but its layers " +
                    "keep " + std::to_string(next_) + "; save the model again");
    }

  private:
    void give(KerasNode& node, bool trainable, bool trained) {
        trainable = trainable && node.trainable;
        for (KerasNode& layer : node.layers) give(layer, trainable, trained);
        if (trained == trainable) take(node, node.trained_arrays());
        if (!trained) take(node, node.other_arrays());
    }

    void take(KerasNode& node, size_t count) {
        for (; count > 0 && next_ < list_.size(); count--) {
            Tensor& tensor = list_[next_++];
            node.place = tensor.name.substr(0, tensor.name.rfind('/'));
            node.weights.push_back(std::move(tensor));
        }
    }

    std::vector<Tensor> list_;
    std::string where_;
    size_t next_ = 0;
};

/// The layers of models inside models as one list. The encoder ends behind the first model inside,
/// or in front of it when it is the last; a model that is all there is tells nothing.
class Flattener {
  public:
    Flattener(SourceModel& source, const std::string& where) : source_(source), where_(where) {}

    void add(const KerasNode& model) {
        for (size_t i = 0; i < model.chain.size(); i++) {
            const KerasNode& node = model.layers[model.chain[i]];
            const int begin = static_cast<int>(source_.layers.size());
            if (source_.layers.size() > kMaxLayers) throw Error(where_ + ": has too many layers");
            if (node.is_model) {
                add(node);
            } else {
                source_.add(keras_layer(node));
            }
            const bool last = i + 1 == model.chain.size();
            if (node.is_model && !(last && i == 0) && source_.code_boundary < 0) {
                source_.code_boundary = last ? begin : static_cast<int>(source_.layers.size());
                source_.code_name = node.name;
            }
        }
    }

  private:
    SourceModel& source_;
    std::string where_;
};

}  // namespace

KerasNode keras_tree(const Json& model, const std::string& where) {
    const std::string kind = text_member(model, "class_name");
    if (!is_model(kind)) {
        throw Error(where + ": holds a " + (kind.empty() ? "model" : "'" + printable(kind) + "'") +
                    ", whose layers only its own code knows; save its encoder and its decoder as "
                    "Sequential or functional models");
    }
    return TreeBuilder(where).model(model, 0);
}

void deal_arrays(std::vector<Tensor> list, const std::string& where, KerasNode& node) {
    Dealer(std::move(list), where).deal(node);
}

SourceModel keras_source(const KerasNode& model, const std::string& where) {
    SourceModel source;
    source.input = keras_shape(model.input);
    Flattener(source, where).add(model);
    std::vector<bool> used(model.layers.size());
    for (const size_t i : model.chain) used[i] = true;
    for (size_t i = 0; i < used.size(); i++) {
        const KerasNode& layer = model.layers[i];
        if (used[i] || layer.kind == "InputLayer") continue;
        source.notes.push_back(printable(layer.kind) + " '" + printable(layer.name) +
                               "' is not between input and output: left out");
    }
    return source;
}

}  // namespace nutshell::tools
