// SPDX-License-Identifier: MIT
// PCA against data of known covariance and against numbers computed by NumPy
// (tests/data/make_pca_golden.py prints them).
#include "tools/evaluation/pca.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "tools/error.hpp"

using namespace nutshell::tools;

namespace {

std::vector<float> golden_rows() {
    std::vector<float> rows;
    for (int i = 0; i < 12; ++i)
        for (int j = 0; j < 5; ++j) {
            const int value = (i * 7 + j * 11 + i * j * 3) % 23;
            rows.push_back(static_cast<float>(value) / 8 + (j == 1 ? 100.0f : 0.0f));
        }
    return rows;
}

constexpr double kMean[] = {1.21875, 101.541667, 1.38541667, 1.22916667, 1.3125};
constexpr double kVariance[] = {1.48853481, 0.894596896, 0.705556825};
constexpr double kRatio[] = {0.393588172, 0.236543179, 0.1865585};
constexpr double kDirections[] = {-0.540056772, 0.420737788, 0.579984331,   -0.385198194,
                                  0.215775169,  0.291864705, -0.0767522919, 0.373538413,
                                  0.480473084,  0.733851994, 0.276463142,   0.565651231,
                                  0.345565752,  0.456232525, -0.525397954};
constexpr double kCodesOfRow4[] = {-0.421668869, -1.1817923, -0.859866967};
constexpr double kMse = 0.127099811;

// Float has 24 bits: values up to 103 are exact here, products of centred values are not.
constexpr double kFloatTolerance = 2e-6;

}  // namespace

TEST_CASE("PCA gives NumPy's mean, variances, directions and codes") {
    const std::vector<float> rows = golden_rows();
    const Pca pca = fit_pca(rows.data(), 12, 5, 3);
    REQUIRE(pca.mean.size() == 5);
    REQUIRE(pca.directions.size() == 15);
    // a mean near 101.5 as float: half a unit in the last place is 4e-6
    for (size_t j = 0; j < 5; ++j) CHECK(std::abs(pca.mean[j] - kMean[j]) < 4e-6);
    for (size_t k = 0; k < 3; ++k) {
        CHECK(std::abs(pca.variance[k] - kVariance[k]) < kFloatTolerance);
        CHECK(std::abs(pca.explained_variance_ratio[k] - kRatio[k]) < kFloatTolerance);
    }
    for (size_t i = 0; i < 15; ++i)
        CHECK(std::abs(pca.directions[i] - kDirections[i]) < kFloatTolerance);
    const std::vector<float> codes = pca_transform(pca, rows.data(), 12);
    // the rounded mean (4e-6) enters every code
    for (size_t k = 0; k < 3; ++k) CHECK(std::abs(codes[4 * 3 + k] - kCodesOfRow4[k]) < 1e-5);
    CHECK(std::abs(pca_reconstruction_mse(pca, rows.data(), 12) - kMse) < 1e-5);
}

TEST_CASE("PCA finds the axes that data were built from, the longer one first") {
    // four points at +-3 along u and +-1 along v, around (10, 20, 30): the covariance is known
    const float u[] = {0.6f, 0.0f, 0.8f}, v[] = {0.0f, 1.0f, 0.0f};
    std::vector<float> rows;
    for (const float sign : {1.0f, -1.0f}) {
        for (int j = 0; j < 3; ++j) rows.push_back(10.0f * float(j + 1) + sign * 3 * u[j]);
        for (int j = 0; j < 3; ++j) rows.push_back(10.0f * float(j + 1) + sign * v[j]);
    }
    const Pca pca = fit_pca(rows.data(), 4, 3, 2);
    // coordinates near 30 carry a rounding of 1e-6 each
    CHECK(std::abs(pca.variance[0] - 2 * 9 / 3.0) < 1e-5);
    CHECK(std::abs(pca.variance[1] - 2 * 1 / 3.0) < 1e-5);
    CHECK(std::abs(pca.explained_variance_ratio[0] - 0.9) < 1e-6);
    for (size_t j = 0; j < 3; ++j) {
        CHECK(std::abs(pca.directions[j] - u[j]) < 1e-6);
        CHECK(std::abs(pca.directions[3 + j] - v[j]) < 1e-6);
    }
    CHECK(pca_reconstruction_mse(pca, rows.data(), 4) < 1e-10);
}

TEST_CASE("PCA reads large data in slices, each row once and in order") {
    const int count = 3000, features = 700;  // more than one slice
    int next = 0, calls = 0;
    const RowReader read = [&](int first, int rows, float* out) {
        REQUIRE(first == next);
        next += rows;
        ++calls;
        for (int i = 0; i < rows; ++i)
            for (int j = 0; j < features; ++j)
                out[i * features + j] = j == 5 ? static_cast<float>((first + i) % 2) : 0.0f;
    };
    const Pca pca = fit_pca(read, count, features, 1);
    CHECK(next == count);
    CHECK(calls > 1);
    CHECK(pca.directions[5] == doctest::Approx(1));
    // half zeros, half ones: n/4 over n - 1
    CHECK(pca.variance[0] == doctest::Approx(count / 4.0 / (count - 1)).epsilon(1e-6));
}

TEST_CASE("PCA reconstructs all when it keeps all, and constants cost nothing") {
    const std::vector<float> rows = golden_rows();
    // float rounding near 100 is 4e-6; its square, and a margin
    CHECK(pca_reconstruction_mse(fit_pca(rows.data(), 12, 5, 5), rows.data(), 12) < 1e-9);
    const std::vector<float> constant(20, 0.25f);
    const Pca pca = fit_pca(constant.data(), 5, 4, 2);
    CHECK(pca.explained_variance_ratio[0] == 0);
    CHECK(pca_reconstruction_mse(pca, constant.data(), 5) == 0);
}

TEST_CASE("PCA says what is wrong with impossible requests") {
    std::vector<float> rows = golden_rows();
    CHECK_THROWS_AS(fit_pca(rows.data(), 0, 5, 2), Error);
    CHECK_THROWS_AS(fit_pca(rows.data(), 12, 5, 0), Error);
    CHECK_THROWS_AS(fit_pca(rows.data(), 12, 5, 6), Error);
    CHECK_THROWS_AS(fit_pca(rows.data(), 1, 5000, 2), Error);
    rows[7] = std::numeric_limits<float>::quiet_NaN();
    CHECK_THROWS_AS(fit_pca(rows.data(), 12, 5, 2), Error);
}
