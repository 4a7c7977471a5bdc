// SPDX-License-Identifier: MIT
// The way back through a window over int8 codes. The outputs of a phase meet some of the taps only;
// what the other ones would add to the sums, were the input zero there, goes into the bias.
#include "packing_int4.hpp"
#include "patch_int8.hpp"

namespace nutshell::detail {
namespace {

/// The sum of the weights of an output.
int32_t sum_of_weights(Packing packing, int32_t in, int32_t o, const int8_t* weights) noexcept {
    const PackingRule rule = nutshell::rule_of(packing);
    const int8_t* row = weights + packed_row(packing, in, o);
    int32_t sum = 0;
    for (int32_t left = packed_inputs(packing, in); left > 0; left -= rule.inputs) {
        for (int32_t i = 0; i < rule.inputs; i++) sum += packed_weight(packing, row[i]);
        row += rule.inputs * rule.outputs;
    }
    return sum;
}

/// Columns of a packed matrix of `in` inputs: those of a tap.
struct Columns {
    int32_t in, first;
};

/// How weights of a number of bits are read. take() copies the columns of a tap of some outputs,
/// `first` being the first one in tensors.weight and 0 in `weights`.
struct Int8Weights {
    static int32_t sum(const Int8Tensors& tensors, int32_t in, int32_t o) noexcept {
        return sum_of_weights(tensors.packing, in, o, tensors.weight);
    }
    static void take(const Int8Tensors& tensors, Columns from, int32_t first, int32_t outputs,
                     Columns to, int32_t count, int8_t* weights) noexcept {
        const Packing packing = tensors.packing;
        const PackingRule rule = nutshell::rule_of(packing);
        const bool whole_blocks = (count & (rule.inputs - 1)) == 0;
        for (int32_t o = 0; o < outputs; o += whole_blocks ? rule.outputs : 1) {
            const int8_t* source = tensors.weight + packed_row(packing, from.in, first + o);
            int8_t* target = weights + packed_row(packing, to.in, o);
            if (whole_blocks) {
                copy_codes(source + from.first * rule.outputs, count * rule.outputs,
                           target + to.first * rule.outputs);
            } else {
                for (int32_t i = 0; i < count; i++) {
                    target[packed_column(packing, to.first + i)] =
                        source[packed_column(packing, from.first + i)];
                }
            }
        }
    }
};
struct Int4Weights {
    static int32_t sum(const Int8Tensors& tensors, int32_t in, int32_t o) noexcept {
        int32_t sum = 0;
        for (int32_t i = 0; i < in; i++) sum += at(tensors, in, o, i);
        return sum;
    }
    static void take(const Int8Tensors& tensors, Columns from, int32_t first, int32_t outputs,
                     Columns to, int32_t count, int8_t* weights) noexcept {
        for (int32_t o = 0; o < outputs; o++) {
            for (int32_t i = 0; i < count; i++) {
                weights[packed_index(tensors.packing, to.in, o, to.first + i)] =
                    packed_weight(tensors.packing, at(tensors, from.in, first + o, from.first + i));
            }
        }
    }

  private:
    static int8_t at(const Int8Tensors& tensors, int32_t in, int32_t o, int32_t i) noexcept {
        const Int4Place place = int4_place(tensors.packing, in, o, i);
        const uint8_t byte = static_cast<uint8_t>(tensors.weight[place.byte]);
        return static_cast<int8_t>(int4_weight(tensors.packing, byte, place.upper));
    }
};

/// A layer on its way back, and the part of its outputs that is computed.
template <class Weights>
class Back {
  public:
    Back(const Row& row, const WindowMap& map, const Int8Tensors& tensors, const int8_t* x,
         int8_t* y, void* scratch) noexcept
        : map_(map),
          tensors_(tensors),
          rule_(requantization_of(row.activation, tensors)),
          at_(BackScratch::of(map)),
          x_(x),
          y_(y),
          scratch_(static_cast<int8_t*>(scratch)) {}

    void run() noexcept {
        const int32_t channels = map_.wide.channels;
        for (first_ = 0; first_ < channels; first_ += at_.outputs) {
            outputs_ = channels - first_ < at_.outputs ? channels - first_ : at_.outputs;
            const int32_t all = map_.taps() * map_.narrow.channels;
            for (int32_t o = 0; o < outputs_; o++) {
                sums()[o] = Weights::sum(tensors_, all, first_ + o);
            }
            for (int32_t i = 0; i < map_.down.stride; i++) {
                for (int32_t j = 0; j < map_.across.stride; j++) {
                    run_phase(Phase::of(map_.down, i), Phase::of(map_.across, j));
                }
            }
        }
        if (tensors_.table) kernels::look_up(map_.wide.size(), tensors_.table, y_);
    }

  private:
    int8_t* weights() const noexcept { return scratch_ + at_.weights; }
    int8_t* codes() const noexcept { return scratch_ + at_.codes; }
    int32_t* bias() const noexcept { return words(at_.bias); }
    int32_t* sums() const noexcept { return words(at_.sums); }
    int32_t* words(int32_t at) const noexcept {
        return reinterpret_cast<int32_t*>(static_cast<void*>(scratch_ + at));
    }

    void run_phase(const Phase& down, const Phase& across) noexcept {
        const CodeWindow window{x_, map_.narrow.channels, tensors_.in.zero_point,
                                Line::back(map_.down, down), Line::back(map_.across, across)};
        const int32_t in = window.patch();
        take_weights(down, across, in);
        const Requantization rule = rule_of_phase(in);
        const ptrdiff_t pixel = map_.wide.channels, row = pixel * map_.wide.width;
        int8_t* places[kRowsTogether];
        const int32_t most = patch_rows(in);
        int32_t rows = 0;
        for (int32_t i = 0; i < down.count; i++) {
            int8_t* to =
                y_ + (down.first + i * map_.down.stride) * row + across.first * pixel + first_;
            for (int32_t j = 0; j < across.count;) {
                const int32_t left = across.count - j, room = most - rows;
                const int32_t some =
                    gather(window, i, j, left < room ? left : room, scratch_ + rows * in);
                for (int32_t end = rows + some; rows < end; rows++, j++) {
                    places[rows] = to;
                    to += map_.across.stride * pixel;
                }
                const bool last = i + 1 == down.count && j == across.count;
                if (rows < most && !last) continue;
                kernels::dense_rows_int8(rows, in, outputs_, weights(), rule, scratch_, in, codes(),
                                         scratch_ + at_.converted);
                for (int32_t r = 0; r < rows; r++) {
                    copy_codes(codes() + r * outputs_, outputs_, places[r]);
                }
                rows = 0;
            }
        }
    }

    /// The weights of the taps that the phase meets, in the order in which it meets them.
    void take_weights(const Phase& down, const Phase& across, int32_t in) noexcept {
        const int32_t channels = map_.narrow.channels, all = map_.taps() * channels;
        memset(weights(), static_cast<uint8_t>(packed_weight(tensors_.packing, 0)),
               static_cast<size_t>(packed_weights(tensors_.packing, in, outputs_)));
        int32_t to = 0;
        for (int32_t a = 0; a < down.taps; a++) {
            for (int32_t b = 0; b < across.taps; b++, to += channels) {
                const int32_t tap = (down.tap + a * down.tap_step) * map_.across.taps + across.tap +
                                    b * across.tap_step;
                Weights::take(tensors_, {all, tap * channels}, first_, outputs_, {in, to}, channels,
                              weights());
            }
        }
    }

    /// The rule of the outputs, their biases with what the taps add that the phase does not meet.
    Requantization rule_of_phase(int32_t in) noexcept {
        const Packing packing = tensors_.packing;
        const int32_t padded = packed_outputs(packing, outputs_);
        Requantization rule = rule_from(rule_, packing, map_.wide.channels, first_);
        const BiasForms forms = nutshell::rule_of(packing).bias;
        const int32_t second = forms == BiasForms::for_both ? padded : 0;
        const int32_t second_from =
            forms == BiasForms::for_both ? packed_outputs(packing, map_.wide.channels) : 0;
        for (int32_t o = 0; o < padded; o++) {
            const int32_t missing =
                o < outputs_ ? sums()[o] - sum_of_weights(packing, in, o, weights()) : 0;
            const int32_t zeros = tensors_.in.zero_point * missing;
            if (forms != BiasForms::for_unsigned_inputs) bias()[o] = rule.bias[o] + zeros;
            if (forms != BiasForms::for_signed_inputs) {
                bias()[second + o] = rule.bias[second_from + o] + zeros + 128 * missing;
            }
        }
        rule.bias = bias();
#if !defined(__ARM_ARCH_PROFILE) || __ARM_ARCH_PROFILE != 'M'
        rule.forms_apart = padded;
#endif
        return rule;
    }

    const WindowMap& map_;
    const Int8Tensors& tensors_;
    const Requantization rule_;
    const BackScratch at_;
    const int8_t* const x_;
    int8_t* const y_;
    int8_t* const scratch_;
    int32_t first_ = 0, outputs_ = 0;
};

}  // namespace

void patches_back(const Row& row, const WindowMap& map, const Int8Tensors& tensors, const int8_t* x,
                  int8_t* y, void* scratch) noexcept {
    Back<Int8Weights>(row, map, tensors, x, y, scratch).run();
}

void patches_back_int4(const Row& row, const WindowMap& map, const Int8Tensors& tensors,
                       const int8_t* x, int8_t* y, void* scratch) noexcept {
    Back<Int4Weights>(row, map, tensors, x, y, scratch).run();
}

}  // namespace nutshell::detail
