// SPDX-License-Identifier: MIT
// The store of codes against a search in double precision that sorts everything, through
// insertions and evictions; its image through every truncation and every flipped bit.
#include "nutshell/retrieval.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <bitset>

#include "device_fixture.hpp"

using namespace nutshell;
using namespace nutshell::tests;

namespace {

template <class Number>
using ElementOf = typename CodeStore<Number>::Element;

template <class Number>
using Stored = std::vector<ElementOf<Number>>;

constexpr Quantization kMeaning{0.25f, -100};

template <class Number>
Stored<Number> random_code(Numbers& numbers, int size);
template <>
Stored<float> random_code<float>(Numbers& numbers, int size) {
    return numbers.list(static_cast<size_t>(size), -2.0f, 3.0f);
}
template <>
Stored<int8_t> random_code<int8_t>(Numbers& numbers, int size) {
    Stored<int8_t> code(static_cast<size_t>(size));
    for (int8_t& number : code) number = static_cast<int8_t>(numbers.in(-128.0f, 127.99f));
    return code;
}
template <>
Stored<SignBits> random_code<SignBits>(Numbers& numbers, int size) {
    const Stored<float> code = random_code<float>(numbers, size);
    Stored<SignBits> bits(static_cast<size_t>((size + 31) / 32));
    sign_bits(size, code.data(), nullptr, bits.data());
    return bits;
}

double value_of(float number, Quantization) { return static_cast<double>(number); }
double value_of(int8_t number, Quantization meaning) {
    return static_cast<double>(meaning.scale) * (number - meaning.zero_point);
}

template <class Element>
double true_distance(const StoreSetup& setup, const std::vector<Element>& a,
                     const std::vector<Element>& b) {
    double squares = 0, product = 0, norm_a = 0, norm_b = 0;
    for (size_t i = 0; i < a.size(); i++) {
        const double x = value_of(a[i], setup.quantization), y = value_of(b[i], setup.quantization);
        squares += (x - y) * (x - y);
        product += x * y;
        norm_a += x * x;
        norm_b += y * y;
    }
    if (setup.metric == Metric::squared_l2) return squares;
    return norm_a > 0 && norm_b > 0 ? 1 - product / std::sqrt(norm_a * norm_b) : 1;
}
double true_distance(const StoreSetup&, const Stored<SignBits>& a, const Stored<SignBits>& b) {
    size_t bits = 0;
    for (size_t i = 0; i < a.size(); i++) bits += std::bitset<32>(a[i] ^ b[i]).count();
    return static_cast<double>(bits);
}

/// A store with memory of its own, and what it should hold, in the order of insertion.
template <class Number>
class Checked {
  public:
    Checked(int size, int capacity, Metric metric)
        : bytes_(CodeStore<Number>::memory_bytes(size, capacity, metric)),
          memory_(bytes_ / 16 + 1) {
        StoreSetup setup{size, capacity, metric, 0xABCD, {1.0f, 0}};
        if (std::is_same_v<Number, int8_t>) setup.quantization = kMeaning;
        REQUIRE(store.bind(setup, memory_.data(), bytes_) == Status::ok);
    }

    void insert(const Stored<Number>& code, uint32_t id) {
        REQUIRE(store.insert(code.data(), id) == Status::ok);
        held.push_back({id, code});
    }

    /// What is wrong with the k nearest of a query, or "".
    std::string wrong(const Stored<Number>& query, int k) const {
        std::vector<Match> matches(static_cast<size_t>(k));
        if (store.nearest(query.data(), k, matches.data()) != Status::ok) return "no answer";
        std::vector<double> distances;
        for (const Entry& entry : held) {
            distances.push_back(true_distance(store.setup(), query, entry.code));
        }
        std::vector<double> sorted = distances;
        std::sort(sorted.begin(), sorted.end());
        const double tolerance = 1e-5 * (1 + sorted.back());  // of sums of at most 100 floats
        for (size_t i = 0; i < matches.size(); i++) {
            const double ours = static_cast<double>(matches[i].distance);
            if (!(std::fabs(ours - sorted[i]) <= tolerance)) return "wrong distance";
            size_t at = 0;
            while (at < held.size() && held[at].id != matches[i].id) at++;
            if (at == held.size()) return "unknown id";
            if (!(std::fabs(distances[at] - ours) <= tolerance)) return "another code's distance";
            for (size_t j = 0; j < i; j++) {
                if (matches[j].id == matches[i].id) return "found twice";
                if (matches[j].distance > matches[i].distance) return "not in order";
            }
        }
        float novelty = 0;
        if (store.novelty(query.data(), novelty) != Status::ok) return "no novelty";
        return novelty == matches[0].distance ? "" : "wrong novelty";
    }

    struct Entry {
        uint32_t id;
        Stored<Number> code;
    };
    CodeStore<Number> store;
    std::vector<Entry> held;

  private:
    struct alignas(16) Sixteen {
        char bytes[16];
    };
    size_t bytes_;
    std::vector<Sixteen> memory_;
};

template <class Number>
std::vector<uint8_t> image_of(const CodeStore<Number>& store) {
    std::vector<uint8_t> image(store.image_bytes());
    REQUIRE(store.save(image.data(), image.size()) == Status::ok);
    return image;
}

}  // namespace

TEST_CASE_TEMPLATE("nearest finds what sorting all distances finds", Number, float, int8_t,
                   SignBits) {
    for (const Metric metric : {Metric::squared_l2, Metric::cosine}) {
        if (std::is_same_v<Number, SignBits> && metric == Metric::cosine) continue;
        for (const int size : {1, 3, 24, 33, 100}) {
            Numbers numbers(static_cast<uint64_t>(size));
            Checked<Number> checked(size, 150, metric);
            for (uint32_t id = 1; id <= 150; id++) {
                checked.insert(random_code<Number>(numbers, size), id * 7);
                const int k = id < 5 ? static_cast<int>(id) : static_cast<int>(1 + id % 5);
                const std::string wrong = checked.wrong(random_code<Number>(numbers, size), k);
                INFO("size ", size, " codes ", id, " k ", k);
                REQUIRE(wrong == "");
            }
            CHECK(checked.wrong(random_code<Number>(numbers, size), 150) == "");
        }
    }
}

TEST_CASE_TEMPLATE("evicted codes are found no more, all others are", Number, float, int8_t,
                   SignBits) {
    Numbers numbers(11);
    Checked<Number> checked(24, 40, Metric::squared_l2);
    for (uint32_t id = 0; id < 40; id++) checked.insert(random_code<Number>(numbers, 24), id);
    const Stored<Number> more = random_code<Number>(numbers, 24);
    CHECK(checked.store.insert(more.data(), 1000) == Status::full_store);
    for (const uint32_t id : {5u, 39u, 0u, 17u}) {
        REQUIRE(checked.store.evict(id) == Status::ok);
        CHECK(checked.store.evict(id) == Status::too_few_codes);
        checked.held.erase(std::find_if(checked.held.begin(), checked.held.end(),
                                        [=](const auto& entry) { return entry.id == id; }));
        REQUIRE(checked.wrong(more, static_cast<int>(checked.held.size())) == "");
    }
    for (uint32_t id = 100; id < 130; id++) {
        const Stored<Number> code = random_code<Number>(numbers, 24);
        const bool full = checked.held.size() == 40;
        REQUIRE(checked.store.insert_over_oldest(code.data(), id) == Status::ok);
        if (full) checked.held.erase(checked.held.begin());
        checked.held.push_back({id, code});
        REQUIRE(checked.wrong(more, 5) == "");
    }
    while (!checked.held.empty()) {
        REQUIRE(checked.wrong(more, static_cast<int>(checked.held.size())) == "");
        REQUIRE(checked.store.evict_oldest() == Status::ok);
        checked.held.erase(checked.held.begin());
    }
    CHECK(checked.store.evict_oldest() == Status::empty_store);
    CHECK(checked.store.evict(1) == Status::empty_store);
}

TEST_CASE("equal distances come in the order of the store") {
    Checked<float> checked(2, 100, Metric::squared_l2);
    for (uint32_t id = 0; id < 100; id++) checked.insert({1.0f, 0.0f}, id);
    const float query[2] = {0, 0};
    Match matches[70];
    REQUIRE(checked.store.nearest(query, 70, matches) == Status::ok);
    for (uint32_t i = 0; i < 70; i++) CHECK(matches[i].id == i);
}

TEST_CASE("the angle to a code of zeros is a right one") {
    Checked<float> checked(3, 4, Metric::cosine);
    checked.insert({0, 0, 0}, 1);
    checked.insert({2, 0, 0}, 2);
    checked.insert({-2, 0, 0}, 3);
    const float query[3] = {5, 0, 0}, zeros[3] = {};
    Match matches[3];
    REQUIRE(checked.store.nearest(query, 3, matches) == Status::ok);
    const float expected[] = {0.0f, 1.0f, 2.0f};
    for (uint32_t i = 0; i < 3; i++) CHECK(matches[i].distance == expected[i]);
    CHECK(matches[0].id == 2);
    REQUIRE(checked.store.nearest(zeros, 3, matches) == Status::ok);
    for (const Match& match : matches) CHECK(match.distance == 1.0f);
}

TEST_CASE("sign bits say which numbers are above their thresholds") {
    std::vector<float> code(40), thresholds(40, 0.5f);
    std::vector<int8_t> bytes(40), limits(40, -100);
    for (size_t i = 0; i < 40; i++) {
        code[i] = i % 3 == 0 ? 0.75f : 0.5f;
        bytes[i] = i % 3 == 0 ? -99 : -100;
    }
    uint32_t bits[2], others[2];
    sign_bits(40, code.data(), thresholds.data(), bits);
    sign_bits(40, bytes.data(), limits.data(), others);
    for (int i = 0; i < 64; i++) {
        CHECK((bits[i / 32] >> i % 32 & 1u) == (i < 40 && i % 3 == 0 ? 1u : 0u));
    }
    CHECK(bits[0] == others[0]);
    CHECK(bits[1] == others[1]);
    sign_bits(40, code.data(), nullptr, bits);
    CHECK(bits[0] == 0xFFFFFFFFu);
    CHECK(bits[1] == 0xFFu);
}

TEST_CASE("what a store cannot do is a status, and changes nothing") {
    Checked<float> checked(3, 20, Metric::squared_l2);
    CodeStore<float>& store = checked.store;
    const float query[3] = {1, 2, 3}, bad[3] = {1, std::nanf(""), 3};
    Match matches[2] = {{77, -1.0f}, {77, -1.0f}};
    float novelty = 0;
    CHECK(store.nearest(query, 1, matches) == Status::empty_store);
    CHECK(store.novelty(query, novelty) == Status::ok);
    CHECK(novelty == HUGE_VALF);
    checked.insert({1, 2, 4}, 9);
    CHECK(store.nearest(query, 2, matches) == Status::too_few_codes);
    CHECK(store.nearest(query, 0, matches) == Status::shape_mismatch);
    CHECK(store.nearest(bad, 1, matches) == Status::non_finite_input);
    CHECK(store.nearest(nullptr, 1, matches) == Status::null_argument);
    CHECK(store.nearest(query, 1, nullptr) == Status::null_argument);
    CHECK(matches[0].id == 77);
    CHECK(store.insert(bad, 1) == Status::non_finite_input);
    CHECK(store.insert_over_oldest(bad, 1) == Status::non_finite_input);
    CHECK(store.count() == 1);

    CodeStore<float> other;
    CHECK(other.insert(query, 1) == Status::not_loaded);
    CHECK(other.nearest(query, 1, matches) == Status::not_loaded);
    alignas(16) uint8_t memory[1024];
    CHECK(other.bind({0, 5}, memory, sizeof memory) == Status::shape_mismatch);
    CHECK(other.bind({3, 0}, memory, sizeof memory) == Status::shape_mismatch);
    CHECK(other.bind({3, kMostCodes + 1}, memory, sizeof memory) == Status::shape_mismatch);
    CHECK(other.bind({kMostCodeNumbers, kMostCodes}, memory, sizeof memory) ==
          Status::buffer_too_small);
    CHECK(other.bind({3, 16}, memory + 4, 1000) == Status::misaligned);
    CHECK(other.bind({3, 16}, nullptr, 1000) == Status::null_argument);
    const size_t needed = CodeStore<float>::memory_bytes(3, 16, Metric::squared_l2);
    CHECK(needed == 16 * (3 + 2) * 4);
    CHECK(other.bind({3, 16}, memory, needed - 1) == Status::buffer_too_small);
    CHECK(other.bind({3, 16, Metric::squared_l2, 0, {0.0f, 0}}, memory, needed) ==
          Status::bad_quantization);
    CHECK(other.bind({3, 16}, memory, needed) == Status::ok);
}

TEST_CASE_TEMPLATE("an image brings back the codes, their ids and their age", Number, float, int8_t,
                   SignBits) {
    Numbers numbers(3);
    Checked<Number> checked(35, 30, Metric::squared_l2), copy(35, 50, Metric::squared_l2);
    for (uint32_t id = 0; id < 30; id++) checked.insert(random_code<Number>(numbers, 35), id);
    REQUIRE(checked.store.evict(4) == Status::ok);
    checked.held.erase(checked.held.begin() + 4);
    copy.insert(random_code<Number>(numbers, 35), 123);
    const std::vector<uint8_t> image = image_of(checked.store);
    std::vector<uint8_t> unaligned(image.size() + 1);
    std::copy(image.begin(), image.end(), unaligned.begin() + 1);
    REQUIRE(copy.store.load(unaligned.data() + 1, image.size()) == Status::ok);
    copy.held = checked.held;
    CHECK(copy.store.count() == 29);
    for (int i = 0; i < 20; i++) {
        REQUIRE(copy.wrong(random_code<Number>(numbers, 35), 1 + i) == "");
    }
    CHECK(image_of(copy.store) == image);
    REQUIRE(copy.store.evict_oldest() == Status::ok);
    copy.held.erase(copy.held.begin());
    CHECK(copy.wrong(random_code<Number>(numbers, 35), 28) == "");
}

TEST_CASE("an image works in a store by another metric") {
    Numbers numbers(8);
    Checked<int8_t> checked(5, 20, Metric::squared_l2), copy(5, 20, Metric::cosine);
    for (uint32_t id = 0; id < 20; id++) checked.insert(random_code<int8_t>(numbers, 5), id);
    const std::vector<uint8_t> image = image_of(checked.store);
    REQUIRE(copy.store.load(image.data(), image.size()) == Status::ok);
    copy.held = checked.held;
    CHECK(copy.wrong(random_code<int8_t>(numbers, 5), 20) == "");
}

TEST_CASE("every truncated and every flipped image is refused, and the store stays as it was") {
    Checked<int8_t> checked(6, 4, Metric::squared_l2);
    for (uint32_t id = 0; id < 3; id++)
        checked.insert({1, 2, 3, 4, 5, static_cast<int8_t>(id)}, id);
    const std::vector<uint8_t> image = image_of(checked.store);
    Checked<int8_t> copy(6, 4, Metric::squared_l2);
    copy.insert({9, 9, 9, 9, 9, 9}, 42);
    const std::vector<uint8_t> before = image_of(copy.store);
    for (size_t size = 0; size < image.size(); size++) {
        const std::vector<uint8_t> part(image.begin(),
                                        image.begin() + static_cast<ptrdiff_t>(size));
        CHECK(copy.store.load(part.data(), size) != Status::ok);
    }
    std::vector<uint8_t> longer = image;
    longer.push_back(0);
    CHECK(copy.store.load(longer.data(), longer.size()) == Status::bad_header);
    for (size_t bit = 0; bit < 8 * image.size(); bit++) {
        std::vector<uint8_t> flipped = image;
        flipped[bit / 8] = static_cast<uint8_t>(flipped[bit / 8] ^ 1u << bit % 8);
        CHECK(copy.store.load(flipped.data(), flipped.size()) != Status::ok);
    }
    CHECK(image_of(copy.store) == before);
    std::vector<uint8_t> small(image.size() - 1);
    CHECK(checked.store.save(small.data(), small.size()) == Status::buffer_too_small);
}

TEST_CASE("an image of another model, size or type is refused by name") {
    alignas(16) static uint8_t memory[4096];
    Checked<float> checked(6, 4, Metric::squared_l2);
    checked.insert({1, 2, 3, 4, 5, 6}, 1);
    checked.insert({1, 2, 3, 4, 5, 7}, 2);
    const std::vector<uint8_t> image = image_of(checked.store);
    const auto load = [&](auto store, StoreSetup setup) {
        REQUIRE(store.bind(setup, memory, sizeof memory) == Status::ok);
        return store.load(image.data(), image.size());
    };
    CHECK(load(CodeStore<float>(), {6, 4, Metric::squared_l2, 0xABCD}) == Status::ok);
    CHECK(load(CodeStore<float>(), {6, 4, Metric::squared_l2, 0xABCE}) == Status::wrong_store);
    CHECK(load(CodeStore<float>(), {7, 4, Metric::squared_l2, 0xABCD}) == Status::wrong_store);
    CHECK(load(CodeStore<int8_t>(), {6, 4, Metric::squared_l2, 0xABCD}) == Status::wrong_store);
    CHECK(load(CodeStore<SignBits>(), {6, 4, Metric::squared_l2, 0xABCD}) == Status::wrong_store);
    CHECK(load(CodeStore<float>(), {6, 1, Metric::squared_l2, 0xABCD}) == Status::full_store);
    CHECK(load(CodeStore<float>(), {6, 4, Metric::squared_l2, 0xABCD, {2.0f, 0}}) ==
          Status::wrong_store);
}
