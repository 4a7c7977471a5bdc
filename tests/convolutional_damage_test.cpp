// SPDX-License-Identifier: MIT
// Damaged .nut files of models with convolutions, pools and the rest, in float and in int8.
#include "data_files.hpp"
#include "nut_file.hpp"
#include "tools/error.hpp"
#include "tools/model/model_file.hpp"
#include "tools/model/quantization.hpp"

using namespace nutshell;
using namespace nutshell::tests;

namespace {

using Model =
    Autoencoder<Sequential<Conv2D<6, 6, 1, 4, 3, LeakyRelu<>>, MaxPool2D<6, 6, 4, 2>,
                           DepthwiseConv2D<3, 3, 4, 2, Relu>, AveragePool2D<3, 3, 4, 2, 1>>,
                Sequential<Upsample2D<2, 2, 4, 3>, TransposedConv2D<6, 6, 4, 2, 3, Tanh, 1>,
                           Conv2D<6, 6, 2, 1, 3, Sigmoid>>>;

tools::Graph float_model() {
    tools::Graph graph({Model::Chain::rows, Model::Chain::rows + Model::Chain::count},
                       Model::code_layer);
    graph.initialize(3, Initializer::he_uniform);
    return graph;
}

FileBytes float_file() {
    size_t size = 0;
    const tools::AlignedFloats file = tools::to_file_bytes(float_model(), size);
    const uint8_t* bytes = reinterpret_cast<const uint8_t*>(file.data());
    return {bytes, bytes + size};
}

FileBytes int8_file() {
    tools::Dataset data;
    data.name = "noise";
    data.count = 8;
    data.shape = {6, 6, 1};
    Draws numbers(4);
    for (int i = 0; i < 8 * 36; i++) data.bytes.push_back(static_cast<uint8_t>(numbers.below(256)));
    return quantize(float_model(), data, {}).file_bytes(Packing::canonical);
}

/// Runs the model of a file on one sample when the tools take the file; false when they refuse it.
bool runs(const FileBytes& file, const TemporaryFolder& folder) {
    const std::string path = folder.file("m.nut", {file.begin(), file.end()});
    try {
        const tools::AnyGraph any = tools::read_any_model(path);
        std::visit(
            [](const auto& graph) {
                const tools::LayerRange whole = graph.range(tools::Part::whole);
                const std::vector<float> x(static_cast<size_t>(graph.input_size(whole)));
                std::vector<float> y(static_cast<size_t>(graph.output_size(whole)));
                graph.run(whole, x.data(), 1, y.data());
            },
            any);
    } catch (const tools::Error&) {
        return false;
    }
    return true;
}

void check_damage(const FileBytes& good) {
    REQUIRE(check_bytes(good) == Status::ok);
    for (size_t size = 0; size < good.size(); size++) {
        AlignedCopy cut(good.data(), size);
        File view;
        REQUIRE(check(cut.data(), size, view) != Status::ok);
    }
    AlignedCopy file(good);
    for (size_t bit = 0; bit < good.size() * 8; bit++) {
        File view;
        file.data()[bit / 8] ^= static_cast<uint8_t>(1u << bit % 8);
        REQUIRE(check(file.data(), good.size(), view) != Status::ok);
        file.data()[bit / 8] ^= static_cast<uint8_t>(1u << bit % 8);
    }
}

/// Bytes of header and tables changed, checksums right: refused, or a model that runs. (What reads
/// or writes outside of its memory, the sanitizers find.)
void check_lies_run(const FileBytes& good) {
    const TemporaryFolder folder;
    REQUIRE(runs(good, folder));
    Draws numbers(11);
    const uint32_t tables = get32(good, 28) + 16 * get16(good, 22);
    int taken = 0;
    const int count = tries(2000);
    for (int i = 0; i < count; i++) {
        FileBytes file = good;
        for (int change = 0; change < 1 + i % 2; change++) {
            file[numbers.below(tables)] = static_cast<uint8_t>(numbers.below(256));
        }
        repair_checksums(file);
        taken += runs(file, folder);
    }
    MESSAGE(count, " files, ", taken, " of them taken");
    CHECK(taken < count / 2);
}

}  // namespace

TEST_CASE("a convolutional file that is cut anywhere or has one bit flipped is refused") {
    check_damage(float_file());
    check_damage(int8_file());
}

TEST_CASE("convolutional layer tables that lie with right checksums are refused, or run") {
    check_lies_run(float_file());
    check_lies_run(int8_file());
}
