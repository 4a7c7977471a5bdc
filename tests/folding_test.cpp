// SPDX-License-Identifier: MIT
// A model whose batch normalizations are folded away computes what it did with them.
#include "tools/model/folding.hpp"

#include <doctest/doctest.h>

#include "tools/model/layer_list.hpp"
#include "twin_fixture.hpp"

using namespace nutshell;
using namespace nutshell::tests;

namespace {

/// A graph whose statistics and normalizations are drawn, too.
tools::Graph drawn_graph(const std::string& layers) {
    const tools::LayerList list = tools::parse_layers(layers, {});
    tools::Graph graph(list.rows, list.code_layer);
    Numbers numbers(8);
    for (size_t i = 0; i < graph.parameters().size(); i++) {
        graph.parameters().data()[i] = numbers.in(0.2f, 0.9f);
    }
    return graph;
}

std::vector<float> outputs_of(const tools::Graph& graph, int count) {
    const tools::LayerRange whole = graph.range(tools::Part::whole);
    const std::vector<float> x =
        Numbers(9).list(static_cast<size_t>(count * graph.input_size(whole)));
    std::vector<float> y(static_cast<size_t>(count * graph.output_size(whole)));
    graph.run(whole, x.data(), count, y.data());
    return y;
}

}  // namespace

TEST_CASE("normalizations behind every kind of layer with weights fold away") {
    const tools::Graph graph = drawn_graph(
        "6x6x2,conv4:linear,norm:leaky_relu,depthwisek3:linear,norm:tanh,3:linear,norm,9:tanh,"
        "3x3,deconv2:linear,norm:sigmoid");
    const tools::Graph folded = tools::fold_batch_norms(graph);
    CHECK(folded.layer_count() == graph.layer_count() - 4);
    CHECK(folded.code_layer() == 3);
    CHECK(folded.rows()[0].activation == Activation::leaky_relu);
    CHECK(folded.totals().trainable == folded.totals().floats);  // no state is left
    // Sums of up to 150 products that were rounded once more each.
    const std::vector<float> wanted = outputs_of(graph, 5);
    CHECK(distance(outputs_of(folded, 5), wanted) <= 1e-5 * largest(wanted));
}

TEST_CASE("a normalization that no linear layer comes before stays") {
    const tools::Graph graph = drawn_graph("4x4,conv2:relu,norm,pool2,norm,3,16");
    CHECK(tools::fold_batch_norms(graph).layer_count() == graph.layer_count());
}
