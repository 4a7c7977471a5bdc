// SPDX-License-Identifier: MIT
// The instructions that nutshell footprint estimates of layers that are not dense, and of a model
// of them, against counts under emulation that no constant was fitted to
// (tests/compare/kind_costs.sh --update).
#include <doctest/doctest.h>

#include <cmath>
#include <fstream>
#include <map>
#include <set>

#include "tests/compare/counted_piece.hpp"

using namespace nutshell;
using namespace nutshell::tools;

namespace {

/// A line of the counts.
struct Counted {
    std::string target;
    CountedPiece piece;
};

std::vector<Counted> counted_pieces() {
    std::ifstream file(NUTSHELL_TEST_DATA "/../firmware/counted_kinds.tsv");
    std::vector<Counted> all;
    for (std::string line; std::getline(file, line);) {
        const size_t tab = line.find('\t');
        all.push_back({line.substr(0, tab), counted_piece(line.substr(tab + 1))});
    }
    return all;
}

/// How far an estimate may be off, as a part of the count.
double tolerance(const std::string& target, const LayerCase& layer) {
    // Sums of products are counted loop by loop; what is left is how a compiler begins and ends
    // them.
    const Family family = family_of(layer.row.kind);
    if (family == Family::windows || family == Family::batch_norm) return 0.06;
    // These cores share costs, though their compilers' loops over channels differ by an
    // instruction.
    const bool of_a_board = target.rfind("cortex", 0) == 0 || target == "riscv32";
    if (of_a_board) return 0.07;
    // Short loops over channels, which compilers make of vectors in more ways than are told apart,
    // and the C library's copies.
    return 0.15;
}

/// What the estimate of a model of these layers says, with int8 codes that begin at -128.
double estimate(const std::vector<LayerCase>& layers, const tools::Target& target) {
    constexpr Quantization from_the_least{1.0f, INT8_MIN};
    std::vector<Row> rows;
    std::vector<Int8Layer> tensors;
    for (const LayerCase& layer : layers) {
        rows.push_back(layer.row);
        tensors.push_back(Int8Layer::of(layer.row, {from_the_least, from_the_least, from_the_least},
                                        layer.per_output));
    }
    if (!layers.front().int8) return *footprint_of(Graph(rows, 1), target).instructions;
    return *footprint_of(Int8Graph(rows, 1, tensors), target).instructions;
}

}  // namespace

TEST_CASE("instructions of layers of every kind are near counted ones on each target") {
    std::map<std::string, std::set<Kind>> kinds;
    for (const Counted& counted : counted_pieces()) {
        if (counted.piece.layers.size() > 1) continue;
        const LayerCase& layer = counted.piece.layers.front();
        const double found = layer_instructions(layer, target_named(counted.target));
        const double off = std::fabs(found / counted.piece.instructions - 1);
        CAPTURE(counted.target);
        CAPTURE(static_cast<int>(layer.row.kind));
        CAPTURE(layer.int8);
        CAPTURE(counted.piece.instructions);
        CAPTURE(found);
        CHECK(off <= tolerance(counted.target, layer));
        kinds[counted.target].insert(layer.row.kind);
    }
    CHECK(kinds.size() == targets().size());
    for (const auto& counted : kinds) {
        CAPTURE(counted.first);
        CHECK(counted.second.size() == 8);  // all but dense ones and those that only pass on
    }
}

TEST_CASE("instructions of a model of many kinds are within 1 % of counted ones, floats 4 %") {
    int models = 0;
    for (const Counted& counted : counted_pieces()) {
        if (counted.piece.layers.size() == 1) continue;
        CAPTURE(counted.target);
        CAPTURE(counted.piece.layers.front().int8);
        const double found = estimate(counted.piece.layers, target_named(counted.target));
        CAPTURE(found);
        CAPTURE(counted.piece.instructions);
        // In software, floats take as long as their bits have it; a layer's outputs are not the
        // numbers that the costs were fitted with.
        const double part = counted.piece.layers.front().int8 ? 0.01 : 0.04;
        CHECK(std::fabs(found / counted.piece.instructions - 1) <= part);
        models++;
    }
    CHECK(models == 18);
}

TEST_CASE("layers that pass numbers on at inference cost a copy") {
    Row row{Kind::gaussian_sampler, Activation::linear, flat(200), flat(100)};
    const tools::Target& target = target_named("cortex-m4");
    const Row reshaped{Kind::reshape, Activation::linear, flat(100), {10, 10, 1}};
    const double copied = layer_instructions({reshaped, false, false}, target);
    CHECK(copied > 100);
    CHECK(layer_instructions({row, false, false}, target) == copied);
    row = {Kind::dropout, Activation::linear, flat(100), flat(100)};
    CHECK(layer_instructions({row, false, false}, target) == copied);
}
