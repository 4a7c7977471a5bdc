// SPDX-License-Identifier: MIT
// Smaller and larger images against the definition, noise, and training from pairs; and the
// commands that use them.
#include "tools/evaluation/restoration.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "command.hpp"
#include "tools/error.hpp"
#include "tools/model/layer_list.hpp"
#include "tools/training/fit_pairs.hpp"
#include "xml_check.hpp"

using namespace nutshell;
using namespace nutshell::tests;
using namespace nutshell::tools;
using test::xml_error;

namespace {

Dataset floats(Shape shape, std::vector<float> values) {
    Dataset data;
    data.name = "x";
    data.shape = shape;
    data.count = static_cast<int>(values.size()) / shape.size();
    data.floats = std::move(values);
    return data;
}

/// An image in which every pixel is a * x + b * y + c.
Dataset ramp(int height, int width, float a, float b, float c) {
    std::vector<float> image;
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            image.push_back(a * static_cast<float>(x) + b * static_cast<float>(y) + c);
        }
    }
    return floats({height, width, 1}, image);
}

}  // namespace

TEST_CASE("shrinking takes the mean of squares, enlarging keeps what is flat, and lines inside") {
    const Dataset image = floats({2, 4, 1}, {0.1f, 0.3f, 1.0f, 0.0f, 0.5f, 0.7f, 0.0f, 0.0f});
    const Dataset small = shrink(image, 2);
    REQUIRE(small.floats.size() == 2);
    CHECK(small.floats[0] == doctest::Approx(0.4));
    CHECK(small.floats[1] == doctest::Approx(0.25));
    CHECK_THROWS_AS(shrink(image, 3), Error);
    for (const float value : enlarge(ramp(3, 4, 0, 0, 0.4f), 3).floats) {
        CHECK(value == doctest::Approx(0.4));
    }
    // The four weights of cubic convolution sum to one and keep the middle of a ramp.
    const Dataset large = enlarge(ramp(8, 8, 0.05f, 0.07f, 0.02f), 2);
    for (int y = 6; y < 10; y++) {
        const float at = large.floats[static_cast<size_t>(y * 16 + 7)];
        const float next = large.floats[static_cast<size_t>(y * 16 + 9)];
        CHECK(next - at == doctest::Approx(0.05).epsilon(1e-4));
    }
}

TEST_CASE("noise has the deviation that was asked for and stays within 0..1") {
    const Dataset grey = floats({1, 1, 2}, std::vector<float>(20000, 0.5f));
    Augmentation little, much;
    little.noise = 0.1f;
    much.noise = 2;
    const Dataset noisy = corrupted(grey, little, 7);
    double squares = 0;
    for (const float value : noisy.floats) squares += std::pow(static_cast<double>(value) - 0.5, 2);
    // The mean of 20,000 squares is off by a hundredth of itself.
    CHECK(std::sqrt(squares / 20000) == doctest::Approx(0.1).epsilon(0.02));
    for (const float value : corrupted(grey, much, 7).floats) {
        CHECK(value >= 0.0f);
        CHECK(value <= 1.0f);
    }
    CHECK(corrupted(grey, little, 7).floats == noisy.floats);
    CHECK(corrupted(grey, little, 8).floats != noisy.floats);
}

TEST_CASE("a model learns pairs: here, to double the size of what it sees") {
    std::vector<float> in, out;
    for (int i = 0; i < 512; i++) {
        const float a = static_cast<float>(i % 16) / 15, b = static_cast<float>(i / 16) / 31;
        in.insert(in.end(), {a, b});
        out.insert(out.end(), {a, a, b, 1 - b});
    }
    const Dataset inputs = floats({1, 1, 2}, in), targets = floats({1, 1, 4}, out);
    const LayerList layers = parse_layers("2,8,4", {});
    Graph graph(layers.rows, layers.code_layer);
    graph.initialize(1, Initializer::glorot_uniform);
    double first = 0, last = 0;
    fit_pairs(graph, inputs, targets, 150, 0.02f, 1,
              [&](int epoch, double loss) { (epoch == 1 ? first : last) = loss; });
    CHECK(last < first);
    CHECK(psnr_against(targets, restore(graph, inputs, targets.shape, "x").floats) > 20);
    CHECK_THROWS_AS(fit_pairs(graph, targets, inputs, 1, 0.1f, 1, [](int, double) {}), Error);
    CHECK_THROWS_AS(restore(graph, targets, targets.shape, "x"), Error);
}

TEST_CASE("upscale, denoise and generate make figures and pictures of real digits") {
    Desk desk;
    const std::string up = "upscale up.nut --data sample";
    const nlohmann::json large =
        desk.run_json(up + " --layers 196,32,784 --epochs 10 --lr 0.01 --out up.svg");
    CHECK(large["bicubic_psnr"].get<double>() == doctest::Approx(20.4).epsilon(0.03));
    CHECK(large["psnr"] > 14.0);
    CHECK(desk.run_json(up)["psnr"] == large["psnr"]);
    REQUIRE(desk.run("train --data sample --layers 784,16,784 --lr 0.01 --epochs 8 --batch 100 "
                     "--augment noise:0.5 --json --out m.nut")
                .status == 0);
    const nlohmann::json restored =
        desk.run_json("denoise m.nut --data sample --out d.svg --restored d.npy");
    CHECK(restored["restored_psnr"].get<double>() > restored["noisy_psnr"].get<double>() + 3);
    for (const std::string what : {"grid", "between", "random"}) {
        const std::string line = "generate m.nut --data sample --rows 3 --columns 4 --what " + what;
        CHECK(desk.run_json(line + " --out g.svg --array g.npy")["samples"] == 12);
        CHECK(xml_error(desk.read("g.svg")) == "");
        const std::string array = desk.read("g.npy");
        REQUIRE(desk.run(line + " --array again.npy").status == 0);
        CHECK(desk.read("again.npy") == array);
    }
    CHECK(xml_error(desk.read("up.svg")) == "");
    CHECK(xml_error(desk.read("d.svg")) == "");

    desk.file("rows.csv", six_columns(20));
    desk.check_refused("upscale m.nut --data sample", {"m.nut", "784", "196"});
    desk.check_refused("upscale x.nut --data sample --layers 784,100,196", {"--layers", "196"});
    desk.check_refused("upscale up.nut --data sample --factor 3", {"28", "divides"});
    desk.check_refused("upscale up.nut --data rows.csv", {"rows.csv", "shrunk"});
    desk.check_refused("denoise up.nut --data sample", {"up.nut", "196"});
    desk.check_refused("generate m.nut --data sample", {"--out", "--array"});
    desk.check_refused("generate m.nut --data rows.csv --array x.npy", {"rows.csv", "6"});
    desk.check_refused("generate m.nut --data rows.csv --out x.png", {"rows.csv", "--array"});
}
