// SPDX-License-Identifier: MIT
#pragma once
#include "platform/bind.hpp"
#include "platform/platform.hpp"

namespace nutshell::tools {

/// The reference platform runs the kernels as long as this lives, so that a file's bytes do not
/// depend on the machine that writes it.
class OnReference {
  public:
    OnReference() : before_(platform::bound_kernels()) {
        platform::bind(*platform::at(platform::count() - 1).kernels);
    }
    ~OnReference() { platform::bind(before_); }
    OnReference(const OnReference&) = delete;
    OnReference& operator=(const OnReference&) = delete;

  private:
    const Kernels& before_;
};

}  // namespace nutshell::tools
