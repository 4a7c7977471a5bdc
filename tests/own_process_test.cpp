// SPDX-License-Identifier: MIT
// Work in a process of its own: what it returns and refuses arrives whole, and a crash or an exit
// there is one line here.
#include "tools/own_process.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <csignal>

#include "tools/error.hpp"

using nutshell::tools::Bytes;
using nutshell::tools::Error;
using nutshell::tools::in_own_process;

namespace {

std::string message_of(const std::function<Bytes()>& work) {
    try {
        (void)in_own_process(work, 1, "it died");
    } catch (const Error& error) {
        return error.what();
    }
    return "";
}

}  // namespace

TEST_CASE("what the work returns arrives, also nothing, and more than a pipe holds") {
    for (const size_t size : {size_t{0}, size_t{1}, size_t{70'000}, size_t{3'000'000}}) {
        Bytes sent(size);
        for (size_t i = 0; i < size; i++) sent[i] = static_cast<uint8_t>(i * 31 >> 3);
        CHECK(in_own_process([&] { return sent; }, 1, "it died") == sent);
    }
}

TEST_CASE("what the work refuses is refused here, and what kills it harms nobody") {
    CHECK(message_of([]() -> Bytes { throw Error("m.h5: is damaged"); }) == "m.h5: is damaged");
    CHECK(message_of([]() -> Bytes { throw std::bad_alloc(); }) == "it died");
    for (const int signal : {SIGSEGV, SIGABRT, SIGKILL, SIGXCPU}) {
        CHECK(message_of([&]() -> Bytes {
                  (void)kill(getpid(), signal);
                  return {};
              }) == "it died");
    }
    CHECK(message_of([]() -> Bytes { _exit(0); }) == "it died");
    CHECK(message_of([]() -> Bytes {
              for (volatile int i = 0;; i = i + 1) {
              }
          }) == "it died");
    int here = 1;
    (void)in_own_process(
        [&] {
            here = 2;
            return Bytes{};
        },
        1, "it died");
    CHECK(here == 1);
}
