// SPDX-License-Identifier: MIT
// From floats to int8, on a PC or on the device itself: ranges seen in calibration become scales
// and zero points, a layer's float tensors become int8 tensors. Nothing here is needed to run a
// quantized model.
//
// Weights are symmetric with a scale for each output, activations asymmetric, the bias is int32 in
// units of input scale times weight scale. Source: Jacob et al., "Quantization and Training of
// Neural Networks for Efficient Integer-Arithmetic-Only Inference", CVPR 2018, and the TensorFlow
// Lite 8-bit quantization specification.
#pragma once
#include "layers/layers.hpp"
#include "status.hpp"

namespace nutshell {

/// The values that a tensor takes.
struct Range {
    float low;
    float high;
};

/// The smallest range that holds all values seen.
class MinMax {
  public:
    /// x[n]. NaN and infinity make the range useless, which status() says.
    void observe(const float* x, int32_t n) noexcept;
    /// bad_calibration when nothing finite, or something that is not finite, has been seen.
    Status status() const noexcept;
    Range range() const noexcept { return range_; }

  private:
    Range range_{0.0f, 0.0f};
    bool seen_ = false;
    bool broken_ = false;  ///< by NaN or infinity
};

/// How often which values were seen, in bins that double their width as larger values arrive: for
/// ranges that leave outliers out. 4 KB.
class Histogram {
  public:
    void observe(const float* x, int32_t n) noexcept;
    Status status() const noexcept { return min_max_.status(); }

    /// All values seen.
    Range range() const noexcept { return min_max_.range(); }
    /// Leaves out (1 - part) / 2 of the values at each end. part in 0..1.
    Range percentile(double part) const noexcept;
    /// The range whose codes have the least mean squared error over the values seen.
    Range least_error(int unused_bits = 0) const noexcept;

  private:
    static constexpr int bins = 1024;
    float width() const noexcept { return 2.0f * limit_ / bins; }
    float center(int bin) const noexcept {
        return (static_cast<float>(bin) + 0.5f) * width() - limit_;
    }
    void widen() noexcept;
    double error(Range range, int unused_bits) const noexcept;

    MinMax min_max_;
    float limit_ = 0.0f;  ///< the bins cover -limit_..limit_
    uint32_t count_[bins] = {};
};

/// Scale and zero point whose codes, of 8 - unused_bits bits, cover the range and have zero
/// exactly. A range of zero alone gets scale 1. bad_quantization when the scale leaves the normal
/// floats.
Status quantization_of(Range range, Quantization& quantization, int unused_bits = 0) noexcept;

/// What sigmoid and tanh give: fixed; with 8 bits as in TensorFlow Lite.
constexpr Quantization sigmoid_output(int unused_bits = 0) noexcept {
    return {static_cast<float>(1 << unused_bits) / 256.0f, -128, static_cast<uint8_t>(unused_bits)};
}
constexpr Quantization tanh_output(int unused_bits = 0) noexcept {
    return {static_cast<float>(1 << unused_bits) / 128.0f,
            static_cast<int8_t>((128 >> unused_bits) - 128), static_cast<uint8_t>(unused_bits)};
}

/// A real number >= 0 as multiplier and shift; zero below 2^-32. bad_quantization when it is too
/// large, negative or not finite.
Status fixed_point_of(double real, FixedPoint& fixed_point) noexcept;

/// What the codes of a layer mean. sum and out are the same unless the activation is a table.
struct LayerQuantization {
    Quantization in;
    Quantization sum;
    Quantization out;
};

/// How weights become codes.
struct WeightQuantization {
    int largest = 127;              ///< codes are -largest..largest: 127 for 8 bits, 7 for 4
    bool per_output = true;         ///< a scale for each output, else one for all
    const float* scales = nullptr;  ///< [out] or [1], learned; null: from the largest magnitudes
};

/// Where the int8 tensors of a layer go, in canonical packing; the caller's memory.
struct Int8Arrays {
    int8_t* weight;       ///< [out][in]
    int32_t* bias;        ///< [out]
    int32_t* multiplier;  ///< [out], or [1] when not per output
    int8_t* shift;        ///< as many
    int8_t* table;        ///< [256] when needs_table(activation), else unused
};

/// Quantizes one dense layer. A row of zeros gets scale 1; a row whose weights are so small beside
/// its bias that the bias would overflow gets a larger scale. Returns non_finite_weights,
/// bad_quantization or sum_overflow; the arrays are then undefined.
Status quantize_layer(const Row& row, Tensors tensors, const LayerQuantization& layer,
                      const WeightQuantization& weights, const Int8Arrays& into) noexcept;

/// The same over the float weights themselves, for a device without other memory: 8 bits, a scale
/// for each output, in the packing that a kernel reads. The packed weights begin where the floats
/// did, tensors.weight and into.weight being the same address, and `bytes` from there on may be
/// overwritten: at least four for each weight, and one for each weight and packed_weights more,
/// else buffer_too_small. The other arrays lie elsewhere: bias[packed_biases], multiplier and
/// shift[packed_outputs]. On an error the weights are as they were, except on sum_overflow, which
/// a layer gets whose biases are millions of times as large as its weights.
Status quantize_layer_in_place(const Row& row, Tensors tensors, size_t bytes,
                               const LayerQuantization& layer, Packing packing,
                               const Int8Arrays& into) noexcept;

/// The view over what quantize_layer made.
Int8Tensors view_of(const Row& row, const LayerQuantization& layer, bool per_output,
                    const Int8Arrays& arrays) noexcept;

/// The table of an activation: entry i is the output code for the sum's code whose byte is i.
/// They are TensorFlow Lite Micro's fixed-point functions, to the bit; sigmoid and tanh are then
/// rounded to fewer bits when asked and want layer.out to be sigmoid_output() or tanh_output(), a
/// leaky relu wants scales whose ratio is below 2^22; else bad_quantization.
Status activation_table(Activation activation, float slope, const LayerQuantization& layer,
                        int8_t* table) noexcept;

}  // namespace nutshell
