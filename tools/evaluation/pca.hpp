// SPDX-License-Identifier: MIT
// Principal component analysis: the best that any linear code of the same size can do, shown
// beside a network's result; and the way from codes to two dimensions for the code map.
#pragma once
#include <functional>
#include <vector>

namespace nutshell::tools {

/// `components` orthonormal directions of largest variance, the largest first. Of each, the entry
/// of largest size is positive.
struct Pca {
    int features = 0;
    int components = 0;
    std::vector<float> mean;                       // [features]
    std::vector<float> directions;                 // [components][features]
    std::vector<double> variance;                  // [components], of count - 1 degrees of freedom
    std::vector<double> explained_variance_ratio;  // [components], parts of the whole variance
};

/// Puts the rows [first, first + rows) into out[rows][features]. Called once for every row, in
/// ascending order, with `rows` small enough that a slice takes a few megabytes.
using RowReader = std::function<void(int first, int rows, float* out)>;

/// Rows held in memory as rows[count][features]; they must outlive the reader.
RowReader rows_in_memory(const float* rows, int features);

/// Fits to `count` rows. Memory: features * features doubles and one slice. Throws Error unless
/// count >= 1, 1 <= components <= features <= 4096, and all values are finite.
Pca fit_pca(const RowReader& read, int count, int features, int components);
Pca fit_pca(const float* rows, int count, int features, int components);

/// The codes of `count` rows: [count][components].
std::vector<float> pca_transform(const Pca& pca, const float* rows, int count);

/// Rows back from codes: [count][features].
std::vector<float> pca_reconstruct(const Pca& pca, const float* codes, int count);

/// The mean squared error of coding and decoding, over all rows and features.
double pca_reconstruction_mse(const Pca& pca, const RowReader& read, int count);
double pca_reconstruction_mse(const Pca& pca, const float* rows, int count);

}  // namespace nutshell::tools
