// SPDX-License-Identifier: MIT
#include "search.hpp"

#include <algorithm>
#include <utility>

#include "nutshell/random.hpp"
#include "nutshell/retrieval.hpp"
#include "stopwatch.hpp"
#include "tools/error.hpp"

namespace nutshell::tools {
namespace {

constexpr int kNeighbours = 10;

int32_t ones(uint32_t bits) { return __builtin_popcount(bits); }

float distance(const float* a, const float* b, int n) {
    float sum = 0;
    for (int i = 0; i < n; i++) sum += (a[i] - b[i]) * (a[i] - b[i]);
    return sum;
}
float distance(const int8_t* a, const int8_t* b, int n) {
    int32_t sum = 0;
    for (int i = 0; i < n; i++) sum += (a[i] - b[i]) * (a[i] - b[i]);
    return static_cast<float>(sum);
}
float distance(const uint32_t* a, const uint32_t* b, int words) {
    int32_t sum = 0;
    for (int i = 0; i < words; i++) sum += ones(a[i] ^ b[i]);
    return static_cast<float>(sum);
}

/// What one writes without a library: a row after the other, the best so far in order.
template <class Element>
[[gnu::noinline]] void plain_search(const Element* query, const Element* codes, int count, int n,
                                    Match* best) {
    int held = 0;
    for (int i = 0; i < count; i++, codes += n) {
        const float d = distance(query, codes, n);
        if (held == kNeighbours && d >= best[held - 1].distance) continue;
        int at = held < kNeighbours ? held++ : held - 1;
        for (; at > 0 && best[at - 1].distance > d; at--) best[at] = best[at - 1];
        best[at] = {static_cast<uint32_t>(i), d};
    }
}

template <class Number, class Element>
SearchSpeed measure(const char* name, const std::vector<Element>& codes, int count, int size) {
    struct alignas(64) Unit {
        char at[64];
    };
    const size_t bytes = CodeStore<Number>::memory_bytes(size, count, Metric::squared_l2);
    std::vector<Unit> memory(bytes / sizeof(Unit) + 1);
    CodeStore<Number> store;
    const int width = static_cast<int>(codes.size()) / count;
    Status status = store.bind({size, count}, memory.data(), bytes);
    for (int i = 0; status == Status::ok && i < count; i++) {
        status = store.insert(codes.data() + static_cast<ptrdiff_t>(i) * width,
                              static_cast<uint32_t>(i));
    }
    Match found[kNeighbours], plain[kNeighbours];
    double ours = std::numeric_limits<double>::infinity(), loop = ours;
    for (int round = 0; round < 5; round++) {  // in turn, so that a change of clock meets both
        const Element* query = codes.data() + static_cast<ptrdiff_t>(round * width);
        ours =
            std::min(ours, best_time([&] { status = store.nearest(query, kNeighbours, found); }));
        loop = std::min(loop,
                        best_time([&] { plain_search(query, codes.data(), count, width, plain); }));
        if (status != Status::ok || found[0].id != plain[0].id) throw Error("search: wrong answer");
    }
    return {name, 1 / ours, 1 / loop};
}

}  // namespace

std::vector<SearchSpeed> measure_search(int count, int size) {
    const size_t n = static_cast<size_t>(count) * static_cast<size_t>(size);
    std::vector<float> values(n);
    std::vector<int8_t> bytes(n);
    for (size_t i = 0; i < n; i++) {
        const uint32_t word = random_word(1, Purpose::shuffle, 0, static_cast<uint32_t>(i));
        values[i] = uniform(word);
        bytes[i] = static_cast<int8_t>(word >> 24);
    }
    const int words = (size + 31) / 32;
    std::vector<uint32_t> bits(static_cast<size_t>(count) * static_cast<size_t>(words));
    const std::vector<float> middle(static_cast<size_t>(size), 0.5f);
    for (int i = 0; i < count; i++) {
        sign_bits(size, values.data() + static_cast<ptrdiff_t>(i) * size, middle.data(),
                  bits.data() + static_cast<ptrdiff_t>(i) * words);
    }
    return {measure<float>("float32", values, count, size),
            measure<int8_t>("int8", bytes, count, size),
            measure<SignBits>("sign bits", bits, count, size)};
}

}  // namespace nutshell::tools
