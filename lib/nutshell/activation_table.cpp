// SPDX-License-Identifier: MIT
// Activations of int8 codes as tables, in the fixed-point arithmetic that TensorFlow Lite Micro
// computes them with, so that the tables are its results to the bit. Source:
// gemmlowp's fixedpoint.h: exponential by a quarter's Taylor series and a product of constants,
// division by Newton's iteration.
#include "quantize.hpp"

namespace nutshell {
namespace {

// A raw number with n integer bits stands for raw / 2^(31 - n): "q0" has none, "q2" two, "q4" four.

constexpr int32_t kOne = INT32_MAX;  // of q0

int32_t saturate(int64_t x) noexcept {
    return static_cast<int32_t>(x > INT32_MAX ? INT32_MAX : x < INT32_MIN ? INT32_MIN : x);
}

/// x * 2^exponent; to the left it saturates, to the right it rounds, ties away from zero.
int32_t scale_by_power_of_two(int32_t x, int exponent) noexcept {
    if (exponent >= 0) return saturate(static_cast<int64_t>(x) * (int64_t{1} << exponent));
    return divide_by_power_of_two(x, -exponent);
}

/// (a + b) / 2, rounded away from zero.
int32_t rounding_half_sum(int32_t a, int32_t b) noexcept {
    const int64_t sum = static_cast<int64_t>(a) + b;
    return static_cast<int32_t>((sum + (sum >= 0 ? 1 : -1)) / 2);
}

/// exp(x) of q0 x in -1/4..0, as q0: Taylor's series around -1/8.
int32_t exp_of_quarter(int32_t x) noexcept {
    constexpr int32_t kExpOfMinusEighth = 1895147668, kThird = 715827883;
    const int32_t t = x + (1 << 28);
    const int32_t t2 = multiply_high(t, t);
    const int32_t t3 = multiply_high(t2, t);
    const int32_t t4 = multiply_high(t2, t2);
    const int32_t upper = multiply_high(scale_by_power_of_two(t4, -2) + t3, kThird) + t2;
    const int32_t series = t + scale_by_power_of_two(upper, -1);
    return saturate(static_cast<int64_t>(kExpOfMinusEighth) +
                    multiply_high(kExpOfMinusEighth, series));
}

/// exp(x) of x <= 0 with 4 or 5 integer bits, as q0.
int32_t exp_of_negative(int32_t x, int integer_bits) noexcept {
    // exp(-2^n) for n = -2, -1, ... 4, as q0.
    constexpr int32_t kFactors[] = {1672461947, 1302514674, 790015084, 290630308,
                                    39332535,   720401,     242};
    if (x == 0) return kOne;
    const int32_t quarter = 1 << (29 - integer_bits);
    const int32_t rest = (x & (quarter - 1)) - quarter;
    int32_t result = exp_of_quarter(rest * (1 << integer_bits));
    const int32_t whole = rest - x;  // a multiple of a quarter
    for (int i = 0; i < integer_bits + 2; i++) {
        if ((whole & (quarter << i)) != 0) result = multiply_high(result, kFactors[i]);
    }
    return result;
}

/// 1 / (1 + x) * 2 of q0 x in 0..1, as q2, by three steps of Newton's iteration.
int32_t reciprocal_of_half(int32_t x) noexcept {
    // 48/17 and -32/17: the line that starts nearest to the reciprocal.
    constexpr int32_t kIntercept = 1515870810, kSlope = -1010580540, kOneAsQ2 = 1 << 29;
    const int32_t half_denominator = rounding_half_sum(x, kOne);
    int32_t y = kIntercept + multiply_high(half_denominator, kSlope);
    for (int step = 0; step < 3; step++) {
        const int32_t off = kOneAsQ2 - multiply_high(half_denominator, y);
        y += scale_by_power_of_two(multiply_high(y, off), 2);
    }
    return y;
}

/// sigmoid(x) of q4 x, as q0.
int32_t sigmoid_of(int32_t x) noexcept {
    if (x == 0) return 1 << 30;
    const int32_t magnitude = x < 0 ? -x : x;
    // y / 2 as q2 is y as q1; two further bits make it q0.
    const int32_t positive =
        scale_by_power_of_two(reciprocal_of_half(exp_of_negative(-magnitude, 4)), 1);
    return x < 0 ? kOne - positive : positive;
}

/// tanh(x) of q4 x, as q0.
int32_t tanh_of(int32_t x) noexcept {
    if (x == 0) return 0;
    const int32_t magnitude = x < 0 ? -x : x;
    const int32_t e =
        exp_of_negative(-magnitude, 5);  // of 2x: the same bits with one less fraction
    const int32_t y = scale_by_power_of_two(reciprocal_of_half(e) - (1 << 29), 2);
    return x < 0 ? -y : y;
}

/// A code's distance from the zero point as q4, and from which distance on q4 would overflow.
struct Input {
    FixedPoint scale;
    int32_t radius;
};

Status input_of(Quantization sum, Input& input) noexcept {
    constexpr int kFractionBits = 27;
    const double real = static_cast<double>(sum.scale) * (1 << kFractionBits);
    const Status status = fixed_point_of(real, input.scale);
    if (status != Status::ok) return status;
    const int8_t shift = input.scale.shift;
    const int64_t largest = int64_t{15} << kFractionBits;
    const int64_t radius = shift >= 0 ? largest >> shift : int64_t{256};
    input.radius = static_cast<int32_t>(radius < 256 ? radius : 256);
    return Status::ok;
}

/// sigmoid or tanh of x as q0, times 2^8 or 2^7, as a code; saturated beyond the radius.
void fixed_point_table(bool is_sigmoid, const Input& input, Quantization sum,
                       int8_t* table) noexcept {
    const int bits = is_sigmoid ? 8 : 7;
    const int32_t zero_point = is_sigmoid ? -128 : 0;
    for (int32_t code = -128; code <= 127; code++) {
        const int32_t x = code - sum.zero_point;
        int32_t y = 0;
        if (x <= -input.radius) {
            y = -128;
        } else if (x >= input.radius) {
            y = 127;
        } else {
            const int32_t q4 = multiply(x, input.scale);
            const int32_t q0 = is_sigmoid ? sigmoid_of(q4) : tanh_of(q4);
            y = divide_by_power_of_two(q0, 31 - bits) + zero_point;
        }
        table[static_cast<uint8_t>(code)] = clamp_to_int8(y, -128, 127);
    }
}

/// 8-bit codes become codes of fewer bits.
void round_table(int unused_bits, int8_t* table) noexcept {
    for (int i = 0; i < 256; i++) {
        const int rounded = (table[i] + 128 + (1 << unused_bits >> 1)) >> unused_bits;
        table[i] = clamp_to_int8(rounded - 128, -128, (256 >> unused_bits) - 129);
    }
}

/// Factors from the sum's codes to the output's, above zero and below, as floats first.
Status leaky_table(float slope, const LayerQuantization& layer, int8_t* table) noexcept {
    constexpr int kLargestShift = 22;  // a code's distance, at most 255, stays below kMaxSum
    const float factors[] = {layer.sum.scale / layer.out.scale,
                             layer.sum.scale * slope / layer.out.scale};
    FixedPoint above, below;
    const bool fits = fixed_point_of(static_cast<double>(factors[0]), above) == Status::ok &&
                      fixed_point_of(static_cast<double>(factors[1]), below) == Status::ok;
    if (!fits || above.shift > kLargestShift) return Status::bad_quantization;
    for (int32_t code = -128; code <= 127; code++) {
        const int32_t x = code - layer.sum.zero_point;
        const int32_t y = multiply(x, x >= 0 ? above : below) + layer.out.zero_point;
        table[static_cast<uint8_t>(code)] = clamp_to_int8(y, -128, largest_code(layer.out));
    }
    return Status::ok;
}

}  // namespace

Status activation_table(Activation activation, float slope, const LayerQuantization& layer,
                        int8_t* table) noexcept {
    if (activation == Activation::leaky_relu) return leaky_table(slope, layer, table);
    const bool is_sigmoid = activation == Activation::sigmoid;
    const int unused_bits = layer.out.unused_bits;
    if (!same(layer.out, is_sigmoid ? sigmoid_output(unused_bits) : tanh_output(unused_bits))) {
        return Status::bad_quantization;
    }
    Input input;
    const Status status = input_of(layer.sum, input);
    if (status != Status::ok) return status;
    fixed_point_table(is_sigmoid, input, layer.sum, table);
    if (unused_bits > 0) round_table(unused_bits, table);
    return Status::ok;
}

}  // namespace nutshell
