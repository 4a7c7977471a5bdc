// SPDX-License-Identifier: MIT
#include "normal_codes.hpp"

#include "nutshell/philox.hpp"

namespace nutshell::tools {

Dataset normal_codes(int first, int count, int size, uint32_t seed) {
    Dataset codes;
    codes.name = "normal codes";
    codes.count = count;
    codes.shape = flat(size);
    codes.floats.resize(static_cast<size_t>(count) * static_cast<size_t>(size));
    for (int i = 0; i < count; i++) {
        random_code(seed, static_cast<uint32_t>(first + i), size,
                    codes.floats.data() + static_cast<ptrdiff_t>(i) * size);
    }
    return codes;
}

}  // namespace nutshell::tools
