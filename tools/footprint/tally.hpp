// SPDX-License-Identifier: MIT
// How the loops of kernels are counted: what the walks over a layer share.
#pragma once
#include "loops.hpp"
#include "nutshell/patch_int8.hpp"

namespace nutshell::tools {

/// Counts the runs of loops.
class Tally {
  public:
    template <class Loop>
    explicit Tally(Loop count) : times(static_cast<size_t>(count), 0.0) {}
    template <class Loop>
    void add(Loop loop, double runs = 1) {
        times[static_cast<size_t>(loop)] += runs;
    }
    std::vector<double> times;
};

/// Whether words can be loaded from anywhere.
inline bool loads_unaligned(Packing packing) {
    return packing != Packing::armv6m && packing != Packing::canonical;
}

/// Floats in a vector; 0 where floats are computed by plain loops.
inline int lanes_of(Packing packing) {
    switch (packing) {
        case Packing::dsp:
            return 1;
        case Packing::helium:
        case Packing::simd:
            return 4;
        default:
            return 0;
    }
}

constexpr int parts_of(int n, int part) { return (n + part - 1) / part; }

/// What copy_codes copies, from a place to a place in arrays that begin at a word.
struct CopyLoops {
    int words = 0, bytes = 0, chunks = 0;

    CopyLoops(Packing packing, int from, int to, int count) {
        if (loads_unaligned(packing) && count >= 16) {
            chunks = parts_of(count, 16);
            return;
        }
        if (loads_unaligned(packing) || ((from | to) & 3) == 0) words = count / 4;
        bytes = count - 4 * words;
    }
};

/// How many taps of a place lie in the image, and of all places.
inline int taps_inside(const Axis& axis, int place) {
    int taps = 0;
    for (int t = 0; t < axis.taps; t++) {
        const int at = place * axis.stride - axis.before + t * axis.dilation;
        if (at >= 0 && at < axis.size) taps++;
    }
    return taps;
}
inline double taps_inside(const Axis& axis) {
    double taps = 0;
    for (int place = 0; place < axis.count; place++) taps += taps_inside(axis, place);
    return taps;
}

/// Of a convolution and of a transposed one: in int8 and in floats.
std::vector<double> patch_loops(const LayerCase& layer, const Target& target);
std::vector<double> sum_loops(const Row& row, const Target& target);

}  // namespace nutshell::tools
