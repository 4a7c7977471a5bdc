// SPDX-License-Identifier: MIT
// Threads that are started once and then share numbered tasks, again and again.
#pragma once
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace nutshell::tools {

/// `threads` workers in all, the caller of run() being one of them.
class ThreadPool {
  public:
    explicit ThreadPool(int threads);
    ~ThreadPool();
    ThreadPool(const ThreadPool&) = delete;
    ThreadPool& operator=(const ThreadPool&) = delete;

    int threads() const { return static_cast<int>(shares_.size()); }

    /// The first of `count` tasks that a thread begins with; its share ends where the next begins.
    int share_begin(int count, int thread) const {
        return static_cast<int>(int64_t{count} * thread / threads());
    }

    /// Calls task(number, thread) for the numbers 0 .. count - 1, each once, `thread` telling which
    /// of 0 .. threads() - 1 runs it; returns when all are done. Each thread begins with a share
    /// that is the same for the same count, whose data its cache holds from the last time, and then
    /// helps the others. Tasks must not throw. One caller at a time.
    void run(int count, const std::function<void(int, int)>& task);

  private:
    /// Consecutive tasks, in a cache line of their own.
    struct alignas(64) Share {
        std::atomic<int> next{0};
        int end = 0;
    };

    void work(int thread);
    void take_tasks(int thread);

    std::vector<Share> shares_;  // of each thread
    std::vector<std::thread> workers_;
    std::mutex mutex_;
    std::condition_variable started_;
    const std::function<void(int, int)>* task_ = nullptr;  // set while a round runs
    alignas(64) std::atomic<unsigned> round_{0};
    alignas(64) std::atomic<int> busy_{0};  // workers that have not finished the round
    std::atomic<bool> ending_{false};
};

}  // namespace nutshell::tools
