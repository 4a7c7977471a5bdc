// SPDX-License-Identifier: MIT
// Training as a command does it: with a line of progress, until it is done or Ctrl-C.
#pragma once
#include <functional>
#include <string>

#include "tools/fit.hpp"

namespace nutshell::tools {

/// fit() on a source, called `label` in the progress line. Ctrl-C asks it to end, a second one ends
/// the program. epoch_done may be empty.
FitResult fit_with_progress(const std::string& label, Graph& graph, const DataSource& source,
                            const FitSettings& settings,
                            const std::function<void(const Epoch&)>& epoch_done);

/// The processor's, as the default of --threads.
int usual_threads();

}  // namespace nutshell::tools
