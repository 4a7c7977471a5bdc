// SPDX-License-Identifier: MIT
// MLPerf Tiny's anomaly detector (ad01_int8.tflite) gives TensorFlow Lite Micro's bytes on every
// platform, and the sigmoid tables are TensorFlow Lite Micro's. Needs the published model, which is
// not part of this project: without ../shared/models the test is skipped.
#include <doctest/doctest.h>

#include <cstdlib>
#include <iostream>
#include <list>
#include <string>

#include "int8_fixture.hpp"
#include "nutshell/quantize.hpp"
#include "tflite_reader.hpp"
#include "tools/data/bytes.hpp"
#include "tools/data/npy.hpp"

using namespace nutshell;
using namespace nutshell::tests;

namespace {

const std::string kFolder = std::string(NUTSHELL_SHARED_MODELS) + "/mlperf_tiny_ad/";

/// The file's bytes; ends the program with 77, saying what is missing, when there is no such file.
std::vector<uint8_t> bytes_or_skip(const std::string& name) {
    try {
        return tools::read_file(kFolder + name);
    } catch (const std::exception&) {
        std::cout << "skipped: " << name << " of ../shared/models/mlperf_tiny_ad is not there\n";
        std::exit(77);
    }
}

/// The last `count` elements of an array file whose element type is T.
template <class T>
std::vector<T> array_or_skip(const std::string& name, size_t count) {
    const std::vector<uint8_t> bytes = bytes_or_skip(name);
    REQUIRE(bytes.size() > count * sizeof(T));
    std::vector<T> values(count);
    std::memcpy(values.data(), bytes.data() + bytes.size() - count * sizeof(T), count * sizeof(T));
    return values;
}

Int8Layer canonical(const TfliteLayer& from) {
    Int8Layer layer{from.in, from.out, from.weights, from.folded_bias(), {}, {}, 0, 0, 0};
    FixedPoint scale;
    REQUIRE(fixed_point_of(from.sum_scale(), scale) == Status::ok);
    layer.multiplier = {scale.multiplier};
    layer.shift = {scale.shift};
    layer.zero_point = static_cast<int8_t>(from.out_zero_point);
    layer.low = from.low();
    layer.high = 127;
    return layer;
}

}  // namespace

TEST_CASE("ad01_int8 gives TensorFlow Lite Micro's bytes for all 64 rows on every platform") {
    const std::vector<TfliteLayer> layers =
        TfliteReader(bytes_or_skip("ad01_int8.tflite")).layers();
    REQUIRE(layers.size() == 10);
    constexpr size_t rows = 64, width = 640;
    const auto inputs = array_or_skip<int8_t>("ad01_int8_in.npy", rows * width);
    const auto golden = array_or_skip<int8_t>("ad01_int8_out.npy", rows * width);
    for_each_platform([&](const platform::Platform& platform) {
        std::list<PackedInt8Layer> chain;
        for (const TfliteLayer& layer : layers) {
            chain.emplace_back(canonical(layer), platform.kernels->int8_packing, Side::end);
        }
        Scratch scratch(static_cast<int>(width));
        size_t wrong = 0;
        for (size_t row = 0; row < rows; row++) {
            std::vector<int8_t> x(&inputs[row * width], &inputs[row * width] + width);
            for (PackedInt8Layer& layer : chain) {
                std::vector<int8_t> y(static_cast<size_t>(layer.out));
                platform.kernels->dense_int8(layer.in, layer.out, layer.weights.data(), layer.rule,
                                             x.data(), y.data(), scratch.data());
                x = y;
            }
            for (size_t i = 0; i < width; i++) wrong += x[i] != golden[row * width + i] ? 1 : 0;
        }
        INFO(std::string(platform.name));
        CHECK(wrong == 0);
    });
}

TEST_CASE("sigmoid tables are TensorFlow Lite Micro's for every input scale") {
    const auto parameters = array_or_skip<double>("sigmoid_tflm_s8_params.npy", 4 * 5);
    const auto golden = array_or_skip<int8_t>("sigmoid_tflm_s8_lut.npy", 4 * 256);
    for (size_t row = 0; row < 4; row++) {
        const Quantization sum{static_cast<float>(parameters[5 * row]),
                               static_cast<int8_t>(parameters[5 * row + 1])};
        int8_t table[256];
        REQUIRE(activation_table(Activation::sigmoid, 0.0f, {kPixels, sum, sigmoid_output()},
                                 table) == Status::ok);
        int wrong = 0;
        for (int code = -128; code <= 127; code++) {
            const size_t at = 256 * row + static_cast<size_t>(code + 128);
            wrong += table[static_cast<uint8_t>(code)] != golden[at] ? 1 : 0;
        }
        CHECK(wrong == 0);
    }
}
