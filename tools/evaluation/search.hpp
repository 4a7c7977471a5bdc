// SPDX-License-Identifier: MIT
// Codes of many samples, searched for those nearest to others: the host's side of
// nutshell/retrieval.hpp.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "nutshell/retrieval.hpp"
#include "tools/data/dataset.hpp"
#include "tools/model/model_file.hpp"

namespace nutshell::tools {

/// What a store keeps of a code.
enum class CodeKind { float32, int8, bits };

/// "float32", "int8", "sign bits".
const char* name_of(CodeKind kind);

/// A model's codes of some samples, and what is needed to keep less of them.
struct Codes {
    int count = 0, size = 0;
    std::vector<float> values;  // [count][size]
    uint32_t model_id = 0;
    Quantization quantization{};  // of int8 codes: the int8 model's own, or one that fits `values`
    std::vector<float> medians;   // [size], of `values`: the thresholds of sign bits
};

/// The codes of all samples. Throws Error when the model does not read them.
Codes encode_all(const AnyGraph& any, const Dataset& data);
/// Codes that are rows of numbers already.
Codes codes_of(std::vector<float> values, int size);

/// The nearest of each query: ids are numbers of samples in the index.
struct Neighbours {
    int k = 0;
    std::vector<Match> matches;  // [queries][k], the nearest first
};

/// A search among `index`, which also says how numbers are quantized. With `itself`, query i is
/// sample i of the index, and is not among its own neighbours. Throws Error when there are fewer
/// than k others.
Neighbours search(const Codes& index, const Codes& queries, CodeKind kind, Metric metric, int k,
                  bool itself);

/// The same in an image that index_image() has made, of the kind that it holds. Throws Error when
/// it is damaged or of another model.
Neighbours search_image(const std::vector<uint8_t>& image, const std::string& path,
                        const Codes& queries, Metric metric, int k, CodeKind& kind);
std::vector<uint8_t> index_image(const Codes& index, CodeKind kind);

/// How often neighbours have the query's label.
struct LabelScores {
    double precision = 0;  // part of all k neighbours
    double accuracy = 0;   // of the label that most of the five nearest (or all k, if fewer) have;
                           // among equals that of the nearest
};
LabelScores score_labels(const Neighbours& found, const std::vector<int>& index_labels,
                         const std::vector<int>& query_labels);

}  // namespace nutshell::tools
