// SPDX-License-Identifier: MIT
// The products that leave zeros out, on every platform against double precision: all small sizes,
// guard pages, and the promises about bits.
#include <doctest/doctest.h>

#include <limits>
#include <string>

#include "kernels_fixture.hpp"

using namespace nutshell;
using namespace nutshell::tests;

namespace {

constexpr int kMost = 35;                  // two vectors of 16 and a rest
constexpr int kTwoTiles = 2 * 8 * 16 + 3;  // of the widest tile, and a rest
constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr Clamp kNone{-kInfinity, kInfinity};

size_t area(int rows, int columns) { return static_cast<size_t>(rows * columns); }

/// A matrix of which about two thirds are zero, the second row wholly, in both forms.
struct Sparse {
    std::vector<float> dense;
    std::vector<uint32_t> index;
    std::vector<size_t> begin{0};
    std::vector<uint16_t> column;
    std::vector<uint8_t> byte;

    /// The rows are listed in an order of their own, the last one first.
    Sparse(Numbers& numbers, int rows, int columns) : dense(area(rows, columns)) {
        for (int i = rows - 1; i >= 0; i--) {
            index.push_back(static_cast<uint32_t>(i));
            for (int j = 0; j < columns; j++) {
                if (i == 1 || (i * 5 + j * 7) % 3 != 0) continue;
                const int code = 1 + static_cast<int>(numbers.list(1, 0.0f, 254.0f)[0]);
                dense[area(i, columns) + static_cast<size_t>(j)] =
                    static_cast<float>(code) / 255.0f;
                column.push_back(static_cast<uint16_t>(j));
                byte.push_back(static_cast<uint8_t>(code));
            }
            begin.push_back(column.size());
        }
    }
    SparseBytes from(int row) const {
        return {index.data() + row, begin.data(), column.data(), byte.data()};
    }
};

struct Size {
    int m, n, k;
};

std::string wrong_product(const Kernels& kernels, Size s, Side guarded) {
    Numbers numbers(static_cast<uint64_t>(s.m * 10000 + s.n * 100 + s.k));
    const Sparse a(numbers, s.m, s.k);
    Guarded<float> b(numbers.list(area(s.k, s.n)), guarded);
    Guarded<float> bias(numbers.list(static_cast<size_t>(s.n)), guarded);
    for (const bool with_bias : {false, true}) {
        std::vector<float> start(area(s.m, s.n));
        for (size_t i = 0; with_bias && i < start.size(); i++) {
            start[i] = bias.data()[i % static_cast<size_t>(s.n)];
        }
        Expected expected =
            product(s.m, s.n, s.k, 1, a.dense, Order::plain, b.values(), Order::plain, start);
        const Clamp clamp = with_bias ? Clamp{-0.25f, 0.5f} : kNone;
        for (double& value : expected.value) {
            if (with_bias) value = std::min(std::max(value, -0.25), 0.5);
        }
        // Overwritten, not added to.
        Guarded<float> c(std::vector<float>(area(s.m, s.n), std::nanf("")), guarded);
        kernels.sparse_gemm_nn(s.m, s.n, a.from(0), b.data(), with_bias ? bias.data() : nullptr,
                               clamp, c.data());
        if (expected.first_outside(c.values()) >= 0) return "wrong sum";
        if (!c.intact() || !b.intact()) return "wrote outside";
    }
    return "";
}

std::string wrong_accumulation(const Kernels& kernels, Size s, Side guarded) {
    Numbers numbers(static_cast<uint64_t>(s.m * 10000 + s.n * 100 + s.k) + 7);
    const Sparse a(numbers, s.m, s.k);
    Guarded<float> b(numbers.list(area(s.m, s.n)), guarded);
    const std::vector<float> start = numbers.list(area(s.k, s.n));
    for (const float alpha : {1.0f, -0.37f}) {
        Guarded<float> c(start, guarded);
        kernels.sparse_gemm_tn(s.m, s.n, alpha, a.from(0), b.data(), c.data());
        const Expected expected = product(s.k, s.n, s.m, static_cast<double>(alpha), a.dense,
                                          Order::transposed, b.values(), Order::plain, start);
        if (expected.first_outside(c.values()) >= 0) return "wrong sum";
        if (!c.intact() || !b.intact()) return "wrote outside";
    }
    return "";
}

}  // namespace

TEST_CASE("sparse products are within the rounding bound at small sizes, and write nowhere else") {
    for_each_platform([](const platform::Platform& platform) {
        INFO("platform: ", std::string(platform.name));
        const auto check = [&](Size size) {
            for (const Side guarded : {Side::begin, Side::end}) {
                CAPTURE(size.m);
                CAPTURE(size.n);
                CAPTURE(size.k);
                REQUIRE(wrong_product(*platform.kernels, size, guarded) == "");
                REQUIRE(wrong_accumulation(*platform.kernels, size, guarded) == "");
            }
        };
        for (int k = 0; k <= kMost; k++) {
            for (int n = 0; n <= kMost; n++) check({3, n, k});
        }
        for (int n = kMost; n <= kTwoTiles; n++) check({2, n, 13});
        for (int m = 0; m <= 5; m++) check({m, 24, 784});
    });
}

TEST_CASE("what a zero of a sparse matrix meets does not matter, what an element meets does") {
    const std::vector<uint32_t> index{0, 1};
    const std::vector<size_t> begin{0, 1, 2};
    const std::vector<uint16_t> column{0, 2};
    const std::vector<uint8_t> byte{255, 255};
    for_each_platform([&](const platform::Platform& platform) {
        INFO("platform: ", std::string(platform.name));
        const float nan = std::nanf("");
        for (const float special : {1.0f, nan}) {
            const std::vector<float> b{special, nan, 3.0f};
            const SparseBytes a{index.data(), begin.data(), column.data(), byte.data()};
            std::vector<float> c(2);
            platform.kernels->sparse_gemm_nn(2, 1, a, b.data(), nullptr, {0.0f, kInfinity},
                                             c.data());
            CHECK(std::isnan(c[0]) == std::isnan(special));
            CHECK(c[1] == 3.0f);
        }
    });
}

TEST_CASE("sparse products have the same bits however the samples are cut into slices") {
    constexpr int m = 17, n = 29, k = 41;
    for_each_platform([](const platform::Platform& platform) {
        INFO("platform: ", std::string(platform.name));
        Numbers numbers(6);
        const Sparse a(numbers, m, k);
        const std::vector<float> b = numbers.list(area(k, n)), dy = numbers.list(area(m, n));
        const std::vector<float> start = numbers.list(area(k, n));
        const Kernels& kernels = *platform.kernels;
        std::vector<float> whole(area(m, n)), sum = start;
        kernels.sparse_gemm_nn(m, n, a.from(0), b.data(), nullptr, kNone, whole.data());
        kernels.sparse_gemm_tn(m, n, -0.37f, a.from(0), dy.data(), sum.data());
        for (int slice = 1; slice < m; slice++) {
            std::vector<float> part(area(m, n)), part_sum = start;
            for (int at = 0; at < m; at += slice) {
                const int rows = std::min(slice, m - at);
                kernels.sparse_gemm_nn(rows, n, a.from(at), b.data(), nullptr, kNone,
                                       part.data() + at * n);
                kernels.sparse_gemm_tn(rows, n, -0.37f, a.from(at), dy.data() + at * n,
                                       part_sum.data());
            }
            CAPTURE(slice);
            REQUIRE(same_bits(part, whole));
            REQUIRE(same_bits(part_sum, sum));
        }
    });
}

TEST_CASE("bytes become the nearest float of their 255th, at every small size") {
    std::vector<uint8_t> all(256);
    for (size_t i = 0; i < all.size(); i++) all[i] = static_cast<uint8_t>(i);
    for_each_platform([&](const platform::Platform& platform) {
        INFO("platform: ", std::string(platform.name));
        const auto check = [&](const std::vector<uint8_t>& values) {
            for (const Side guarded : {Side::begin, Side::end}) {
                Guarded<uint8_t> bytes(values, guarded);
                Guarded<float> x(std::vector<float>(values.size()), guarded);
                platform.kernels->scale_bytes(static_cast<int>(values.size()), bytes.data(),
                                              x.data());
                for (size_t i = 0; i < values.size(); i++) {
                    REQUIRE(x.data()[i] == static_cast<float>(values[i]) / 255.0f);
                }
                REQUIRE(x.intact());
            }
        };
        check(all);
        for (int n = 0; n <= kMost; n++) check({all.end() - n, all.end()});
    });
}
