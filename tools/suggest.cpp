// SPDX-License-Identifier: MIT
#include "suggest.hpp"

#include <algorithm>

namespace nutshell::tools {
namespace {

/// Optimal string alignment distance.
size_t edits(const std::string& a, const std::string& b) {
    std::vector<std::vector<size_t>> d(a.size() + 1, std::vector<size_t>(b.size() + 1));
    for (size_t i = 0; i <= a.size(); i++) d[i][0] = i;
    for (size_t j = 0; j <= b.size(); j++) d[0][j] = j;
    for (size_t i = 1; i <= a.size(); i++) {
        for (size_t j = 1; j <= b.size(); j++) {
            const size_t replaced = d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, replaced});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
            }
        }
    }
    return d[a.size()][b.size()];
}

}  // namespace

std::string nearest(const std::string& word, const std::vector<std::string>& candidates) {
    std::string best;
    size_t fewest = std::max<size_t>(2, word.size() / 3) + 1;
    for (const std::string& candidate : candidates) {
        const size_t distance = edits(word, candidate);
        if (distance < fewest) {
            fewest = distance;
            best = candidate;
        }
    }
    return best;
}

std::string unknown_word(const std::string& kind, const std::string& word,
                         const std::vector<std::string>& candidates) {
    const std::string meant = nearest(word, candidates);
    std::string text = "unknown " + kind + " '" + word + "'";
    text += meant.empty() ? "; there are " : "; did you mean " + meant + "? There are ";
    for (const std::string& candidate : candidates) {
        text += (&candidate == &candidates.front() ? "" : ", ") + candidate;
    }
    return text;
}

}  // namespace nutshell::tools
