// SPDX-License-Identifier: MIT
// What bind.cpp and platform.cpp share: the pointer to the kernels in use.
#pragma once
#include "nutshell/kernels.hpp"

namespace nutshell::platform {

/// The best table that this machine can run.
const Kernels& best_kernels() noexcept;

/// Makes the kernels run over this table.
void bind(const Kernels& kernels) noexcept;

/// The table in use; binds the best one when there is none yet.
const Kernels& bound_kernels() noexcept;

}  // namespace nutshell::platform
