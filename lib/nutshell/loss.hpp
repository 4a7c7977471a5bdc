// SPDX-License-Identifier: MIT
// What training makes small. A loss sees the last layer's sums (logits), its activation and the
// target; it overwrites the sums with their gradient and returns the loss, so that sigmoid, loss
// and gradient are one pass. Each is a mean over the features of a sample. Targets are
// const float*, [rows][n], or ByteRows.
#pragma once
#include "layers/activation.hpp"

namespace nutshell {

/// Targets byte / 255 that lie anywhere: those of row i at all + index[i] * n.
struct ByteRows {
    const uint8_t* all;
    const uint32_t* index;
};

namespace detail {

inline const float* target_row(const float* targets, int row, int n) noexcept {
    return targets + static_cast<ptrdiff_t>(row) * n;
}
inline const uint8_t* target_row(ByteRows targets, int row, int n) noexcept {
    return targets.all + targets.index[row] * static_cast<size_t>(n);
}

}  // namespace detail

/// Mean binary cross-entropy of a sigmoid output, computed from the logits so that it never
/// overflows. Targets lie in 0..1.
struct BinaryCrossEntropy {
    static constexpr bool accepts(Activation last) noexcept { return last == Activation::sigmoid; }

    /// Stops the build for a model that this loss does not fit.
    template <Activation Last>
    static constexpr bool fits() noexcept {
        static_assert(accepts(Last), "nutshell: binary cross-entropy needs a sigmoid output layer");
        return true;
    }

    /// z[rows][n] against targets of the same shape: z becomes scale / n times the gradient of each
    /// row's mean loss. Returns the sum of the rows' mean losses.
    template <class Targets>
    static double gradient(Activation, float, int rows, int n, float scale, Targets targets,
                           float* z) noexcept {
        const float per_feature = scale / static_cast<float>(n);
        double sum = 0.0;
        for (int row = 0; row < rows; row++, z += n) {
            const auto* target = detail::target_row(targets, row, n);
            sum += static_cast<double>(row_gradient(n, per_feature, target, z));
        }
        return sum / n;
    }

  private:
    static float row_gradient(int n, float scale, const float* target, float* z) noexcept {
        return kernels::sigmoid_cross_entropy(n, scale, target, z);
    }
    static float row_gradient(int n, float scale, const uint8_t* target, float* z) noexcept {
        return kernels::sigmoid_cross_entropy_bytes(n, scale, target, z);
    }
};

/// Mean squared error of any output.
struct MeanSquaredError {
    static constexpr bool accepts(Activation) noexcept { return true; }
    template <Activation>
    static constexpr bool fits() noexcept {
        return true;
    }

    /// As above, for z[rows][n] before the activation (slope is leaky relu's). The activation is
    /// applied here; its derivative needs the output, which the error pass overwrites, so that a
    /// strip at a time is copied.
    template <class Targets>
    static double gradient(Activation activation, float slope, int rows, int n, float scale,
                           Targets targets, float* z) noexcept {
        const float per_feature = scale / static_cast<float>(n);
        double sum = 0.0;
        for (int row = 0; row < rows; row++, z += n) {
            const auto* target = detail::target_row(targets, row, n);
            for (int at = 0; at < n; at += strip) {
                const int width = n - at < strip ? n - at : strip;
                float y[strip], values[strip];
                apply(activation, slope, width, z + at);
                for (int i = 0; i < width; i++) y[i] = z[at + i];
                sum += static_cast<double>(kernels::squared_error(
                    width, per_feature, floats(width, target + at, values), z + at));
                kernels::activation_gradient(activation, slope, width, y, z + at);
            }
        }
        return sum / n;
    }

  private:
    static constexpr int strip = 64;

    static const float* floats(int, const float* target, float*) noexcept { return target; }
    static const float* floats(int n, const uint8_t* target, float* values) noexcept {
        kernels::scale_bytes(n, target, values);
        return values;
    }

    static void apply(Activation activation, float slope, int n, float* z) noexcept {
        if (activation == Activation::relu) {
            kernels::leaky_relu(n, 0.0f, z);
        } else {
            activate(activation, slope, n, z);
        }
    }
};

/// Targets whose features count differently: weights[n], at least 0, the same for each row.
template <class Targets>
struct WeightedTargets {
    Targets targets;
    const float* weights;
};

/// Another loss with a weight for each feature: a sample's loss is the mean of weight times the
/// feature's loss. With weights of 1 it is that loss, bit for bit. Features of equal weights that
/// lie side by side are one step, so that masks cost nothing.
template <class Loss>
struct Weighted {
    static constexpr bool accepts(Activation last) noexcept { return Loss::accepts(last); }
    template <Activation Last>
    static constexpr bool fits() noexcept {
        return Loss::template fits<Last>();
    }

    template <class Targets>
    static double gradient(Activation activation, float slope, int rows, int n, float scale,
                           WeightedTargets<Targets> targets, float* z) noexcept {
        const float* weights = targets.weights;
        double sum = 0.0;
        for (int row = 0; row < rows; row++, z += n) {
            const auto* target = detail::target_row(targets.targets, row, n);
            for (int at = 0, end; at < n; at = end) {
                for (end = at + 1; end < n && weights[end] == weights[at];) end++;
                // The loss of the run is the mean over its features only.
                const float share = static_cast<float>(end - at) / static_cast<float>(n);
                const double loss =
                    Loss::gradient(activation, slope, 1, end - at, scale * weights[at] * share,
                                   one_row(target + at), z + at);
                sum += static_cast<double>(weights[at] * share) * loss;
            }
        }
        return sum;
    }

  private:
    static const float* one_row(const float* target) noexcept { return target; }
    static ByteRows one_row(const uint8_t* target) noexcept {
        static constexpr uint32_t first = 0;
        return {target, &first};
    }
};

}  // namespace nutshell
