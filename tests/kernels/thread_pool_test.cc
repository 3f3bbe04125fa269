#include "kernels/thread_pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>
#include <vector>

#include "bertrt/runtime.h"

namespace bertrt::kernels {
namespace {

TEST(ThreadPool, RunsEachPartOnce) {
  for (std::size_t threads : {1, 2, 3, 8}) {
    ThreadPool pool(threads);
    for (std::size_t parts : {0, 1, 2, 3, 7, 100, 1000}) {
      std::vector<std::atomic<int>> runs(parts);
      pool.run(parts, [&](std::size_t part) { ++runs.at(part); });
      for (std::size_t i = 0; i < parts; ++i) ASSERT_EQ(runs[i], 1) << threads << " threads, part " << i;
    }
  }
}

TEST(ThreadPool, ManyShortRegions) {
  ThreadPool pool(2);
  std::size_t sum = 0;
  for (std::size_t i = 0; i < 20000; ++i) {
    std::size_t halves[2] = {};
    pool.run(2, [&](std::size_t part) { halves[part] = i; });
    sum += halves[0] + halves[1];
  }
  EXPECT_EQ(sum, std::size_t{19999} * 20000);
}

TEST(ThreadPool, WakesParkedWorkers) {
  ThreadPool pool(2);
  for (int i = 0; i < 20; ++i) {
    std::atomic<int> runs = 0;
    pool.run(2, [&](std::size_t) { ++runs; });
    EXPECT_EQ(runs, 2);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

TEST(ThreadPool, TwoThreadsWorkAtOnce) {
  ThreadPool pool(2);
  std::atomic<int> inside = 0;
  pool.run(2, [&](std::size_t) {  // each part waits for the other: would hang on one thread
    ++inside;
    while (inside < 2) std::this_thread::yield();
  });
  EXPECT_EQ(inside, 2);
}

TEST(ThreadPool, ManyCallersAtOnce) {
  ThreadPool pool(2);
  std::atomic<std::size_t> total = 0;
  std::vector<std::thread> callers;
  for (int t = 0; t < 8; ++t) {
    callers.emplace_back([&] {
      for (int i = 0; i < 500; ++i) pool.run(5, [&](std::size_t part) { total += part; });
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(total, std::size_t{8} * 500 * 10);
}

TEST(ThreadPool, APartMayRunParts) {
  ThreadPool pool(3);
  std::atomic<int> runs = 0;
  pool.run(4, [&](std::size_t) { pool.run(4, [&](std::size_t) { ++runs; }); });
  EXPECT_EQ(runs, 16);
}

TEST(ThreadPool, PassesOnAnExceptionAfterTheOthersHaveEnded) {
  for (std::size_t threads : {2, 4}) {
    ThreadPool pool(threads);
    std::atomic<int> runs = 0;
    EXPECT_THROW(pool.run(50,
                          [&](std::size_t part) {
                            ++runs;
                            if (part == 7) throw std::runtime_error("seven");
                          }),
                 std::runtime_error);
    EXPECT_EQ(runs, 50);
    pool.run(3, [&](std::size_t) { ++runs; });  // and it goes on working
    EXPECT_EQ(runs, 53);
  }
}

TEST(ThreadPool, FollowsTheNumberOfThreads) {
  const std::size_t before = num_threads();
  for (std::size_t count : {3, 1, 2, 5}) {
    set_num_threads(count);
    EXPECT_EQ(ThreadPool::shared().threads(), count);
    std::atomic<std::size_t> runs = 0;
    ThreadPool::shared().run(100, [&](std::size_t) { ++runs; });
    EXPECT_EQ(runs, 100U);
  }
  set_num_threads(before);
}

TEST(ThreadPool, MayEndWithoutEverHavingRun) { ThreadPool pool(4); }

}  // namespace
}  // namespace bertrt::kernels
