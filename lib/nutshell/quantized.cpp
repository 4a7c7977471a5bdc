// SPDX-License-Identifier: MIT
// What a quantized layer must fulfil before it may run, whoever made it. No floating point: small
// processors check files with it.
#include <string.h>

#include "incremental_check.hpp"
#include "layers/dense_row.hpp"
#include "packing_int4.hpp"
#include "weights.hpp"

namespace nutshell {
namespace {

uint32_t scale_bits(Quantization quantization) noexcept {
    uint32_t bits;
    memcpy(&bits, &quantization.scale, sizeof bits);
    return bits;
}

/// A scale that is positive, finite and not denormal, and a zero point that is a code.
bool valid(Quantization quantization) noexcept {
    const uint32_t bits = scale_bits(quantization);
    return bits >= 0x00800000u && bits < 0x7F800000u &&
           quantization.unused_bits <= kMaxUnusedBits &&
           quantization.zero_point <= largest_code(quantization);
}

bool valid_multiplier(int32_t multiplier, int shift) noexcept {
    if (multiplier == 0) return shift == 0;
    return multiplier >= 1 << 30 && shift >= kMinShift && shift <= kMaxShift;
}

struct Sums {
    int32_t weights;
    uint32_t magnitudes;
    void add(int weight) noexcept {
        weights += weight;
        magnitudes += static_cast<uint32_t>(weight < 0 ? -weight : weight);
    }
};

/// What a check has to know of weights that are a byte each.
struct Int8Weights {
    /// What the weights of one output add up to from input `first` on, those behind input `in` that
    /// fill up a block included.
    static Sums sums_of(const Int8Tensors& tensors, int32_t in, int32_t output,
                        int32_t first) noexcept {
        const int flip = rule_of(tensors.packing).weights == WeightForm::plus_128 ? 0x80 : 0;
        const int32_t columns = packed_inputs(tensors.packing, in);
        const int8_t* row = tensors.weight + packed_row(tensors.packing, in, output);
        Sums sums{0, 0};
        for (int32_t i = first; i < columns; i++) {
            sums.add(static_cast<int8_t>(row[packed_column(tensors.packing, i)] ^ flip));
        }
        return sums;
    }

    /// How many bytes they are.
    [[gnu::always_inline]] static int32_t bytes(const Int8Tensors& tensors, int32_t in,
                                                int32_t out) noexcept {
        return packed_weights(tensors.packing, in, out);
    }

    /// True unless one of the weights in the bytes first..end-1 is -128, which no kernel is made
    /// for.
    [[gnu::always_inline]] static bool symmetric(const Int8Tensors& tensors, int32_t first,
                                                 int32_t end) noexcept {
        const bool plus_128 = rule_of(tensors.packing).weights == WeightForm::plus_128;
        const int8_t forbidden = plus_128 ? 0 : -128;
        for (int32_t i = first; i < end; i++) {
            if (tensors.weight[i] == forbidden) return false;
        }
        return true;
    }
};

/// The same of weights that are half a byte each.
struct Int4Weights {
    static Sums sums_of(const Int8Tensors& tensors, int32_t in, int32_t output,
                        int32_t first) noexcept {
        Sums sums{0, 0};
        for (int32_t i = first; i < packed_int4_inputs(tensors.packing, in); i++) {
            const Int4Place place = int4_place(tensors.packing, in, output, i);
            const uint8_t byte = static_cast<uint8_t>(tensors.weight[place.byte]);
            sums.add(int4_weight(tensors.packing, byte, place.upper));
        }
        return sums;
    }

    [[gnu::always_inline]] static int32_t bytes(const Int8Tensors& tensors, int32_t in,
                                                int32_t out) noexcept {
        return packed_int4_bytes(tensors.packing, in, out);
    }

    /// True unless one of the weights is -8.
    [[gnu::always_inline]] static bool symmetric(const Int8Tensors& tensors, int32_t first,
                                                 int32_t end) noexcept {
        for (int32_t i = first; i < end; i++) {
            const uint8_t byte = static_cast<uint8_t>(tensors.weight[i]);
            if (int4_weight(tensors.packing, byte, false) < -7 ||
                int4_weight(tensors.packing, byte, true) < -7) {
                return false;
            }
        }
        return true;
    }
};

uint32_t magnitude(int32_t x) noexcept {
    return x < 0 ? 0u - static_cast<uint32_t>(x) : static_cast<uint32_t>(x);
}

/// One output, or what fills up a block: that adds nothing to any sum. (Inline, for one frame of
/// stack in place of two.)
template <class Weights>
[[gnu::always_inline]] inline Status check_output(const Int8Tensors& tensors, int32_t in,
                                                  int32_t out, int32_t o) noexcept {
    const bool fills_up = o >= out;
    if (Weights::sums_of(tensors, in, o, fills_up ? 0 : in).magnitudes != 0)
        return Status::bad_quantization;

    const bool two_forms = rule_of(tensors.packing).bias == BiasForms::for_both;
    const int32_t bias = tensors.bias[o];
    const int32_t other = two_forms ? tensors.bias[packed_outputs(tensors.packing, out) + o] : bias;
    const int32_t multiplier = tensors.multiplier[tensors.per_output ? o : 0];
    const int8_t shift = tensors.shift[tensors.per_output ? o : 0];
    if (fills_up) {
        const bool zero = (bias | other) == 0 && (!tensors.per_output || (multiplier | shift) == 0);
        return zero ? Status::ok : Status::bad_quantization;
    }
    if (!valid_multiplier(multiplier, shift)) return Status::bad_quantization;

    // No input may take the sum beyond the limit at any step; inputs count as much as the unsigned
    // ones of some kernels. The cheap bound is nearly always enough.
    const uint32_t limit = static_cast<uint32_t>(kMaxSum) >> (shift > 0 ? shift : 0);
    const uint32_t one = magnitude(bias), two = magnitude(other);
    if (one > limit || two > limit) return Status::sum_overflow;
    const uint32_t left = limit - (one > two ? one : two);
    if (!two_forms && left >> 15 >= static_cast<uint32_t>(in)) return Status::ok;
    const Sums sums = Weights::sums_of(tensors, in, o, 0);
    if (sums.magnitudes >= 1u << 24 || 255 * sums.magnitudes > left) return Status::sum_overflow;

    // Two forms must say the same: else the answer would depend on which one a processor reads.
    const bool agree = !two_forms || other == bias - 128 * sums.weights;
    return agree ? Status::ok : Status::bad_quantization;
}

/// All but the numbers of the outputs. (Apart from its caller, whose stack is the deepest.)
template <class AnyRow>
[[gnu::noinline]] bool valid_meanings(const AnyRow& row, const Int8Tensors& tensors) noexcept {
    const Quantization* const meanings[] = {&tensors.in, &tensors.sum, &tensors.out};
    for (const Quantization* meaning : meanings) {
        if (!valid(*meaning)) return false;
    }
    if (needs_table(row.activation)) return tensors.table != nullptr;
    if (!has_weights(row) && !same(tensors.in, tensors.sum)) return false;
    return !tensors.table && same(tensors.sum, tensors.out);
}

/// (Apart from its caller for size, and all that it calls inline.)
template <class Weights>
[[gnu::noinline]] bool all_symmetric(const Int8Tensors& tensors, int32_t in, int32_t out) noexcept {
    return Weights::symmetric(tensors, 0, Weights::bytes(tensors, in, out));
}

template <class Weights, class AnyRow>
Status check_layer(const AnyRow& row, const Int8Tensors& tensors) noexcept {
    const auto [in, out] = weight_matrix(row);
    if (!valid_meanings(row, tensors)) return Status::bad_quantization;
    if (out > 0 && !all_symmetric<Weights>(tensors, in, out)) return Status::bad_quantization;
    for (int32_t o = 0; o < packed_outputs(tensors.packing, out); o++) {
        const Status status = check_output<Weights>(tensors, in, out, o);
        if (status != Status::ok) return status;
    }
    return Status::ok;
}

/// The same in steps: `at` counts the bytes of the weights, then the outputs.
template <class Weights>
Status go_on_with_layer(const Row& row, const Int8Tensors& tensors, uint32_t budget,
                        uint32_t& at) noexcept {
    const auto [in, out] = weight_matrix(row);
    if (at == 0 && !valid_meanings(row, tensors)) return Status::bad_quantization;
    if (out == 0) return Status::ok;
    const uint32_t bytes = static_cast<uint32_t>(Weights::bytes(tensors, in, out));
    if (at < bytes) {
        const uint32_t first = at;
        at = bytes - at < budget ? bytes : at + budget;
        const bool symmetric =
            Weights::symmetric(tensors, static_cast<int32_t>(first), static_cast<int32_t>(at));
        return symmetric ? Status::unfinished : Status::bad_quantization;
    }
    const uint32_t outputs = static_cast<uint32_t>(packed_outputs(tensors.packing, out));
    const uint32_t width = static_cast<uint32_t>(in);
    uint32_t looked_at = 0;
    do {
        const int32_t o = static_cast<int32_t>(at - bytes);
        const Status status = check_output<Weights>(tensors, in, out, o);
        if (status != Status::ok) return status;
        looked_at += width;
        at++;
    } while (at - bytes < outputs && looked_at + width <= budget);
    return at - bytes < outputs ? Status::unfinished : Status::ok;
}

/// The same where the kind's weights lie in a packing of their own. (Apart from its caller, which
/// most often does without.)
[[gnu::noinline]] Status check_unpacked(const Row& row, const Int8Tensors& tensors) noexcept {
    if (tensors.int4) return Status::bad_quantization;
    Int8Tensors own = tensors;
    own.packing = Packing::canonical;
    return check_layer<Int8Weights>(row, own);
}

Status go_on_with_unpacked(const Row& row, const Int8Tensors& tensors, uint32_t budget,
                           uint32_t& at) noexcept {
    if (tensors.int4) return Status::bad_quantization;
    Int8Tensors own = tensors;
    own.packing = Packing::canonical;
    return go_on_with_layer<Int8Weights>(row, own, budget, at);
}

}  // namespace

bool same(Quantization a, Quantization b) noexcept {
    return scale_bits(a) == scale_bits(b) && a.zero_point == b.zero_point &&
           a.unused_bits == b.unused_bits;
}

Status check_quantized(const Row& row, const Int8Tensors& tensors) noexcept {
    if (!packs(row.kind)) return check_unpacked(row, tensors);
    return tensors.int4 ? check_layer<Int4Weights>(row, tensors)
                        : check_layer<Int8Weights>(row, tensors);
}

Status check_quantized_int8(const Row& row, const Int8Tensors& tensors) noexcept {
    if (!packs(row.kind)) return check_unpacked(row, tensors);
    return check_layer<Int8Weights>(row, tensors);
}

Status check_quantized_int8_dense(const Row& row, const Int8Tensors& tensors) noexcept {
    return check_layer<Int8Weights>(static_cast<const DenseRow&>(row), tensors);
}

Status go_on_with_quantized(const Row& row, const Int8Tensors& tensors, uint32_t budget,
                            uint32_t& at) noexcept {
    if (!packs(row.kind)) return go_on_with_unpacked(row, tensors, budget, at);
    return tensors.int4 ? go_on_with_layer<Int4Weights>(row, tensors, budget, at)
                        : go_on_with_layer<Int8Weights>(row, tensors, budget, at);
}

Status go_on_with_quantized_int8(const Row& row, const Int8Tensors& tensors, uint32_t budget,
                                 uint32_t& at) noexcept {
    if (!packs(row.kind)) return go_on_with_unpacked(row, tensors, budget, at);
    return go_on_with_layer<Int8Weights>(row, tensors, budget, at);
}

}  // namespace nutshell
