// SPDX-License-Identifier: MIT
// CRC-32C (Castagnoli, polynomial 0x1EDC6F41 reflected), at compile time and at run time. Four bits
// a step: the table costs 64 bytes of flash. Finds every error of up to 3 bits in a .nut file.
#pragma once
#include <stddef.h>
#include <stdint.h>

namespace nutshell {

namespace detail {
struct CrcTable {
    uint32_t entry[16];
};
constexpr CrcTable make_crc_table() noexcept {
    CrcTable table{};
    for (uint32_t i = 0; i < 16; i++) {
        uint32_t crc = i;
        for (int bit = 0; bit < 4; bit++) crc = (crc >> 1) ^ ((crc & 1u) ? 0x82F63B78u : 0u);
        table.entry[i] = crc;
    }
    return table;
}
inline constexpr CrcTable kCrcTable = make_crc_table();
}  // namespace detail

/// Continues `crc` (0 to begin) over bytes[size].
constexpr uint32_t crc32c(uint32_t crc, const uint8_t* bytes, size_t size) noexcept {
    crc = ~crc;
    for (size_t i = 0; i < size; i++) {
        crc ^= bytes[i];
        crc = (crc >> 4) ^ detail::kCrcTable.entry[crc & 15u];
        crc = (crc >> 4) ^ detail::kCrcTable.entry[crc & 15u];
    }
    return ~crc;
}

}  // namespace nutshell
