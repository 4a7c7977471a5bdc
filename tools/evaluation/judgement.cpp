// SPDX-License-Identifier: MIT
#include "judgement.hpp"

#include <algorithm>
#include <cmath>

#include "tools/error.hpp"

namespace nutshell::tools {

Judgement judge(const Codes& index, const std::vector<int>& labels, const Codes& samples) {
    if (labels.empty()) throw Error("--judge needs data with labels");
    const Neighbours found =
        search(index, samples, CodeKind::float32, Metric::squared_l2, kJudges, false);
    Judgement judgement;
    judgement.shares.resize(static_cast<size_t>(*std::max_element(labels.begin(), labels.end())) +
                            1);
    std::vector<float> distances;
    const double part = 1.0 / samples.count;
    for (auto at = found.matches.begin(); at != found.matches.end(); at += kJudges) {
        std::vector<int> votes(judgement.shares.size());
        for (int i = 0; i < kJudges; i++) votes[static_cast<size_t>(labels[(at + i)->id])]++;
        const auto most = std::max_element(votes.begin(), votes.end());
        judgement.shares[static_cast<size_t>(most - votes.begin())] += part;
        if (*most == kJudges) judgement.agreed += part;
        distances.push_back(std::sqrt(at->distance));
    }
    for (const double share : judgement.shares) {
        if (share > 0) judgement.entropy -= share * std::log2(share);
    }
    const auto middle = distances.begin() + static_cast<ptrdiff_t>(distances.size() / 2);
    std::nth_element(distances.begin(), middle, distances.end());
    judgement.distance = static_cast<double>(*middle);
    return judgement;
}

}  // namespace nutshell::tools
