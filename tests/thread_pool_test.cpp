// SPDX-License-Identifier: MIT
// Threads that share tasks: each task once, whatever the number of threads.
#include "tools/training/thread_pool.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <thread>
#include <vector>

using nutshell::tools::ThreadPool;

TEST_CASE("every task runs exactly once in every round, with any number of threads") {
    for (const int threads : {1, 2, 3, 7}) {
        ThreadPool pool(threads);
        CHECK(pool.threads() == threads);
        for (int round = 0; round < 300; round++) {
            const int count = round % 13;
            std::vector<int> runs(static_cast<size_t>(count), 0);  // a slot per task: no data race
            pool.run(count, [&](int task, int) { runs[static_cast<size_t>(task)]++; });
            REQUIRE(runs == std::vector<int>(static_cast<size_t>(count), 1));
        }
    }
}

TEST_CASE("a task is told which thread runs it, one thread at a time") {
    ThreadPool pool(3);
    for (int round = 0; round < 300; round++) {
        int thread_of[12] = {}, runs_of[3] = {0, 0, 0};  // no data race: a slot per task or thread
        pool.run(12, [&](int task, int thread) {
            thread_of[task] = thread;
            runs_of[thread]++;
        });
        int expected[3] = {0, 0, 0};
        for (const int thread : thread_of) expected[thread]++;
        for (int i = 0; i < 3; i++) REQUIRE(runs_of[i] == expected[i]);
    }
}

TEST_CASE("a pool that never worked, or that slept between rounds, ends") {
    { ThreadPool idle(4); }
    ThreadPool pool(3);
    for (int round = 0; round < 3; round++) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        int done[2] = {0, 0};
        pool.run(2, [&](int task, int) { done[task] = 1; });
        CHECK(done[0] + done[1] == 2);
    }
}
