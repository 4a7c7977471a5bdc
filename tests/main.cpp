// SPDX-License-Identifier: MIT
// The entry of every test program. NUTSHELL_PLATFORM names the instruction set to test on; one that
// this machine cannot run ends the program with status 77, which ctest reports as skipped. A
// program built with NUTSHELL_TEST_EMULATES tests that platform and no other.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>

#include "kernels_fixture.hpp"
#include "platform/bind.hpp"

namespace nutshell::tests {

#if defined(NUTSHELL_TEST_EMULATES)
const char* const emulated_platform = NUTSHELL_TEST_EMULATES;
#else
const char* const emulated_platform = nullptr;
#endif

}  // namespace nutshell::tests

int main(int count, char** arguments) {
    using namespace nutshell;
    if (tests::emulated_platform) {
        tests::for_each_platform(
            [](const platform::Platform& emulated) { platform::bind(*emulated.kernels); });
    } else if (const char* name = std::getenv("NUTSHELL_PLATFORM")) {
        const Status status = platform::use(name);
        if (status != Status::ok) {
            std::printf("skipped: platform %s: %s\n", name, to_string(status));
            return status == Status::platform_unusable ? 77 : 2;
        }
    }
    return doctest::Context(count, arguments).run();
}
