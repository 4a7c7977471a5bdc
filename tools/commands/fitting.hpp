// SPDX-License-Identifier: MIT
// Training as a command does it: with a line of progress, until it is done or Ctrl-C.
#pragma once
#include <atomic>
#include <string>

#include "tools/training/fit.hpp"

namespace nutshell::tools {

/// While there is one, Ctrl-C asks a training to end, and a second one ends the program.
class Interruption {
  public:
    Interruption();
    ~Interruption();
    Interruption(const Interruption&) = delete;
    Interruption& operator=(const Interruption&) = delete;

    std::atomic<bool>* asked() const;
};

/// fit(), called `label` in the progress line. Of the observer, progress and stop are
/// set here.
FitResult fit_with_progress(const std::string& label, Graph& graph, const Dataset& train,
                            const Dataset& watched, const FitSettings& settings,
                            FitObserver observer = {}, const TrainingState* from = nullptr);

/// How a training ended: "finished", "stopped early", "interrupted" or "diverged".
const char* name_of(FitEnd end);

/// The processor's, as the default of --threads.
int usual_threads();

}  // namespace nutshell::tools
