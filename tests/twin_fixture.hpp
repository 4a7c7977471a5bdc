// SPDX-License-Identifier: MIT
// The twin of a model type: the same rows and parameters as data.
#pragma once
#include "device_fixture.hpp"
#include "tools/model/graph.hpp"

namespace nutshell::tests {

template <class Model>
tools::Graph twin_of(const typename Model::Parameters& parameters) {
    using Chain = typename Model::Chain;
    tools::Graph graph({Chain::rows, Chain::rows + Chain::count}, Model::code_layer);
    std::copy_n(parameters.data, graph.parameters().size(), graph.parameters().data());
    return graph;
}

/// The type's parameters and the graph's have the same length and bits.
template <class Model>
bool same_parameters(const typename Model::Parameters& parameters, const tools::Graph& graph) {
    return graph.parameters().size() == static_cast<size_t>(Model::parameter_floats) &&
           same_bits(parameters.data, graph.parameters().data(), graph.parameters().size());
}

}  // namespace nutshell::tests
