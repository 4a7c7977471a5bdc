// SPDX-License-Identifier: MIT
#include "hold_out.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

#include "nutshell/random.hpp"
#include "tools/error.hpp"

namespace nutshell::tools {
namespace {

Dataset pick(const Dataset& data, const std::vector<uint32_t>& indices) {
    Dataset result;
    result.name = data.name;
    result.shape = data.shape;
    result.count = static_cast<int>(indices.size());
    const size_t size = static_cast<size_t>(data.shape.size());
    for (uint32_t index : indices) {
        const ptrdiff_t begin = static_cast<ptrdiff_t>(index * size);
        const ptrdiff_t end = begin + static_cast<ptrdiff_t>(size);
        if (!data.bytes.empty()) {
            result.bytes.insert(result.bytes.end(), data.bytes.begin() + begin,
                                data.bytes.begin() + end);
        }
        if (!data.floats.empty()) {
            result.floats.insert(result.floats.end(), data.floats.begin() + begin,
                                 data.floats.begin() + end);
        }
        if (!data.labels.empty()) result.labels.push_back(data.labels[index]);
    }
    return result;
}

/// Moves `held` random samples out of data.
Dataset split_off(Dataset& data, int held, uint32_t seed, Purpose purpose) {
    std::vector<uint32_t> order(static_cast<size_t>(data.count));
    std::iota(order.begin(), order.end(), 0u);
    shuffle(order.data(), static_cast<uint32_t>(order.size()), seed, 0, purpose);
    std::vector<uint32_t> taken(order.begin(), order.begin() + held);
    std::vector<uint32_t> left(order.begin() + held, order.end());
    std::sort(taken.begin(), taken.end());
    std::sort(left.begin(), left.end());
    Dataset result = pick(data, taken);
    data = pick(data, left);
    return result;
}

}  // namespace

DataSource with_test_set(DataSource source, double part, uint32_t seed) {
    const int held = static_cast<int>(part * source.train.count);
    if (source.test.count > 0 || held == 0) return source;
    if (held >= source.train.count) {
        throw Error(source.train.name + ": too few samples to hold some out; use --hold-out 0");
    }
    source.test = split_off(source.train, held, seed, Purpose::hold_out);
    source.test.name += " (held out)";
    return source;
}

Dataset take_validation_set(Dataset& train, double part, uint32_t seed) {
    if (part == 0) return {};
    const int held = static_cast<int>(part * train.count);
    if (held == 0) {
        throw Error(train.name + ": so small a part of " + std::to_string(train.count) +
                    " samples is none; use a larger --validation");
    }
    Dataset result = split_off(train, held, seed, Purpose::validation);
    result.name += " (validation)";
    return result;
}

}  // namespace nutshell::tools
