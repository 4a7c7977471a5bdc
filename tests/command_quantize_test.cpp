// SPDX-License-Identifier: MIT
// nutshell quantize on the built-in digits: what it says, what it writes, what it refuses.
#include <cmath>

#include "command.hpp"
#include "tools/model/model_file.hpp"

using namespace nutshell;
using namespace nutshell::tests;

namespace {

const std::string kDigits = std::string(NUTSHELL_TEST_DATA) + "/../../examples/digits.nut";
const std::string kQuantize = "quantize " + kDigits + " --calibrate sample --out q.nut ";

}  // namespace

TEST_CASE("quantizing the digits costs less than a hundredth of the error and fits its budgets") {
    const Desk desk;
    const nlohmann::json found = desk.run_json(kQuantize);
    CHECK(found["accepted"] == true);
    CHECK(found["ratio"].get<double>() <= 1.010);
    CHECK(found["samples"] == 1000);
    REQUIRE(found["signal_to_noise_db"].size() == 2);
    // 8 bits of a uniform signal have 48 dB; weights and codes take some of that.
    for (const nlohmann::json& decibels : found["signal_to_noise_db"]) CHECK(decibels > 25.0);
    CHECK(found["int8_bytes"] == desk.read("q.nut").size());
    CHECK(found["int8_bytes"] <= 47616);
    const tools::AnyGraph any = tools::read_any_model(desk.path("q.nut"));
    const tools::Int8Graph& graph = std::get<tools::Int8Graph>(any);
    CHECK(graph.parent_id == tools::read_model(kDigits).model_id);
    CHECK(same(graph.input({0, 1}), kPixels));
    const tools::Int8Graph encoder = graph.extract(tools::Part::encoder);
    CHECK(encoder.file_bytes(Packing::canonical).size() <= 20480);
    CHECK(encoder.output_size({0, 1}) == 24);
}

TEST_CASE("one scale for all weights, and weights of 4 bits, are worse than the default") {
    const Desk desk;
    const double ratio = desk.run_json(kQuantize)["ratio"];
    const double tensor = desk.run_json(kQuantize + "--per-tensor --tolerance 9")["ratio"];
    const double four =
        desk.run_json(kQuantize + "--encoder-bits 4 --decoder-bits 4 --tolerance 9")["ratio"];
    CHECK(tensor > ratio);
    CHECK(four > tensor);
}

TEST_CASE("a loss of quality past the tolerance is status 1 and leaves nothing behind") {
    const Desk desk;
    const Outcome outcome = desk.run(kQuantize + "--tolerance 0 --decoder-bits 4");
    CHECK(outcome.status == 1);
    CHECK(outcome.err.find("more than --tolerance") != std::string::npos);
    CHECK(desk.names().empty());
}

TEST_CASE("what cannot be quantized is refused in one line") {
    const Desk desk;
    REQUIRE(desk.run(kQuantize).status == 0);
    desk.check_refused("quantize q.nut --calibrate sample --out r.nut", {"q.nut", "int8 model"});
    desk.file("six.csv", six_columns(20));
    desk.check_refused("quantize " + kDigits + " --calibrate six.csv --out r.nut", {"6", "784"});
    std::string constant, row;
    for (int i = 0; i < 784; i++) row += i < 783 ? "0.5," : "0.5\n";
    for (int i = 0; i < 3; i++) constant += row;
    desk.file("constant.csv", constant);
    desk.check_refused("quantize " + kDigits + " --calibrate constant.csv --out r.nut",
                       {"all values are the same"});
    desk.file("nan.csv", "nan," + row.substr(4));
    desk.check_refused("quantize " + kDigits + " --calibrate nan.csv --out r.nut", {"nan.csv"});
    desk.check_refused(kQuantize + "--samples 0", {"--samples", "between"});
}

TEST_CASE("evaluate and run take the int8 model: the same error, and parts that add up") {
    const Desk desk;
    const double error = desk.run_json(kQuantize)["int8_mse"];
    const nlohmann::json found = desk.run_json("evaluate q.nut --data sample");
    // Single samples' errors are kept as floats.
    CHECK(found["test_mse"].get<double>() == doctest::Approx(error).epsilon(1e-6));
    CHECK(found["test_bce"].is_null());
    REQUIRE(desk.run("run q.nut --in sample --out whole.npy").status == 0);
    REQUIRE(desk.run("run q.nut --in sample --part encoder --out code.npy").status == 0);
    REQUIRE(desk.run("run q.nut --in code.npy --part decoder --out back.npy").status == 0);
    CHECK(tools::load_data(desk.path("whole.npy")).train.floats ==
          tools::load_data(desk.path("back.npy")).train.floats);
}

TEST_CASE("fine-tuning makes weights of 4 bits usable") {
    const Desk desk;
    const std::string four = kQuantize + "--encoder-bits 4 --decoder-bits 4 --tolerance 9 ";
    const double rounded = desk.run_json(four)["ratio"];
    const double tuned = desk.run_json(four + "--fine-tune 20")["ratio"];
    CHECK(rounded > 1.3);
    CHECK(tuned - 1 < (rounded - 1) / 2);
    const tools::AnyGraph any = tools::read_any_model(desk.path("q.nut"));
    const tools::Int8Graph& graph = std::get<tools::Int8Graph>(any);
    for (const tools::Int8Layer& layer : graph.layers()) {
        for (const int8_t code : layer.weight) CHECK(std::abs(code) <= 7);
    }
    desk.check_refused(kQuantize + "--fine-tune 1 --per-tensor", {"--per-tensor"});
    desk.check_refused(kQuantize + "--fine-tune 2 --lr 1e20", {"diverged", "--lr"});
}

TEST_CASE("quantize draws what both models make of the data") {
    const Desk desk;
    REQUIRE(desk.run(kQuantize + "--picture both.svg").status == 0);
    const std::string svg = desk.read("both.svg");
    CHECK(svg.find(">float32<") != std::string::npos);
    CHECK(svg.find(">int8<") != std::string::npos);
}

TEST_CASE("codes leave and enter as int8, and mean what the floats say") {
    const Desk desk;
    REQUIRE(desk.run(kQuantize).status == 0);
    REQUIRE(desk.run("run q.nut --in sample --part encoder --int8 --out code.npy").status == 0);
    REQUIRE(desk.run("run q.nut --in sample --part encoder --out value.npy").status == 0);
    REQUIRE(desk.run("run q.nut --in code.npy --part decoder --int8 --out back.npy").status == 0);
    REQUIRE(desk.run("run q.nut --in sample --int8 --out whole.npy").status == 0);
    const tools::Dataset codes = tools::load_data(desk.path("code.npy")).train;
    CHECK(codes.int8);
    CHECK(codes.count * 24 == static_cast<int>(codes.floats.size()));
    CHECK(tools::load_data(desk.path("back.npy")).train.floats ==
          tools::load_data(desk.path("whole.npy")).train.floats);
    const nlohmann::json out = desk.run_json("inspect q.nut")["layers"][0]["out"];
    const std::vector<float> values = tools::load_data(desk.path("value.npy")).train.floats;
    for (size_t i = 0; i < values.size(); i++) {
        const float steps = codes.floats[i] - out["zero_point"].get<float>();
        CHECK(values[i] == out["scale"].get<float>() * steps);
    }
    desk.check_refused("run " + kDigits + " --in sample --int8 --out x.npy", {"int8 model"});
}

TEST_CASE("inspect and show take the int8 model") {
    const Desk desk;
    REQUIRE(desk.run(kQuantize).status == 0);
    const nlohmann::json found = desk.run_json("inspect q.nut");
    CHECK(found["type"] == "int8");
    CHECK(found["packing"] == "canonical");
    CHECK(found["parent_id"] == desk.run_json("inspect " + kDigits)["model_id"]);
    CHECK(found["layers"][1]["weight_range"][1] == 127);
    const Outcome text = desk.run("inspect q.nut");
    CHECK(text.out.find("parameters of int8") != std::string::npos);
    CHECK(text.out.find("0.003906 * (code + 128)") != std::string::npos);
    for (const std::string what : {"reconstructions", "codes", "errors"}) {
        CHECK(desk.run("show q.nut --data sample --out p.svg --what " + what).status == 0);
    }
    CHECK(desk.read("p.svg").find("<svg") != std::string::npos);
}

TEST_CASE("codes of 6 bits cost little, of 4 bits more, and say so in the file") {
    const Desk desk;
    const double eight = desk.run_json(kQuantize)["ratio"];
    const double six = desk.run_json(kQuantize + "--code-bits 6 --tolerance 0.02")["ratio"];
    CHECK(desk.run_json("inspect q.nut")["layers"][0]["out"]["bits"] == 6);
    REQUIRE(desk.run("run q.nut --in sample --part encoder --int8 --out code.npy").status == 0);
    for (const float number : tools::load_data(desk.path("code.npy")).train.floats) {
        CHECK(number <= -65);
    }
    const double four = desk.run_json(kQuantize + "--code-bits 4 --tolerance 9")["ratio"];
    CHECK(six > eight);
    CHECK(four > six);
    CHECK(six < 1.02);
    desk.check_refused(kQuantize + "--code-bits 3", {"--code-bits"});
}

TEST_CASE("weights of 4 bits are stored two in a byte") {
    const Desk desk;
    REQUIRE(desk.run(kQuantize + "--encoder-bits 4 --tolerance 9").status == 0);
    const nlohmann::json found = desk.run_json("inspect q.nut");
    CHECK(found["type"] == "int4");
    CHECK(found["layers"][0]["weight_bits"] == 4);
    CHECK(found["layers"][1]["weight_bits"] == 8);
    CHECK(found["bytes"].get<int>() < 45584 - 784 * 24 / 2 + 16);
    const nlohmann::json sensor = desk.run_json("convert q.nut s.hpp --part encoder");
    CHECK(sensor["type"] == "int4");
    CHECK(desk.read("s.hpp").find("nutshell::Int4Model<Architecture>::Encoder") !=
          std::string::npos);
    CHECK(desk.run_json("convert q.nut d.nut --part decoder")["type"] == "int8");
}

TEST_CASE("a part alone is held against what its float form makes of the same numbers") {
    const Desk desk;
    REQUIRE(desk.run("run " + kDigits + " --in sample --part encoder --out codes.npy").status == 0);
    for (const std::string part : {"encoder", "decoder"}) {
        const std::string data = part == "encoder" ? "sample" : "codes.npy";
        REQUIRE(desk.run("convert " + kDigits + " part.nut --part " + part).status == 0);
        const nlohmann::json found =
            desk.run_json("quantize part.nut --hold-out 0 --out q.nut --calibrate " + data);
        CHECK(found["accepted"] == true);
        CHECK(found["int8_bytes"] == desk.read("q.nut").size());
        const double share = found["error_share"];
        CHECK(share < 0.002);
        // The command measures the first thousand; all are as good.
        REQUIRE(desk.run("run part.nut --in " + data + " --out exact.npy").status == 0);
        REQUIRE(desk.run("run q.nut --in " + data + " --out rounded.npy").status == 0);
        const std::vector<float> exact = tools::load_data(desk.path("exact.npy")).train.floats;
        const std::vector<float> rounded = tools::load_data(desk.path("rounded.npy")).train.floats;
        REQUIRE(exact.size() == rounded.size());
        double off = 0, squares = 0;
        for (size_t i = 0; i < exact.size(); i++) {
            off += std::pow(static_cast<double>(rounded[i] - exact[i]), 2);
            squares += std::pow(static_cast<double>(exact[i]), 2);
        }
        CHECK(off / squares == doctest::Approx(share).epsilon(0.1));
        const Outcome refused =
            desk.run("quantize part.nut --tolerance 0 --out r.nut --calibrate " + data);
        CHECK(refused.status == 1);
        CHECK(refused.err.find("more than --tolerance 0 allows") != std::string::npos);
        CHECK(!desk.has("r.nut"));
    }
}

TEST_CASE("a decoder is calibrated with normal codes, which reach far") {
    const Desk desk;
    const std::string line = "quantize " + kDigits + " --calibrate normal --out q.nut ";
    const nlohmann::json found = desk.run_json(line + "--part decoder --code-bits 6");
    CHECK(found["data"] == "normal codes");
    CHECK(found["samples"] == 1000);
    const nlohmann::json in = desk.run_json("inspect q.nut")["layers"][0]["in"];
    CHECK(in["bits"] == 6);
    // Of 24,000 normal numbers the largest is 4.1 or so.
    const double scale = in["scale"], zero = in["zero_point"];
    CHECK(scale * (-128 - zero) < -3.5);
    CHECK(scale * (-65 - zero) > 3.5);
    const std::string before = desk.read("q.nut");
    REQUIRE(desk.run("convert " + kDigits + " d.nut --part decoder").status == 0);
    const std::string alone = "quantize d.nut --calibrate normal --code-bits 6 --out ";
    REQUIRE(desk.run(alone + "q.nut").status == 0);
    CHECK(desk.read("q.nut") == before);
    REQUIRE(desk.run(alone + "other.nut --seed 2").status == 0);
    CHECK(desk.read("other.nut") != before);

    desk.check_refused(line, {"--calibrate normal", "--part decoder"});
    desk.check_refused(line + "--part encoder", {"--part decoder"});
    desk.check_refused(line + "--part decoder --picture p.png", {"--picture", "generate"});
    desk.check_refused(line + "--part decoder --fine-tune 1", {"--fine-tune"});
    desk.check_refused("quantize d.nut --calibrate sample --out x.nut", {"784", "24"});
}
