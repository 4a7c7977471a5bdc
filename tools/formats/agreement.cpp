// SPDX-License-Identifier: MIT
#include "agreement.hpp"

#include <cmath>

#include "tools/error.hpp"
#include "tools/evaluation/evaluate.hpp"

namespace nutshell::tools {
namespace {

std::vector<float> outputs_of(const Graph& graph, Part part, const Dataset& inputs, bool) {
    return run_all(graph, part, inputs);
}

std::vector<float> outputs_of(const Int8Graph& graph, Part part, const Dataset& inputs,
                              bool codes) {
    if (!codes) return run_all(graph, part, inputs);
    const std::vector<int8_t> all = run_all_to_codes(graph, part, inputs);
    return {all.begin(), all.end()};
}

}  // namespace

Agreement compare(const AnyGraph& graph, Part part, const Dataset& inputs,
                  const Dataset& expected) {
    Agreement agreement;
    agreement.rows = inputs.count;
    agreement.codes = std::holds_alternative<Int8Graph>(graph) && expected.int8;
    const std::vector<float> outputs = std::visit(
        [&](const auto& model) { return outputs_of(model, part, inputs, agreement.codes); }, graph);
    const size_t width = outputs.size() / static_cast<size_t>(inputs.count);
    if (expected.count != inputs.count || static_cast<size_t>(expected.shape.size()) != width) {
        throw Error(expected.name + ": has " + std::to_string(expected.count) + " rows of " +
                    std::to_string(expected.shape.size()) + " numbers, but the model makes " +
                    std::to_string(inputs.count) + " of " + std::to_string(width) + " from " +
                    inputs.name);
    }
    std::vector<float> row(width);
    double sum = 0;
    for (size_t i = 0; i < outputs.size(); i++) {
        if (i % width == 0) expected.copy_sample(static_cast<int>(i / width), row.data());
        const double off = double{outputs[i]} - double{row[i % width]};
        if (!(std::abs(off) <= agreement.largest)) agreement.largest = std::abs(off);
        agreement.different += outputs[i] != row[i % width] ? 1 : 0;
        sum += off * off;
    }
    agreement.mean_square = sum / static_cast<double>(outputs.size());
    return agreement;
}

}  // namespace nutshell::tools
