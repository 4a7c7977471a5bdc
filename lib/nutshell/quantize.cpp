// SPDX-License-Identifier: MIT
#include "quantize.hpp"

#include <string.h>

#include "weights.hpp"

namespace nutshell {
namespace {

/// Half of this is left for the products.
constexpr double kLargestBias = 1 << 28;

int32_t round_half_away(double x) noexcept {
    return static_cast<int32_t>(x < 0 ? x - 0.5 : x + 0.5);
}

float magnitude(float x) noexcept { return x < 0 ? -x : x; }

/// A layer's weights by output and input, in whichever order they lie: each is so many floats
/// behind that of the output or the input before.
struct Weights {
    const float* data;
    int32_t inputs, output_step, input_step;
    float at(int32_t output, int32_t input) const noexcept {
        return data[output * output_step + input * input_step];
    }
};

/// The scale that makes the largest weight of outputs [first, last) the largest code; 1 when all
/// are zero. Not so small that a bias overflows.
float weight_scale(const Weights& weights, const float* bias, int32_t first, int32_t last,
                   int largest, float in_scale) noexcept {
    float most = 0.0f, most_bias = 0.0f;
    for (int32_t o = first; o < last; o++) {
        for (int32_t i = 0; i < weights.inputs; i++) {
            const float weight = magnitude(weights.at(o, i));
            if (weight > most) most = weight;
        }
        if (magnitude(bias[o]) > most_bias) most_bias = magnitude(bias[o]);
    }
    if (most == 0.0f) return 1.0f;
    const float scale = most / static_cast<float>(largest);
    const double least =
        static_cast<double>(most_bias) / (static_cast<double>(in_scale) * kLargestBias);
    return static_cast<double>(scale) < least ? static_cast<float>(least) : scale;
}

bool normal(float x) noexcept { return x >= 1.17549435e-38f && x <= 3.40282347e38f; }

int8_t code_of(float weight, float scale, int largest) noexcept {
    const double steps = static_cast<double>(weight) / static_cast<double>(scale);
    const double held = steps < -largest ? -largest : steps > largest ? largest : steps;
    return static_cast<int8_t>(round_half_away(held));
}

/// The bias of an output, whose codes add up to `sum`, with the input's zero point folded in.
Status fold_bias(float bias, float scale, const LayerQuantization& layer, int64_t sum,
                 int32_t& folded_bias) noexcept {
    const double unit = static_cast<double>(layer.in.scale) * static_cast<double>(scale);
    const double steps = static_cast<double>(bias) / unit;
    if (!(steps >= -kMaxSum && steps <= kMaxSum)) return Status::sum_overflow;
    const int64_t folded = round_half_away(steps) - layer.in.zero_point * sum;
    if (folded < -kMaxSum || folded > kMaxSum) return Status::sum_overflow;
    folded_bias = static_cast<int32_t>(folded);
    return Status::ok;
}

/// The codes of one output, and its bias.
Status quantize_output(const Weights& weights, float bias, int32_t output, float scale,
                       const LayerQuantization& layer, int largest,
                       const Int8Arrays& into) noexcept {
    int8_t* codes = into.weight + output * weights.inputs;
    int64_t sum = 0;
    for (int32_t i = 0; i < weights.inputs; i++) {
        codes[i] = code_of(weights.at(output, i), scale, largest);
        sum += codes[i];
    }
    return fold_bias(bias, scale, layer, sum, into.bias[output]);
}

/// The factor from sums to codes. Of a dense layer with one scale for all outputs the product of
/// the scales is a float first, as TensorFlow Lite has it: `exact` is false then.
double requantization_factor(const LayerQuantization& layer, float scale, bool exact) noexcept {
    const double out = static_cast<double>(layer.sum.scale);
    if (!exact) return static_cast<double>(layer.in.scale * scale) / out;
    return static_cast<double>(layer.in.scale) * static_cast<double>(scale) / out;
}

/// Scale, bias and table of a layer whose weights are to be overwritten, before any of them is. The
/// scale's bits wait in the place of its multiplier.
Status measure_output(const Row& row, Tensors tensors, int32_t output,
                      const LayerQuantization& layer, Packing packing,
                      const Int8Arrays& into) noexcept {
    constexpr int largest = WeightQuantization{}.largest;
    const Weights weights{tensors.weight, row.in.size(), DenseLayer::weight_index(row, 1, 0),
                          DenseLayer::weight_index(row, 0, 1)};
    const float scale =
        weight_scale(weights, tensors.bias, output, output + 1, largest, layer.in.scale);
    if (!normal(scale)) return Status::bad_quantization;
    FixedPoint factor;
    Status status = fixed_point_of(requantization_factor(layer, scale, true), factor);
    if (status != Status::ok) return status;
    int32_t sum = 0;
    for (int32_t i = 0; i < weights.inputs; i++) {
        sum += code_of(weights.at(output, i), scale, largest);
    }
    int32_t bias;
    status = fold_bias(tensors.bias[output], scale, layer, sum, bias);
    if (status != Status::ok) return status;
    write_packed_bias(packing, row.out.size(), output, bias, sum, into.bias);
    memcpy(into.multiplier + output, &scale, sizeof scale);
    into.shift[output] = factor.shift;
    return Status::ok;
}

/// The codes of all weights, each over its own float or one before it, in the floats' order.
void overwrite_weights(const Row& row, const int32_t* scale_bits, int8_t* memory) noexcept {
    const bool rows_are_outputs = DenseLayer::rows_are_outputs(row);
    const int32_t side = rows_are_outputs ? row.in.size() : row.out.size();
    const int32_t count = DenseLayer::tensor_sizes(row).weight;
    for (int32_t i = 0; i < count; i++) {
        float weight, scale;
        memcpy(&weight, memory + 4 * i, sizeof weight);
        memcpy(&scale, scale_bits + (rows_are_outputs ? i / side : i % side), sizeof scale);
        memory[i] = code_of(weight, scale, WeightQuantization{}.largest);
    }
}

/// codes[count] in the floats' order -> packed weights in their place, by way of the memory behind.
void pack_in_place(const Row& row, Packing packing, int8_t* codes, int8_t* behind) noexcept {
    const int32_t in = row.in.size(), out = row.out.size();
    for (int32_t o = 0; o < packed_outputs(packing, out); o++) {
        for (int32_t i = 0; i < packed_inputs(packing, in); i++) {
            const int8_t code =
                o < out && i < in ? codes[DenseLayer::weight_index(row, o, i)] : int8_t{0};
            behind[packed_index(packing, in, o, i)] = packed_weight(packing, code);
        }
    }
    memmove(codes, behind, static_cast<size_t>(packed_weights(packing, in, out)));
}

}  // namespace

void MinMax::observe(const float* x, int32_t n) noexcept {
    broken_ = broken_ || !all_finite(x, n);
    for (int32_t i = 0; i < n; i++) {
        if (!seen_ || x[i] < range_.low) range_.low = x[i];
        if (!seen_ || x[i] > range_.high) range_.high = x[i];
        seen_ = true;
    }
}

Status MinMax::status() const noexcept {
    return seen_ && !broken_ ? Status::ok : Status::bad_calibration;
}

void Histogram::widen() noexcept {
    constexpr int quarter = bins / 4;
    uint32_t folded[bins / 2];
    for (int i = 0; i < bins / 2; i++) folded[i] = count_[2 * i] + count_[2 * i + 1];
    memset(count_, 0, sizeof count_);
    memcpy(count_ + quarter, folded, sizeof folded);
    limit_ *= 2.0f;
}

void Histogram::observe(const float* x, int32_t n) noexcept {
    min_max_.observe(x, n);
    if (min_max_.status() != Status::ok) return;
    const Range seen = min_max_.range();
    const float most =
        magnitude(seen.low) > magnitude(seen.high) ? magnitude(seen.low) : magnitude(seen.high);
    if (limit_ == 0.0f && most > 0.0f) limit_ = most;
    while (limit_ < most && limit_ <= 1e38f) widen();
    if (limit_ == 0.0f) return;  // zeros alone: the range says it all
    for (int32_t i = 0; i < n; i++) {
        const int bin = static_cast<int>((x[i] / limit_ + 1.0f) * 0.5f * bins);
        count_[bin < 0 ? 0 : bin >= bins ? bins - 1 : bin]++;
    }
}

Range Histogram::percentile(double part) const noexcept {
    double total = 0;
    for (const uint32_t count : count_) total += count;
    const double tail = total * (1.0 - part) / 2.0;
    int first = 0, last = bins - 1;
    for (double below = count_[0]; first < bins - 1 && below <= tail; below += count_[first])
        first++;
    for (double above = count_[last]; last > 0 && above <= tail; above += count_[last]) last--;
    const Range seen = range();
    const float low = center(first) - width() / 2, high = center(last) + width() / 2;
    return {low > seen.low ? low : seen.low, high < seen.high ? high : seen.high};
}

double Histogram::error(Range range, int unused_bits) const noexcept {
    Quantization quantization;
    if (quantization_of(range, quantization, unused_bits) != Status::ok) return 1e300;
    double sum = 0;
    for (int i = 0; i < bins; i++) {
        if (count_[i] == 0) continue;
        const float value = center(i);
        int8_t code;
        float back;
        quantize_values(&value, 1, quantization, &code);
        dequantize_values(&code, 1, quantization, &back);
        const double off = static_cast<double>(back) - static_cast<double>(value);
        // Within a bin values spread evenly; within a code's step the error does too.
        sum += count_[i] * (off * off);
    }
    return sum;
}

Range Histogram::least_error(int unused_bits) const noexcept {
    constexpr int steps = 24;
    const Range seen = range();
    Range best = seen;
    double least = error(seen, unused_bits);
    for (int low = 0; low < steps; low++) {
        for (int high = 0; high < steps; high++) {
            const Range tried{seen.low * (1.0f - static_cast<float>(low) / steps),
                              seen.high * (1.0f - static_cast<float>(high) / steps)};
            const double found = error(tried, unused_bits);
            if (found < least) {
                least = found;
                best = tried;
            }
        }
    }
    return best;
}

Status quantization_of(Range range, Quantization& quantization, int unused_bits) noexcept {
    const int steps = (256 >> unused_bits) - 1;
    const double low = range.low < 0 ? static_cast<double>(range.low) : 0.0;
    const double high = range.high > 0 ? static_cast<double>(range.high) : 0.0;
    if (!(high - low <= 6.8e38)) return Status::bad_quantization;  // NaN too
    const float scale = low == high ? 1.0f : static_cast<float>((high - low) / steps);
    if (!normal(scale)) return Status::bad_quantization;
    const double zero_point = -128.0 - low / static_cast<double>(scale);
    quantization = {scale, clamp_to_int8(round_half_away(zero_point), -128, steps - 128),
                    static_cast<uint8_t>(unused_bits)};
    return Status::ok;
}

Status fixed_point_of(double real, FixedPoint& fixed_point) noexcept {
    if (!(real >= 0 && real <= 1e30)) return Status::bad_quantization;
    fixed_point = {0, 0};
    uint64_t bits;
    memcpy(&bits, &real, sizeof bits);
    int shift = static_cast<int>(bits >> 52) - 1022;  // real = significand / 2^53 * 2^shift
    const uint64_t significand = (bits & ((uint64_t{1} << 52) - 1)) | uint64_t{1} << 52;
    uint64_t multiplier = (significand + (1 << 21)) >> 22;
    if (multiplier == uint64_t{1} << 31) {
        multiplier /= 2;
        shift++;
    }
    if (shift < kMinShift) return Status::ok;
    if (shift > kMaxShift) return Status::bad_quantization;
    fixed_point = {static_cast<int32_t>(multiplier), static_cast<int8_t>(shift)};
    return Status::ok;
}

Status quantize_layer(const Row& row, Tensors tensors, const LayerQuantization& layer,
                      const WeightQuantization& how, const Int8Arrays& into) noexcept {
    const TensorSizes sizes = tensor_sizes(row);
    if (!all_finite(tensors.weight, sizes.weight) || !all_finite(tensors.bias, sizes.bias)) {
        return Status::non_finite_weights;
    }
    const auto [in, out] = weight_matrix(row);
    const Weights weights{tensors.weight, in, weight_index(row, 1, 0), weight_index(row, 0, 1)};
    float scale = 0.0f;
    for (int32_t o = 0; o < out; o++) {
        if (o == 0 || how.per_output) {
            scale = how.scales
                        ? how.scales[o]
                        : weight_scale(weights, tensors.bias, o, how.per_output ? o + 1 : out,
                                       how.largest, layer.in.scale);
            if (!normal(scale)) return Status::bad_quantization;
            FixedPoint factor;
            // A convolution's product is one of doubles, however many scales it has.
            const bool exact = how.per_output || row.kind != Kind::dense;
            const double real = requantization_factor(layer, scale, exact);
            const Status status = fixed_point_of(real, factor);
            if (status != Status::ok) return status;
            into.multiplier[o] = factor.multiplier;
            into.shift[o] = factor.shift;
        }
        const Status status =
            quantize_output(weights, tensors.bias[o], o, scale, layer, how.largest, into);
        if (status != Status::ok) return status;
    }
    if (needs_table(row.activation)) {
        const Status status = activation_table(row.activation, row.slope, layer, into.table);
        if (status != Status::ok) return status;
    }
    return check_quantized(row, view_of(row, layer, how.per_output, into));
}

Status quantize_layer_in_place(const Row& row, Tensors tensors, size_t bytes,
                               const LayerQuantization& layer, Packing packing,
                               const Int8Arrays& into) noexcept {
    const TensorSizes sizes = DenseLayer::tensor_sizes(row);
    if (!all_finite(tensors.weight, sizes.weight) || !all_finite(tensors.bias, sizes.bias)) {
        return Status::non_finite_weights;
    }
    const int32_t in = row.in.size(), out = row.out.size();
    const size_t packed = static_cast<size_t>(packed_weights(packing, in, out));
    const size_t count = static_cast<size_t>(sizes.weight);
    if (4 * count > bytes || count + packed > bytes) return Status::buffer_too_small;
    if (needs_table(row.activation)) {
        const Status status = activation_table(row.activation, row.slope, layer, into.table);
        if (status != Status::ok) return status;
    }
    for (int32_t o = 0; o < out; o++) {
        const Status status = measure_output(row, tensors, o, layer, packing, into);
        if (status != Status::ok) return status;
    }
    overwrite_weights(row, into.multiplier, into.weight);
    pack_in_place(row, packing, into.weight, into.weight + count);
    for (int32_t o = 0; o < packed_outputs(packing, out); o++) {
        FixedPoint factor{0, 0};
        float scale;
        memcpy(&scale, into.multiplier + o, sizeof scale);
        if (o < out) (void)fixed_point_of(requantization_factor(layer, scale, true), factor);
        into.multiplier[o] = factor.multiplier;
        into.shift[o] = factor.shift;
        if (o >= out) write_packed_bias(packing, out, o, 0, 0, into.bias);
    }
    Int8Tensors view = view_of(row, layer, true, into);
    view.packing = packing;
    return check_quantized_int8_dense(row, view);
}

Int8Tensors view_of(const Row& row, const LayerQuantization& layer, bool per_output,
                    const Int8Arrays& arrays) noexcept {
    Int8Tensors view;
    view.weight = arrays.weight;
    view.bias = arrays.bias;
    view.multiplier = arrays.multiplier;
    view.shift = arrays.shift;
    view.table = needs_table(row.activation) ? arrays.table : nullptr;
    view.in = layer.in;
    view.sum = layer.sum;
    view.out = layer.out;
    view.per_output = per_output;
    return view;
}

}  // namespace nutshell
