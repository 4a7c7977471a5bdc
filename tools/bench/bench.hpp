// SPDX-License-Identifier: MIT
// How fast this machine runs the library, against its own measured peak. Of everything the fastest
// of many short runs counts, since machines are shared.
#pragma once
#include <string>
#include <vector>

#include "int8.hpp"
#include "platform/platform.hpp"
#include "tools/data/dataset.hpp"
#include "tools/model/graph.hpp"
#include "tools/training/updater.hpp"

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
    bool skips_zeros;  // of the samples
    double seconds_per_epoch;
    double gflops;
};

/// The same epoch of training again and again, the weights going on: batches of 256 with Adam,
/// shuffling, gathering and loss included. Each update counts as in the epoch in which it was
/// fastest, so that other processes spoil what they meet once but not the whole.
class TrainingMeter {
  public:
    /// Graph and data must outlive it.
    TrainingMeter(const Graph& graph, const Dataset& data, int threads, bool skip_zeros = true);

    bool skips_zeros() const { return updater_.skips_zeros(); }

    /// Throws Error when training diverges.
    void run_epoch();

    TrainingSpeed speed() const;

  private:
    const Graph& graph_;
    const Dataset& data_;
    FitSettings settings_;
    Updater updater_;
    int64_t update_ = 0;
    std::vector<double> fastest_;  // seconds of the shuffle, of each update, of taking the weights
};

struct PlatformSpeed {
    std::string name;
    double peak_gflops;  // measured in this run; NaN when the platform has no peak of its own
    std::vector<KernelSpeed> kernels;
    SingleSpeed single;
    Int8Speed int8;
    std::vector<TrainingSpeed> training;  // one thread, then other ways to do the same
};

/// Multiply-adds of one core in registers, two operations each, in GFLOP/s.
double measure_peak(const platform::Peak& peak);

/// The kernels on the shapes of a model's layers, 32 samples together, on the platform in use.
std::vector<KernelSpeed> measure_kernels(const Graph& graph);

/// One sample at a time, everything in the cache that holds it. peak may be null.
SingleSpeed measure_single(const Graph& graph, const platform::Peak* peak);

}  // namespace nutshell::tools
