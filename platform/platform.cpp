// SPDX-License-Identifier: MIT
// THE LIST of platforms, and the choice among them. Left out of firmware.
#include "platform.hpp"

#include <string.h>

#include "bind.hpp"

namespace nutshell::platform {
namespace {

bool always() noexcept { return true; }

constexpr Kernels kReference = table_of<Reference>();

/// Best first; the reference, which runs everywhere, last.
constexpr Platform kPlatforms[] = {
    {"reference", &kReference, always},
};
constexpr int kPlatformCount = sizeof kPlatforms / sizeof kPlatforms[0];

}  // namespace

int count() noexcept { return kPlatformCount; }

const Platform& at(int index) noexcept { return kPlatforms[index]; }

const Kernels& best_kernels() noexcept {
    for (const Platform& platform : kPlatforms) {
        if (platform.usable()) return *platform.kernels;
    }
    return kReference;
}

const Platform& current() noexcept {
    const Kernels& bound = bound_kernels();
    for (const Platform& platform : kPlatforms) {
        if (platform.kernels == &bound) return platform;
    }
    return kPlatforms[kPlatformCount - 1];
}

Status use(const char* name) noexcept {
    if (!name) return Status::null_argument;
    for (const Platform& platform : kPlatforms) {
        if (strcmp(platform.name, name) != 0) continue;
        if (!platform.usable()) return Status::platform_unusable;
        bind(*platform.kernels);
        return Status::ok;
    }
    return Status::unknown_platform;
}

}  // namespace nutshell::platform
