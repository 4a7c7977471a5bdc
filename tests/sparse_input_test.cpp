// SPDX-License-Identifier: MIT
// Training that leaves out the pixels that are zero, against training that multiplies with them.
#include "tools/training/sparse_input.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>

#include "tools/model/layer_list.hpp"
#include "tools/training/fit.hpp"

using namespace nutshell;
using tools::SparseSamples;

namespace {

/// Images of 5 x 5 of which one pixel in `distance` is not black.
tools::Dataset images(int count, int distance) {
    tools::Dataset data;
    data.name = "images";
    data.count = count;
    data.shape = {5, 5, 1};
    for (int i = 0; i < count * data.shape.size(); i++) {
        data.bytes.push_back(i % distance == 0 ? static_cast<uint8_t>(1 + i * 37 % 255)
                                               : uint8_t{0});
    }
    return data;
}

/// The same samples as floats, which are always trained on as they are.
tools::Dataset as_floats(const tools::Dataset& data) {
    tools::Dataset floats = data;
    floats.floats.resize(data.bytes.size());
    for (int i = 0; i < data.count; i++) {
        data.copy_sample(i, floats.floats.data() + i * data.shape.size());
    }
    floats.bytes.clear();
    return floats;
}

tools::Graph graph_of(const char* layers) {
    const tools::LayerList list = tools::parse_layers(layers, {});
    tools::Graph graph(list.rows, list.code_layer);
    graph.initialize(3, Initializer::glorot_uniform);
    return graph;
}

tools::FitSettings settings() {
    tools::FitSettings asked;
    asked.epochs = 3;
    asked.batch = 150;  // two groups, the last slice not full
    asked.rate = 0.01f;
    asked.optimizer = Momentum{};  // smooth in the gradients, unlike Adam's first steps
    return asked;
}

}  // namespace

TEST_CASE("leaving zeros out trains the same weights, but for rounding") {
    const tools::Dataset data = images(400, 7);
    REQUIRE(SparseSamples::pays(data));
    REQUIRE(!SparseSamples::pays(as_floats(data)));
    // First layers with either order of weights.
    for (const char* layers : {"25,4,25", "25,31,4,25"}) {
        CAPTURE(std::string(layers));
        tools::Graph sparse = graph_of(layers), dense = graph_of(layers);
        const tools::Graph before = sparse;
        const tools::FitResult ours = fit(sparse, data, {}, settings(), {});
        const tools::FitResult theirs = fit(dense, as_floats(data), {}, settings(), {});
        CHECK(ours.epochs.back().train_loss ==
              doctest::Approx(theirs.epochs.back().train_loss).epsilon(1e-5));
        double moved = 0, apart = 0;
        for (size_t i = 0; i < sparse.parameters().size(); i++) {
            const double weight = static_cast<double>(sparse.parameters().data()[i]);
            apart = std::fmax(
                apart, std::fabs(weight - static_cast<double>(dense.parameters().data()[i])));
            moved = std::fmax(
                moved, std::fabs(weight - static_cast<double>(before.parameters().data()[i])));
        }
        CHECK(moved > 1e-3);
        // Nine steps of sums of 150 terms: some hundred roundings of what moved.
        CHECK(apart < 1e-5 * moved + 1e-6);
    }
}

TEST_CASE("leaving zeros out gives the same bits for any number of threads") {
    const tools::Dataset data = images(400, 7);
    tools::FitSettings asked = settings();
    asked.batch = 256;
    asked.optimizer = Adam{};
    tools::Graph one = graph_of("25,4,25");
    fit(one, data, {}, asked, {});
    for (const int threads : {2, 3, 4}) {
        CAPTURE(threads);
        asked.threads = threads;
        tools::Graph many = graph_of("25,4,25");
        fit(many, data, {}, asked, {});
        CHECK(std::memcmp(one.parameters().data(), many.parameters().data(),
                          one.parameters().size() * sizeof(float)) == 0);
    }
}

TEST_CASE("zeros are left out of images that are mostly black, and of nothing else") {
    CHECK(SparseSamples::pays(images(10, 4)));
    CHECK(!SparseSamples::pays(images(10, 2)));
    CHECK(!SparseSamples::pays(images(10, 1)));
}

TEST_CASE("listed pixels are those that are not zero") {
    const tools::Dataset data = images(20, 4);
    const SparseSamples samples(data);
    const std::vector<uint32_t> indices{19, 0, 7, 7};
    const SparseBytes rows = samples.rows(indices.data());
    for (int i = 0; i < 4; i++) {
        const uint32_t index = indices[static_cast<size_t>(i)];
        REQUIRE(rows.index[i] == index);
        std::vector<uint8_t> expected(data.bytes.begin() + index * 25,
                                      data.bytes.begin() + (index + 1) * 25),
            ours(25);
        for (size_t t = rows.begin[index]; t < rows.begin[index + 1]; t++) {
            CHECK(rows.byte[t] != 0);
            ours[rows.column[t]] = rows.byte[t];
        }
        CHECK(ours == expected);
    }
}
