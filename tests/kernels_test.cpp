// SPDX-License-Identifier: MIT
// The matrix kernels of every platform against plain loops in double precision: all small sizes,
// unaligned operands, guard pages, NaN and infinity, and the promises about bits.
#include "nutshell/kernels.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <limits>
#include <string>

#include "kernels_fixture.hpp"

using namespace nutshell;
using namespace nutshell::tests;

namespace {

constexpr int kMost = 35;  // two vectors of 16 and a rest
constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr Clamp kNone{-kInfinity, kInfinity};
constexpr Clamp kRelu{0.0f, kInfinity};

size_t area(int rows, int columns) { return static_cast<size_t>(rows * columns); }

struct Size {
    int m, n, k;
};

/// Every n with every k for some m, every m with some n and k.
std::vector<Size> sizes() {
    std::vector<Size> all;
    for (const int m : {0, 1, 2, 3, 4, 5, 9}) {
        for (int n = 0; n <= kMost; n++) {
            for (int k = 0; k <= kMost; k++) all.push_back({m, n, k});
        }
    }
    for (int m = 0; m <= kMost; m++) {
        for (const int n : {1, 16, 19}) {
            for (const int k : {1, 7, 33}) all.push_back({m, n, k});
        }
    }
    return all;
}

std::string text(Size size) {
    return std::to_string(size.m) + "x" + std::to_string(size.n) + "x" + std::to_string(size.k);
}

using Multiply = std::function<void(int m, int n, int k, const float* a, const float* b,
                                    const float* bias, Clamp clamp, float* c)>;

/// gemm_nn of a B whose rows follow each other.
Multiply dense_nn(const Kernels& kernels) {
    return [&kernels](int m, int n, int k, const float* a, const float* b, const float* bias,
                      Clamp clamp, float* c) { kernels.gemm_nn(m, n, k, a, b, n, bias, clamp, c); };
}

/// One product with bias, without, and clamped, at one size. Returns what is wrong, or "".
std::string wrong_product(const Multiply& multiply, Order b_order, Size s, Side guarded) {
    Numbers numbers(static_cast<uint64_t>(s.m * 10000 + s.n * 100 + s.k));
    Guarded<float> a(numbers.list(area(s.m, s.k)), guarded),
        b(numbers.list(area(s.k, s.n)), guarded);
    Guarded<float> bias(numbers.list(static_cast<size_t>(s.n)), guarded);
    const Clamp narrow{-0.25f, 0.5f};
    for (const int variant : {0, 1, 2}) {
        const bool with_bias = variant != 0;
        std::vector<float> start(area(s.m, s.n));
        for (size_t i = 0; with_bias && i < start.size(); i++) {
            start[i] = bias.data()[i % static_cast<size_t>(s.n)];
        }
        Expected expected =
            product(s.m, s.n, s.k, 1, a.values(), Order::plain, b.values(), b_order, start);
        if (variant == 2) {
            for (double& value : expected.value) value = std::min(std::max(value, -0.25), 0.5);
        }
        // Overwritten, not added to.
        Guarded<float> c(std::vector<float>(area(s.m, s.n), std::nanf("")), guarded);
        multiply(s.m, s.n, s.k, a.data(), b.data(), with_bias ? bias.data() : nullptr,
                 variant == 2 ? narrow : kNone, c.data());
        if (expected.first_outside(c.values()) >= 0) return text(s) + ": wrong sum";
        if (!c.intact() || !a.intact() || !b.intact()) return text(s) + ": wrote outside";
    }
    return "";
}

std::string wrong_accumulation(const Kernels& kernels, Size s, Side guarded) {
    Numbers numbers(static_cast<uint64_t>(s.m * 10000 + s.n * 100 + s.k) + 7);
    Guarded<float> a(numbers.list(area(s.k, s.m)), guarded),
        b(numbers.list(area(s.k, s.n)), guarded);
    const std::vector<float> start = numbers.list(area(s.m, s.n));
    for (const float alpha : {1.0f, -0.37f}) {
        Guarded<float> c(start, guarded);
        kernels.gemm_tn(s.m, s.n, s.k, alpha, a.data(), b.data(), c.data());
        const Expected expected = product(s.m, s.n, s.k, static_cast<double>(alpha), a.values(),
                                          Order::transposed, b.values(), Order::plain, start);
        if (expected.first_outside(c.values()) >= 0) return text(s) + ": wrong sum";
        if (!c.intact() || !a.intact() || !b.intact()) return text(s) + ": wrote outside";
    }
    return "";
}

std::string wrong_rows(const Kernels& kernels, int rows, int n, Side guarded) {
    Numbers numbers(static_cast<uint64_t>(rows * 100 + n));
    Guarded<float> x(numbers.list(area(rows, n)), guarded);
    const std::vector<float> start = numbers.list(static_cast<size_t>(n));
    const std::vector<float> ones(static_cast<size_t>(rows), 1.0f);
    Guarded<float> y(start, guarded);
    kernels.add_rows(rows, n, -0.37f, x.data(), y.data());
    const Expected expected = product(1, n, rows, static_cast<double>(-0.37f), ones, Order::plain,
                                      x.values(), Order::plain, start);
    if (expected.first_outside(y.values()) >= 0) return text({rows, n, 0}) + ": wrong sum";
    return y.intact() && x.intact() ? "" : text({rows, n, 0}) + ": wrote outside";
}

/// All three products at one size, the arrays between pages that cannot be touched.
std::string wrong_products(const Kernels& kernels, Size size) {
    for (const Side guarded : {Side::begin, Side::end}) {
        const std::string nt = wrong_product(kernels.gemm_nt, Order::transposed, size, guarded);
        const std::string nn = wrong_product(dense_nn(kernels), Order::plain, size, guarded);
        const std::string tn = wrong_accumulation(kernels, size, guarded);
        if (!nt.empty()) return "gemm_nt " + nt;
        if (!nn.empty()) return "gemm_nn " + nn;
        if (!tn.empty()) return "gemm_tn " + tn;
    }
    return "";
}

/// Both products, as plain C = A * B calls that only differ in the order of B.
struct Form {
    Multiply multiply;
    Order b_order;
};
std::vector<Form> forms(const Kernels& kernels) {
    return {{kernels.gemm_nt, Order::transposed}, {dense_nn(kernels), Order::plain}};
}

/// C[2][1] = relu(A[2][k] * B[k] + bias), where only A's first row has `special` in it.
std::vector<float> with_special(const Form& form, int k, float special, float weight) {
    std::vector<float> a(static_cast<size_t>(2 * k), 1.0f), b(static_cast<size_t>(k), 1.0f);
    a[static_cast<size_t>(k / 2)] = special;
    b[static_cast<size_t>(k / 2)] = weight;
    const float bias = 1.0f;
    std::vector<float> c(2);
    form.multiply(2, 1, k, a.data(), b.data(), &bias, kRelu, c.data());
    return c;
}

}  // namespace

TEST_CASE(
    "matrix products are within the rounding bound at every small size, and touch nothing "
    "else") {
    for_each_platform([](const platform::Platform& platform) {
        INFO("platform: ", std::string(platform.name));
        for (const Size size : sizes()) {
            const std::string wrong = wrong_products(*platform.kernels, size);
            REQUIRE_MESSAGE(wrong.empty(), wrong);
        }
    });
}

TEST_CASE(
    "adding rows is within the rounding bound at every small size, and touches nothing else") {
    for_each_platform([](const platform::Platform& platform) {
        INFO("platform: ", std::string(platform.name));
        for (int rows = 0; rows <= kMost; rows++) {
            for (int n = 0; n <= kMost; n++) {
                for (const Side guarded : {Side::begin, Side::end}) {
                    const std::string wrong = wrong_rows(*platform.kernels, rows, n, guarded);
                    REQUIRE_MESSAGE(wrong.empty(), wrong);
                }
            }
        }
    });
}

TEST_CASE("the products of the tutorial's model are within the rounding bound") {
    for_each_platform([](const platform::Platform& platform) {
        INFO("platform: ", std::string(platform.name));
        for (const Size size :
             {Size{1, 24, 784}, Size{1, 784, 24}, Size{3, 24, 784}, Size{3, 784, 24}}) {
            CHECK(wrong_products(*platform.kernels, size) == "");
            CHECK(wrong_products(*platform.kernels, {size.k, size.n, size.m}) == "");
        }
    });
}

TEST_CASE("rows that crowd the cache are copied: within the rounding bound, bits as without") {
    struct Case {
        int m, n;
    };
    constexpr int k = 67;  // more than 64 rows
    // 16 tiles and a stride beside a multiple of 512; 6 tiles and one next to it.
    for (const auto [m, n] : {Case{131, 500}, Case{51, 511}})
        for_each_platform([m = m, n = n](const platform::Platform& platform) {
            INFO("platform: ", std::string(platform.name));
            CAPTURE(n);
            CHECK(wrong_products(*platform.kernels, {m, n, k}) == "");
            Numbers numbers(8);
            const std::vector<float> a = numbers.list(area(m, k)), b = numbers.list(area(k, n));
            std::vector<float> whole(area(m, n)), part(area(m, n));
            const auto multiply = [&](int at, int rows, std::vector<float>& c) {
                platform.kernels->gemm_nn(rows, n, k, a.data() + at * k, b.data(), n, nullptr,
                                          kRelu, c.data() + at * n);
            };
            multiply(0, m, whole);
            for (int at = 0; at < m; at++) multiply(at, 1, part);
            CHECK(same_bits(part, whole));
        });
}

TEST_CASE("NaN and infinity in a row reach that row's result, through relu too, and no other") {
    for_each_platform([](const platform::Platform& platform) {
        INFO("platform: ", std::string(platform.name));
        const float nan = std::nanf("");
        for (const Form& form : forms(*platform.kernels)) {
            for (int k = 1; k <= kMost; k++) {
                CAPTURE(k);
                const std::vector<float> nans = with_special(form, k, nan, 1.0f);
                CHECK(std::isnan(nans[0]));
                CHECK(nans[1] == static_cast<float>(k + 1));
                CHECK(with_special(form, k, kInfinity, 1.0f)[0] == kInfinity);
                CHECK(with_special(form, k, kInfinity, -1.0f)[0] == 0.0f);
                CHECK(std::isnan(with_special(form, k, kInfinity, 0.0f)[0]));
                CHECK(std::isnan(with_special(form, k, 1.0f, nan)[1]));
            }
        }
    });
}

TEST_CASE("a row alone is within the rounding bound up to two of its widest strips") {
    constexpr int widest = 530;  // a strip is at most 16 vectors of 16
    for_each_platform([](const platform::Platform& platform) {
        INFO("platform: ", std::string(platform.name));
        for (int width = kMost + 1; width <= widest; width++) {
            REQUIRE(wrong_products(*platform.kernels, {1, width, 3}) == "");
            REQUIRE(wrong_products(*platform.kernels, {1, 3, width}) == "");
        }
    });
}

TEST_CASE("a row alone has the bits that it has among others, at every small size") {
    constexpr int m = 9;
    std::vector<Size> shapes = {{m, 784, 24}, {m, 24, 784}, {m, 519, 300}, {m, 63, 519}};
    for (int n = 1; n <= kMost; n++) {
        for (int k = 1; k <= kMost; k++) shapes.push_back({m, n, k});
    }
    const Clamp narrow{-0.25f, 0.5f};
    for_each_platform([&](const platform::Platform& platform) {
        INFO("platform: ", std::string(platform.name));
        Numbers numbers(6);
        for (const Size s : shapes) {
            const std::vector<float> a = numbers.list(area(m, s.k)),
                                     b = numbers.list(area(s.k, s.n));
            const std::vector<float> bias = numbers.list(static_cast<size_t>(s.n));
            for (const Form& form : forms(*platform.kernels)) {
                for (const Clamp clamp : {kNone, kRelu, narrow}) {
                    std::vector<float> whole(area(m, s.n)), alone(area(m, s.n));
                    form.multiply(m, s.n, s.k, a.data(), b.data(), bias.data(), clamp,
                                  whole.data());
                    for (int i = 0; i < m; i++) {
                        form.multiply(1, s.n, s.k, a.data() + i * s.k, b.data(), bias.data(), clamp,
                                      alone.data() + i * s.n);
                    }
                    CAPTURE(text(s));
                    REQUIRE(same_bits(alone, whole));
                }
            }
        }
    });
}

TEST_CASE("columns of a matrix give the bits that they give in the whole, and no others are read") {
    constexpr int k = 21, wide = 149;
    const float nan = std::nanf("");
    for_each_platform([&](const platform::Platform& platform) {
        INFO("platform: ", std::string(platform.name));
        Numbers numbers(8);
        for (const int m : {1, 2, 5}) {
            const std::vector<float> a = numbers.list(area(m, k)), b = numbers.list(area(k, wide));
            const std::vector<float> bias = numbers.list(wide);
            std::vector<float> whole(area(m, wide));
            platform.kernels->gemm_nn(m, wide, k, a.data(), b.data(), wide, bias.data(), kRelu,
                                      whole.data());
            for (int n = 1; n <= wide; n += n < kMost ? 1 : 19) {
                const int first = (n * 37) % (wide - n + 1);
                // From the slice's first column to the last row's last: nothing behind is there.
                std::vector<float> columns(b.begin() + first, b.end() - (wide - n - first));
                for (size_t i = 0; i < columns.size(); i++) {
                    if (static_cast<int>(i) % wide >= n) columns[i] = nan;
                }
                Guarded<float> slice(columns, Side::end);
                std::vector<float> part(area(m, n)), expected;
                platform.kernels->gemm_nn(m, n, k, a.data(), slice.data(), wide,
                                          bias.data() + first, kRelu, part.data());
                for (int i = 0; i < m; i++) {
                    const auto row = whole.begin() + i * wide + first;
                    expected.insert(expected.end(), row, row + n);
                }
                CAPTURE(text({m, n, first}));
                REQUIRE(same_bits(part, expected));
            }
        }
    });
}

TEST_CASE("a row of a product has the same bits whatever is computed with it") {
    constexpr int m = 35, n = 19, k = 83;
    for_each_platform([](const platform::Platform& platform) {
        INFO("platform: ", std::string(platform.name));
        Numbers numbers(4);
        const std::vector<float> a = numbers.list(area(m, k)), b = numbers.list(area(k, n));
        const std::vector<float> bias = numbers.list(n);
        for (const Form& form : forms(*platform.kernels)) {
            std::vector<float> whole(area(m, n)), part(area(m, n));
            form.multiply(m, n, k, a.data(), b.data(), bias.data(), kNone, whole.data());
            for (int rows = 1; rows < m; rows++) {
                for (int at = 0; at < m; at += rows) {
                    form.multiply(std::min(rows, m - at), n, k, a.data() + at * k, b.data(),
                                  bias.data(), kNone, part.data() + at * n);
                }
                CAPTURE(rows);
                REQUIRE(same_bits(part, whole));
            }
        }
    });
}

TEST_CASE("a sum over samples has the same bits however the samples are cut into slices") {
    constexpr int m = 19, n = 21, k = 35;
    for_each_platform([](const platform::Platform& platform) {
        INFO("platform: ", std::string(platform.name));
        Numbers numbers(5);
        const std::vector<float> a = numbers.list(area(k, m)), b = numbers.list(area(k, n));
        const std::vector<float> start = numbers.list(area(m, n));
        std::vector<float> whole = start, whole_rows(start.begin(), start.begin() + n);
        const Kernels& kernels = *platform.kernels;
        kernels.gemm_tn(m, n, k, -0.37f, a.data(), b.data(), whole.data());
        kernels.add_rows(k, n, -0.37f, b.data(), whole_rows.data());
        for (int slice = 1; slice < k; slice++) {
            std::vector<float> part = start, part_rows(start.begin(), start.begin() + n);
            for (int at = 0; at < k; at += slice) {
                const int rows = std::min(slice, k - at);
                kernels.gemm_tn(m, n, rows, -0.37f, a.data() + at * m, b.data() + at * n,
                                part.data());
                kernels.add_rows(rows, n, -0.37f, b.data() + at * n, part_rows.data());
            }
            CAPTURE(slice);
            REQUIRE(same_bits(part, whole));
            REQUIRE(same_bits(part_rows, whole_rows));
        }
    });
}

TEST_CASE(
    "the library runs over the platform that was asked for, and over none that is not there") {
    CHECK(platform::use("reference") == Status::ok);
    CHECK(std::string(platform::current().name) == "reference");
    CHECK(platform::use("abacus") == Status::unknown_platform);
    CHECK(platform::use(nullptr) == Status::null_argument);
    CHECK(std::string(platform::current().name) == "reference");
    for (int i = 0; i < platform::count(); i++) {
        const bool usable = platform::at(i).usable();
        CHECK(platform::use(platform::at(i).name) ==
              (usable ? Status::ok : Status::platform_unusable));
        CHECK((std::string(platform::current().name) == platform::at(i).name) == usable);
    }
    CHECK(std::string(platform::at(platform::count() - 1).name) == "reference");
}
