// SPDX-License-Identifier: MIT
// Fuzzing readers that stand on a library which crashes and hangs by itself: they read in a child
// process, one input after the other, and a new child is started when one dies. What they covered
// is copied back, so that libFuzzer sees it as its own. A death is a finding, unless the library's
// code did it to the library's memory. libFuzzer must start no thread (-rss_limit_mb=0): a process
// forked while another thread allocates waits for that thread's lock for ever. With
// NUTSHELL_FUZZ_HERE set there is no child: for the sanitizer's whole report, and for the debugger.
#pragma once
#include <dlfcn.h>
#include <execinfo.h>
#include <sanitizer/asan_interface.h>
#include <sanitizer/lsan_interface.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>

#include "fuzz.hpp"

// Where clang counts the edges of the program: first and one behind the last. In C++ clang would
// take a declaration of the linker's names for its own and rename it.
__asm__(
    ".pushsection .data\n.balign 8\n.globl nutshell_edges\nnutshell_edges:\n"
    ".quad __start___sancov_cntrs, __stop___sancov_cntrs\n.popsection\n");
extern "C" uint8_t* nutshell_edges[2];

namespace nutshell::fuzz {

class Child {
  public:
    using Read = void (*)(const uint8_t* data, size_t size);

    /// `library` is a piece of its file's name, as "libhdf5". There is one Child in a program.
    Child(Read read, const char* library)
        : read_(read), library_(library), report_(::memfd_create("report", 0)) {
        void* memory = ::mmap(nullptr, sizeof(Shared) + edges(), PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        require(memory != MAP_FAILED && report_ >= 0);
        shared_ = static_cast<Shared*>(memory);
        void* frame;
        (void)::backtrace(&frame, 1);  // loads what it needs, which a signal handler must not do
        the_ = this;
        (void)std::atexit([] {
            if (the_->process_ != 0) the_->end(true);
            std::fprintf(stderr, "stat::library_crashes: %d\nstat::library_hangs: %d\n",
                         the_->crashes_, the_->hangs_);
        });
    }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    void read(const uint8_t* data, size_t size) {
        static const bool here = std::getenv("NUTSHELL_FUZZ_HERE") != nullptr;
        if (here) return read_(data, size);
        if (size > kMostBytes) return;
        if (process_ == 0) start();
        std::memcpy(shared_->input, data, size);
        shared_->size = size;
        shared_->verdict = Verdict::none;
        const bool lives = ::write(socket_, "x", 1) == 1 && take(socket_);
        std::memcpy(nutshell_edges[0], covered(), edges());
        if (!lives || ++inputs_ == kInputs) end(lives);
    }

  private:
    enum class Verdict : int { none, crash, hang, finding };
    static constexpr size_t kMostBytes = 1 << 16;
    static constexpr int kFrames = 64;
    static constexpr int kInputs = 4096;             ///< that a child reads at most
    static constexpr int kMilliseconds = 50;         ///< of the child's own time for an input
    static constexpr long kMostKilobytes = 1 << 19;  ///< of memory

    /// What both processes see; the counters of the edges follow it.
    struct Shared {
        size_t size;
        Verdict verdict;
        uint8_t input[kMostBytes];
    };

    /// Waits for a byte; false when the other side is gone.
    static bool take(int socket) {
        char byte = 0;
        ssize_t got = 0;
        do {
            got = ::read(socket, &byte, 1);
        } while (got < 0 && errno == EINTR);
        return got == 1;
    }

    /// The tasks of this process are "." and ".." and one more.
    static bool is_only_thread() {
        struct stat tasks {};
        return ::stat("/proc/self/task", &tasks) == 0 && tasks.st_nlink == 3;
    }

    static size_t edges() { return static_cast<size_t>(nutshell_edges[1] - nutshell_edges[0]); }
    uint8_t* covered() const { return reinterpret_cast<uint8_t*>(shared_ + 1); }

    void start() {
        int sockets[2];
        require(::socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) == 0);
        require(::ftruncate(report_, 0) == 0 && ::lseek(report_, 0, SEEK_SET) == 0);
        require(is_only_thread());
        inputs_ = 0;
        process_ = ::fork();
        require(process_ >= 0);
        if (process_ == 0) {
            (void)::close(sockets[0]);
            work(sockets[1]);
        }
        (void)::close(sockets[1]);
        socket_ = sockets[0];
    }

    /// Ends the child, or learns how it ended.
    void end(bool lives) {
        (void)::close(socket_);
        int status = 0;
        pid_t ended = 0;
        do {
            ended = ::waitpid(process_, &status, 0);
        } while (ended < 0 && errno == EINTR);  // libFuzzer's alarm
        require(ended == process_);
        process_ = 0;
        if (lives && WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
        crashes_ += shared_->verdict == Verdict::crash ? 1 : 0;
        hangs_ += shared_->verdict == Verdict::hang ? 1 : 0;
        if (shared_->verdict == Verdict::crash || shared_->verdict == Verdict::hang) return;
        std::fprintf(stderr, "The reader's process ended with status 0x%x; it said:\n", status);
        char text[4096];
        ssize_t got = 0;
        for (off_t at = 0; (got = ::pread(report_, text, sizeof text, at)) > 0; at += got) {
            (void)std::fwrite(text, 1, static_cast<size_t>(got), stderr);
        }
        std::abort();
    }

    [[noreturn]] void work(int socket) {
        (void)::prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)::dup2(report_, STDERR_FILENO);
        __sanitizer_set_death_callback([] { the_->judge(Verdict::crash); });
        struct sigaction action {};
        action.sa_handler = [](int signal) {
            the_->judge(signal == SIGVTALRM ? Verdict::hang : Verdict::crash);
            say(signal == SIGVTALRM ? "an input that took too long\n" : "a signal\n");
            ::_exit(1);
        };
        action.sa_flags = SA_ONSTACK;
        for (const int fatal : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT, SIGVTALRM}) {
            (void)::sigaction(fatal, &action, nullptr);
        }
        while (take(socket)) {
            // A copy of its size, so that a byte behind it is seen to be read.
            const std::vector<uint8_t> input(shared_->input, shared_->input + shared_->size);
            std::memset(nutshell_edges[0], 0, edges());
            set_timer(kMilliseconds);
            read_(input.data(), input.size());
            set_timer(0);
            std::memcpy(covered(), nutshell_edges[0], edges());
            struct rusage used {};
            (void)::getrusage(RUSAGE_SELF, &used);
            if (used.ru_maxrss > kMostKilobytes) fail("more memory than 512 MB\n");
            if (::write(socket, "x", 1) != 1) ::_exit(1);
        }
        if (__lsan_do_recoverable_leak_check() != 0) fail("memory that nobody has any more\n");
        ::_exit(0);
    }

    static void say(const char* what) { (void)!::write(STDERR_FILENO, what, std::strlen(what)); }

    [[noreturn]] static void fail(const char* why) {
        say(why);
        the_->shared_->verdict = Verdict::finding;
        ::_exit(1);
    }

    /// The kernel's time is not counted: a child that was just forked waits for its pages to be
    /// copied, on a busy machine longer than for any reader.
    static void set_timer(int milliseconds) {
        const itimerval time{{0, 0}, {0, milliseconds * 1000}};
        (void)::setitimer(ITIMER_VIRTUAL, &time, nullptr);
    }

    /// Says what a death was, in the dying process.
    void judge(Verdict library_did) const {
        std::memcpy(covered(), nutshell_edges[0], edges());
        void* frames[kFrames];
        const bool by_library = in_library(frames, ::backtrace(frames, kFrames));
        shared_->verdict = by_library && !on_our_memory() ? library_did : Verdict::finding;
    }

    bool in_library(void* const* addresses, int count) const {
        for (int i = 0; i < count; i++) {
            Dl_info info;
            if (::dladdr(addresses[i], &info) != 0 && info.dli_fname != nullptr &&
                std::strstr(info.dli_fname, library_) != nullptr) {
                return true;
            }
        }
        return false;
    }

    /// The memory that the sanitizer complains of is not what the library has allocated.
    bool on_our_memory() const {
        if (__asan_report_present() == 0 || __asan_get_report_address() == nullptr) return false;
        void* frames[kFrames];
        int thread = 0;
        const size_t count =
            __asan_get_alloc_stack(__asan_get_report_address(), frames, kFrames, &thread);
        return count > 0 && !in_library(frames, static_cast<int>(count));
    }

    inline static Child* the_ = nullptr;
    Read read_;
    const char* library_;
    int report_;  // what the child says, in memory
    Shared* shared_;
    pid_t process_ = 0;
    int socket_ = -1, inputs_ = 0, crashes_ = 0, hangs_ = 0;
};

}  // namespace nutshell::fuzz
