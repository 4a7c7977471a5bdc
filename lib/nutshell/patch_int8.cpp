// SPDX-License-Identifier: MIT
#include "patch_int8.hpp"

namespace nutshell::detail {
namespace {

int8_t* put_zeros(const CodeWindow& window, int32_t taps, int8_t* patch) noexcept {
    const int32_t bytes = taps * window.channels;
    if (bytes > 0) memset(patch, window.zero, static_cast<size_t>(bytes));
    return patch + bytes;
}

/// The taps of a row of the image, one beside the other, those of them that it has.
int8_t* put_run(const CodeWindow& window, int32_t row, int32_t column, int8_t* patch) noexcept {
    const int32_t taps = window.across.taps, end = column + taps - window.across.size;
    const int32_t before = column >= 0 ? 0 : -column < taps ? -column : taps;
    const int32_t after = end <= 0 ? 0 : end < taps ? end : taps;
    const int32_t codes = (taps - before - after) * window.channels;
    patch = put_zeros(window, before, patch);
    copy_codes(window.pixel(row, column + before), codes, patch);
    return put_zeros(window, after, patch + codes);
}

/// The same `step` pixels apart.
int8_t* put_apart(const CodeWindow& window, int32_t row, int32_t column, int8_t* patch) noexcept {
    for (int32_t b = 0; b < window.across.taps; b++, column += window.across.step) {
        if (window.across.has(column)) {
            copy_codes(window.pixel(row, column), window.channels, patch);
            patch += window.channels;
        } else {
            patch = put_zeros(window, 1, patch);
        }
    }
    return patch;
}

/// `count` runs of codes, `stride` apart, to where they are `to_stride` apart.
void copy_runs(const int8_t* from, ptrdiff_t stride, int32_t count, int32_t run, int8_t* to,
               ptrdiff_t to_stride) noexcept {
    for (; count > 0; count--, from += stride, to += to_stride) copy_codes(from, run, to);
}

/// The patches of places until there are enough for a call of the kernel.
class Batch {
  public:
    Batch(const CodeWindow& window, PatchProduct product, const Int8Tensors& tensors,
          const Requantization& rule, int32_t channels, void* scratch) noexcept
        : window_(window),
          product_(product),
          tensors_(tensors),
          rule_(rule),
          in_(window.patch()),
          most_(patch_rows(in_)),
          channels_(channels),
          patches_(static_cast<int8_t*>(scratch)) {}

    /// The places (i, j..) whose codes come next, at most so many; how many there were.
    int32_t add(int32_t i, int32_t j, int32_t most) noexcept {
        const int32_t room = most_ - rows_;
        const int32_t places =
            gather(window_, i, j, most < room ? most : room, patches_ + rows_ * in_);
        rows_ += places;
        if (rows_ == most_) flush();
        return places;
    }
    /// `rows` places whose codes come next, and whose patches lie in the image.
    void add_run(int32_t rows, const int8_t* x, ptrdiff_t x_stride) noexcept {
        flush();
        multiply(rows, x, x_stride);
    }
    void flush() noexcept {
        if (rows_ > 0) multiply(rows_, patches_, in_);
        rows_ = 0;
    }

    int8_t* y = nullptr;  ///< where the codes of the next place go

  private:
    void multiply(int32_t rows, const int8_t* x, ptrdiff_t x_stride) noexcept {
        product_(rows, in_, channels_, tensors_, rule_, x, x_stride, y,
                 patches_ + patch_bytes(in_));
        y += rows * channels_;
    }

    const CodeWindow& window_;
    PatchProduct product_;
    const Int8Tensors& tensors_;
    const Requantization& rule_;
    int32_t in_, most_, channels_, rows_ = 0;
    int8_t* patches_;
};

/// Where the taps of the place (i, j) lie: x[taps]. `moved`: those of (i, j - 1) are in x.
void find_taps(const CodeWindow& window, int32_t i, int32_t j, bool moved, const int8_t* zeros,
               const int8_t** x) noexcept {
    const Line& across = window.across;
    if (moved) {
        const int32_t taps = window.down.taps * across.taps;
        for (int32_t t = 0; t < taps; t++) x[t] += across.stride * window.channels;
        return;
    }
    int32_t row = window.down.at(i);
    for (int32_t a = 0; a < window.down.taps; a++, row += window.down.step) {
        const bool there = window.down.has(row);
        int32_t column = across.at(j);
        for (int32_t b = 0; b < across.taps; b++, column += across.step) {
            *x++ = there && across.has(column) ? window.pixel(row, column) : zeros;
        }
    }
}

CodeWindow window_there(const Row& row, const WindowMap& map, const Int8Tensors& tensors,
                        const int8_t* x) noexcept {
    return {x, row.in.channels, tensors.in.zero_point, Line::there(map.down),
            Line::there(map.across)};
}

}  // namespace

int32_t gather(const CodeWindow& window, int32_t i, int32_t j, int32_t most,
               int8_t* patch) noexcept {
    int32_t row = window.down.at(i), places = 1;
    const int32_t column = window.across.at(j);
    if (window.down.is_inside(i) && window.across.in_a_run(j)) {
        while (places < most && window.across.is_inside(j + places)) places++;
        const int32_t run = window.across.taps * window.channels, size = window.patch();
        const ptrdiff_t stride = static_cast<ptrdiff_t>(window.across.stride) * window.channels;
        for (int32_t a = 0; a < window.down.taps; a++, row += window.down.step, patch += run) {
            copy_runs(window.pixel(row, column), stride, places, run, patch, size);
        }
        return places;
    }
    for (int32_t a = 0; a < window.down.taps; a++, row += window.down.step) {
        if (!window.down.has(row)) {
            patch = put_zeros(window, window.across.taps, patch);
        } else if (window.across.step == 1) {
            patch = put_run(window, row, column, patch);
        } else {
            patch = put_apart(window, row, column, patch);
        }
    }
    return places;
}

void product_int8(int rows, int in, int out, const Int8Tensors& tensors, const Requantization& rule,
                  const int8_t* patches, ptrdiff_t x_stride, int8_t* y, void* scratch) noexcept {
    kernels::dense_rows_int8(rows, in, out, tensors.weight, rule, patches, x_stride, y, scratch);
}

void product_int4(int rows, int in, int out, const Int8Tensors& tensors, const Requantization& rule,
                  const int8_t* patches, ptrdiff_t x_stride, int8_t* y, void* scratch) noexcept {
    const uint8_t* const weights = reinterpret_cast<const uint8_t*>(tensors.weight);
    for (; rows > 0; rows--, patches += x_stride, y += out) {
        kernels::dense_int4(in, out, weights, rule, patches, y, scratch);
    }
}

void patches_there(const Row& row, const WindowMap& map, const Int8Tensors& tensors,
                   PatchProduct product, const int8_t* x, int8_t* y, void* scratch) noexcept {
    const CodeWindow window = window_there(row, map, tensors, x);
    const Requantization rule = requantization_of(row.activation, tensors);
    Batch batch(window, product, tensors, rule, row.out.channels, scratch);
    batch.y = y;
    const ptrdiff_t x_stride = static_cast<ptrdiff_t>(window.across.stride) * window.channels;
    for (int32_t i = 0; i < row.out.height; i++) {
        // A patch of one row of pixels needs no copy.
        const bool lies = window.down.taps == 1 && window.down.has(window.down.at(i));
        for (int32_t j = 0; j < row.out.width;) {
            const int32_t first = j;
            while (lies && j < row.out.width && window.across.in_a_run(j)) j++;
            if (j > first) {
                batch.add_run(j - first, window.pixel(window.down.at(i), window.across.at(first)),
                              x_stride);
            } else {
                j += batch.add(i, j, row.out.width - j);
            }
        }
    }
    batch.flush();
    if (tensors.table) kernels::look_up(row.out.size(), tensors.table, y);
}

void patches_depthwise(const Row& row, const WindowMap& map, const Int8Tensors& tensors,
                       const int8_t* x, int8_t* y, void* scratch) noexcept {
    const CodeWindow window = window_there(row, map, tensors, x);
    const int32_t taps = map.taps(), channels = row.in.channels;
    const DepthwiseScratch at = DepthwiseScratch::of(taps, channels);
    int8_t* const weights = static_cast<int8_t*>(scratch);
    int8_t* const zeros = weights + at.zeros;
    const int8_t** const places =
        reinterpret_cast<const int8_t**>(static_cast<void*>(weights + at.taps));
    for (int32_t c = 0; c < channels; c++) {
        const int8_t* const filter = tensors.weight + c * taps;
        for (int32_t t = 0; t < taps; t++) weights[t * channels + c] = filter[t];
    }
    memset(zeros, window.zero, static_cast<size_t>(channels));
    const Requantization rule = requantization_of(row.activation, tensors);
    int8_t* to = y;
    for (int32_t i = 0; i < row.out.height; i++) {
        bool inside = false, was_inside = false;
        for (int32_t j = 0; j < row.out.width; j++, to += channels, was_inside = inside) {
            inside = window.down.is_inside(i) && window.across.is_inside(j);
            find_taps(window, i, j, inside && was_inside, zeros, places);
            kernels::depthwise_int8(taps, channels, weights, rule, places, to);
        }
    }
    if (tensors.table) kernels::look_up(row.out.size(), tensors.table, y);
}

}  // namespace nutshell::detail
