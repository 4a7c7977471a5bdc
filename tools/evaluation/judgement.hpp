// SPDX-License-Identifier: MIT
// How made samples compare with real ones: what the nearest codes of labelled samples say of them.
#pragma once
#include <vector>

#include "search.hpp"

namespace nutshell::tools {

/// Nearest codes that are asked.
constexpr int kJudges = 5;

struct Judgement {
    std::vector<double> shares;  // of the samples, one a label: what most of the nearest have
    double entropy = 0;   // of the shares, in bits: log2 of the labels when all are as likely
    double agreed = 0;    // part of the samples of which all the nearest have one label
    double distance = 0;  // from a sample's code to the nearest one, the median
};

/// The samples' codes among those of labelled samples. Throws Error when there are no labels.
Judgement judge(const Codes& index, const std::vector<int>& labels, const Codes& samples);

}  // namespace nutshell::tools
