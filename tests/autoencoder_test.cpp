// SPDX-License-Identifier: MIT
// Models as users hold them: sizes, encode and decode, the two halves alone, files, and what is
// refused.
#include "nutshell/autoencoder.hpp"

#include <doctest/doctest.h>

#include <limits>

#include "tools/model/model_file.hpp"
#include "twin_fixture.hpp"

using namespace nutshell;
using namespace nutshell::tests;

// The sizes that firmware is planned with.
static_assert(Tutorial::parameter_count == 38440);
static_assert(Tutorial::parameter_count == 784 * 24 + 24 + 24 * 784 + 784);
static_assert(Tutorial::input_size == 784 && Tutorial::code_size == 24);
static_assert(Tutorial::output_size == 784);
static_assert(sizeof(Tutorial::Parameters) + sizeof(SampleTrainer<Tutorial>) +
                  784 * sizeof(float) <=
              166000);
static_assert(Tutorial::Encoder::workspace_bytes == 0 && Tutorial::Decoder::workspace_bytes == 0);
static_assert(Tutorial::workspace_bytes == 24 * sizeof(float));  // one layer reads, one writes
static_assert(Deep::Encoder::workspace_bytes == 2 * 12 * sizeof(float));
static_assert(Deep::Decoder::workspace_bytes == 2 * 12 * sizeof(float));
static_assert(Deep::workspace_bytes == 2 * 12 * sizeof(float));
static_assert(sizeof(Tutorial::Code) == 24 * sizeof(float));
static_assert(Tutorial::Encoder::input_size == 784 && Tutorial::Encoder::output_size == 24);
static_assert(Tutorial::Decoder::input_size == 24 && Tutorial::Decoder::output_size == 784);

namespace {

/// A narrow place in front and behind, and a single layer on each side of the code.
using Odd = Autoencoder<Sequential<Dense<3, 11, Tanh>, Dense<11, 2>>, Sequential<Dense<2, 3>>>;
static_assert(Odd::workspace_bytes == 2 * 11 * sizeof(float));
static_assert(Odd::Encoder::workspace_bytes == 11 * sizeof(float));
static_assert(Odd::Decoder::workspace_bytes == 0);

template <class Model>
std::unique_ptr<typename Model::Parameters> weights_of_seed(uint32_t seed) {
    auto weights = std::make_unique<typename Model::Parameters>();
    initialize<Model>(*weights, seed);
    return weights;
}

/// A .nut file in memory, aligned.
struct FileBytes {
    tools::AlignedFloats bytes;
    size_t size = 0;
};

template <class Model>
FileBytes file_of(const typename Model::Parameters& weights, tools::Part part) {
    FileBytes file;
    file.bytes = tools::to_file_bytes(twin_of<Model>(weights).extract(part), file.size);
    return file;
}

template <class View>
Status load(View& view, const FileBytes& file) {
    return view.load(file.bytes.data(), file.size);
}

template <class Model>
void check_halves(const Model& whole, const typename Model::Encoder& encoder,
                  const typename Model::Decoder& decoder) {
    const std::vector<float> x =
        Numbers(3).list(static_cast<size_t>(Model::input_size), 0.0f, 1.0f);
    typename Model::Workspace work;
    typename Model::Encoder::Workspace encoder_work;
    typename Model::Decoder::Workspace decoder_work;
    typename Model::Code code{}, half_code{};
    std::vector<float> y(static_cast<size_t>(Model::output_size)), decoded = y, half = y;

    REQUIRE(whole.encode(x.data(), code, work) == Status::ok);
    REQUIRE(whole.decode(code, decoded.data(), work) == Status::ok);
    REQUIRE(whole.reconstruct(x.data(), y.data(), work) == Status::ok);
    CHECK(same_bits(decoded, y));
    CHECK(largest(y) > 0);

    REQUIRE(encoder.encode(x.data(), half_code, encoder_work) == Status::ok);
    REQUIRE(decoder.decode(half_code, half.data(), decoder_work) == Status::ok);
    CHECK(same_bits(half_code.data, code.data, static_cast<size_t>(Model::code_size)));
    CHECK(same_bits(half, y));
}

template <class Model>
void check_bound_and_loaded() {
    const auto weights = weights_of_seed<Model>(1);
    Model whole;
    typename Model::Encoder encoder;
    typename Model::Decoder decoder;
    whole.bind(*weights);
    encoder.bind(*weights);
    decoder.bind(*weights);
    check_halves(whole, encoder, decoder);

    Model loaded;
    typename Model::Encoder loaded_encoder;
    typename Model::Decoder loaded_decoder;
    const FileBytes file = file_of<Model>(*weights, tools::Part::whole);
    REQUIRE(load(loaded, file) == Status::ok);
    REQUIRE(load(loaded_encoder, file) == Status::ok);
    REQUIRE(load(loaded_decoder, file) == Status::ok);
    check_halves(loaded, loaded_encoder, loaded_decoder);
    check_halves(whole, loaded_encoder, loaded_decoder);

    const FileBytes encoder_file = file_of<Model>(*weights, tools::Part::encoder);
    const FileBytes decoder_file = file_of<Model>(*weights, tools::Part::decoder);
    CHECK(encoder_file.size < file.size);
    REQUIRE(load(loaded_encoder, encoder_file) == Status::ok);
    REQUIRE(load(loaded_decoder, decoder_file) == Status::ok);
    check_halves(whole, loaded_encoder, loaded_decoder);
}

}  // namespace

TEST_CASE("encode, then decode is reconstruct to the bit; so are the halves, bound or from files") {
    check_bound_and_loaded<Tutorial>();
    check_bound_and_loaded<Deep>();
    check_bound_and_loaded<Odd>();
}

TEST_CASE("a file written on the device is the file that the tools write, but for the self-test") {
    const auto weights = weights_of_seed<Deep>(1);
    const FileBytes expected = file_of<Deep>(*weights, tools::Part::whole);
    alignas(kFileAlignment) static uint8_t bytes[8192];
    size_t size = 0;
    REQUIRE(save<Deep>(*weights, bytes, sizeof bytes, size) == Status::ok);
    File ours, theirs;
    REQUIRE(check(bytes, size, ours) == Status::ok);
    REQUIRE(check(expected.bytes.data(), expected.size, theirs) == Status::ok);
    CHECK(ours.self_test() == nullptr);
    CHECK(theirs.self_test() != nullptr);
    CHECK(ours.model_id() == theirs.model_id());
    CHECK(ours.fingerprint() == theirs.fingerprint());
    CHECK(size < expected.size);
    for (int i = 0; i < Deep::Chain::count; i++) {
        const TensorSizes sizes = tensor_sizes(ours.row(i));
        const Tensors mine = ours.tensors(i), other = theirs.tensors(i);
        CHECK(same_bits(mine.weight, other.weight, static_cast<size_t>(sizes.weight)));
        CHECK(same_bits(mine.bias, other.bias, static_cast<size_t>(sizes.bias)));
    }
}

TEST_CASE("a view refuses a file of another model and stays as it was") {
    const auto deep = weights_of_seed<Deep>(1);
    const auto tutorial = weights_of_seed<Tutorial>(1);
    const FileBytes deep_file = file_of<Deep>(*deep, tools::Part::whole);
    const FileBytes decoder_file = file_of<Tutorial>(*tutorial, tools::Part::decoder);
    const FileBytes encoder_file = file_of<Tutorial>(*tutorial, tools::Part::encoder);

    Tutorial whole;
    Tutorial::Encoder encoder;
    Tutorial::Decoder decoder;
    for (const FileBytes* file : {&deep_file, &decoder_file, &encoder_file}) {
        CHECK(load(whole, *file) == Status::wrong_model);
    }
    CHECK(load(encoder, decoder_file) == Status::wrong_model);
    CHECK(load(encoder, deep_file) == Status::wrong_model);
    CHECK(load(decoder, encoder_file) == Status::wrong_model);

    const std::vector<float> x(784, 0.5f);
    Tutorial::Code code{}, before{};
    Tutorial::Encoder::Workspace work;
    CHECK(encoder.encode(x.data(), code, work) == Status::not_loaded);
    encoder.bind(*tutorial);
    REQUIRE(encoder.encode(x.data(), before, work) == Status::ok);
    CHECK(load(encoder, deep_file) == Status::wrong_model);
    CHECK(encoder.load(nullptr, 0) != Status::ok);
    REQUIRE(encoder.encode(x.data(), code, work) == Status::ok);
    CHECK(same_bits(code.data, before.data, 24));
}

TEST_CASE("a model without weights says so and writes nothing") {
    const Deep model;
    Deep::Workspace work;
    const std::vector<float> x(16, 0.5f);
    std::vector<float> y(16, 7.0f);
    Deep::Code code{{7, 7, 7, 7, 7}};
    CHECK(model.encode(x.data(), code, work) == Status::not_loaded);
    CHECK(model.decode(code, y.data(), work) == Status::not_loaded);
    CHECK(model.reconstruct(x.data(), y.data(), work) == Status::not_loaded);
    CHECK(code.data[0] == 7.0f);
    CHECK(y == std::vector<float>(16, 7.0f));
}

TEST_CASE("a null pointer is refused") {
    const auto weights = weights_of_seed<Deep>(1);
    Deep model;
    model.bind(*weights);
    Deep::Workspace work;
    Deep::Code code{};
    float x[16] = {}, y[16] = {};
    CHECK(model.encode(nullptr, code, work) == Status::null_argument);
    CHECK(model.decode(code, nullptr, work) == Status::null_argument);
    CHECK(model.reconstruct(nullptr, y, work) == Status::null_argument);
    CHECK(model.reconstruct(x, nullptr, work) == Status::null_argument);
}

TEST_CASE("NaN and infinity at any place of the input are refused and nothing is written") {
    const auto weights = weights_of_seed<Tutorial>(1);
    Tutorial model;
    model.bind(*weights);
    Tutorial::Workspace work;
    const float infinity = std::numeric_limits<float>::infinity();
    const std::vector<float> untouched(784, 7.0f);
    std::vector<float> x(784, 0.25f), y = untouched;
    Tutorial::Code code;
    std::fill_n(code.data, 24, 7.0f);
    for (const float bad : {std::nanf(""), infinity, -infinity}) {
        for (float& value : x) {
            value = bad;
            REQUIRE(model.encode(x.data(), code, work) == Status::non_finite_input);
            REQUIRE(model.reconstruct(x.data(), y.data(), work) == Status::non_finite_input);
            value = 0.25f;
        }
        CHECK(same_bits(code.data, untouched.data(), 24));
        for (float& value : code.data) {
            value = bad;
            REQUIRE(model.decode(code, y.data(), work) == Status::non_finite_input);
            value = 7.0f;
        }
    }
    CHECK(y == untouched);
    CHECK(model.reconstruct(x.data(), y.data(), work) == Status::ok);
    CHECK(y != untouched);
}
