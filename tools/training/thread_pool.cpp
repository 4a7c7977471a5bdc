// SPDX-License-Identifier: MIT
#include "thread_pool.hpp"

namespace nutshell::tools {
namespace {

/// What a core is told that only waits: not to run ahead, and to leave room to others.
inline void relax() {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__) || defined(__ARM_ARCH_7A__)
    __asm__ volatile("yield");
#endif
}

/// Looks at `done` for longer than a round's pause in training lasts, tens of microseconds alone
/// and then in turn with other threads, before sleeping: to wake a sleeper, or to be given a core
/// back, costs more than a small batch.
template <class Done>
bool spin_until(Done done) {
    constexpr int alone = 2000, in_turn = 2000;
    for (int i = 0; i < alone; i++, relax()) {
        if (done()) return true;
    }
    for (int i = 0; i < in_turn; i++, std::this_thread::yield()) {
        if (done()) return true;
    }
    return false;
}

}  // namespace

ThreadPool::ThreadPool(int threads) : shares_(static_cast<size_t>(threads)) {
    for (int i = 1; i < threads; i++) workers_.emplace_back([this, i] { work(i); });
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

void ThreadPool::run(int count, const std::function<void(int, int)>& task) {
    if (workers_.empty() || count < 2) {
        for (int i = 0; i < count; i++) task(i, 0);
        return;
    }
    task_ = &task;
    for (int i = 0; i < threads(); i++) {
        Share& share = shares_[static_cast<size_t>(i)];
        share.next = share_begin(count, i);
        share.end = share_begin(count, i + 1);
    }
    busy_ = static_cast<int>(workers_.size());
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        round_++;
    }
    started_.notify_all();
    take_tasks(0);
    while (!spin_until([this] { return busy_ == 0; })) std::this_thread::yield();
}

void ThreadPool::take_tasks(int thread) {
    const size_t all = shares_.size();
    for (size_t i = 0; i < all; i++) {
        Share& share = shares_[(static_cast<size_t>(thread) + i) % all];
        for (int number = share.next++; number < share.end; number = share.next++) {
            (*task_)(number, thread);
        }
    }
}

void ThreadPool::work(int thread) {
    unsigned seen = 0;
    for (;;) {
        const auto called = [this, seen] { return round_ != seen; };
        if (!spin_until(called)) {
            std::unique_lock<std::mutex> lock(mutex_);
            started_.wait(lock, called);
        }
        seen++;  // the next round begins when this one has ended
        if (ending_) return;
        take_tasks(thread);
        busy_--;
    }
}

}  // namespace nutshell::tools
