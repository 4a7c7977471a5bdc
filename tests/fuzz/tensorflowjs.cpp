// SPDX-License-Identifier: MIT
// The JSON of a Keras model, as it stands in .h5, .keras and TensorFlow.js files, with arrays of
// the sizes that its layers ask for.
#include "fuzz.hpp"
#include "tools/formats/keras_model.hpp"

namespace {

using nutshell::tools::KerasNode;
using nutshell::tools::Tensor;

void give_arrays(KerasNode& node, uint64_t& inputs) {
    if (node.is_model) {
        for (const size_t i : node.chain) give_arrays(node.layers[i], inputs);
        return;
    }
    const auto& units = nutshell::tools::member(node.config, "units");
    const uint64_t outputs = units.is_number_unsigned() ? units.get<uint64_t>() % 64 : 1;
    if (node.kind == "Dense" && node.weights.empty()) {
        node.weights.push_back({"kernel", {inputs, outputs}, std::vector<float>(inputs * outputs)});
        if (node.trained_arrays() == 2) {
            node.weights.push_back({"bias", {outputs}, std::vector<float>(outputs)});
        }
        inputs = outputs;
    } else if (node.kind == "BatchNormalization" && node.weights.empty()) {
        for (size_t i = node.trained_arrays() + node.other_arrays(); i > 0; i--) {
            node.weights.push_back({"array", {inputs}, std::vector<float>(inputs, 0.5f)});
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace nutshell;
    return fuzz::read_or_refuse([&] {
        const tools::Json file = tools::parse_json({data, size}, "m");
        const tools::Json& topology = tools::member(file, "modelTopology");
        KerasNode model = tools::keras_tree(topology.empty() ? file : topology, "m");
        uint64_t inputs = 12;
        give_arrays(model, inputs);
        (void)tools::lower(tools::keras_source(model, "m"), {});
    });
}
