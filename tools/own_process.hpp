// SPDX-License-Identifier: MIT
// Work that may crash, done where that harms nobody: for libraries that read untrusted files and
// are known to fall over some of them.
#pragma once
#include <functional>
#include <string>

#include "data/bytes.hpp"

namespace nutshell::tools {

/// Forks, lets the child do the work without a terminal and with at most `seconds` of processor
/// time, and returns what it returned. An Error thrown there is thrown here; when the child dies
/// of anything else, an Error of the text `when_it_dies`.
Bytes in_own_process(const std::function<Bytes()>& work, int seconds,
                     const std::string& when_it_dies);

}  // namespace nutshell::tools
