// SPDX-License-Identifier: MIT
// Which instruction set runs the kernels. Host programs choose the best usable one when first
// needed, or force one by name; firmware is built for one and never comes here.
#pragma once
#include "nutshell/kernels.hpp"
#include "nutshell/status.hpp"

namespace nutshell::platform {

/// For benchmarks: what an instruction set can do at most.
struct Peak {
    /// Independent multiply-adds in registers. The result is of no use.
    float (*multiply_adds)(int rounds) noexcept;
    double operations_per_round;  ///< a multiply-add is two
    /// Loads x[n] as fast as the cache gives it; n is a multiple of 128. The result is of no use.
    float (*read)(int n, const float* x) noexcept;
};

/// One way to run the kernels.
struct Platform {
    const char* name;  ///< of the instruction set: "reference", "avx2", ...
    const Kernels* kernels;
    bool (*usable)() noexcept;  ///< whether this CPU and operating system can run it

    const Peak* peak;  ///< null for the reference, which has no instruction set of its own
};

/// How many platforms this build has, usable here or not.
int count() noexcept;

/// Best first, the reference last. index must be in 0..count()-1.
const Platform& at(int index) noexcept;

/// The one that runs the kernels now.
const Platform& current() noexcept;

/// Makes `name` run the kernels from now on, in all threads. unknown_platform or platform_unusable,
/// changing nothing, when it cannot be.
Status use(const char* name) noexcept;

}  // namespace nutshell::platform
