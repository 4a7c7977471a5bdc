// SPDX-License-Identifier: MIT
// One pass over the data: sums and products about the first slice's mean, so that float products
// of a slice lose nothing to a large common offset, added up in double.
#include "pca.hpp"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <string>

#include "tools/error.hpp"

namespace nutshell::tools {
namespace {

using Rows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using RowsView = Eigen::Map<const Rows>;

constexpr int kMaxFeatures = 4096;     // 128 MB of covariance, some minutes
constexpr int kSliceValues = 1 << 20;  // 4 MB
constexpr int kLeastRows = 16;

int slice_rows(int features) { return std::max(kLeastRows, kSliceValues / features); }

/// Calls use(rows) for one slice of the data after the other.
template <class Use>
void for_each_slice(const RowReader& read, int count, int features, Use use) {
    const int most = std::min(count, slice_rows(features));
    Rows buffer(most, features);
    for (int first = 0; first < count; first += most) {
        const int rows = std::min(most, count - first);
        read(first, rows, buffer.data());
        use(RowsView(buffer.data(), rows, features));
    }
}

void check(int count, int features, int components) {
    if (features > kMaxFeatures)
        throw Error("PCA of " + std::to_string(features) +
                    " values a sample needs too much "
                    "memory; the limit is " +
                    std::to_string(kMaxFeatures));
    if (count < 1) throw Error("PCA needs at least one sample");
    if (components < 1 || components > features)
        throw Error("PCA with " + std::to_string(components) + " components of samples of " +
                    std::to_string(features) + " values; choose 1 to " + std::to_string(features) +
                    " components");
}

struct Moments {
    Eigen::VectorXd mean;
    Eigen::MatrixXd covariance;  // lower triangle only
};

Moments moments_of(const RowReader& read, int count, int features) {
    Eigen::RowVectorXf shift;
    Eigen::VectorXd sum = Eigen::VectorXd::Zero(features);
    Eigen::MatrixXd products = Eigen::MatrixXd::Zero(features, features);
    Eigen::MatrixXf slice_products(features, features);
    for_each_slice(read, count, features, [&](const RowsView& rows) {
        if (shift.size() == 0) shift = rows.colwise().mean();
        const Rows centered = rows.rowwise() - shift;
        sum += centered.cast<double>().colwise().sum().transpose();
        slice_products.setZero();
        slice_products.selfadjointView<Eigen::Lower>().rankUpdate(centered.transpose());
        products.triangularView<Eigen::Lower>() += slice_products.cast<double>();
    });
    const double n = count;
    const Eigen::VectorXd offset = sum / n;
    products.selfadjointView<Eigen::Lower>().rankUpdate(offset, -n);
    if (!sum.allFinite() || !products.diagonal().allFinite())
        throw Error("PCA of data with values that are not finite; remove those samples");
    return {shift.transpose().cast<double>() + offset, products / std::max(1.0, n - 1)};
}

/// The sign of an eigenvector is arbitrary: make its largest entry positive.
void fix_sign(Eigen::Ref<Eigen::VectorXd> direction) {
    Eigen::Index largest = 0;
    direction.cwiseAbs().maxCoeff(&largest);
    if (direction[largest] < 0) direction = -direction;
}

RowsView directions_of(const Pca& pca) {
    return {pca.directions.data(), pca.components, pca.features};
}

Eigen::Map<const Eigen::RowVectorXf> mean_of(const Pca& pca) {
    return {pca.mean.data(), pca.features};
}

}  // namespace

RowReader rows_in_memory(const float* rows, int features) {
    return [=](int first, int count, float* out) {
        const size_t width = static_cast<size_t>(features);
        std::copy_n(rows + static_cast<size_t>(first) * width, static_cast<size_t>(count) * width,
                    out);
    };
}

Pca fit_pca(const RowReader& read, int count, int features, int components) {
    check(count, features, components);
    const Moments moments = moments_of(read, count, features);
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(moments.covariance);
    if (solver.info() != Eigen::Success) throw Error("PCA found no components: values too large");
    const double whole = moments.covariance.trace();
    Pca pca{features, components, {}, {}, {}, {}};
    for (const double value : moments.mean) pca.mean.push_back(static_cast<float>(value));
    for (int k = 0; k < components; ++k) {
        Eigen::VectorXd direction = solver.eigenvectors().col(features - 1 - k);
        fix_sign(direction);
        for (const double value : direction) pca.directions.push_back(static_cast<float>(value));
        const double variance = std::max(0.0, solver.eigenvalues()[features - 1 - k]);
        pca.variance.push_back(variance);
        pca.explained_variance_ratio.push_back(whole > 0 ? variance / whole : 0);
    }
    return pca;
}

Pca fit_pca(const float* rows, int count, int features, int components) {
    return fit_pca(rows_in_memory(rows, features), count, features, components);
}

std::vector<float> pca_transform(const Pca& pca, const float* rows, int count) {
    std::vector<float> codes(static_cast<size_t>(count) * static_cast<size_t>(pca.components));
    const RowsView input(rows, count, pca.features);
    Eigen::Map<Rows>(codes.data(), count, pca.components).noalias() =
        (input.rowwise() - mean_of(pca)) * directions_of(pca).transpose();
    return codes;
}

std::vector<float> pca_reconstruct(const Pca& pca, const float* codes, int count) {
    std::vector<float> rows(static_cast<size_t>(count) * static_cast<size_t>(pca.features));
    Eigen::Map<Rows> output(rows.data(), count, pca.features);
    output.noalias() = RowsView(codes, count, pca.components) * directions_of(pca);
    output.rowwise() += mean_of(pca);
    return rows;
}

double pca_reconstruction_mse(const Pca& pca, const RowReader& read, int count) {
    double sum = 0;
    for_each_slice(read, count, pca.features, [&](const RowsView& rows) {
        const int slice = static_cast<int>(rows.rows());
        const std::vector<float> codes = pca_transform(pca, rows.data(), slice);
        const std::vector<float> back = pca_reconstruct(pca, codes.data(), slice);
        sum += (rows - RowsView(back.data(), slice, pca.features)).cast<double>().squaredNorm();
    });
    return sum / (static_cast<double>(count) * pca.features);
}

double pca_reconstruction_mse(const Pca& pca, const float* rows, int count) {
    return pca_reconstruction_mse(pca, rows_in_memory(rows, pca.features), count);
}

}  // namespace nutshell::tools
