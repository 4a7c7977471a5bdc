// SPDX-License-Identifier: MIT
// Training as a command does it: with a line of progress, until it is done or Ctrl-C.
#pragma once
#include <string>

#include "tools/fit.hpp"

namespace nutshell::tools {

/// fit(), called `label` in the progress line. Ctrl-C asks it to end, a second one ends the
/// program. Of the observer, progress and stop are set here.
FitResult fit_with_progress(const std::string& label, Graph& graph, const Dataset& train,
                            const Dataset& watched, const FitSettings& settings,
                            FitObserver observer = {}, const TrainingState* from = nullptr);

/// The processor's, as the default of --threads.
int usual_threads();

}  // namespace nutshell::tools
