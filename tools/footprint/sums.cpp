// SPDX-License-Identifier: MIT
// Convolutions of floats, there and back, as platform/vector_convolution.hpp walks over them, or
// the plain loops of lib/nutshell/reference_convolution.cpp.
#include "tally.hpp"

namespace nutshell::tools {
namespace {

/// The loops, in the order of their costs.
enum class Sum {
    layer,
    cleared,  ///< floats of a frame, rows that are put into it, and their floats
    framed_row,
    framed,
    call,  ///< of convolve, rows of its grid, strips of outputs
    grid_row,
    strip,
    tile,  ///< of places and outputs, and its taps
    tile_tap,
    two_by_4,  ///< elements of the runs of tiles, two vectors by four places
    two_by_2,
    two_by_1,
    one_by_8,
    one_by_4,
    one_by_2,
    one_by_1,
    part_by_8,  ///< a part of a vector by eight places
    part_by_4,
    part_by_2,
    part_by_1,
    part_lane,  ///< loads and stores of the single elements of a part
    tile_down,  ///< rows of taps
    tap_rows,   ///< taps times places
    sums,
    clamped,
    dot_tile,  ///< of places of a single output, rows of taps, taps
    dot_down,
    dot_tap,
    dot_by_8,  ///< vectors of the runs by eight places
    dot_by_4,
    dot_by_2,
    dot_by_1,
    dot_rest,
    dot_sums,
    place,  ///< of plain loops, taps, elements of runs, products
    place_tap,
    element,
    product,
    zero_product,  ///< with the frame
    count
};
static_assert(static_cast<int>(Sum::count) <= kMostLoops);

class SumWalk {
  public:
    SumWalk(const Row& row, const Target& target)
        : row_(row),
          lanes_(lanes_of(target.packing)),
          clamps_(row.activation == Activation::relu),
          tally_(Sum::count) {}

    std::vector<double> there() {
        const WindowMap map = Conv2DLayer::map(row_);
        frame(map.frame());
        convolve(map.there(map.wide.channels, map.narrow.channels));
        outside(map, map.wide.channels, map.narrow.channels);
        return tally_.times;
    }

    std::vector<double> back() {
        const WindowMap map = TransposedConv2DLayer::map(row_);
        frame(map.frame_back());
        const int run = map.narrow.channels, n = map.wide.channels;
        map.back(run, n, static_cast<ptrdiff_t>(run) * n,
                 [&](const Convolution& part, ptrdiff_t, ptrdiff_t, ptrdiff_t) { convolve(part); });
        outside(map, run, n);
        return tally_.times;
    }

  private:
    void frame(const Frame& frame) {
        tally_.add(Sum::layer);
        if (frame.empty()) return;
        tally_.add(Sum::cleared, frame.floats());
        tally_.add(Sum::framed_row, frame.image.height);
        tally_.add(Sum::framed, frame.image.size());
    }

    /// Moves the products with zeros of the frame to where they are counted.
    void outside(const WindowMap& map, int run, int n) {
        if (lanes_ > 0) return;
        const double within = taps_inside(map.down) * taps_inside(map.across) * run * n;
        double& products = tally_.times[static_cast<size_t>(Sum::product)];
        tally_.add(Sum::zero_product, products - within);
        products = within;
    }

    void convolve(Convolution c) {
        tally_.add(Sum::call);
        if (lanes_ == 0) return plain(c);
        if (c.tap_across == c.run && c.weight_across == static_cast<ptrdiff_t>(c.run) * c.n) {
            c.run *= c.taps_across;
            c.taps_across = 1;
        }
        tally_.add(Sum::grid_row, c.height);
        const double taps = c.taps_down * c.taps_across;
        if (c.n == 1 && c.run >= lanes_) {
            tiles(c, 8, [&](int rows, double tiles) {
                const bool rest = c.run % lanes_ != 0;
                tally_.add(Sum::dot_tile, tiles);
                tally_.add(Sum::dot_down, tiles * c.taps_down);
                tally_.add(Sum::dot_tap, tiles * taps);
                tally_.add(of_shape(Sum::dot_by_8, 8, rows), tiles * taps * (c.run / lanes_));
                if (rest) tally_.add(Sum::dot_rest, tiles * taps);
                tally_.add(Sum::part_lane, tiles * taps * (1 + rows) * (c.run % lanes_));
                tally_.add(Sum::dot_sums, rows * tiles);
            });
            return;
        }
        int left = c.n;
        for (; left >= 2 * lanes_; left -= 2 * lanes_) strip(c, 2, Sum::two_by_4);
        if (left >= lanes_) {
            strip(c, 1, Sum::one_by_8);
            left -= lanes_;
        }
        if (left > 0) strip(c, 1, Sum::part_by_8);
    }

    void strip(const Convolution& c, int vectors, Sum widest) {
        const double taps = c.taps_down * c.taps_across;
        tally_.add(Sum::strip, c.height);
        tiles(c, 8 / vectors, [&](int rows, double tiles) {
            tally_.add(Sum::tile, tiles);
            tally_.add(Sum::tile_tap, tiles * taps);
            tally_.add(Sum::tile_down, tiles * c.taps_down);
            tally_.add(Sum::tap_rows, rows * tiles * taps);
            tally_.add(of_shape(widest, 8 / vectors, rows), tiles * taps * c.run);
            if (widest == Sum::part_by_8) {
                tally_.add(Sum::part_lane, tiles * (taps * c.run + rows) * (c.n % lanes_));
            }
            tally_.add(Sum::sums, rows * tiles * vectors);
            if (clamps_) tally_.add(Sum::clamped, rows * tiles * vectors);
        });
    }

    /// The loop of tiles of so many places, where `widest` is that of `most`.
    static Sum of_shape(Sum widest, int most, int rows) {
        int loop = static_cast<int>(widest);
        for (; most > rows; most /= 2) loop++;
        return static_cast<Sum>(loop);
    }

    /// count(places of a tile, how many such tiles): as many places as it takes, then half as many.
    template <class Count>
    void tiles(const Convolution& c, int most, Count count) {
        int left = c.width;
        for (int rows = most; rows > 0; rows /= 2) {
            if (left >= rows) count(rows, static_cast<double>(left / rows) * c.height);
            left %= rows;
        }
    }

    void plain(const Convolution& c) {
        const double places = static_cast<double>(c.height) * c.width;
        const double taps = places * c.taps_down * c.taps_across;
        tally_.add(Sum::place, places);
        tally_.add(Sum::sums, places * c.n);
        if (clamps_) tally_.add(Sum::clamped, places * c.n);
        tally_.add(Sum::place_tap, taps);
        tally_.add(Sum::element, taps * c.run);
        tally_.add(Sum::product, taps * c.run * c.n);
    }

    const Row& row_;
    const int lanes_;
    const bool clamps_;
    Tally tally_;
};

}  // namespace

std::vector<double> sum_loops(const Row& row, const Target& target) {
    SumWalk walk(row, target);
    return row.kind == Kind::conv2d ? walk.there() : walk.back();
}

}  // namespace nutshell::tools
