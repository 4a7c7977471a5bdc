// SPDX-License-Identifier: MIT
// The guards themselves: a program that reads or writes one float outside a guarded array is
// stopped, and a write into the zone on the other side is seen.
#include "guarded.hpp"

#include <doctest/doctest.h>

using namespace nutshell::tests;

#if defined(NUTSHELL_TEST_PAGES)
#include <signal.h>
#include <sys/wait.h>

namespace {

/// Whether a process of its own that runs `work` is stopped for touching forbidden memory.
template <class Work>
bool is_stopped(Work work) {
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        signal(SIGSEGV, SIG_DFL);
        signal(SIGBUS, SIG_DFL);
        work();
        _exit(0);
    }
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    return WIFSIGNALED(status) && (WTERMSIG(status) == SIGSEGV || WTERMSIG(status) == SIGBUS);
}

volatile float sink;

}  // namespace

TEST_CASE("reading or writing one float past the guarded side of an array stops the program") {
    for (const size_t size : {0u, 1u, 7u, 1023u, 1024u, 5000u}) {
        CAPTURE(size);
        Guarded<float> at_begin(std::vector<float>(size), Side::begin);
        Guarded<float> at_end(std::vector<float>(size), Side::end);
        volatile float* before = at_begin.data() - 1;
        volatile float* behind = at_end.data() + size;
        CHECK(is_stopped([=] { sink = *before; }));
        CHECK(is_stopped([=] { sink = *behind; }));
        CHECK(is_stopped([=] { *before = 0; }));
        CHECK(is_stopped([=] { *behind = 0; }));
        if (size > 0) CHECK_FALSE(is_stopped([=] { sink = before[1] + behind[-1]; }));
    }
}
#endif

TEST_CASE("a write on the other side of a guarded array is seen") {
    for (const size_t size : {0u, 1u, 7u, 1024u}) {
        CAPTURE(size);
        Guarded<float> at_begin(std::vector<float>(size), Side::begin);
        Guarded<float> at_end(std::vector<float>(size), Side::end);
        CHECK(at_begin.intact());
        CHECK(at_end.intact());
        at_begin.data()[size] = 0;
        at_end.data()[-1] = 0;
        CHECK_FALSE(at_begin.intact());
        CHECK_FALSE(at_end.intact());
    }
}
