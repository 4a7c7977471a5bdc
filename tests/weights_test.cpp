// SPDX-License-Identifier: MIT
// The .nut file as it is meant to be: every byte where the format's description says, written and
// read back bit for bit, used in place. What damaged files do is in weights_damage_test.cpp.
#include <cmath>
#include <fstream>
#include <iterator>

#include "nut_file.hpp"
#include "tools/model/graph.hpp"
#include "tools/model/model_file.hpp"

using namespace nutshell;
using namespace nutshell::tests;

namespace {

/// The parts of the tiny model's file that are not zero, written out from the description in
/// weights.hpp; checksums computed by a program that shares nothing with this one.
struct Bytes {
    size_t at;
    FileBytes bytes;
};
const Bytes kTinyLayout[] = {
    {0, {'N', 'U', 'T', '1'}},
    {4, {64, 0}},                    // header size
    {6, {1, 0}},                     // version 1.0
    {8, {0x40, 0x02, 0, 0}},         // 576 bytes
    {20, {2, 0}},                    // layers
    {22, {4, 0}},                    // sections
    {24, {64, 0, 0, 0}},             // layer table
    {28, {224, 0, 0, 0}},            // section table
    {32, {0x6f, 0x9a, 0x0d, 0x09}},  // fingerprint
    {36, {0x6f, 0x8a, 0xa7, 0x65}},  // model id
    {40, {0xd4, 0xc3, 0xb2, 0xa1}},  // parent id
    {44, {6, 0}},                    // alignment 64, float32
    {46, {1, 0}},                    // one layer in front of the code
    {56, {0x49, 0x63, 0x1f, 0xf0}},  // CRC-32C of 64..319
    {60, {0x4a, 0x18, 0x33, 0x7b}},  // CRC-32C of 0..59
    {64, {1, 2, 0, 0}},              // dense, leaky relu
    {68, {1, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0}},
    {80, {1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0}},
    {92, {0, 0, 0x80, 0x3e}},  // slope 0.25
    {112, {0, 0, 1, 0}},       // sections 0 and 1
    {144, {1, 3, 0, 0}},       // dense, sigmoid
    {148, {1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0}},
    {160, {1, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0}},
    {192, {2, 0, 3, 0}},  // sections 2 and 3
    {224, {0x40, 1, 0, 0, 8, 0, 0, 0, 0, 1, 0, 0, 0xc0, 0xe3, 0x32, 0x9a}},
    {240, {0x80, 1, 0, 0, 4, 0, 0, 0, 0, 2, 0, 0, 0x0e, 0xf0, 0x5c, 0x3a}},
    {256, {0xc0, 1, 0, 0, 8, 0, 0, 0, 0, 1, 0, 0, 0x37, 0xff, 0x0e, 0x60}},
    {272, {0x00, 2, 0, 0, 8, 0, 0, 0, 0, 2, 0, 0, 0xbe, 0xbb, 0x44, 0xf9}},
    {320, {0, 0, 0, 0x3f, 0, 0, 0, 0xc0}},        // 0.5, -2
    {384, {0, 0, 0, 0x3e}},                       // 0.125
    {448, {0, 0, 0xc0, 0x3f, 0, 0, 0x80, 0xbf}},  // 1.5, -1
    {512, {0, 0, 0x80, 0x3e, 0, 0, 0x40, 0xbf}},  // 0.25, -0.75
};

FileBytes tiny_layout() {
    FileBytes file(576, 0);
    for (const Bytes& part : kTinyLayout) {
        std::copy(part.bytes.begin(), part.bytes.end(),
                  file.begin() + static_cast<ptrdiff_t>(part.at));
    }
    return file;
}

bool same_bits(const float* a, const float* b, int32_t count) {
    return std::memcmp(a, b, static_cast<size_t>(count) * sizeof(float)) == 0;
}

/// Five layers of every activation, whose weights are drawn from all finite bit patterns.
struct AnyModel {
    std::vector<Row> rows;
    std::vector<std::vector<float>> values;
    std::vector<Tensors> tensors;

    AnyModel() {
        const int sizes[] = {3, 17, 4, 16, 33, 3};
        Draws numbers(5);
        for (int i = 0; i < 5; i++) {
            const auto activation = static_cast<Activation>(i);
            const float slope = activation == Activation::leaky_relu ? 0.3f : 0.0f;
            rows.push_back({Kind::dense, activation, flat(sizes[i]), flat(sizes[i + 1]), slope});
            const TensorSizes count = tensor_sizes(rows.back());
            values.push_back(finite(numbers, count.weight));
            values.push_back(finite(numbers, count.bias));
        }
        for (size_t i = 0; i < 5; i++) {
            tensors.push_back({values[2 * i].data(), values[2 * i + 1].data()});
        }
    }

    static std::vector<float> finite(Draws& numbers, int32_t count) {
        std::vector<float> drawn;
        while (drawn.size() < static_cast<size_t>(count)) {
            const uint32_t bits = numbers.below(0xFFFFFFFFu);
            float value;
            std::memcpy(&value, &bits, sizeof value);
            if (std::isfinite(value)) drawn.push_back(value);
        }
        drawn[0] = -0.0f;
        return drawn;
    }
};

Status write_to(const FileContents& contents, size_t capacity) {
    AlignedCopy room(nullptr, 0, capacity);  // capacity bytes in front of data()
    size_t written = 99;
    const Status status = write(contents, room.data() - capacity, capacity, written);
    CHECK(written == (status == Status::ok ? capacity : 0));
    return status;
}

}  // namespace

TEST_CASE("a file has every byte where the description of the format puts it") {
    const FileBytes expected = tiny_layout(), file = tiny_file();
    REQUIRE(file.size() == expected.size());
    for (size_t i = 0; i < file.size(); i++) {
        INFO("byte ", i);
        CHECK(file[i] == expected[i]);
    }
}

TEST_CASE("layers with windows, with state and without weights come back from a file") {
    using Model = Autoencoder<
        Sequential<Conv2D<4, 4, 1, 3, 3, Relu>, BatchNorm<4, 4, 3>, MaxPool2D<4, 4, 3, 2>>,
        Sequential<Upsample2D<2, 2, 3, 2>, DepthwiseConv2D<4, 4, 3, 3>, Dense<48, 16, Sigmoid>>>;
    Model::Parameters parameters;
    initialize<Model>(parameters, 3);
    for (int i = Model::Chain::plan.totals.trainable; i < Model::parameter_floats; i++) {
        if (parameters.data[i] != 0) parameters.data[i] = 0.5f;
    }
    FileBytes file(file_size(Model::Chain::rows, Model::Chain::count));
    size_t written = 0;
    REQUIRE(save<Model>(parameters, file.data(), file.size(), written) == Status::ok);
    AlignedCopy copy(file);
    File view;
    REQUIRE(check(copy.data(), file.size(), view) == Status::ok);
    CHECK(view.fingerprint() == Model::fingerprint);
    for (int i = 0; i < view.layer_count(); i++) {
        const Row &ours = Model::Chain::rows[i], row = view.row(i);
        CHECK(to_bytes(row).at[0] == to_bytes(ours).at[0]);
        CHECK(row.window == ours.window);
        const TensorSizes sizes = tensor_sizes(ours);
        const Tensors wanted = Model::Chain::tensors(parameters.data, i), found = view.tensors(i);
        CHECK(same_bits(found.weight, wanted.weight, sizes.weight));
        CHECK(same_bits(found.bias, wanted.bias, sizes.bias));
        CHECK(same_bits(found.state, wanted.state, sizes.state));
    }
    Model model;
    REQUIRE(model.load(copy.data(), file.size()) == Status::ok);
    Model::Encoder encoder;
    REQUIRE(encoder.load(copy.data(), file.size()) == Status::ok);
}

TEST_CASE("rows and tensors come back from a file bit for bit, whatever the weights") {
    const AnyModel model;
    const FileBytes file =
        write_bytes({model.rows.data(), 5, 2, model.tensors.data(), 0, 0x12345678});
    AlignedCopy copy(file);
    File view;
    REQUIRE(check(copy.data(), file.size(), view) == Status::ok);
    CHECK(view.layer_count() == 5);
    CHECK(view.code_layer() == 2);
    CHECK(view.size() == file.size());
    CHECK(view.parent_id() == 0x12345678);
    CHECK(view.fingerprint() == fingerprint_of(model.rows.data(), 5, 2));
    for (int i = 0; i < 5; i++) {
        const Row& row = model.rows[static_cast<size_t>(i)];
        CHECK(view.row(i).kind == row.kind);
        CHECK(view.row(i).activation == row.activation);
        CHECK(view.row(i).in == row.in);
        CHECK(view.row(i).out == row.out);
        CHECK(view.row(i).slope == row.slope);
        const Tensors& tensors = model.tensors[static_cast<size_t>(i)];
        CHECK(same_bits(view.tensors(i).weight, tensors.weight, tensor_sizes(row).weight));
        CHECK(same_bits(view.tensors(i).bias, tensors.bias, tensor_sizes(row).bias));
    }
}

TEST_CASE("a checked file is used where it lies: tensors are aligned places in its own bytes") {
    const FileBytes file = tiny_file();
    AlignedCopy copy(file);
    File view;
    REQUIRE(check(copy.data(), file.size(), view) == Status::ok);
    const auto offset = [&](const float* tensor) {
        return reinterpret_cast<const uint8_t*>(tensor) - copy.data();
    };
    CHECK(offset(view.tensors(0).weight) == 320);
    CHECK(offset(view.tensors(0).bias) == 384);
    CHECK(offset(view.tensors(1).weight) == 448);
    CHECK(offset(view.tensors(1).bias) == 512);
    CHECK(std::memcmp(copy.data(), file.data(), file.size()) == 0);
}

TEST_CASE("a file may stand in front of other bytes, which are ignored") {
    FileBytes file = tiny_file();
    file.insert(file.end(), {0xDE, 0xAD, 0xBE, 0xEF});
    AlignedCopy copy(file);
    File view;
    REQUIRE(check(copy.data(), file.size(), view) == Status::ok);
    CHECK(view.size() == 576);
}

TEST_CASE("an encoder alone and a decoder alone are files") {
    TinyModel tiny;
    CHECK(check_bytes(write_bytes({tiny.rows, 1, 1, tiny.tensors})) == Status::ok);
    CHECK(check_bytes(write_bytes({tiny.rows + 1, 1, 0, tiny.tensors + 1})) == Status::ok);
}

TEST_CASE("the longest model has 64 layers") {
    const std::vector<Row> rows(65, {Kind::dense, Activation::linear, flat(1), flat(1), 0.0f});
    const float one = 1.0f;
    const std::vector<Tensors> tensors(65, {&one, &one});
    CHECK(check_bytes(write_bytes({rows.data(), 64, 1, tensors.data()})) == Status::ok);
    CHECK(file_size(rows.data(), 65) == 0);
    CHECK(file_size(rows.data(), 0) == 0);
    CHECK(file_size(nullptr, 1) == 0);
    CHECK(write_to({rows.data(), 65, 1, tensors.data()}, 100000) == Status::bad_layer);
}

TEST_CASE("a writer refuses models that no reader would take") {
    TinyModel tiny;
    CHECK(write_to({tiny.rows, 2, -1, tiny.tensors}, 1000) == Status::bad_layer);
    CHECK(write_to({tiny.rows, 2, 3, tiny.tensors}, 1000) == Status::bad_layer);
    tiny.rows[1].in = flat(3);
    CHECK(write_to(tiny.contents(), 1000) == Status::bad_layer);
    const Row huge[4] = {{Kind::dense, Activation::relu, flat(4096), flat(4096), 0.0f},
                         {Kind::dense, Activation::relu, flat(4096), flat(4096), 0.0f},
                         {Kind::dense, Activation::relu, flat(4096), flat(4096), 0.0f},
                         {Kind::dense, Activation::relu, flat(4096), flat(4096), 0.0f}};
    CHECK(file_size(huge, 1) == 64 * 1024 * 1024 + 64 + 80 + 32 + 16 + 4096 * 4);
    CHECK(file_size(huge, 2) == 0);  // more than 2^27 bytes
    CHECK(file_size(huge, 4) == 0);
    CHECK(write_to({nullptr, 2, 1, tiny.tensors}, 1000) == Status::null_argument);
    CHECK(write_to({tiny.rows, 2, 1, nullptr}, 1000) == Status::null_argument);
}

TEST_CASE("a writer never saves NaN or infinity") {
    for (const float bad : {std::nanf(""), INFINITY, -INFINITY}) {
        TinyModel tiny;
        for (float* value : {tiny.weight_1, tiny.weight_1 + 1, tiny.bias_1, tiny.bias_2 + 1}) {
            const float good = *value;
            *value = bad;
            CHECK(write_to(tiny.contents(), 576) == Status::non_finite_weights);
            *value = good;
        }
        CHECK(write_to(tiny.contents(), 576) == Status::ok);
    }
}

TEST_CASE("a writer fills a buffer of exactly the right size, and refuses any smaller one") {
    const TinyModel tiny;
    CHECK(write_to(tiny.contents(), 576) == Status::ok);
    for (size_t capacity = 0; capacity < 576; capacity++) {
        REQUIRE(write_to(tiny.contents(), capacity) == Status::buffer_too_small);
    }
}

TEST_CASE("the model id tells trained models apart and is the same in every part of one") {
    TinyModel tiny;
    const uint32_t id = model_id(tiny.contents());
    CHECK(id == 0x65a78a6f);  // as in the layout above
    tiny.bias_2[1] = -0.5f;
    CHECK(model_id(tiny.contents()) != id);

    tools::Graph graph = tools::read_model(NUTSHELL_TEST_DATA "/models/v1_0_tiny.nut");
    CHECK(graph.model_id == id);
    for (const tools::Part part : {tools::Part::encoder, tools::Part::decoder}) {
        size_t size = 0;
        const tools::AlignedFloats bytes = tools::to_file_bytes(graph.extract(part), size);
        File view;
        REQUIRE(check(bytes.data(), size, view) == Status::ok);
        CHECK(view.model_id() == id);
        CHECK(view.parent_id() == graph.parent_id);
        CHECK(view.layer_count() == 1);
        CHECK(view.code_layer() == (part == tools::Part::encoder ? 1 : 0));
        const int layer = part == tools::Part::encoder ? 0 : 1;
        CHECK(same_bits(view.tensors(0).weight, graph.tensors(layer).weight, 2));
        CHECK(same_bits(view.tensors(0).bias, graph.tensors(layer).bias, layer + 1));
    }
}

TEST_CASE("the file that version 1.0 wrote still loads and gives the same numbers") {
    std::ifstream in(NUTSHELL_TEST_DATA "/models/v1_0_tiny.nut", std::ios::binary);
    const FileBytes file{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    CHECK(slow_crc32c(file.data(), file.size()) == 0xed85e67fu);  // nobody touched it
    AlignedCopy copy(file);

    using Tiny =
        Autoencoder<Sequential<Dense<2, 1, LeakyRelu<250>>>, Sequential<Dense<1, 2, Sigmoid>>>;
    Tiny model;
    REQUIRE(model.load(copy.data(), file.size()) == Status::ok);
    Tiny::Workspace work;
    Tiny::Code code;
    float output[2];
    const auto sigmoid = [](double x) { return 1.0 / (1.0 + std::exp(-x)); };
    for (const float x : {-3.0f, 0.0f, 2.5f}) {
        const float input[2] = {x, 1.0f};
        REQUIRE(model.encode(input, code, work) == Status::ok);
        const double sum = 0.5 * static_cast<double>(x) - 2.0 + 0.125;
        const double expected = sum > 0 ? sum : 0.25 * sum;
        CHECK(static_cast<double>(code.data[0]) == expected);  // every step is exact in binary
        REQUIRE(model.decode(code, output, work) == Status::ok);
        // The library's exp is good to a few units in the last place of a float (6e-8).
        CHECK(std::fabs(static_cast<double>(output[0]) - sigmoid(1.5 * expected + 0.25)) < 5e-7);
        CHECK(std::fabs(static_cast<double>(output[1]) - sigmoid(-expected - 0.75)) < 5e-7);
    }
}
