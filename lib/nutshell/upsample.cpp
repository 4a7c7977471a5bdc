// SPDX-License-Identifier: MIT
#include <string.h>

#include "copy_codes.hpp"
#include "layers/upsample2d.hpp"

namespace nutshell {
namespace {

/// The two inputs that an output lies between, and how near the second one is.
struct Between {
    int32_t first, second;
    float part;
};

Between between(int32_t output, int32_t factor, int32_t size, bool bilinear) noexcept {
    if (!bilinear) return {output / factor, output / factor, 0.0f};
    const float at = (static_cast<float>(output) + 0.5f) / static_cast<float>(factor) - 0.5f;
    if (at <= 0.0f) return {0, 0, 0.0f};
    const int32_t first = static_cast<int32_t>(at);
    if (first + 1 >= size) return {size - 1, size - 1, 0.0f};
    return {first, first + 1, at - static_cast<float>(first)};
}

/// Calls visit(number of the output pixel, rows, columns) for every output pixel.
template <class Visit>
void for_each_output(const Row& row, Visit visit) noexcept {
    const bool bilinear = row.window.parameter == static_cast<uint32_t>(Interpolation::bilinear);
    int32_t place = 0;
    for (int32_t i = 0; i < row.out.height; i++) {
        const Between y = between(i, row.window.height, row.in.height, bilinear);
        for (int32_t j = 0; j < row.out.width; j++) {
            visit(place++, y, between(j, row.window.width, row.in.width, bilinear));
        }
    }
}

bool single(Between y, Between x) noexcept { return y.part == 0.0f && x.part == 0.0f; }

/// The four pixels around an output and how much each counts.
struct Corners {
    int32_t at[4];
    float part[4];
};

Corners corners_of(Between y, Between x, Shape in) noexcept {
    const int32_t w = in.width, c = in.channels;
    return {{(y.first * w + x.first) * c, (y.first * w + x.second) * c,
             (y.second * w + x.first) * c, (y.second * w + x.second) * c},
            {(1.0f - y.part) * (1.0f - x.part), (1.0f - y.part) * x.part, y.part * (1.0f - x.part),
             y.part * x.part}};
}

/// The same in integers: the part of the second input in 1024ths. Source: TensorFlow Lite's
/// bilinear resize of int8, whose inputs of a factor that is no power of two lie a little off.
struct Between1024 {
    int32_t first, second, part;
};

Between1024 between_1024(int32_t output, int32_t size, int32_t count) noexcept {
    constexpr int32_t one = 1024;
    const int32_t step = (one * size + count / 2) / count;
    const int32_t at = output * step + step / 2 - one / 2;
    const int32_t first = at > 0 ? at / one : 0, second = (at + one - 1) / one;
    return {first, second < size ? second : size - 1, at - one * first};
}

/// The code between four, to the nearest, ties away from zero.
int8_t blend(int8_t a, int8_t b, int8_t c, int8_t d, int32_t down, int32_t across) noexcept {
    constexpr int32_t one = 1024;
    const int64_t upper = static_cast<int64_t>(a) * (one - across) + b * across;
    const int64_t lower = static_cast<int64_t>(c) * (one - across) + d * across;
    const int64_t sum = upper * (one - down) + lower * down;
    constexpr int64_t whole = int64_t{one} * one;
    return static_cast<int8_t>((sum > 0 ? sum + whole / 2 : sum - whole / 2) / whole);
}

void upsample_bilinear(const Row& row, const int8_t* x, int8_t* y) noexcept {
    const int32_t width = row.in.width, channels = row.in.channels;
    for (int32_t i = 0; i < row.out.height; i++) {
        const Between1024 down = between_1024(i, row.in.height, row.out.height);
        const int8_t* const upper = x + down.first * width * channels;
        const int8_t* const lower = x + down.second * width * channels;
        for (int32_t j = 0; j < row.out.width; j++) {
            const Between1024 across = between_1024(j, width, row.out.width);
            const int32_t left = across.first * channels, right = across.second * channels;
            for (int32_t c = 0; c < channels; c++) {
                *y++ = blend(upper[left + c], upper[right + c], lower[left + c], lower[right + c],
                             down.part, across.part);
            }
        }
    }
}

}  // namespace

void Upsample2DLayer::forward(const Row& row, Activation, Tensors, Pass pass, const float* x,
                              float* y) noexcept {
    const int32_t channels = row.in.channels;
    for (int r = 0; r < pass.rows; r++, x += row.in.size(), y += row.out.size()) {
        for_each_output(row, [&](int32_t place, Between down, Between across) noexcept {
            float* to = y + place * channels;
            const Corners corners = corners_of(down, across, row.in);
            if (single(down, across)) {
                memcpy(to, x + corners.at[0], static_cast<size_t>(channels) * sizeof *to);
                return;
            }
            const float *a = x + corners.at[0], *b = x + corners.at[1];
            const float *c = x + corners.at[2], *d = x + corners.at[3];
            for (int32_t i = 0; i < channels; i++) {
                to[i] = (corners.part[0] * a[i] + corners.part[1] * b[i]) +
                        (corners.part[2] * c[i] + corners.part[3] * d[i]);
            }
        });
    }
}

void Upsample2DLayer::backward(const Row& row, Activation, Tensors, Pass pass, const float*,
                               const float*, float* dy, float* dx, Target) noexcept {
    if (!dx) return;
    const int32_t channels = row.in.channels, in = row.in.size();
    for (int r = 0; r < pass.rows; r++, dx += in, dy += row.out.size()) {
        memset(dx, 0, static_cast<size_t>(in) * sizeof *dx);
        for_each_output(row, [&](int32_t place, Between down, Between across) noexcept {
            const float* gradient = dy + place * channels;
            const Corners corners = corners_of(down, across, row.in);
            const int count = single(down, across) ? 1 : 4;
            for (int corner = 0; corner < count; corner++) {
                float* to = dx + corners.at[corner];
                for (int32_t i = 0; i < channels; i++) {
                    to[i] += corners.part[corner] * gradient[i];
                }
            }
        });
    }
}

void Upsample2DLayer::forward(const Row& row, const Int8Tensors&, const int8_t* x, int8_t* y,
                              void*) noexcept {
    if (row.window.parameter == static_cast<uint32_t>(Interpolation::bilinear)) {
        return upsample_bilinear(row, x, y);
    }
    const int32_t channels = row.in.channels;
    const ptrdiff_t line = static_cast<ptrdiff_t>(row.out.width) * channels;
    for (int32_t i = 0; i < row.in.height; i++) {
        const int8_t* const first = y;
        for (int32_t j = 0; j < row.in.width; j++, x += channels) {
            for (int32_t again = 0; again < row.window.width; again++, y += channels) {
                copy_codes(x, channels, y);
            }
        }
        for (int32_t again = 1; again < row.window.height; again++, y += line) {
            memcpy(y, first, static_cast<size_t>(line));
        }
    }
}

}  // namespace nutshell
