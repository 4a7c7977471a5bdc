// SPDX-License-Identifier: MIT
#include "thread_pool.hpp"

namespace nutshell::tools {
namespace {

/// Looks at `done` for about as long as a round's pause in training lasts, before sleeping: waking
/// a sleeper costs more than a small batch.
template <class Done>
bool spin_until(Done done) {
    for (int i = 0; i < 2000; i++) {
        if (done()) return true;
        if (i > 100) std::this_thread::yield();
    }
    return false;
}

}  // namespace

ThreadPool::ThreadPool(int threads) {
    for (int i = 1; i < threads; i++) workers_.emplace_back([this] { work(); });
}

ThreadPool::~ThreadPool() {
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        ending_ = true;
        round_++;
    }
    started_.notify_all();
    for (std::thread& worker : workers_) worker.join();
}

void ThreadPool::run(int count, const std::function<void(int)>& task) {
    if (workers_.empty() || count < 2) {
        for (int i = 0; i < count; i++) task(i);
        return;
    }
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        task_ = &task;
        count_ = count;
        next_ = 0;
        busy_ = static_cast<int>(workers_.size());
        round_++;
    }
    started_.notify_all();
    take_tasks(task, count);
    while (!spin_until([this] { return busy_ == 0; })) std::this_thread::yield();
}

void ThreadPool::take_tasks(const std::function<void(int)>& task, int count) {
    for (int i = next_++; i < count; i = next_++) task(i);
}

void ThreadPool::work() {
    unsigned seen = 0;
    for (;;) {
        const auto called = [this, seen] { return round_ != seen; };
        if (!spin_until(called)) {
            std::unique_lock<std::mutex> lock(mutex_);
            started_.wait(lock, called);
        }
        const std::function<void(int)>* task = nullptr;
        int count = 0;
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            seen = round_;
            task = task_;
            count = count_;
        }
        if (ending_) return;
        take_tasks(*task, count);
        busy_--;
    }
}

}  // namespace nutshell::tools
