// SPDX-License-Identifier: MIT
// The host's search among codes: labels, kinds of codes, images of an index.
#include "tools/evaluation/search.hpp"

#include <doctest/doctest.h>

#include "tools/error.hpp"

using namespace nutshell;
using namespace nutshell::tools;

namespace {

/// Codes on a line: neighbours are neighbours in number.
Codes line_of(int count) {
    std::vector<float> values;
    for (int i = 0; i < count; i++) {
        for (const int factor : {1, -2, 3}) values.push_back(static_cast<float>(i * factor));
    }
    return codes_of(values, 3);
}

std::string message_of(const std::function<void()>& action) {
    try {
        action();
    } catch (const Error& error) {
        return error.what();
    }
    return "";
}

}  // namespace

TEST_CASE("neighbours are the nearest, and a sample is not its own neighbour") {
    const Codes index = line_of(50);
    for (const CodeKind kind : {CodeKind::float32, CodeKind::int8}) {
        const Neighbours with = search(index, index, kind, Metric::squared_l2, 3, false);
        const Neighbours without = search(index, index, kind, Metric::squared_l2, 2, true);
        REQUIRE(with.matches.size() == 150);
        REQUIRE(without.matches.size() == 100);
        for (int i = 1; i < 49; i++) {
            const uint32_t own = static_cast<uint32_t>(i);
            const Match* const three = &with.matches[static_cast<size_t>(3 * i)];
            const Match* const two = &without.matches[static_cast<size_t>(2 * i)];
            CHECK(three[0].id == own);
            CHECK(two[0].id + two[1].id == 2 * own);
            CHECK(two[0].id != own);
            CHECK(std::abs(static_cast<int>(two[0].id) - i) == 1);
        }
    }
}

TEST_CASE("sign bits are taken at the medians: half of them are set") {
    const Codes index = line_of(41);
    CHECK(index.medians == std::vector<float>{20, -40, 60});
    const Neighbours found = search(index, index, CodeKind::bits, Metric::squared_l2, 1, false);
    for (const Match& match : found.matches) CHECK(match.distance == 0.0f);
}

TEST_CASE("precision counts neighbours of the label, accuracy what most of five say") {
    Neighbours found;
    found.k = 6;
    for (uint32_t id = 0; id < 6; id++) found.matches.push_back({id, static_cast<float>(id)});
    found.matches.insert(found.matches.end(), found.matches.begin(), found.matches.begin() + 6);
    const std::vector<int> index_labels{7, 8, 8, 7, 9, 7};
    const LabelScores scores = score_labels(found, index_labels, {7, 8});
    CHECK(scores.precision == doctest::Approx((3.0 + 2.0) / 12));
    // 7 and 8 have two votes of five each: the nearest, 7, decides.
    CHECK(scores.accuracy == doctest::Approx(0.5));
}

TEST_CASE("an index comes back from its image") {
    Codes index = line_of(30);
    index.model_id = 99;
    for (const CodeKind kind : {CodeKind::float32, CodeKind::int8}) {
        const std::vector<uint8_t> image = index_image(index, kind);
        CodeKind found_kind{};
        const Neighbours direct = search(index, index, kind, Metric::cosine, 4, false);
        const Neighbours read = search_image(image, "x", index, Metric::cosine, 4, found_kind);
        CHECK(found_kind == kind);
        REQUIRE(read.matches.size() == direct.matches.size());
        for (size_t i = 0; i < read.matches.size(); i++) {
            CHECK(read.matches[i].id == direct.matches[i].id);
            CHECK(read.matches[i].distance == direct.matches[i].distance);
        }
    }
}

TEST_CASE("what cannot be searched is refused") {
    const Codes index = line_of(5);
    const auto refuse = [&](const Codes& in, int k, bool itself) {
        return message_of(
            [&] { (void)search(in, index, CodeKind::float32, Metric::squared_l2, k, itself); });
    };
    CHECK(refuse(index, 6, false).find("only 5") != std::string::npos);
    CHECK(refuse(index, 5, true).find("only 4") != std::string::npos);
    CHECK(refuse(codes_of({}, 3), 1, false).find("empty") != std::string::npos);
    CHECK(refuse(index, 5, false) == "");
    CodeKind kind{};
    std::vector<uint8_t> image = index_image(index, CodeKind::int8);
    Codes other = index;
    other.model_id = 5;
    const auto load = [&](const Codes& queries, int k) {
        return message_of(
            [&] { (void)search_image(image, "x", queries, Metric::squared_l2, k, kind); });
    };
    CHECK(load(other, 1).find("another model") != std::string::npos);
    CHECK(load(index, 9).find("only 5") != std::string::npos);
    image.back() = static_cast<uint8_t>(image.back() + 1);
    CHECK(load(index, 1).find("checksum") != std::string::npos);
    image[0] = 'x';
    CHECK(load(index, 1).find("no index") != std::string::npos);
    image = index_image(index, CodeKind::bits);
    CHECK(load(index, 1).find("thresholds") != std::string::npos);
}
