// SPDX-License-Identifier: MIT
// Threads that are started once and then share numbered tasks, again and again.
#pragma once
#include <atomic>
#include <condition_variable>
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

    int threads() const { return static_cast<int>(workers_.size()) + 1; }

    /// Calls task(0) .. task(count - 1), each once, on any of the threads; returns when all are
    /// done. Tasks must not throw. One caller at a time.
    void run(int count, const std::function<void(int)>& task);

  private:
    void work();
    void take_tasks(const std::function<void(int)>& task, int count);

    std::vector<std::thread> workers_;
    std::mutex mutex_;
    std::condition_variable started_;
    const std::function<void(int)>* task_ = nullptr;  // set while a round runs
    int count_ = 0;
    std::atomic<unsigned> round_{0};
    std::atomic<int> next_{0};
    std::atomic<int> busy_{0};  // workers that have not finished the round
    std::atomic<bool> ending_{false};
};

}  // namespace nutshell::tools
