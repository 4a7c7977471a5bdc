// SPDX-License-Identifier: MIT
// What a call that can fail returns.
#pragma once
#include <stdint.h>

namespace nutshell {

namespace detail {
/// Spreads a small number over 32 bits so that any two results differ in at least four bits: a
/// flipped bit never turns one status into another, and ok is not the all-zero word.
constexpr uint32_t spread(uint32_t number) noexcept { return (number * 0x01010101u) ^ 0x3CA5965Au; }
}  // namespace detail

/// The numeric values are part of the interface and never change. Outputs are untouched unless a
/// call returns ok.
enum class [[nodiscard]] Status : uint32_t{
    ok = detail::spread(0),
    null_argument = detail::spread(1),        ///< a pointer is null
    misaligned = detail::spread(2),           ///< an address is not a multiple of what it must be
    buffer_too_small = detail::spread(3),     ///< the caller's buffer cannot hold the result
    not_loaded = detail::spread(4),           ///< a model without weights: load() or bind() first
    shape_mismatch = detail::spread(5),       ///< sizes differ from what the model needs
    non_finite_input = detail::spread(6),     ///< NaN or infinity in the input
    diverged = detail::spread(7),             ///< training left the finite numbers
    truncated = detail::spread(8),            ///< file: shorter than it says
    bad_magic = detail::spread(9),            ///< file: not a .nut file
    bad_version = detail::spread(10),         ///< file: written by a newer, incompatible version
    bad_header = detail::spread(11),          ///< file: a header field or its checksum is wrong
    unsupported = detail::spread(12),         ///< file: needs a feature that this build lacks
    bad_checksum = detail::spread(13),        ///< file: damaged, a CRC does not match
    bad_layer = detail::spread(14),           ///< file: a layer record makes no sense
    bad_section = detail::spread(15),         ///< file: a section is misplaced or of the wrong size
    non_finite_weights = detail::spread(16),  ///< file or parameters hold NaN or infinity
    wrong_model = detail::spread(17),         ///< file: holds another architecture than asked for
    wrong_endianness = detail::spread(18),   ///< a big-endian machine cannot view the file in place
    unknown_platform = detail::spread(19),   ///< no platform has this name
    platform_unusable = detail::spread(20),  ///< this CPU or operating system lacks the platform
    wrong_numbers = detail::spread(21),      ///< file: float32 where int8 is needed, or the reverse
    wrong_packing = detail::spread(22),      ///< file: packed for another instruction set
    bad_quantization = detail::spread(23),   ///< a scale, zero point, multiplier or shift is wrong
    sum_overflow = detail::spread(24),       ///< an int8 layer's sums could leave 31 bits
    bad_calibration = detail::spread(25),    ///< calibration saw nothing, or no finite range
    self_test_failed = detail::spread(26),   ///< the model's answer is not the one in its file
    no_self_test = detail::spread(27),       ///< the file holds no answer for this part
    wrong_sender = detail::spread(28),       ///< packet: encoded by another model
    wrong_code = detail::spread(29),         ///< packet: a code of other size or bits
    too_few_samples = detail::spread(30),    ///< a threshold needs more scores to be fitted to
    full_store = detail::spread(31),         ///< a store of codes has no free place
    empty_store = detail::spread(32),        ///< a store of codes holds nothing to search
    too_few_codes = detail::spread(33),      ///< more neighbours asked for than codes are there
    wrong_store = detail::spread(34),        ///< codes of another model, size or type
    unfinished = detail::spread(35),         ///< work in steps: there is more to do
};

/// One plain English sentence without a full stop; never null.
const char* to_string(Status status) noexcept;

}  // namespace nutshell
