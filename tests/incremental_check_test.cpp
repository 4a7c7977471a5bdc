// SPDX-License-Identifier: MIT
// A file that is checked in steps: the same verdict as at once, however short the steps are, and a
// model that runs on it. (All tests of damaged files check in steps as well: nut_file.hpp.)
#include "nut_file.hpp"
#include "tools/data/dataset.hpp"
#include "tools/model/quantization.hpp"

using namespace nutshell;
using namespace nutshell::tests;

namespace {

using Tutorial = Autoencoder<Sequential<Dense<784, 24, Relu>>, Sequential<Dense<24, 784, Sigmoid>>>;
using Wider = Autoencoder<Sequential<Dense<784, 25, Relu>>, Sequential<Dense<25, 784, Sigmoid>>>;
using Spatial = Autoencoder<Sequential<Conv2D<6, 6, 1, 3, 3, Relu>,
                                       DepthwiseConv2D<6, 6, 3, 3, Relu>, MaxPool2D<6, 6, 3, 2>>,
                            Sequential<Upsample2D<3, 3, 3, 2>, Conv2D<6, 6, 3, 1, 3, Sigmoid>>>;

/// The file of a model with random weights, in int8 or with weights of `bits` bits.
template <class Model>
FileBytes quantized_file(int side, int bits, Packing packing) {
    tools::Graph graph({Model::Chain::rows, Model::Chain::rows + Model::Chain::count},
                       Model::code_layer);
    graph.initialize(3, Initializer::he_uniform);
    tools::Dataset data{"noise", 20, {side, side, 1}, {}, {}, {}};
    Draws numbers(5);
    for (int i = 0; i < 20 * side * side; i++) {
        data.bytes.push_back(static_cast<uint8_t>(numbers.below(256)));
    }
    tools::QuantizationSettings settings;
    settings.encoder_bits = settings.decoder_bits = bits;
    return tools::quantize(graph, data, settings).file_bytes(packing);
}

/// Every step of a good file looks at `budget` bytes or less, or at what is not cut: it takes so
/// many steps at least, and not many more than twice over all its bytes need.
template <NumberType Numbers>
void check_good(const FileBytes& bytes, uint32_t uncut) {
    AlignedCopy file(bytes);
    const uint32_t size = static_cast<uint32_t>(bytes.size());
    for (const uint32_t budget : {0u, 1u, 7u, 100u, 1000u, size, 0xFFFFFFFFu}) {
        INFO(budget);
        const Verdict verdict = check_in_steps<Numbers>(file.data(), bytes.size(), budget);
        CHECK(verdict.status == Status::ok);
        const uint32_t one = budget > 0 ? budget : 1;
        CHECK(verdict.steps >= size / one);
        CHECK(verdict.steps <= 2 * (size / one) + uncut);
    }
}

}  // namespace

TEST_CASE("a good file is found good in steps of any length, in as many as it needs") {
    // What is not cut: layers and outputs; sections are a step each in two passes.
    check_good<NumberType::float32>(tutorial_file(), 20);
    check_good<NumberType::int8>(quantized_file<Tutorial>(28, 8, Packing::dsp), 30 + 24 + 784);
    check_good<NumberType::int4>(quantized_file<Tutorial>(28, 4, Packing::simd), 30 + 24 + 784);
}

TEST_CASE("layers of any kind are judged in steps as they are at once, damaged or not") {
    Draws numbers(11);
    int accepted = 0, refused = 0;
    for (int number = 0; known(static_cast<Packing>(number)); number++) {
        for (const int bits : {8, 4}) {
            const FileBytes good = quantized_file<Spatial>(6, bits, static_cast<Packing>(number));
            REQUIRE(check_bytes(good) == Status::ok);
            for (int i = 0; i < tries(1000); i++) {
                FileBytes file = good;
                const uint32_t at = 64 + numbers.below(static_cast<uint32_t>(good.size()) - 64);
                file[at] = static_cast<uint8_t>(numbers.below(4) == 0 ? 0x80 : numbers.below(256));
                repair_checksums(file);
                (check_bytes(file) == Status::ok ? accepted : refused)++;
            }
        }
    }
    CHECK(accepted > 0);
    CHECK(refused > accepted / 10);
}

TEST_CASE("a model looks at a file that was checked in steps, and at no other") {
    const FileBytes bytes = tutorial_file();
    AlignedCopy file(bytes);
    Tutorial at_once, model;
    REQUIRE(at_once.load(file.data(), bytes.size()) == Status::ok);
    Tutorial::IncrementalCheck check(file.data(), bytes.size());
    CHECK(model.load(check) == Status::unfinished);
    while (check.step(1000) == Status::unfinished) CHECK(model.load(check) == Status::unfinished);
    CHECK(check.status() == Status::ok);
    CHECK(check.step(1000) == Status::ok);
    Wider wider;
    CHECK(wider.load(check) == Status::wrong_model);
    Tutorial::Decoder decoder;
    CHECK(decoder.load(check) == Status::ok);
    REQUIRE(model.load(check) == Status::ok);
    CHECK(model.model_id() == at_once.model_id());

    static float x[784], y[784], expected[784];
    for (int i = 0; i < 784; i++) x[i] = static_cast<float>(i % 7) / 7.0f;
    Tutorial::Workspace work;
    REQUIRE(at_once.reconstruct(x, expected, work) == Status::ok);
    REQUIRE(model.reconstruct(x, y, work) == Status::ok);
    CHECK(std::memcmp(y, expected, sizeof y) == 0);
}

TEST_CASE("an int8 model takes weights in the order of its platform only, checked in steps too") {
    for (const Packing packing : {Packing::canonical, Packing::simd, Packing::helium}) {
        const FileBytes bytes = quantized_file<Tutorial>(28, 8, packing);
        AlignedCopy file(bytes);
        Int8Model<Tutorial> model;
        Int8Model<Tutorial>::IncrementalCheck check(file.data(), bytes.size());
        while (check.step(4096) == Status::unfinished) continue;
        CHECK(check.status() == Status::ok);
        const bool right = packing == kernels::int8_packing();
        CHECK(model.load(check) == (right ? Status::ok : Status::wrong_packing));
    }
}

TEST_CASE("what is wrong with a file is said from the step on that finds it") {
    FileBytes bytes = tutorial_file();
    bytes.back() ^= 1;
    AlignedCopy file(bytes);
    Tutorial::IncrementalCheck check(file.data(), bytes.size());
    uint32_t steps = 1;
    while (check.step(1024) == Status::unfinished) steps++;
    CHECK(steps > bytes.size() / 1024);  // the last section's checksum
    Tutorial model;
    for (int i = 0; i < 3; i++) CHECK(check.step(1024) == Status::bad_checksum);
    CHECK(model.load(check) == Status::bad_checksum);
    CHECK(check.file().layer_count() == 0);

    Tutorial::IncrementalCheck nothing(nullptr, 100);
    CHECK(nothing.step(1) == Status::null_argument);
    Tutorial::IncrementalCheck askew(file.data() + 4, bytes.size() - 4);
    CHECK(askew.step(1) == Status::misaligned);
    Int8Model<Tutorial>::IncrementalCheck other(file.data(), bytes.size());
    CHECK(other.step(1) == Status::wrong_numbers);
}
