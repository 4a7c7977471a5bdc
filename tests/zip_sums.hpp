// SPDX-License-Identifier: MIT
// The sums of a zip archive shield everything behind them from mutations: here they are put right.
#pragma once
#include <zlib.h>

#include <cstring>
#include <vector>

#include "tools/data/bytes.hpp"

namespace nutshell::tests {

/// The content of a member, at most 16 KB of it.
inline std::vector<uint8_t> inflated(const uint8_t* data, size_t size) {
    std::vector<uint8_t> content(1 << 14);
    z_stream stream{};
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) return {};
    stream.next_in = const_cast<uint8_t*>(data);  // zlib only reads it
    stream.avail_in = static_cast<uInt>(size);
    stream.next_out = content.data();
    stream.avail_out = static_cast<uInt>(content.size());
    (void)inflate(&stream, Z_FINISH);
    content.resize(stream.total_out);
    (void)inflateEnd(&stream);
    return content;
}

/// Sets the sum and the size of every member to what its bytes are, as far as they lie inside the
/// archive. False when nothing changes.
inline bool repair_zip_sums(std::vector<uint8_t>& zip) {
    constexpr size_t head = 30, record = 46;
    constexpr uint8_t mark[] = {'P', 'K', 1, 2};
    const auto get = [&](size_t at, size_t width) { return tools::little_endian(&zip[at], width); };
    bool changed = false;
    const auto put = [&](size_t at, size_t value) {
        for (size_t i = 0; i < 4; i++) {
            const auto byte = static_cast<uint8_t>(value >> 8 * i);
            changed = changed || zip[at + i] != byte;
            zip[at + i] = byte;
        }
    };
    for (size_t at = 0; at + record <= zip.size(); at++) {
        if (std::memcmp(&zip[at], mark, sizeof mark) != 0) continue;
        const size_t packed = get(at + 20, 4), member = get(at + 42, 4);
        if (member + head > zip.size()) continue;
        const size_t body = member + head + get(member + 26, 2) + get(member + 28, 2);
        if (body > zip.size() || packed > zip.size() - body) continue;
        std::vector<uint8_t> content(zip.begin() + static_cast<ptrdiff_t>(body),
                                     zip.begin() + static_cast<ptrdiff_t>(body + packed));
        if (get(at + 10, 2) == 8) content = inflated(content.data(), content.size());
        const size_t sum = crc32(0, content.data(), static_cast<uInt>(content.size()));
        for (const size_t place : {at + 16, member + 14}) put(place, sum);
        for (const size_t place : {at + 24, member + 22}) put(place, content.size());
    }
    return changed;
}

}  // namespace nutshell::tests
