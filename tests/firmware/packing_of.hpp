// SPDX-License-Identifier: MIT
// A packing by its name, for the host programs that write what a board reads.
#pragma once
#include <stdexcept>
#include <string>

#include "nutshell/packing.hpp"

namespace nutshell::tests {

inline Packing packing_of(const std::string& name) {
#define NUTSHELL_NAMED(packing, ...) \
    if (name == #packing) return Packing::packing;
    NUTSHELL_PACKINGS(NUTSHELL_NAMED)
#undef NUTSHELL_NAMED
    throw std::runtime_error("no packing " + name);
}

}  // namespace nutshell::tests
