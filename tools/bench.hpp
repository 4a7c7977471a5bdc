// SPDX-License-Identifier: MIT
// How fast this machine runs the library, against its own measured peak. Times are CPU times of the
// calling thread, the best of several runs, since machines are shared.
#pragma once
#include <string>
#include <vector>

#include "bench_int8.hpp"
#include "data/dataset.hpp"
#include "graph.hpp"
#include "platform/platform.hpp"

namespace nutshell::tools {

struct KernelSpeed {
    std::string name;   // of the kernel
    std::string shape;  // what it worked on
    double gflops;      // products; for the others the sum of their arithmetic is not counted: 0
    double nanoseconds_per_element;  // of what goes through it; 0 for products
};

/// One pass through a model, in nanoseconds.
struct SingleSpeed {
    double encode;
    double decode;
    double reconstruct;
    double stream;  // loading the weights once, and nothing else; NaN without a platform's peak
    size_t weights_bytes;
};

struct TrainingSpeed {
    int threads;
    double seconds_per_epoch;  // CPU time for one thread, wall time for several
    double gflops;
};

struct PlatformSpeed {
    std::string name;
    double peak_gflops;  // measured in this run; NaN when the platform has no peak of its own
    std::vector<KernelSpeed> kernels;
    SingleSpeed single;
    Int8Speed int8;
    std::vector<TrainingSpeed> training;  // one thread, then as many as asked
};

/// Multiply-adds of one core in registers, two operations each, in GFLOP/s.
double measure_peak(const platform::Peak& peak);

/// The kernels on the shapes of a model's layers, 32 samples together, on the platform in use.
std::vector<KernelSpeed> measure_kernels(const Graph& graph);

/// One sample at a time, everything in the cache that holds it. peak may be null.
SingleSpeed measure_single(const Graph& graph, const platform::Peak* peak);

/// Epochs of batch 256 with Adam, gathering and loss included.
TrainingSpeed measure_training(const Graph& graph, const Dataset& data, int epochs, int threads);

}  // namespace nutshell::tools
