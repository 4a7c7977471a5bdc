// SPDX-License-Identifier: MIT
#include "own_process.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>

#include "error.hpp"

namespace nutshell::tools {
namespace {

enum Verdict : uint8_t { kDone = 1, kRefused = 2 };

void write_all(int descriptor, const void* data, size_t size) {
    const auto* bytes = static_cast<const uint8_t*>(data);
    for (size_t written = 0; written < size;) {
        const ssize_t got = ::write(descriptor, bytes + written, size - written);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) ::_exit(1);
        written += static_cast<size_t>(got);
    }
}

[[noreturn]] void be_the_child(int pipe, const std::function<Bytes()>& work, int seconds) {
    const rlimit time{static_cast<rlim_t>(seconds), static_cast<rlim_t>(seconds)}, nothing{0, 0};
    (void)::setrlimit(RLIMIT_CPU, &time);
    (void)::setrlimit(RLIMIT_CORE, &nothing);
    for (const int fatal : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE}) (void)std::signal(fatal, SIG_DFL);
    const int null = ::open("/dev/null", O_WRONLY);
    (void)::dup2(null, STDOUT_FILENO);
    (void)::dup2(null, STDERR_FILENO);
    Verdict verdict = kDone;
    Bytes answer;
    try {
        answer = work();
    } catch (const Error& error) {
        verdict = kRefused;
        const std::string text = error.what();
        answer.assign(text.begin(), text.end());
    } catch (...) {
        ::_exit(1);
    }
    write_all(pipe, &verdict, 1);
    write_all(pipe, answer.data(), answer.size());
    ::_exit(0);
}

Bytes read_all(int descriptor) {
    constexpr size_t piece = 1U << 16;
    Bytes bytes;
    for (;;) {
        const size_t filled = bytes.size();
        bytes.resize(filled + piece);
        const ssize_t got = ::read(descriptor, bytes.data() + filled, piece);
        bytes.resize(filled + static_cast<size_t>(got > 0 ? got : 0));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return bytes;
    }
}

}  // namespace

Bytes in_own_process(const std::function<Bytes()>& work, int seconds,
                     const std::string& when_it_dies) {
    int pipe[2];
    if (::pipe2(pipe, O_CLOEXEC) != 0) throw Error(std::strerror(errno));
    (void)std::fflush(nullptr);
    const pid_t child = ::fork();
    if (child == 0) {
        (void)::close(pipe[0]);
        be_the_child(pipe[1], work, seconds);
    }
    (void)::close(pipe[1]);
    Bytes answer;
    if (child > 0) answer = read_all(pipe[0]);
    (void)::close(pipe[0]);
    if (child < 0) throw Error(std::string("no process can be started: ") + std::strerror(errno));
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    const bool whole = WIFEXITED(status) && WEXITSTATUS(status) == 0 && !answer.empty();
    if (!whole) throw Error(when_it_dies);
    const uint8_t verdict = answer.front();
    answer.erase(answer.begin());
    if (verdict == kRefused) throw Error(std::string(answer.begin(), answer.end()));
    return answer;
}

}  // namespace nutshell::tools
