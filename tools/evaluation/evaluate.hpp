// SPDX-License-Identifier: MIT
// How good a model is on data: losses, errors of single samples, what the code numbers do.
#pragma once
#include <vector>

#include "tools/model/int8_graph.hpp"
#include "tools/training/fit.hpp"

namespace nutshell::tools {

/// What one number of the code does over a data set.
struct CodeStatistics {
    double mean;
    double deviation;
    double minimum;
    double maximum;
    double zeros;  // part of the samples in which it is exactly zero
};

struct Evaluation {
    double bce;  // mean binary cross-entropy a value; NaN when the output is no sigmoid or the data
                 // leave 0..1
    double mse;  // mean squared error a value
    double psnr;  // 10 log10(range^2 / mse) in dB; range is 1 for bytes, else that of the data
    double negative_elbo;  // of a variational model: summed cross-entropy of a sampled code plus
                           // the divergence, in nats a sample; NaN of another
    double divergence;     // the second part of it
    std::vector<float> sample_mse;     // [count]
    std::vector<CodeStatistics> code;  // [code size]
    int dead = 0;                      // code numbers that never change
};

/// Runs the whole model over all samples. Throws Error when they do not fit.
Evaluation evaluate(const Graph& graph, const Dataset& data);
/// The same for int8, whose outputs can be exactly zero or one: without a cross-entropy.
Evaluation evaluate(const Int8Graph& graph, const Dataset& data);

/// True when no value leaves 0..1: what binary cross-entropy asks for.
bool within_unit_range(const Dataset& data);

/// Throws Error unless the model gives back samples of the data's size.
void require_reconstructs(const Graph& graph, const Dataset& data);
void require_reconstructs(const Int8Graph& graph, const Dataset& data);

/// 10 log10(range^2 / mean squared error) in dB of outputs[count][size] against the data.
double psnr_against(const Dataset& data, const std::vector<float>& outputs);

/// The mean loss a sample and value, each value weighted when there are weights[shape.size()], and
/// the penalties of the layers, at inference.
double mean_loss(const Graph& graph, const Dataset& data, LossKind loss,
                 const std::vector<float>& weights = {});

/// Outputs of a part for all samples: [count][output size].
std::vector<float> run_all(const Graph& graph, Part part, const Dataset& data);
/// Of samples that are an int8 array, the codes are taken as they are.
std::vector<float> run_all(const Int8Graph& graph, Part part, const Dataset& data);
/// The codes themselves.
std::vector<int8_t> run_all_to_codes(const Int8Graph& graph, Part part, const Dataset& data);

}  // namespace nutshell::tools
