// SPDX-License-Identifier: MIT
// Int8Graph is the runtime twin of Int8Model: the same bytes from every packing, from parts and
// from files, and a self-test that the type's views pass.
#include "tools/model/int8_graph.hpp"

#include <doctest/doctest.h>

#include "data_files.hpp"
#include "int8_fixture.hpp"
#include "int8_graph_fixture.hpp"
#include "nut_file.hpp"
#include "nutshell/packet.hpp"

using namespace nutshell;
using namespace nutshell::tests;
using tools::Int8Graph;

using tools::Part;

namespace {

using Model = SmallModel;
using Whole = Small;

std::vector<int8_t> run(const Int8Graph& graph, Part part, const std::vector<int8_t>& x) {
    const Int8Graph::Range range = graph.range(part);
    const int count = static_cast<int>(x.size()) / graph.input_size(range);
    std::vector<int8_t> y(static_cast<size_t>(count * graph.output_size(range)));
    graph.run(range, x.data(), count, y.data());
    return y;
}

}  // namespace

TEST_CASE_TEMPLATE("a graph gives the bytes of the model type over its file", Type, Small,
                   SmallInt4) {
    constexpr bool int4 = std::is_same_v<Type, SmallInt4>;
    for (const bool per_output : {true, false}) {
        const Int8Graph graph = small_graph(per_output, int4);
        const AlignedBytes bytes(graph.file_bytes(kernels::int8_packing()));
        Type model;
        REQUIRE(model.load(bytes.floats.data(), bytes.size) == Status::ok);
        CHECK(model.code_bits() == (int4 ? 6 : 8));
        const std::vector<int8_t> x = Int8Numbers(5).codes(21 * 9);
        const std::vector<int8_t> y = run(graph, Part::whole, x);
        typename Type::Workspace work;
        std::vector<int8_t> expected(21);
        int wrong = 0, different = 0;
        for (size_t row = 0; row < 9; row++) {
            REQUIRE(model.reconstruct(&x[row * 21], expected.data(), work) == Status::ok);
            for (size_t i = 0; i < 21; i++) {
                wrong += y[row * 21 + i] != expected[i] ? 1 : 0;
                different += y[row * 21 + i] != y[i] ? 1 : 0;
            }
        }
        CHECK(wrong == 0);
        CHECK(different > 50);  // the model is no constant
        CHECK(model.self_test(expected.data(), std::vector<int8_t>(21).data(), work) == Status::ok);
    }
}

TEST_CASE(
    "4 bits are a form of storage: the same weights in 8 give the same bytes and the same id") {
    const Int8Graph graph = small_graph(true, true);
    std::vector<tools::Int8Layer> layers = graph.layers();
    for (tools::Int8Layer& layer : layers) layer.weight_bits = 8;
    const Int8Graph wide(graph.rows(), graph.code_layer(), std::move(layers));
    CHECK(wide.model_id == graph.model_id);
    const std::vector<int8_t> x = Int8Numbers(8).codes(21 * 20);
    CHECK(run(wide, Part::whole, x) == run(graph, Part::whole, x));
    CHECK(graph.file_bytes(Packing::canonical).size() < wide.file_bytes(Packing::canonical).size() -
                                                            (21 * 13 + 5 * 17) / 2 +
                                                            2 * 16);  // sections are padded
}

TEST_CASE("codes of 6 bits keep to their range, and packets carry them to the decoder") {
    const Int8Graph graph = small_graph(true, true);
    const AlignedBytes bytes(graph.file_bytes(kernels::int8_packing()));
    SmallInt4::Encoder encoder;
    SmallInt4::Decoder decoder;
    SmallInt4 whole;
    REQUIRE(encoder.load(bytes.floats.data(), bytes.size) == Status::ok);
    REQUIRE(decoder.load(bytes.floats.data(), bytes.size) == Status::ok);
    REQUIRE(whole.load(bytes.floats.data(), bytes.size) == Status::ok);
    SmallInt4::Encoder::Workspace encoder_work;
    SmallInt4::Decoder::Workspace decoder_work;
    SmallInt4::Workspace work;
    SmallInt4::Code sent, received;
    uint8_t packet[packet_bytes(5, 6)], sequence = 0;
    static_assert(sizeof packet == 8 + 4 + 4);
    const std::vector<int8_t> x = Int8Numbers(9).codes(21 * 50);
    for (size_t row = 0; row < 50; row++) {
        int8_t y[21], expected[21];
        REQUIRE(encoder.encode(&x[row * 21], sent, encoder_work) == Status::ok);
        for (const int8_t number : sent.data) CHECK(number < -64);
        REQUIRE(write_packet(packet_header(encoder, static_cast<uint8_t>(row)), sent.data,
                             packet) == Status::ok);
        REQUIRE(read_packet(packet, sizeof packet, packet_header(decoder), received.data,
                            sequence) == Status::ok);
        CHECK(sequence == row);
        REQUIRE(decoder.decode(received, y, decoder_work) == Status::ok);
        REQUIRE(whole.reconstruct(&x[row * 21], expected, work) == Status::ok);
        CHECK(std::memcmp(y, expected, 21) == 0);
    }
    Small::Decoder other;
    const AlignedBytes others(small_graph(true).file_bytes(kernels::int8_packing()));
    REQUIRE(other.load(others.floats.data(), others.size) == Status::ok);
    CHECK(read_packet(packet, sizeof packet, packet_header(other), received.data, sequence) ==
          Status::wrong_sender);
    CHECK(other.load(bytes.floats.data(), bytes.size) == Status::wrong_numbers);
    CHECK(decoder.load(others.floats.data(), others.size) == Status::ok);  // int8 is fine for it
}

TEST_CASE("every packing of a graph reads back as the same graph, with the same id") {
    const std::vector<int8_t> x = Int8Numbers(6).codes(21 * 4);
    for (const bool int4 : {false, true}) {
        const Int8Graph graph = small_graph(true, int4);
        const std::vector<int8_t> y = run(graph, Part::whole, x);
        const std::vector<uint8_t> canonical = graph.file_bytes(Packing::canonical);
        for (uint8_t number = 0; known(static_cast<Packing>(number)); number++) {
            const AlignedBytes bytes(graph.file_bytes(static_cast<Packing>(number)));
            File file;
            REQUIRE(check(bytes.floats.data(), bytes.size, file) == Status::ok);
            CHECK(file.packing() == static_cast<Packing>(number));
            CHECK(file.type() == (int4 ? NumberType::int4 : NumberType::int8));
            const Int8Graph back(file);
            CHECK(back.model_id == graph.model_id);
            CHECK(back.parent_id == 0x1234u);
            CHECK(back.file_bytes(Packing::canonical) == canonical);
            CHECK(run(back, Part::whole, x) == y);
        }
    }
}

TEST_CASE("parts of an int8 graph keep its id, add up to the whole and pass their self-tests") {
    const Int8Graph graph = small_graph(true);
    const Int8Graph encoder = graph.extract(Part::encoder), decoder = graph.extract(Part::decoder);
    CHECK(encoder.model_id == graph.model_id);
    CHECK(decoder.model_id == graph.model_id);
    CHECK(graph.model_id != small_graph(false).model_id);
    const std::vector<int8_t> x = Int8Numbers(7).codes(21 * 3);
    CHECK(run(decoder, Part::decoder, run(encoder, Part::encoder, x)) ==
          run(graph, Part::whole, x));

    const AlignedBytes sensor(encoder.file_bytes(kernels::int8_packing()));
    Whole::Encoder view;
    REQUIRE(view.load(sensor.floats.data(), sensor.size) == Status::ok);
    Whole::Encoder::Workspace work;
    int8_t in[21], out[21];
    CHECK(view.self_test(in, out, work) == Status::ok);

    const AlignedBytes other(graph.file_bytes(kernels::int8_packing()));
    Whole whole;
    REQUIRE(whole.load(other.floats.data(), other.size) == Status::ok);
    Whole::Workspace whole_work;
    CHECK(whole.self_test(in, out, whole_work) == Status::ok);
    CHECK_THROWS_AS((void)encoder.range(Part::decoder), tools::Error);
}

TEST_CASE("floats go in and come out as the values of the codes") {
    const Int8Graph graph = small_graph(true);
    const Int8Graph::Range range = graph.range(Part::whole);
    std::vector<float> x(21), y(21);
    std::vector<int8_t> codes(21);
    for (size_t i = 0; i < 21; i++) {
        const int pixel = static_cast<int>(i) * 12;
        x[i] = static_cast<float>(pixel) / 255.0f;
        codes[i] = static_cast<int8_t>(pixel ^ 0x80);  // what a microcontroller does with a pixel
    }
    graph.run(range, x.data(), 1, y.data());
    const std::vector<int8_t> expected = run(graph, Part::whole, codes);
    for (size_t i = 0; i < 21; i++) {
        CHECK(y[i] == static_cast<float>(expected[i] + 128) / 256.0f);  // exact: a power of two
    }
}

TEST_CASE("a float model's reader says that a file is int8, and the other one reads both") {
    const TemporaryFolder folder;
    const std::string path = folder.path("m.nut");
    const Int8Graph graph = small_graph(true);
    tools::write_model(graph, path, Packing::helium);
    std::string message;
    try {
        (void)tools::read_model(path);
    } catch (const tools::Error& error) {
        message = error.what();
    }
    CHECK(message.find(path + ": is an int8 model") == 0);
    const tools::AnyGraph any = tools::read_any_model(path);
    REQUIRE(std::holds_alternative<Int8Graph>(any));
    CHECK(std::get<Int8Graph>(any).model_id == graph.model_id);
    tools::Graph floats(graph.rows(), graph.code_layer());
    tools::write_model(floats, path);
    CHECK(std::holds_alternative<tools::Graph>(tools::read_any_model(path)));
}

TEST_CASE("layers whose codes do not meet, or that could overflow, are no graph") {
    const Int8Graph graph = small_graph(true);
    std::vector<tools::Int8Layer> layers = graph.layers();
    layers[1].quantization.in.zero_point++;
    CHECK_THROWS_AS(Int8Graph(graph.rows(), graph.code_layer(), layers), tools::Error);
    layers = graph.layers();
    layers[0].bias[0] = kMaxSum;
    CHECK_THROWS_AS(Int8Graph(graph.rows(), graph.code_layer(), layers), tools::Error);
}

TEST_CASE("a file without a model's id is written with one and passes its own self-test") {
    constexpr size_t id_at = 36;  // of the header: u32
    FileBytes file = small_graph(true, false).file_bytes(Packing::canonical);
    put32(file, id_at, 0);
    repair_checksums(file);
    const AlignedBytes nameless(file);
    File read;
    REQUIRE(check(nameless.floats.data(), nameless.size, read) == Status::ok);
    REQUIRE(read.model_id() == 0);
    const AlignedBytes written(Int8Graph(read).file_bytes(kernels::int8_packing()));
    Small model;
    REQUIRE(model.load(written.floats.data(), written.size) == Status::ok);
    CHECK(model.model_id() == small_graph(true, false).model_id);
    Small::Workspace work;
    std::vector<int8_t> x(21), y(21);
    CHECK(model.self_test(x.data(), y.data(), work) == Status::ok);
}
