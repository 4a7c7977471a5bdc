// SPDX-License-Identifier: MIT
// Architectures as a user types them. (What is refused, and how, is in command_refusals_test.cpp.)
#include "tools/layer_list.hpp"

#include <doctest/doctest.h>

#include "tools/error.hpp"

using namespace nutshell;
using tools::parse_layers;

TEST_CASE("sizes alone make the tutorial's model: relu inside, sigmoid at the end") {
    const tools::LayerList list = parse_layers("784,24,784", {});
    REQUIRE(list.rows.size() == 2);
    CHECK(list.code_layer == 1);
    CHECK(list.rows[0].kind == Kind::dense);
    CHECK(list.rows[0].in == flat(784));
    CHECK(list.rows[0].out == flat(24));
    CHECK(list.rows[0].activation == Activation::relu);
    CHECK(list.rows[1].in == flat(24));
    CHECK(list.rows[1].out == flat(784));
    CHECK(list.rows[1].activation == Activation::sigmoid);
}

TEST_CASE("an activation behind a size wins over the defaults") {
    const tools::LayerList list =
        parse_layers("8,6:tanh,4:leaky_relu(0.3),2:linear,6:leaky_relu,8", {"sigmoid", "linear"});
    REQUIRE(list.rows.size() == 5);
    CHECK(list.rows[0].activation == Activation::tanh);
    CHECK(list.rows[1].activation == Activation::leaky_relu);
    CHECK(list.rows[1].slope == 0.3f);
    CHECK(list.rows[2].activation == Activation::linear);
    CHECK(list.rows[3].slope == 0.01f);
    CHECK(list.rows[4].activation == Activation::linear);
    CHECK(list.rows[4].slope == 0.0f);
    CHECK(parse_layers("8,2,8", {"tanh", "linear"}).rows[0].activation == Activation::tanh);
}

TEST_CASE("the code is the narrowest place, the first of several, never input or output") {
    CHECK(parse_layers("784,128,24,128,784", {}).code_layer == 2);
    CHECK(parse_layers("784,24,128,784", {}).code_layer == 1);
    CHECK(parse_layers("784,128,24,784", {}).code_layer == 2);
    CHECK(parse_layers("9,3,5,3,9", {}).code_layer == 1);
    CHECK(parse_layers("2,8,4,8,2", {}).code_layer == 2);
}

TEST_CASE("activations are told as they are typed") {
    for (const char* text :
         {"linear", "relu", "leaky_relu", "leaky_relu(0.3)", "sigmoid", "tanh"}) {
        const tools::LayerList list = parse_layers(std::string("4,2:") + text + ",4", {});
        CHECK(tools::activation_text(list.rows[0]) == text);
    }
}

TEST_CASE("slopes that no leaky relu can have are refused") {
    for (const char* slope : {"(0)", "(1)", "(-0.1)", "(nan)", "(inf)", "(0.1", "()", "(0.1)x"}) {
        INFO(slope);
        CHECK_THROWS_AS((void)parse_layers(std::string("4,2:leaky_relu") + slope + ",4", {}),
                        tools::Error);
    }
    CHECK_THROWS_AS((void)parse_layers("4,2:relu(0.1),4", {}), tools::Error);
}
