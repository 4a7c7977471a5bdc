// SPDX-License-Identifier: MIT
// The entry of every test program. NUTSHELL_PLATFORM names the instruction set to test on; one that
// this machine cannot run ends the program with status 77, which ctest reports as skipped.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>

#include "platform/platform.hpp"

int main(int count, char** arguments) {
    if (const char* name = std::getenv("NUTSHELL_PLATFORM")) {
        const nutshell::Status status = nutshell::platform::use(name);
        if (status != nutshell::Status::ok) {
            std::printf("skipped: platform %s: %s\n", name, nutshell::to_string(status));
            return status == nutshell::Status::platform_unusable ? 77 : 2;
        }
    }
    return doctest::Context(count, arguments).run();
}
