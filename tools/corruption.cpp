// SPDX-License-Identifier: MIT
#include "corruption.hpp"

#include <numeric>

namespace nutshell::tools {

Dataset corrupted(const Dataset& data, const Augmentation& augmentation, uint32_t seed) {
    Dataset result = data;
    result.bytes.clear();
    result.floats.resize(static_cast<size_t>(data.count) * static_cast<size_t>(data.shape.size()));
    std::vector<uint32_t> indices(static_cast<size_t>(data.count));
    std::iota(indices.begin(), indices.end(), 0u);
    data.copy_samples(indices.data(), data.count, result.floats.data());
    // Update 0 is none of training.
    Augmenter(augmentation, data, seed)
        .corrupt(0, indices.data(), data.count, result.floats.data());
    return result;
}

}  // namespace nutshell::tools
