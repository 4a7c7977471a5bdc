// SPDX-License-Identifier: MIT
// What the ways through images of int8 codes share: where the taps of a place lie, and patches.
#pragma once
#include "copy_codes.hpp"
#include "layers/patch_int8.hpp"

namespace nutshell::detail {

/// Along an axis: the codes that a place's taps read, one of them outside of 0..size-1 counting as
/// zero.
struct Line {
    int32_t size, taps;
    int32_t first;   ///< what the first tap of the first place reads
    int32_t stride;  ///< from a place to the next one
    int32_t step;    ///< from a tap to the next one

    static constexpr Line there(const Axis& axis) noexcept {
        return {axis.size, axis.taps, -axis.before, axis.stride, axis.dilation};
    }
    static constexpr Line back(const Axis& axis, const Phase& phase) noexcept {
        return {axis.count, phase.taps, phase.place - axis.places_before(), 1, phase.step};
    }
    constexpr int32_t at(int32_t place) const noexcept { return first + place * stride; }
    constexpr bool has(int32_t position) const noexcept { return position >= 0 && position < size; }
    /// True when all of a place's taps are in the image, and when they lie one beside the other
    /// too.
    constexpr bool is_inside(int32_t place) const noexcept {
        return at(place) >= 0 && at(place) + (taps - 1) * step < size;
    }
    constexpr bool in_a_run(int32_t place) const noexcept {
        return (step == 1 || taps == 1) && is_inside(place);
    }
};

/// Codes of an image and how a window goes over it.
struct CodeWindow {
    const int8_t* codes;
    int32_t channels;
    int8_t zero;
    Line down, across;

    int32_t patch() const noexcept { return down.taps * across.taps * channels; }
    const int8_t* pixel(int32_t row, int32_t column) const noexcept {
        return codes + (row * across.size + column) * channels;
    }
};

/// The patches [taps down][taps across][channels] of the place (i, j) and of those behind it that
/// are quick to copy together with it, at most so many; how many there are.
int32_t gather(const CodeWindow& window, int32_t i, int32_t j, int32_t most,
               int8_t* patch) noexcept;

}  // namespace nutshell::detail
