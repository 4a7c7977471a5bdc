// SPDX-License-Identifier: MIT
// Convolutions of int8, there and back, as lib/nutshell/patch_int8.cpp and patch_back_int8.cpp walk
// over them, and the kernels of dense rows that they call (platform/cortexm.hpp, dsp.cpp,
// neon_int8.hpp).
#include <algorithm>

#include "tally.hpp"

namespace nutshell::tools {
namespace {

using detail::Line;

/// Of a block of Packing::simd.
constexpr int kSimdOutputs = rule_of(Packing::simd).outputs;

/// The loops, in the order of their costs.
enum class Patch {
    layer,
    image_row,
    gathered,  ///< calls of gather, and places inside of the image whose patches are copied
    places,
    run,  ///< copies of neighbouring codes, and what they consist of
    word,
    byte,
    chunk,
    border,  ///< places at the border, their rows of taps, runs of zeros and their bytes
    border_row,
    zeros,
    zero_byte,
    tap_apart,  ///< taps of a window with dilation
    direct,     ///< runs of places whose patches lie in the image
    call,       ///< of dense_rows_int8, its rows, blocks of inputs, groups of outputs
    row,
    input,
    group,
    step,   ///< blocks of inputs times groups of outputs
    round,  ///< eight inputs times a group, or a block of inputs times a tile of outputs
    partial,
    scale,  ///< groups that have scales of their own; rows whose outputs have the same one
    same,
    filled,  ///< vectors of inputs that are put together, of eight inputs at least or of fewer
    filled_few,
    few,  ///< rows whose last outputs are copied, one to three or more
    several,
    pair,  ///< of rows, and what a pair consists of
    pair_input,
    pair_two,
    pair_step,
    phase,  ///< of the way back; sums of weights, the weights in them
    sum,
    sum_input,
    cleared,  ///< words of the weights of a phase, copies into them, single weights
    taken,
    taken_byte,
    back_row,
    back_place,
    outputs,
    count
};
static_assert(static_cast<int>(Patch::count) <= kMostLoops);

class PatchWalk {
  public:
    PatchWalk(const LayerCase& layer, const Target& target)
        : row_(layer.row), per_output_(layer.per_output), target_(target), tally_(Patch::count) {}

    std::vector<double> there() {
        const WindowMap map = Conv2DLayer::map(row_);
        const Line down = Line::there(map.down), across = Line::there(map.across);
        channels_ = row_.in.channels;
        in_ = down.taps * across.taps * channels_;
        most_ = detail::patch_rows(in_, target_.scratch);
        out_ = row_.out.channels;
        tally_.add(Patch::layer);
        int rows = 0;
        const auto flush = [&] {
            if (rows > 0) product(rows);
            rows = 0;
        };
        for (int i = 0; i < row_.out.height; i++) {
            tally_.add(Patch::image_row);
            const bool lies = down.taps == 1 && down.has(down.at(i));
            for (int j = 0; j < row_.out.width;) {
                const int first = j;
                while (lies && j < row_.out.width && across.in_a_run(j)) j++;
                if (j > first) {
                    flush();
                    tally_.add(Patch::direct);
                    product(j - first);
                    continue;
                }
                const int places = gather(down, across, i, j,
                                          std::min(row_.out.width - j, most_ - rows), rows * in_);
                j += places;
                rows += places;
                if (rows == most_) flush();
            }
        }
        flush();
        return tally_.times;
    }

    std::vector<double> back() {
        const WindowMap map = TransposedConv2DLayer::map(row_);
        channels_ = map.narrow.channels;
        tally_.add(Patch::layer);
        const int together = detail::BackScratch::of(map, target_.scratch).outputs;
        for (int first = 0; first < map.wide.channels; first += together) {
            out_ = std::min(together, map.wide.channels - first);
            sums(out_, map.taps() * channels_);
            for (int i = 0; i < map.down.stride; i++) {
                for (int j = 0; j < map.across.stride; j++) {
                    phase(map, Phase::of(map.down, i), Phase::of(map.across, j));
                }
            }
        }
        return tally_.times;
    }

  private:
    void sums(int outputs, int inputs) {
        tally_.add(Patch::sum, outputs);
        tally_.add(Patch::sum_input, 1.0 * outputs * packed_inputs(target_.packing, inputs));
    }

    void phase(const WindowMap& map, const Phase& down, const Phase& across) {
        const Line line_down = Line::back(map.down, down),
                   line_across = Line::back(map.across, across);
        in_ = line_down.taps * line_across.taps * channels_;
        most_ = detail::patch_rows(in_, target_.scratch);
        const PackingRule rule = rule_of(target_.packing);
        tally_.add(Patch::phase);
        tally_.add(Patch::cleared, packed_weights(target_.packing, in_, out_) / 4);
        const bool whole_blocks = channels_ % rule.inputs == 0;
        const int copies = line_down.taps * line_across.taps *
                           (whole_blocks ? parts_of(out_, rule.outputs) : out_);
        tally_.add(Patch::taken, copies);
        if (whole_blocks) {
            for (int c = 0; c < copies; c++) copy(0, 0, channels_ * rule.outputs);
        } else {
            tally_.add(Patch::taken_byte, 1.0 * copies * channels_);
        }
        sums(out_, in_);
        int rows = 0;
        for (int i = 0; i < down.count; i++) {
            tally_.add(Patch::back_row);
            for (int j = 0; j < across.count;) {
                const int some = gather(line_down, line_across, i, j,
                                        std::min(across.count - j, most_ - rows), rows * in_);
                rows += some;
                j += some;
                const bool last = i + 1 == down.count && j == across.count;
                if (rows < most_ && !last) continue;
                product(rows);
                tally_.add(Patch::back_place, rows);
                for (int r = 0; r < rows; r++) copy(r * out_, 0, out_);
                rows = 0;
            }
        }
    }

    void copy(int from, int to, int count) {
        const CopyLoops loops(target_.packing, from, to, count);
        tally_.add(Patch::run);
        tally_.add(Patch::word, loops.words);
        tally_.add(Patch::byte, loops.bytes);
        tally_.add(Patch::chunk, loops.chunks);
    }

    void zeros(int taps) {
        tally_.add(Patch::zeros, taps > 0 ? 1 : 0);
        tally_.add(Patch::zero_byte, taps * channels_);
    }

    int gather(const Line& down, const Line& across, int i, int j, int most, int to) {
        tally_.add(Patch::gathered);
        int row = down.at(i), places = 1;
        const int column = across.at(j), run = across.taps * channels_;
        if (down.is_inside(i) && across.in_a_run(j)) {
            while (places < most && across.is_inside(j + places)) places++;
            tally_.add(Patch::places, places);
            for (int a = 0; a < down.taps; a++, row += down.step, to += run) {
                for (int p = 0; p < places; p++) {
                    copy((row * across.size + column + p * across.stride) * channels_, to + p * in_,
                         run);
                }
            }
            return places;
        }
        tally_.add(Patch::border);
        for (int a = 0; a < down.taps; a++, row += down.step, to += run) {
            tally_.add(Patch::border_row);
            if (!down.has(row)) {
                zeros(across.taps);
            } else if (across.step == 1) {
                const int end = column + across.taps - across.size;
                const int before = std::clamp(-column, 0, across.taps);
                const int after = std::clamp(end, 0, across.taps);
                zeros(before);
                copy((row * across.size + column + before) * channels_, to + before * channels_,
                     (across.taps - before - after) * channels_);
                zeros(after);
            } else {
                for (int b = 0; b < across.taps; b++) {
                    tally_.add(Patch::tap_apart);
                    const int x = column + b * across.step;
                    if (across.has(x)) {
                        copy((row * across.size + x) * channels_, to + b * channels_, channels_);
                    } else {
                        zeros(1);
                    }
                }
            }
        }
        return 1;
    }

    /// What dense_rows_int8 does.
    void product(int rows) {
        tally_.add(Patch::call);
        tally_.add(Patch::outputs, 1.0 * rows * out_);
        if (target_.packing == Packing::dsp) {
            row_pairs(rows / 2);
            rows %= 2;
        }
        const ProductCost& block = target_.int8.dots;
        const bool on_simd = target_.packing == Packing::simd;
        const int steps = parts_of(in_, block.inputs);
        const int groups = parts_of(out_, on_simd ? kSimdOutputs : block.outputs);
        const double all_groups = 1.0 * rows * groups;
        tally_.add(Patch::row, rows);
        tally_.add(Patch::input, 1.0 * rows * steps);
        tally_.add(Patch::group, all_groups);
        tally_.add(Patch::step, all_groups * steps);
        if (on_simd) {
            tally_.add(Patch::round, 1.0 * rows * parts_of(out_, block.outputs) * steps);
            fill(rows);
        } else {
            tally_.add(Patch::round, all_groups * parts_of(in_, 8));
            partial_rows(rows, groups * block.outputs);
        }
        if (per_output_) {
            tally_.add(Patch::scale, all_groups);
        } else {
            tally_.add(Patch::same, rows);
        }
    }

    /// Two rows that share their weights, two outputs and four inputs at a time.
    void row_pairs(double pairs) {
        const int steps = parts_of(in_, 4), twos = parts_of(out_, 2);
        tally_.add(Patch::pair, pairs);
        tally_.add(Patch::pair_input, pairs * steps);
        tally_.add(Patch::pair_two, pairs * twos);
        tally_.add(Patch::pair_step, pairs * twos * steps);
        if (in_ % 4 != 0) tally_.add(Patch::filled, pairs);
    }

    /// The last rows, whose last group would be written behind the end.
    void partial_rows(int rows, int padded) {
        for (int left = out_; left < padded && rows > 0; left += out_, rows--) {
            tally_.add(Patch::partial);
        }
    }

    /// Inputs at both ends that a vector of sixteen is filled up from, and outputs that are not a
    /// whole one, copied by the C library.
    void fill(int rows) {
        const int first = std::min(in_, 8), last = in_ > 8 ? (in_ - 8 - 1) % 16 + 1 : 0;
        for (int count : {first, last}) {
            if (count == 0 || count == 16) continue;
            tally_.add(count >= 8 ? Patch::filled : Patch::filled_few, rows);
        }
        const int rest = out_ % kSimdOutputs;
        if (rest != 0) tally_.add(rest < 4 ? Patch::few : Patch::several, rows);
    }

    const Row& row_;
    const bool per_output_;
    const Target& target_;
    Tally tally_;
    int channels_ = 0, in_ = 0, most_ = 0, out_ = 0;
};

}  // namespace

std::vector<double> patch_loops(const LayerCase& layer, const Target& target) {
    PatchWalk walk(layer, target);
    return layer.row.kind == Kind::conv2d ? walk.there() : walk.back();
}

}  // namespace nutshell::tools
