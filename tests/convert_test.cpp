// SPDX-License-Identifier: MIT
// nutshell convert: what goes in comes out, to the bit; every part and packing keeps the model's
// identity and carries a self-test; a C++ pair holds the same bytes as the file.
#include "command.hpp"
#include "int8_graph_fixture.hpp"
#include "nutshell/quantize.hpp"

using namespace nutshell;
using namespace nutshell::tests;

namespace {

/// f.nut with floats and i.nut with int8, of the same architecture.
struct ModelDesk : Desk {
    ModelDesk() {
        tools::Graph graph({SmallModel::Chain::rows, SmallModel::Chain::rows + 4},
                           SmallModel::code_layer);
        graph.initialize(7, Initializer::glorot_uniform);
        tools::write_model(graph, path("f.nut"));
        tools::write_model(small_graph(true), path("i.nut"), Packing::dsp);
    }
    std::string convert(const std::string& line) const {
        const Outcome outcome = run("convert " + line);
        INFO(line, "\n", outcome.err);
        REQUIRE(outcome.status == 0);
        return outcome.out;
    }
    AlignedBytes bytes(const std::string& name) const {
        const std::string text = read(name);
        return AlignedBytes({text.begin(), text.end()});
    }
};

/// The numbers of the array in a C++ source.
std::string array_in(const std::string& source) {
    std::string bytes;
    for (size_t at = source.find('{', source.find("bytes[")); at < source.size(); at++) {
        if (source.compare(at, 2, "0x") != 0) continue;
        bytes += static_cast<char>(std::stoi(source.substr(at + 2, 2), nullptr, 16));
    }
    return bytes;
}

template <class View>
Status load_and_test(const AlignedBytes& file) {
    View view;
    const Status status = view.load(file.floats.data(), file.size);
    if (status != Status::ok) return status;
    typename View::Element x[View::input_size], y[View::output_size];
    typename View::Workspace work;
    return view.self_test(x, y, work);
}

}  // namespace

TEST_CASE("a model converted to its own format is the same file, and so is one packed and back") {
    const ModelDesk desk;
    for (const std::string model : {"f", "i"}) {
        desk.convert(model + ".nut same.nut");
        CHECK(desk.read("same.nut") == desk.read(model + ".nut"));
    }
    std::string previous = "i.nut";
    for (const std::string packing : {"simd", "helium", "armv6m", "canonical", "armv7m", "dsp"}) {
        const nlohmann::json facts =
            desk.run_json("convert " + previous + " " + packing + ".nut --packing " + packing);
        CHECK(facts["packing"] == packing);
        CHECK(facts["model_id"] == desk.run_json("convert i.nut x.nut")["model_id"]);
        previous = packing + ".nut";
    }
    CHECK(desk.read("dsp.nut") == desk.read("i.nut"));
}

TEST_CASE("parts keep the whole's identity, load as their type, and pass their self-tests") {
    const ModelDesk desk;
    const std::string packing = name_of(kernels::int8_packing());
    for (const std::string part : {"whole", "encoder", "decoder"}) {
        const auto floats = desk.run_json("convert f.nut f_" + part + ".nut --part " + part);
        const auto codes = desk.run_json("convert i.nut i_" + part + ".nut --part " + part +
                                         " --packing " + packing);
        CHECK(floats["model_id"] == desk.run_json("convert f.nut x.nut")["model_id"]);
        CHECK(codes["model_id"] == desk.run_json("convert i.nut x.nut")["model_id"]);
        CHECK(codes["bytes"] == desk.read("i_" + part + ".nut").size());
    }
    CHECK(load_and_test<SmallModel>(desk.bytes("f_whole.nut")) == Status::ok);
    CHECK(load_and_test<SmallModel::Encoder>(desk.bytes("f_encoder.nut")) == Status::ok);
    CHECK(load_and_test<SmallModel::Decoder>(desk.bytes("f_decoder.nut")) == Status::ok);
    CHECK(load_and_test<Small>(desk.bytes("i_whole.nut")) == Status::ok);
    CHECK(load_and_test<Small::Encoder>(desk.bytes("i_encoder.nut")) == Status::ok);
    CHECK(load_and_test<Small::Decoder>(desk.bytes("i_decoder.nut")) == Status::ok);
    CHECK(load_and_test<Small::Encoder>(desk.bytes("i_whole.nut")) == Status::no_self_test);
}

TEST_CASE("a file of other numbers, another packing or another part is refused by the type") {
    const ModelDesk desk;
    const bool simd = kernels::int8_packing() == Packing::simd;
    desk.convert("i.nut other.nut --packing " + std::string(simd ? "helium" : "simd"));
    desk.convert("i.nut half.nut --part encoder --packing " +
                 std::string(name_of(kernels::int8_packing())));
    CHECK(load_and_test<Small>(desk.bytes("f.nut")) == Status::wrong_numbers);
    CHECK(load_and_test<SmallModel>(desk.bytes("i.nut")) == Status::wrong_numbers);
    CHECK(load_and_test<Small>(desk.bytes("other.nut")) == Status::wrong_packing);
    CHECK(load_and_test<Small::Decoder>(desk.bytes("half.nut")) == Status::wrong_model);
}

TEST_CASE("a changed weight in memory fails the self-test when it changes the answer") {
    const ModelDesk desk;
    desk.convert("i.nut own.nut --packing " + std::string(name_of(kernels::int8_packing())));
    AlignedBytes file = desk.bytes("own.nut");
    Small model;
    REQUIRE(model.load(file.floats.data(), file.size) == Status::ok);
    Small::Workspace work;
    int8_t x[21], y[21], expected[21];
    REQUIRE(model.self_test(x, expected, work) == Status::ok);
    File view;
    REQUIRE(check(file.floats.data(), file.size, view) == Status::ok);
    int found = 0;
    for (int layer = 0; layer < 4; layer++) {
        int8_t* weights = const_cast<int8_t*>(view.int8_tensors(layer).weight);
        weights[0] = static_cast<int8_t>(weights[0] ^ 0x40);
        const Status status = model.self_test(x, y, work);
        const bool changed = std::memcmp(y, expected, sizeof y) != 0;
        CHECK(status == (changed ? Status::self_test_failed : Status::ok));
        found += changed;
        weights[0] = static_cast<int8_t>(weights[0] ^ 0x40);
    }
    CHECK(found >= 2);
    CHECK(model.self_test(x, y, work) == Status::ok);
}

TEST_CASE("a C++ pair holds the bytes of the file, named after it") {
    const ModelDesk desk;
    for (const std::string options :
         {"f.nut", "i.nut", "f.nut --part encoder", "i.nut --part decoder --packing armv6m"}) {
        desk.convert(options + " expected.nut");
        desk.convert(options + " my-digits.hpp --section .model");
        const std::string header = desk.read("my-digits.hpp"), source = desk.read("my-digits.cpp");
        CHECK(array_in(source) == desk.read("expected.nut"));
        CHECK(header.find("namespace my_digits {") != std::string::npos);
        CHECK(source.find("__attribute__((section(\".model\")))") != std::string::npos);
    }
}

TEST_CASE("convert refuses what it cannot do, and names what was probably meant") {
    const ModelDesk desk;
    desk.check_refused("convert gone.nut x.nut", {"gone.nut"});
    desk.check_refused("convert i.nut x.hp", {"'.hp'", "did you mean .hpp?", "--to"});
    desk.check_refused("convert i.nut x.nut --to cp", {"--to", "'cp'", "did you mean cpp?"});
    desk.check_refused("convert i.nut x.nut --from cpp",
                       {"i.nut", "only written", "give a model as nut"});
    desk.check_refused("convert i.nut x.nut --packing sidm", {"did you mean simd?", "helium"});
    desk.check_refused("convert f.nut x.nut --packing simd", {"--packing", "float32"});
    desk.check_refused("convert i.nut x.hpp --section a\"b", {"--section", "a\"b"});
    desk.check_refused("convert i.nut none/x.hpp", {"none/x.hpp"});
    desk.convert("i.nut half.nut --part encoder");
    desk.check_refused("convert half.nut x.nut --part decoder", {"encoder alone"});
}

TEST_CASE("--check compares with what the original gave before anything is written") {
    const ModelDesk desk;
    std::string rows;
    for (int i = 0; i < 21 * 5; i++)
        rows += "0." + std::to_string(100 + i * 7) + (i % 21 == 20 ? "\n" : ",");
    desk.file("x.csv", rows);
    REQUIRE(desk.run("run f.nut --in x.csv --out y.npy").status == 0);
    REQUIRE(desk.run("run i.nut --in x.csv --out codes.npy --int8").status == 0);
    const nlohmann::json floats = desk.run_json("convert f.nut a.nut --check x.csv y.npy");
    CHECK(floats["check"]["accepted"] == true);
    CHECK(floats["check"]["largest_difference"] == 0.0);
    CHECK(floats["check"]["rows"] == 5);
    const nlohmann::json codes = desk.run_json("convert i.nut b.nut --check x.csv codes.npy");
    CHECK(codes["check"]["compared"] == "codes");
    CHECK(codes["check"]["different"] == 0);
    const Outcome different = desk.run("convert i.nut c.nut --check x.csv y.npy --tolerance 1e-7");
    CHECK(different.status == 1);
    CHECK(different.err.find("nothing is written") != std::string::npos);
    CHECK(!desk.has("c.nut"));
    desk.check_refused("convert i.nut c.nut --check x.csv x.npy", {"x.npy"});
    desk.check_refused("convert f.nut c.nut --part encoder --check x.csv y.npy", {"y.npy", "21"});
}
