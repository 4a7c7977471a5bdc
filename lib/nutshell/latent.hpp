// SPDX-License-Identifier: MIT
// The arithmetic of the layers that only training knows: dropout, noise, sampled codes, penalties.
// Random numbers are functions of the pass's seed, update, layer and sample, and of the element, so
// that the way back draws what the way there drew, for any slicing.
#pragma once
#include "layers/row.hpp"

namespace nutshell {

/// y[rows][n] = x, where each value is zero with probability `rate` and else divided by 1 - rate.
/// The same call takes gradients back, from dy to dx. x and y may be one array.
/// Source: Srivastava et al., "Dropout", JMLR 15 (2014), inverted.
void drop(const Pass& pass, int n, float rate, const float* x, float* y) noexcept;

/// y[rows][n] = x plus a normal number of this deviation. x and y may be one array.
void add_noise(const Pass& pass, int n, float deviation, const float* x, float* y) noexcept;

/// z[n] = mean[n] + noise[n] * exp(log_variance[n] / 2): a sample of the code.
/// Source: Kingma and Welling, "Auto-Encoding Variational Bayes", ICLR 2014.
void reparameterize(int n, const float* noise, const float* mean, const float* log_variance,
                    float* z) noexcept;

/// The divergence (Kullback-Leibler) of n such normal distributions from the standard one, in nats.
double divergence(int n, const float* mean, const float* log_variance) noexcept;

/// The gradients of a loss with respect to mean and log variance, from that of z, dz[n], plus
/// `weight` times those of the divergence.
void reparameterize_gradient(int n, float weight, const float* noise, const float* mean,
                             const float* log_variance, const float* dz, float* dmean,
                             float* dlog_variance) noexcept;

/// x[rows][2 * n], means and log variances, -> y[rows][n]: samples, or the means at inference.
/// Adds weight times the divergences to pass.penalty.
void sample_code(const Pass& pass, int n, float weight, const float* x, float* y) noexcept;
void sample_code_gradient(const Pass& pass, int n, float weight, const float* x, const float* dy,
                          float* dx) noexcept;

/// The sum of absolute values, and dx = dy + weight * sign(x).
double absolute_sum(int n, const float* x) noexcept;
void absolute_gradient(int n, float weight, const float* x, const float* dy, float* dx) noexcept;

}  // namespace nutshell
