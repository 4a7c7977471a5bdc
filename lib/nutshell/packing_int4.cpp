// SPDX-License-Identifier: MIT
#include "packing_int4.hpp"

#include <string.h>

namespace nutshell {

void pack_int4(Packing packing, int32_t in, int32_t out, const int8_t* weights,
               uint8_t* packed) noexcept {
    const int zero = rule_of(packing).weights == WeightForm::plus_128 ? 8 : 0;
    const size_t bytes = static_cast<size_t>(packed_int4_bytes(packing, in, out));
    if (bytes > 0) memset(packed, zero | zero << 4, bytes);
    for (int32_t o = 0; o < out; o++) {
        for (int32_t i = 0; i < in; i++) {
            const Int4Place place = int4_place(packing, in, o, i);
            const int half = (*weights++ + zero) & 15;
            const int other = packed[place.byte] & (place.upper ? 0x0F : 0xF0);
            packed[place.byte] = static_cast<uint8_t>(other | half << (place.upper ? 4 : 0));
        }
    }
}

void unpack_int4(Packing packing, int32_t in, int32_t out, const uint8_t* packed,
                 int8_t* weights) noexcept {
    for (int32_t o = 0; o < out; o++) {
        for (int32_t i = 0; i < in; i++) {
            const Int4Place place = int4_place(packing, in, o, i);
            *weights++ = static_cast<int8_t>(int4_weight(packing, packed[place.byte], place.upper));
        }
    }
}

}  // namespace nutshell
