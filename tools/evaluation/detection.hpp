// SPDX-License-Identifier: MIT
// How well scores tell normal samples from anomalous ones: the host's side of nutshell/anomaly.hpp.
#pragma once
#include <string>
#include <vector>

#include "tools/data/dataset.hpp"
#include "tools/model/model_file.hpp"

namespace nutshell::tools {

/// What AnomalyDetector makes of each sample, with its bits on the same platform: the mean squared
/// error of its reconstruction, of an int8 model that of the input as it reads it. Throws Error
/// when the model does not restore such samples.
std::vector<float> anomaly_scores(const AnyGraph& any, const Dataset& data);

/// A threshold fitted to scores of normal samples by the device's own estimators: the score that
/// `false_alarms` of them exceed, or, where that is 0, the one `sigmas` deviations above the mean.
/// Throws Error with the number needed when there are too few.
struct ThresholdRule {
    double false_alarms = 0.01;
    double sigmas = 0;
};
float fit_threshold(const ThresholdRule& rule, const std::vector<float>& scores,
                    const std::string& name);

/// What every threshold would do: from "no alarm" to "always", a point wherever scores differ.
struct Roc {
    std::vector<double> false_alarms;  // part of the normal samples above the threshold
    std::vector<double> detections;    // part of the anomalous ones
    double area = 0;  // the chance that an anomalous score exceeds a normal one; equals count half
};
/// Throws Error unless there are both normal and anomalous scores.
Roc roc_of(const std::vector<float>& normal, const std::vector<float>& anomalous);

/// The part of the scores that is above a threshold.
double part_above(const std::vector<float>& scores, float threshold);

}  // namespace nutshell::tools
