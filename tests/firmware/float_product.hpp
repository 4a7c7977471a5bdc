// SPDX-License-Identifier: MIT
// A matrix product of the float kernels with what its result may be, in double precision; for tests
// on a board.
#pragma once
#include <math.h>

#include "nutshell/kernels.hpp"

namespace nutshell::tests {

/// The unit roundoff of float: what one operation can be wrong by, relatively.
constexpr double kRoundoff = 1.0 / (1 << 24);
constexpr float kInfinity = __builtin_inff();
constexpr Clamp kNone{-kInfinity, kInfinity};

/// How a product reads its operands, and which kernel it is.
enum class Form { nt, nn, tn };

struct Product {
    Form form;
    int m, n, k;
    float alpha;  // of tn
    const float *a, *b;
    const float* bias;  // of nt and nn
    Clamp clamp;

    void run(const Kernels& kernels, float* c) const {
        if (form == Form::nt) return kernels.gemm_nt(m, n, k, a, b, bias, clamp, c);
        if (form == Form::nn) return kernels.gemm_nn(m, n, k, a, b, n, bias, clamp, c);
        kernels.gemm_tn(m, n, k, alpha, a, b, c);
    }
    double term(int i, int j, int t) const {
        const float factor = form == Form::tn ? a[t * m + i] : a[i * k + t];
        const float other = form == Form::nt ? b[j * k + t] : b[t * n + j];
        return static_cast<double>(form == Form::tn ? alpha : 1.0f) * static_cast<double>(factor) *
               static_cast<double>(other);
    }
    /// Whether c is right that was `before`. In any order of summation each of at most k + 3
    /// roundings moves the sum by at most a roundoff of the sum of magnitudes (Higham, Accuracy and
    /// Stability of Numerical Algorithms, 2nd edition, (3.5)); a clamp does not add to that.
    bool right(const float* before, const float* c) const {
        for (int i = 0; i < m; i++) {
            for (int j = 0; j < n; j++) {
                double sum = static_cast<double>(form == Form::tn ? before[i * n + j]
                                                 : bias           ? bias[j]
                                                                  : 0.0f);
                double magnitude = fabs(sum);
                for (int t = 0; t < k; t++) {
                    sum += term(i, j, t);
                    magnitude += fabs(term(i, j, t));
                }
                if (form != Form::tn) {
                    const double low = static_cast<double>(clamp.low);
                    const double high = static_cast<double>(clamp.high);
                    sum = sum < low ? low : sum > high ? high : sum;
                }
                const double off = fabs(static_cast<double>(c[i * n + j]) - sum);
                if (!(off <= (k + 3) * kRoundoff * magnitude)) return false;
            }
        }
        return true;
    }
};

}  // namespace nutshell::tests
