// SPDX-License-Identifier: MIT
// From a float Graph to an Int8Graph: what data say about the ranges of a model's values, and what
// rounding to int8 costs.
#pragma once
#include <vector>

#include "graph.hpp"
#include "int8_graph.hpp"
#include "tools/data/dataset.hpp"

namespace nutshell::tools {

/// Which part of the values seen the codes are to cover.
enum class RangeChoice { min_max, percentile, least_error };

struct QuantizationSettings {
    int samples = 1000;  // the first of the data are calibrated with
    RangeChoice range = RangeChoice::min_max;
    bool per_output = true;  // a scale for each output of a layer, else one for all
    int encoder_bits = 8;    // of a weight, 8 or 4
    int decoder_bits = 8;
    int code_bits = 8;          // of a number of the code, 4 to 8
    std::vector<float> scales;  // learned ones of all layers' outputs; empty: from the weights
};

/// The largest code of each layer's weights.
std::vector<int> largest_codes(const Graph& graph, const QuantizationSettings& settings);

/// Throws Error, naming them, when the data are empty or have other sizes than the model reads.
void require_calibrates(const Graph& graph, const Dataset& data);

/// The same model with numbers of the code that all reach equally far on the data: the weights
/// around the code take up the difference, so that one scale suits all numbers. As it is when the
/// code's activation is bounded. Source: Nagel et al., "Data-Free Quantization Through Weight
/// Equalization and Bias Correction", ICCV 2019.
Graph with_equal_code_ranges(const Graph& graph, const Dataset& data, int samples);

/// Quantizes with the ranges that the data show. Bytes keep their own meaning (kPixels), whatever
/// their range is. Throws Error when the data are empty, constant, not finite or do not fit, or a
/// layer cannot be quantized.
Int8Graph quantize(const Graph& graph, const Dataset& data, const QuantizationSettings& settings);

/// For each layer 10 log10(signal / noise) in dB: its float outputs against the difference of
/// what the int8 model makes of the same samples, errors of earlier layers included. Infinite
/// where there is no difference. Both graphs have the same rows.
std::vector<double> signal_to_noise(const Graph& graph, const Int8Graph& quantized,
                                    const Dataset& data);

}  // namespace nutshell::tools
